// Which models the server has, and which of them is chosen.

import { request } from "./completions.js";
import { element } from "./dom.js";
import { read, write } from "./storage.js";
import { onLanguageChange, text } from "./texts.js";

const firstPause = 1000;
const longestPause = 15000;

export class ModelPicker {
    #select;
    #changed;
    #models = [];
    #answered = false;

    constructor(select, changed) {
        this.#select = select;
        this.#changed = changed;
        select.addEventListener("change", () => {
            write("model", select.value);
            changed();
        });
        onLanguageChange(() => this.#show());
        this.#show();
    }

    /// The chosen model: { id, summary, contextLength }, or null.
    get chosen() {
        return this.#models.find(({ id }) => id === this.#select.value) ?? null;
    }

    /// Whether the server has answered, but has nothing to chat with.
    get isEmpty() {
        return this.#answered && this.#models.length === 0;
    }

    /// Asks until the server answers, less and less often.
    async load() {
        for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
            try {
                await this.refresh();
                return;
            } catch {
                await new Promise((resolve) => setTimeout(resolve, pause));
            }
        }
    }

    /// Asks once; throws a Failure.
    async refresh() {
        const response = await request("/v1/models");
        const { data } = await response.json();
        this.#answered = true;
        // A model without a chat template serves programs only.
        this.#models = data.filter((model) => model.can_chat !== false).map((model) => ({
            id: String(model.id),
            summary: String(model.summary ?? ""),
            contextLength: Number.isFinite(model.context_length) ? model.context_length : null,
        }));
        this.#show(this.#select.value || read("model"));
        this.#changed();
    }

    #show(wanted = this.#select.value) {
        const options = this.#models.map(({ id, summary }) =>
            element("option", { value: id, title: summary }, id));
        this.#select.replaceChildren(...options);
        if (options.length === 0) this.#select.append(element("option", { value: "" }, text("noModel")));
        this.#select.disabled = options.length === 0;
        if (this.#models.some(({ id }) => id === wanted)) this.#select.value = wanted;
    }
}
