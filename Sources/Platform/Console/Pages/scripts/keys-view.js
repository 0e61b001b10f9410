// The keys: who may use the server, and how much. A secret is seen once, when it is made.

import { copyButton } from "./clipboard.js";
import { byId, element } from "./dom.js";
import { day, wholeNumber } from "./format.js";
import { parseSetting } from "./settings.js";
import { button, fillTable } from "./table.js";
import { language, text } from "./texts.js";

const columns = [
    { label: "keys.name" }, { label: "keys.role" }, { label: "keys.limits" }, { label: "keys.created" },
    { label: null },
];
const limits = { requests_per_minute: "key-requests", tokens_per_minute: "key-tokens", concurrency: "key-concurrency" };
const limitField = { kind: "whole", least: 1, most: 1_000_000_000 };

export class KeysView {
    #context;
    #value = null;
    #made = null;

    constructor(context) {
        this.#context = context;
        byId("create-key").addEventListener("submit", (event) => {
            event.preventDefault();
            this.#create();
        });
    }

    fetch() {
        return this.#context.admin("GET", "keys");
    }

    show(value) {
        // A first key of a user would close this page to everybody.
        if (this.#value === null) byId("key-role").value = value.keys.length === 0 ? "admin" : "user";
        this.#value = value;
        this.#showKeys();
    }

    /// In another language.
    showAgain() {
        this.#showSecret();
        this.#showKeys();
    }

    #showKeys() {
        if (this.#value === null) return;
        const rows = this.#value.keys.map((key) => ({ id: key.id, cells: this.#cells(key) }));
        fillTable(byId("keys-table"), "place.keys", columns, rows, "keys.none");
    }

    async #create() {
        const body = { name: byId("key-name").value.trim(), role: byId("key-role").value };
        for (const [name, id] of Object.entries(limits)) {
            const { value = null, problem } = parseSetting(limitField, byId(id).value);
            byId(id).setAttribute("aria-invalid", String(Boolean(problem)));
            if (problem) {
                byId("key-problem").textContent = text(`problem.${problem}`, limitField);
                byId(id).focus();
                return;
            }
            if (value !== null) body[name] = value;
        }
        byId("key-problem").textContent = "";
        const models = byId("key-models").value.split(/[,，\s]+/).filter(Boolean);
        if (models.length > 0) body.models = models;
        const isDone = await this.#context.run(async () => {
            this.#made = await this.#context.admin("POST", "keys", body);
        });
        if (!isDone) return;
        byId("create-key").reset();
        this.#showSecret();
        byId("new-secret").querySelector("button").focus();
    }

    #showSecret() {
        const place = byId("new-secret");
        place.hidden = this.#made === null;
        if (this.#made === null) return place.replaceChildren();
        const close = button("close", null, () => {
            this.#made = null;
            this.#showSecret();
            byId("key-name").focus();
        });
        place.replaceChildren(
            element("h3", {}, text("keys.made", { name: this.#made.name })),
            element("p", { class: "help" }, text("keys.once")),
            element("code", { class: "secret" }, this.#made.secret),
            element("div", { class: "buttons" }, copyButton(() => this.#made.secret), close));
    }

    #cells(key) {
        const number = (value) => wholeNumber(value, language());
        const facts = [
            key.requests_per_minute && text("keys.perMinute", { count: number(key.requests_per_minute) }),
            key.tokens_per_minute && text("keys.tokensEach", { count: number(key.tokens_per_minute) }),
            key.concurrency && text("keys.atOnce", { count: number(key.concurrency) }),
            key.models?.length > 0 && key.models.join(", "),
        ].filter(Boolean);
        const revoke = () => confirm(text("keys.confirm", { name: key.name }))
            && this.#context.run(() => this.#context.admin("DELETE", `keys/${encodeURIComponent(key.id)}`));
        const isOver = key.revoked !== null || (key.expires !== null && key.expires * 1000 < Date.now());
        const end = key.revoked !== null ? text("keys.revoked", { day: day(key.revoked, language()) })
            : key.expires !== null ? text("keys.expires", { day: day(key.expires, language()) }) : null;
        return [
            [element("div", { class: "name" }, key.name), element("div", { class: "about" }, `${key.prefix}…`)],
            text(`keys.roles.${key.role}`),
            facts.length > 0 ? facts.map((fact) => element("div", {}, fact)) : text("keys.noLimit"),
            [element("div", {}, day(key.created, language())), end && element("div", { class: "about" }, end)].filter(Boolean),
            isOver ? "" : [element("div", { class: "buttons" }, button("keys.revoke", key.name, revoke))],
        ];
    }
}
