// Puts the console together: which place is shown, who may see it, what is asked how often.

import { ActivityView } from "./activity-view.js";
import { admin, adminKey, setAdminKey } from "./admin-api.js";
import { byId, element, icon } from "./dom.js";
import { Failure } from "./failures.js";
import { KeysView } from "./keys-view.js";
import { ModelsView } from "./models-view.js";
import { installSwitches } from "./switches.js";
import * as texts from "./texts.js";
import { Toast } from "./toast.js";

const pause = 2000;

texts.applyTexts();
installSwitches();
const toast = new Toast(byId("toast"));
const context = { admin, run, toast };
const views = {
    models: new ModelsView(context), activity: new ActivityView(context), keys: new KeysView(context),
};
let shown = null;
let timer = null;
/// What is asked counts; the answer to an older question is not shown any more.
let round = 0;
let failure = null;

/// Does what somebody asked for, then shows how things stand; says whether it was done.
async function run(action) {
    try {
        await action();
        showTrouble(null);
        return true;
    } catch (error) {
        showTrouble(error);
        return false;
    } finally {
        refresh({ keepTrouble: true });
    }
}

async function refresh({ keepTrouble = false } = {}) {
    clearTimeout(timer);
    const mine = ++round;
    const view = views[shown];
    try {
        const value = await view.fetch();
        if (mine !== round) return;
        view.show(value);
        byId(`view-${shown}`).hidden = false;
        byId("sign-in").hidden = true;
        // What an action said stays until the next one; what asking said goes when asking works again.
        if (!keepTrouble && failure?.isPolling) showTrouble(null);
    } catch (error) {
        if (mine !== round) return;
        showTrouble(error, true);
    }
    if (mine === round && !document.hidden) timer = setTimeout(refresh, pause);
}

function showTrouble(error, isPolling = false) {
    if (error && isPolling && failure && !failure.isPolling && !needsKey(error)) return;
    failure = error && { error, isPolling };
    const place = byId("trouble");
    if (error && needsKey(error)) {
        for (const name of Object.keys(views)) byId(`view-${name}`).hidden = true;
        if (byId("sign-in").hidden) {
            byId("sign-in").hidden = false;
            byId("admin-key").focus();
        }
        place.hidden = adminKey() === null && !error.message;
    } else {
        place.hidden = error === null;
    }
    if (place.hidden) return place.replaceChildren();
    const kind = error instanceof Failure ? error.kind : "page";
    const known = texts.hasText(`adminFailure.${kind}`) ? `adminFailure.${kind}` : `failure.${kind}`;
    const words = [element("p", {}, texts.text(known))];
    if (error.message) {
        words.push(element("p", { class: "detail" }, texts.text("saidByServer", { message: error.message })));
    }
    place.replaceChildren(icon("alert"), element("div", {}, ...words));
}

function needsKey(error) {
    return error instanceof Failure && error.kind === "forbidden";
}

function navigate() {
    const wanted = location.hash.slice(1);
    if (wanted === "views") return;
    shown = wanted in views ? wanted : "models";
    for (const link of document.querySelectorAll("[data-view]")) {
        if (link.dataset.view === shown) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
    }
    for (const name of Object.keys(views)) {
        if (name !== shown) byId(`view-${name}`).hidden = true;
    }
    showTrouble(null);
    document.title = `${texts.text(`place.${shown}`)} · ${texts.text("title")}`;
    refresh();
}

byId("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    setAdminKey(byId("admin-key").value.trim());
    byId("admin-key").value = "";
    refresh();
});
addEventListener("hashchange", navigate);
document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else refresh();
});
texts.onLanguageChange(() => {
    for (const view of Object.values(views)) view.showAgain();
    document.title = `${texts.text(`place.${shown}`)} · ${texts.text("title")}`;
    if (failure) showTrouble(failure.error, failure.isPolling);
});
navigate();
