// Where a message is written.

import { element } from "./dom.js";
import { onLanguageChange, text } from "./texts.js";

/// Whether a key press means "send". The Enter that ends a composition (Chinese, Japanese, ...) does
/// not; 229 is what Safari says instead of `isComposing`.
export function sends(event) {
    return event.key === "Enter" && !event.shiftKey && !event.altKey
        && !event.isComposing && event.keyCode !== 229;
}

/// Makes a text area as high as its text; the style sheet limits it.
export function fitHeight(area) {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
}

export class Composer {
    #form;
    #area;
    #send;
    #stop;
    #hints;
    #running = false;

    /// - form: holds a text area, `.send`, `.stop` and `.hints`
    /// - actions: send(text) -> whether it was taken; stop(); editLast()
    constructor(form, actions) {
        this.#form = form;
        this.#area = form.querySelector("textarea");
        this.#send = form.querySelector(".send");
        this.#stop = form.querySelector(".stop");
        this.#hints = form.querySelector(".hints");
        this.#area.addEventListener("input", () => this.#changed());
        this.#area.addEventListener("keydown", (event) => {
            if (sends(event)) {
                event.preventDefault();
                this.#submit(actions);
            } else if (event.key === "ArrowUp" && this.#area.value === "" && !event.isComposing) {
                event.preventDefault();
                actions.editLast();
            }
        });
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            this.#submit(actions);
        });
        this.#stop.addEventListener("click", () => {
            actions.stop();
            this.focus();
        });
        onLanguageChange(() => this.#showHints());
        this.#changed();
        this.#showHints();
    }

    focus() {
        this.#area.focus();
    }

    setRunning(running) {
        if (running === this.#running) return;
        const hadFocus = this.#form.contains(document.activeElement);
        this.#running = running;
        this.#send.hidden = running;
        this.#stop.hidden = !running;
        this.#showHints();
        // The button that had the focus may be the one that has gone.
        if (hadFocus) this.focus();
    }

    #submit(actions) {
        const message = this.#area.value.trim();
        if (this.#running || message === "") return;
        if (!actions.send(message)) return;
        this.#area.value = "";
        this.#changed();
        this.focus();
    }

    #changed() {
        fitHeight(this.#area);
        this.#send.disabled = this.#area.value.trim() === "";
    }

    #showHints() {
        const keys = { enter: "Enter", shift: "Shift", escape: "Esc" };
        const parts = text(this.#running ? "keysRunning" : "keysIdle").split(/\{(\w+)\}/);
        this.#hints.replaceChildren(...parts.map((part, index) =>
            index % 2 === 1 ? element("kbd", {}, keys[part]) : part));
    }
}
