// Tables that are filled anew every other second without losing the focus.

import { element } from "./dom.js";
import { text } from "./texts.js";

/// Fills a table. Columns: { label (key of the texts or null), number }; rows: { id, cells }, a cell a node, text
/// or list of them. A row whose content is the same stays the node that it is.
export function fillTable(table, caption, columns, rows, noneKey) {
    const head = element("thead", {}, element("tr", {}, ...columns.map(({ label, number }) =>
        element("th", { scope: "col", class: number ? "number" : null },
            label === null ? element("span", { class: "visually-hidden" }, text("actions")) : text(label)))));
    table.setAttribute("aria-label", text(caption));
    const old = new Map([...table.querySelectorAll("tbody > tr")].map((row) => [row.dataset.id, row]));
    const nodes = rows.map((row) => {
        const fresh = rowOf(row, columns);
        const known = old.get(row.id);
        if (known && known.dataset.look === fresh.dataset.look) return known;
        if (known?.contains(document.activeElement)) fresh.dataset.focus = focusedIn(known);
        return fresh;
    });
    if (nodes.length === 0) {
        nodes.push(element("tr", {}, element("td", { class: "none", colspan: columns.length }, text(noneKey))));
    }
    const body = table.tBodies[0];
    if (table.tHead) table.tHead.replaceWith(head);
    else table.prepend(head);
    if (!body || !isSame([...body.children], nodes)) {
        const fresh = element("tbody", {}, ...nodes);
        if (body) body.replaceWith(fresh);
        else table.append(fresh);
        for (const row of fresh.querySelectorAll("[data-focus]")) {
            row.querySelectorAll("button")[Number(row.dataset.focus)]?.focus();
            delete row.dataset.focus;
        }
    }
}

function isSame(old, fresh) {
    return old.length === fresh.length && old.every((node, index) => node === fresh[index]);
}

function focusedIn(row) {
    return [...row.querySelectorAll("button")].indexOf(document.activeElement);
}

function rowOf({ id, cells }, columns) {
    const row = element("tr", { "data-id": id }, ...cells.map((cell, index) => element("td", {
        class: columns[index].number ? "number" : null,
        "data-column": columns[index].label === null ? null : text(columns[index].label),
    }, ...[cell].flat())));
    // Everything that is seen or said; listeners do the same for the same row.
    row.dataset.look = row.cloneNode(true).textContent
        + [...row.querySelectorAll("[class], [disabled], [aria-pressed]")].map((node) =>
            `${node.className.baseVal ?? node.className}/${node.disabled}/${node.getAttribute("aria-pressed")}`).join();
    return row;
}

export function button(key, label, action, attributes = {}) {
    const node = element("button", { type: "button", class: "button", ...attributes }, text(key));
    if (label) node.setAttribute("aria-label", `${text(key)}: ${label}`);
    node.addEventListener("click", async () => {
        node.disabled = true;
        await action();
        if (node.isConnected) node.disabled = false;
    });
    return node;
}
