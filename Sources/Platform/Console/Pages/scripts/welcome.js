// What an empty conversation shows: where the reader is, and what could be asked.

import { byId, element } from "./dom.js";
import { welcomeFor } from "./suggestions.js";
import { language, onLanguageChange, text } from "./texts.js";

export class Welcome {
    #ask;
    #model = null;

    constructor(ask) {
        this.#ask = ask;
        onLanguageChange(() => this.show(this.#model));
    }

    /// - model: the chosen model's name, null while the server has not answered
    show(model) {
        this.#model = model;
        if (model === null) {
            byId("welcome-words").textContent = text("welcomeWaiting");
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
