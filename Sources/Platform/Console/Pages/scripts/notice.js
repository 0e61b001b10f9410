// What is said below an answer that did not end as it should, and what can be done about it.

import { element, icon } from "./dom.js";
import { hasText, text } from "./texts.js";

export function plainNotice(words) {
    return element("p", { class: "notice" }, words);
}

/// - failure: see failures.js
/// - actions: again(), newChat(), showSetting(name), hasSetting(name)
export function failureNotice(failure, actions) {
    const setting = failure.field !== null && actions.hasSetting(failure.field) ? failure.field : null;
    const notice = element(
        "div", { class: "notice failed", role: "alert" },
        icon("alert"),
        element("p", {}, words(failure, setting)),
        failure.message && element("p", { class: "detail" }, detail(failure)));
    const buttons = element("div", { class: "buttons" });
    const add = (key, run, primary) => {
        const button = element("button", { type: "button", class: `button ${primary ? "primary" : ""}` }, text(key));
        button.addEventListener("click", run);
        buttons.append(button);
    };
    add("retry", () => actions.again(), true);
    if (setting !== null) add("openSettings", () => actions.showSetting(setting));
    if (failure.kind === "contextFull") add("newChat", () => actions.newChat());
    notice.append(buttons);
    return notice;
}

function words(failure, setting) {
    if (setting !== null) {
        return text("failure.refusedField", { field: text(setting === "system" ? "system" : `field.${setting}`) });
    }
    return text(hasText(`failure.${failure.kind}`) ? `failure.${failure.kind}` : "failure.server");
}

function detail(failure) {
    const message = failure.field === null ? failure.message : `${failure.field}: ${failure.message}`;
    return text("saidByServer", { message });
}
