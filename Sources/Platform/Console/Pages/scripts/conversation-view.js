// All turns on the page. Changes of a growing answer are shown once a frame, however fast they come.

import { TurnView } from "./turn-view.js";
import { language, onLanguageChange } from "./texts.js";

export class ConversationView {
    #list;
    #actions;
    #shown;
    #views = new Map();
    #turns = [];
    #frame = null;

    /// - shown: called after the page has changed
    constructor(list, actions, shown) {
        this.#list = list;
        this.#actions = actions;
        this.#shown = shown;
        onLanguageChange(() => {
            this.#views.clear();
            this.show(this.#turns);
        });
    }

    /// Shows these turns; those that stay keep their elements.
    show(turns) {
        this.#turns = turns;
        const views = new Map();
        for (const turn of turns) {
            views.set(turn, this.#views.get(turn) ?? new TurnView(turn, this.#actions));
        }
        this.#views = views;
        const wanted = [...views.values()].map((view) => view.element);
        for (const child of [...this.#list.children]) {
            if (!wanted.includes(child)) child.remove();
        }
        for (const [index, child] of wanted.entries()) {
            if (this.#list.children[index] !== child) this.#list.insertBefore(child, this.#list.children[index] ?? null);
        }
        this.#update();
    }

    /// The last answer has grown.
    growLater() {
        this.#frame ??= requestAnimationFrame(() => this.#update());
    }

    /// The last answer is over.
    end() {
        this.#update();
    }

    editLast() {
        this.#views.get(this.#turns.at(-1))?.edit();
    }

    #update() {
        if (this.#frame !== null) cancelAnimationFrame(this.#frame);
        this.#frame = null;
        const last = this.#turns.at(-1);
        for (const [turn, view] of this.#views) {
            view.update({ isLast: turn === last, language: language() });
        }
        this.#shown();
    }
}
