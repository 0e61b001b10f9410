// Puts the page together: who tells whom about what.

import { Announcer } from "./announcer.js";
import { measure } from "./answer.js";
import { Autoscroll } from "./autoscroll.js";
import { Chat, canAskAgain } from "./chat.js";
import { Composer } from "./composer.js";
import { complete } from "./completions.js";
import { record, restore } from "./conversation.js";
import { ConversationView } from "./conversation-view.js";
import { byId } from "./dom.js";
import { wholeNumber } from "./format.js";
import { ModelPicker } from "./models.js";
import { splitReasoning } from "./reasoning.js";
import { SettingsPanel } from "./settings-panel.js";
import { forget, readJSON, writeJSON } from "./storage.js";
import { installSwitches } from "./switches.js";
import * as texts from "./texts.js";
import { Toast } from "./toast.js";
import { Welcome } from "./welcome.js";

const saveEvery = 2000;

texts.applyTexts();
const settings = new SettingsPanel();
const toast = new Toast(byId("toast"));
const announcer = new Announcer(byId("announcer"));
const autoscroll = new Autoscroll(byId("scroller"), byId("latest"), () => chat.turns.length > 0);
const models = new ModelPicker(byId("model"), () => showAll());
const welcome = new Welcome(models, (question) => ask(question));

let values = null;
let savedAt = 0;

const chat = new Chat({
    turns: restore(readJSON("conversation")),
    complete,
    request: () => ({ model: models.chosen?.id ?? "", settings: values }),
    changed: (what) => changed(what),
});

const view = new ConversationView(byId("conversation"), {
    again: () => ready(() => chat.again()),
    askInstead: (question) => ready(() => chat.askInstead(question)),
    newChat,
    hasSetting: (name) => settings.has(name),
    showSetting: (name) => settings.show(name),
    editingEnded: () => composer.focus(),
}, () => autoscroll.grew());

const composer = new Composer(byId("composer"), {
    send: (message) => ask(message),
    stop: () => chat.stop(),
    editLast: () => canAskAgain(chat) && view.editLast(),
});

function ask(question) {
    return ready(() => chat.ask(question));
}

/// Starts an answer, unless one is running or a setting is wrong; says whether it did.
function ready(start) {
    if (chat.isRunning) return false;
    values = settings.valuesOrShow();
    if (values === null) {
        toast.show(texts.text("settingsWrong"));
        return false;
    }
    toast.hide();
    start();
    autoscroll.follow();
    // The button that was pressed may have gone: an example, "ask again".
    if (document.activeElement === document.body) focusMessage();
    return true;
}

/// Not on a phone, where the keyboard would cover the page before anybody has read it.
function focusMessage() {
    if (matchMedia("(pointer: fine)").matches) composer.focus();
}

function newChat() {
    if (chat.turns.length > 0) {
        chat.clear();
        toast.show(texts.text("cleared"), {
            label: texts.text("undo"), run: () => chat.restoreCleared(),
        });
    }
    focusMessage();
}

function changed(what) {
    const answer = chat.last?.answer;
    if (what === "answer") {
        view.growLater();
        announcer.grow(splitReasoning(answer.text, true).said);
        if (performance.now() - savedAt > saveEvery) save();
        return;
    }
    if (what === "turns") {
        if (chat.isRunning) announcer.begin(texts.text("announceStart"));
        showAll();
    } else {
        announcer.end(splitReasoning(answer.text).said, texts.text("announceEnd"));
        view.end();
        showAll();
        if (answer.failure?.kind === "modelGone") models.refresh().catch(() => {});
    }
    save();
}

function save() {
    savedAt = performance.now();
    if (chat.turns.length === 0) forget("conversation");
    else writeJSON("conversation", record(chat.turns));
}

function showAll() {
    const isEmpty = chat.turns.length === 0;
    document.body.classList.toggle("empty", isEmpty);
    byId("welcome").hidden = !isEmpty;
    byId("new-chat").disabled = isEmpty;
    welcome.show();
    composer.setRunning(chat.isRunning);
    view.show(chat.turns);
    showContext();
}

/// How much of the model's context the conversation takes, once that is known.
function showContext() {
    const answer = chat.last?.answer;
    const facts = answer && measure(answer);
    const length = models.chosen?.contextLength ?? null;
    const place = byId("context");
    place.hidden = length === null || !facts?.exact || facts.promptTokens === null;
    if (place.hidden) return;
    const used = facts.promptTokens + facts.tokens;
    const meter = place.querySelector("meter");
    Object.assign(meter, { max: length, high: length * 0.85, value: used });
    const number = (value) => wholeNumber(value, texts.language());
    const words = texts.text("contextUsed", { used: number(used), length: number(length) });
    meter.setAttribute("aria-label", words);
    place.title = words;
    place.querySelector("span").textContent = `${number(used)} / ${number(length)}`;
}

function forgetEverything() {
    chat.forget();
    settings.reset();
    for (const key of ["conversation", "settings", "model"]) forget(key);
    toast.show(texts.text("forgotten"));
}

byId("new-chat").addEventListener("click", newChat);
byId("forget").addEventListener("click", forgetEverything);
addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing && chat.isRunning) chat.stop();
});
// Stopped, not failed: leaving the page also breaks its connection.
addEventListener("pagehide", () => chat.stop());
texts.onLanguageChange(showContext);

installSwitches();
showAll();
autoscroll.follow();
focusMessage();
models.load();
