// The panel for settings: beside the conversation where there is room, over it where there is not.

import { byId, element } from "./dom.js";
import { emptySettings, evaluate, fields, parseSetting, restoreSettings } from "./settings.js";
import { readJSON, writeJSON } from "./storage.js";
import { applyTexts, language, onLanguageChange, text } from "./texts.js";
import { wholeNumber } from "./format.js";

const wide = matchMedia("(min-width: 68rem)");

export class SettingsPanel {
    #panel = byId("settings");
    #button = byId("open-settings");
    #inputs = new Map();
    #typed = restoreSettings(readJSON("settings"));

    constructor() {
        this.#inputs.set("system", byId("setting-system"));
        byId("setting-fields").append(...fields.map((field) => this.#row(field)));
        for (const [name, input] of this.#inputs) {
            input.value = this.#typed[name];
            input.addEventListener("input", () => this.#changed(name));
        }
        this.#button.addEventListener("click", () => (this.#panel.open ? this.close() : this.open()));
        byId("close-settings").addEventListener("click", () => this.close());
        byId("reset-settings").addEventListener("click", () => this.reset());
        this.#panel.addEventListener("keydown", (event) => {
            if (event.key !== "Escape" || event.isComposing) return;
            event.preventDefault();
            event.stopPropagation();
            this.close();
        });
        this.#panel.addEventListener("close", () => this.#showState());
        // A click beside a modal panel lands on the panel itself.
        this.#panel.addEventListener("click", (event) => {
            if (event.target === this.#panel && !wide.matches) this.close();
        });
        wide.addEventListener("change", () => {
            if (!this.#panel.open) return;
            this.#panel.close();
            this.open();
        });
        onLanguageChange(() => this.#check());
        this.#check();
    }

    /// The settings to send, or null after having shown the reader which one is wrong.
    valuesOrShow() {
        const { values, wrong } = evaluate(this.#typed);
        if (wrong.length === 0) return values;
        this.show(wrong[0]);
        return null;
    }

    get isEmpty() {
        return Object.values(this.#typed).every((typed) => typed.trim() === "");
    }

    open() {
        if (!this.#panel.open) {
            if (wide.matches) this.#panel.show();
            else this.#panel.showModal();
        }
        this.#showState();
    }

    close() {
        this.#panel.close();
        this.#button.focus();
    }

    /// Opens the panel at a setting.
    show(name) {
        this.open();
        this.#inputs.get(name)?.focus();
    }

    has(name) {
        return this.#inputs.has(name);
    }

    reset() {
        this.#typed = emptySettings();
        for (const input of this.#inputs.values()) input.value = "";
        writeJSON("settings", this.#typed);
        this.#check();
    }

    #row(field) {
        const { name, kind, sample } = field;
        const id = `setting-${name}`;
        const input = element("input", {
            id, type: "text", inputmode: kind === "whole" ? "numeric" : "decimal", autocomplete: "off",
            placeholder: sample, "aria-describedby": `${id}-help ${id}-problem`,
        });
        this.#inputs.set(name, input);
        const row = element(
            "div", { class: "field" },
            element("label", { for: id, "data-text": `field.${name}` }), input,
            element("p", { id: `${id}-help`, class: "help", "data-text": `help.${name}` }),
            element("p", { id: `${id}-problem`, class: "problem", "aria-live": "polite" }));
        applyTexts(row);
        return row;
    }

    #changed(name) {
        this.#typed[name] = this.#inputs.get(name).value;
        writeJSON("settings", this.#typed);
        this.#check();
    }

    #check() {
        for (const field of fields) {
            const { problem } = parseSetting(field, this.#typed[field.name]);
            const input = this.#inputs.get(field.name);
            const words = problem ? problemText(field, problem) : "";
            input.toggleAttribute("aria-invalid", Boolean(problem));
            if (problem) input.setAttribute("aria-invalid", "true");
            const place = byId(`setting-${field.name}-problem`);
            if (place.textContent !== words) place.textContent = words;
        }
        this.#showState();
    }

    #showState() {
        this.#button.setAttribute("aria-expanded", String(this.#panel.open));
        this.#button.classList.toggle("marked", !this.isEmpty);
        document.body.classList.toggle("with-panel", this.#panel.open);
    }
}

function problemText(field, problem) {
    const { least, most } = field;
    const number = (value) => (Number.isInteger(value) ? wholeNumber(value, language()) : String(value));
    return text(`problem.${problem}`, { least: number(least), most: number(most) });
}
