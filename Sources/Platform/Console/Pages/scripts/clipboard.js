// Copying text, also where the page does not come from this machine over a secure connection.

import { element, icon } from "./dom.js";
import { text } from "./texts.js";

export async function copy(content) {
    if (navigator.clipboard) {
        try {
            await navigator.clipboard.writeText(content);
            return true;
        } catch {
            // Not allowed: the old way may be.
        }
    }
    const area = element("textarea", { class: "visually-hidden", readonly: true });
    const focused = document.activeElement;
    area.value = content;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focused?.focus();
    return done;
}

/// A button that copies what `content()` gives, and says for a moment that it did.
export function copyButton(content) {
    const label = element("span", { "data-text": "copy" }, text("copy"));
    const button = element("button", { type: "button", class: "quiet" }, icon("copy"), label);
    button.addEventListener("click", async () => {
        const key = (await copy(content())) ? "copied" : "notCopied";
        label.textContent = text(key);
        setTimeout(() => {
            label.textContent = text("copy");
        }, 1600);
    });
    return button;
}
