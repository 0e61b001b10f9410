// The models: where each stands, what memory it takes, what can be done with it.

import { pathOf } from "./admin-api.js";
import { byId, element } from "./dom.js";
import { age, bytes } from "./format.js";
import { button, fillTable } from "./table.js";
import { language, text } from "./texts.js";

const columns = [
    { label: "models.model" }, { label: "models.state" }, { label: "models.memory", number: true },
    { label: "models.lastUse" }, { label: null },
];

export class ModelsView {
    #context;
    #value = null;

    constructor(context) {
        this.#context = context;
        byId("load-model").addEventListener("submit", async (event) => {
            event.preventDefault();
            const input = byId("load-name");
            const model = input.value.trim();
            const submit = event.target.querySelector("button");
            submit.disabled = true;
            const isDone = await context.run(() => context.admin("POST", "models", { model }));
            submit.disabled = false;
            if (isDone) input.value = "";
        });
    }

    fetch() {
        return this.#context.admin("GET", "models");
    }

    show(value) {
        this.#value = value;
        this.showAgain();
    }

    showAgain() {
        if (this.#value === null) return;
        const { memory, models } = this.#value;
        this.#showMemory(memory, models);
        const rows = models.map((model) => ({ id: model.name, cells: this.#cells(model) }));
        fillTable(byId("models-table"), "place.models", columns, rows, "noModel");
    }

    #showMemory(memory, models) {
        const inside = models.filter(({ state }) => state !== "unloaded");
        const used = bytes(memory.used_bytes, language());
        const words = memory.budget_bytes === null
            ? text("models.usedOfNothing", { used })
            : text("models.usedOf", { used, budget: bytes(memory.budget_bytes, language()) });
        byId("memory").replaceChildren(
            element("div", { class: "memory-words" }, element("strong", {}, words),
                element("span", { class: "help" }, text("models.memoryHelp"))),
            memoryBar(inside, memory.budget_bytes ?? memory.used_bytes, words));
    }

    #cells(model) {
        const facts = [text(`task.${model.task}`), model.summary].filter(Boolean).join(" · ");
        const state = element("span", { class: `state ${model.state}` }, text(`state.${model.state}`));
        const details = [
            model.pinned && text("models.pinned"),
            model.users > 0 && text("models.users", { plural: model.users, count: model.users }),
            model.unloads_at && text("models.unloadsIn", {
                time: age(model.unloads_at - Date.now() / 1000, language()),
            }),
        ].filter(Boolean).join(" · ");
        return [
            [element("div", { class: "name" }, model.name), element("div", { class: "about" }, facts)],
            [state, details && element("div", { class: "about" }, details),
                model.failure && element("div", { class: "wrong" }, model.failure)].filter(Boolean),
            bytes(model.bytes, language()),
            model.last_used_at === null
                ? text("models.never")
                : text("ago", { time: age(Date.now() / 1000 - model.last_used_at, language()) }),
            [element("div", { class: "buttons" }, this.#loadButton(model), this.#pinButton(model))],
        ];
    }

    #loadButton(model) {
        const verb = model.state === "unloaded" ? "load" : "unload";
        const act = () => this.#context.run(() => this.#context.admin("POST", `models/${pathOf(model.name)}/${verb}`));
        const isMoving = model.state === "loading" || model.state === "unloading";
        return button(`models.${verb}`, model.name, act, { disabled: isMoving });
    }

    #pinButton(model) {
        const act = () => this.#context.run(() =>
            this.#context.admin("POST", `models/${pathOf(model.name)}/pin`, { pinned: !model.pinned }));
        return button(model.pinned ? "models.unpin" : "models.pin", model.name, act);
    }
}

/// Whose bytes fill how much of the budget.
function memoryBar(models, whole, words) {
    const space = "http://www.w3.org/2000/svg";
    const bar = document.createElementNS(space, "svg");
    for (const [name, value] of Object.entries({
        class: "memory-bar", viewBox: "0 0 1000 12", preserveAspectRatio: "none", role: "img", "aria-label": words,
    })) bar.setAttribute(name, value);
    let start = 0;
    models.forEach((model, index) => {
        const part = document.createElementNS(space, "rect");
        const width = whole > 0 ? Math.min(1000 - start, model.bytes / whole * 1000) : 0;
        for (const [name, value] of Object.entries({
            class: `part${index % 4}`, x: start, y: 0, width, height: 12,
        })) part.setAttribute(name, value);
        const title = document.createElementNS(space, "title");
        title.textContent = model.name;
        part.append(title);
        bar.append(part);
        start += width;
    });
    return bar;
}
