// A chart of one or two lines over the last minutes, drawn as SVG. Nothing is drawn where there is no number.

import { element } from "./dom.js";
import { text } from "./texts.js";

const width = 600;
const height = 120;
const space = "http://www.w3.org/2000/svg";

/// - series: [{ label, values }], values numbers or null
/// - format: a number as words
/// - limit: what the chart's upper edge stands for; without one, a round number that all values fit below
export function chart(title, series, seconds, format, limit = null) {
    const values = series.flatMap(({ values }) => values.filter((value) => value !== null));
    const most = limit || niceLimit(Math.max(0, ...values));
    const minutes = Math.round(seconds / 60);
    const plot = document.createElementNS(space, "svg");
    set(plot, { class: "plot", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img" });
    const latest = series.map(({ label, values }) => {
        const last = values.findLast((value) => value !== null);
        return `${label}: ${last === undefined ? text("activity.nothing") : format(last)}`;
    });
    plot.setAttribute("aria-label", `${title}. ${latest.join(", ")}`);
    for (const y of [0, height / 2, height]) plot.append(line(`M0 ${y}H${width}`, "grid"));
    series.forEach(({ values }, index) => {
        plot.append(line(path(values, most), `curve series${index}`));
    });
    return element("figure", { class: "card chart" },
        element("figcaption", {}, element("span", { class: "title" }, title),
            element("span", { class: "legend" }, ...latest.map((words, index) =>
                element("span", { class: `series${index}` }, words)))),
        plot,
        element("div", { class: "ends", "aria-hidden": "true" },
            element("span", {}, text("ago", { time: text("minutes", { plural: minutes, count: minutes }) })),
            element("span", {}, text("activity.most", { value: format(most) })),
            element("span", {}, text("activity.now"))));
}

/// A path through the numbers; a gap where one is missing, a short dash where one stands alone.
export function path(values, most) {
    const step = values.length > 1 ? width / (values.length - 1) : width;
    let words = "";
    let isDrawing = false;
    values.forEach((value, index) => {
        if (value === null) {
            isDrawing = false;
            return;
        }
        const x = round(index * step);
        const y = round(height - Math.min(1, value / most) * height);
        const isAlone = !isDrawing && (values[index + 1] ?? null) === null;
        words += isAlone ? `M${x} ${y}h2` : `${isDrawing ? "L" : "M"}${x} ${y}`;
        isDrawing = true;
    });
    return words;
}

/// The next of 1, 2, 5, 10, 20, 50 and so on, at least 1.
export function niceLimit(value) {
    const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
    return [1, 2, 5, 10].map((factor) => factor * power).find((limit) => limit >= value);
}

function round(value) {
    return Math.round(value * 10) / 10;
}

function line(path, className) {
    const node = document.createElementNS(space, "path");
    set(node, { d: path, class: className });
    return node;
}

function set(node, attributes) {
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
}
