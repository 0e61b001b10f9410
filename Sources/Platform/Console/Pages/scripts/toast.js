// A short word about what has just been done, with a way to undo it. It leaves by itself, but not while
// somebody points at it.

import { element } from "./dom.js";

const stays = 8000;

export class Toast {
    #region;
    #timer = null;

    constructor(region) {
        this.#region = region;
        for (const event of ["pointerenter", "focusin"]) {
            region.addEventListener(event, () => clearTimeout(this.#timer));
        }
        for (const event of ["pointerleave", "focusout"]) {
            region.addEventListener(event, () => this.#leaveLater());
        }
    }

    show(words, action = null) {
        this.#region.replaceChildren(element("span", {}, words));
        if (action) {
            const button = element("button", { type: "button" }, action.label);
            button.addEventListener("click", () => {
                this.hide();
                action.run();
            });
            this.#region.append(button);
        }
        this.#leaveLater();
    }

    hide() {
        clearTimeout(this.#timer);
        this.#region.replaceChildren();
    }

    #leaveLater() {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.hide(), stays);
    }
}
