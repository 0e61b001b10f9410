// What an empty conversation shows: where the reader is, and what could be asked.

import { byId, element } from "./dom.js";
import { welcomeFor } from "./suggestions.js";
import { language, onLanguageChange, text } from "./texts.js";

export class Welcome {
    #ask;
    #models;

    constructor(models, ask) {
        this.#models = models;
        this.#ask = ask;
        onLanguageChange(() => this.show());
    }

    /// Shows what fits the chosen model.
    show() {
        const model = this.#models.chosen?.id ?? null;
        if (model === null) {
            byId("welcome-words").textContent = text(this.#models.isEmpty ? "welcomeNoModel" : "welcomeWaiting");
            byId("suggestions").replaceChildren();
            return;
        }
        const { welcome, questions } = welcomeFor(model);
        byId("welcome-words").textContent = text(welcome, { model });
        byId("suggestions").replaceChildren(...questions[language()].map((question) => {
            const button = element("button", { type: "button" }, question);
            button.addEventListener("click", () => this.#ask(question));
            return element("li", {}, button);
        }));
    }
}
