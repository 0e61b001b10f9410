// What the server is doing: charts of the last minutes, and the requests being answered now.

import { chart } from "./chart.js";
import { byId, element } from "./dom.js";
import { age, bytes, shortNumber, wholeNumber } from "./format.js";
import { button, fillTable } from "./table.js";
import { language, text } from "./texts.js";

const columns = [
    { label: "activity.model" }, { label: "activity.state" }, { label: "activity.key" },
    { label: "activity.tokens", number: true }, { label: "activity.age", number: true }, { label: null },
];

export class ActivityView {
    #context;
    #value = null;

    constructor(context) {
        this.#context = context;
    }

    async fetch() {
        const [{ requests }, statistics] = await Promise.all([
            this.#context.admin("GET", "requests"), this.#context.admin("GET", "statistics"),
        ]);
        return { requests, statistics };
    }

    show(value) {
        this.#value = value;
        this.showAgain();
    }

    showAgain() {
        if (this.#value === null) return;
        const { requests, statistics } = this.#value;
        byId("charts").replaceChildren(...this.#charts(statistics));
        const rows = requests.map((request) => ({ id: request.id, cells: this.#cells(request) }));
        fillTable(byId("requests-table"), "activity.requests", columns, rows, "activity.noRequests");
    }

    #charts(statistics) {
        const rate = (value) => text("perSecond", { rate: shortNumber(value, language()) });
        const count = (value) => wholeNumber(value, language());
        const seconds = (value) => text("seconds", { count: shortNumber(value, language()) });
        const span = Math.max(60, statistics.time.length * statistics.interval_seconds);
        const series = (key, name) => ({ label: text(`activity.${key}`), values: statistics[name] });
        return [
            chart(text("activity.throughput"), [
                series("out", "completion_tokens_per_second"), series("in", "prompt_tokens_per_second"),
            ], span, rate),
            chart(text("activity.sequences"), [series("running", "running"), series("waiting", "waiting")], span, count),
            chart(text("activity.cache"), [series("used", "cache_bytes_used")], span,
                (value) => bytes(value, language()), Math.max(0, ...statistics.cache_bytes_total)),
            chart(text("activity.firstText"), [series("mean", "first_text_seconds")], span, seconds),
        ];
    }

    #cells(request) {
        const number = (value) => value === null ? "–" : wholeNumber(value, language());
        const act = () => this.#context.run(() =>
            this.#context.admin("DELETE", `requests/${encodeURIComponent(request.id)}`));
        return [
            [element("div", { class: "name" }, request.model), element("div", { class: "about" }, request.endpoint)],
            [element("span", { class: `state ${request.state}` }, text(`state.${request.state}`))],
            request.key ?? "–",
            text("activity.tokensInOut", {
                in: number(request.prompt_tokens), out: number(request.completion_tokens),
            }),
            age(request.age_seconds, language()),
            [element("div", { class: "buttons" }, button("activity.end", request.id, act))],
        ];
    }
}
