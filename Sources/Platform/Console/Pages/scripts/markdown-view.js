// Shows Markdown as elements. Every piece of a model's text becomes a text node, never markup.

import { copyButton } from "./clipboard.js";
import { element } from "./dom.js";
import { parseBlocks } from "./markdown-blocks.js";
import { parseInline } from "./markdown-inline.js";

const inlineTags = { strong: "strong", emphasis: "em", deleted: "del" };

/// A text in an element, which may grow: blocks that have not changed keep their elements, and with
/// them what a reader has selected.
export class MarkdownView {
    #root;
    #shown = [];

    constructor(root) {
        this.#root = root;
    }

    show(text) {
        const blocks = parseBlocks(text);
        let same = 0;
        while (same < blocks.length && blocks[same].source === this.#shown[same]?.source) same += 1;
        while (this.#root.childNodes.length > same) this.#root.lastChild.remove();
        this.#root.append(...blocks.slice(same).map(blockElement));
        this.#shown = blocks;
    }
}

function blockElement(block) {
    switch (block.kind) {
    case "heading":
        // The page's own headings come first.
        return element(`h${Math.min(block.level + 2, 6)}`, {}, inline(block.text));
    case "code": return codeElement(block);
    case "rule": return element("hr");
    case "quote": return element("blockquote", {}, block.blocks.map(blockElement));
    case "list": return listElement(block);
    case "table": return tableElement(block);
    default: return element("p", {}, inline(block.text));
    }
}

function inline(text) {
    return nodes(parseInline(text));
}

function nodes(tree) {
    return tree.map((node) => {
        if (typeof node === "string") return node;
        switch (node.kind) {
        case "break": return element("br");
        case "code": return element("code", {}, node.text);
        case "link": return linkElement(node);
        default: return element(inlineTags[node.kind], {}, nodes(node.children));
        }
    });
}

function linkElement({ href, children }) {
    return element(
        "a", { href, title: href, target: "_blank", rel: "noopener noreferrer nofollow" }, nodes(children));
}

function codeElement({ language, text }) {
    return element(
        "figure", { class: "code" },
        element("figcaption", {}, element("span", {}, language), copyButton(() => text)),
        element("pre", { tabindex: "0" }, element("code", {}, text)));
}

function listElement({ ordered, start, loose, items }) {
    return element(
        ordered ? "ol" : "ul", { start: ordered && start !== 1 ? start : null },
        items.map((blocks) => element("li", {}, loose ? blocks.map(blockElement) : tight(blocks))));
}

/// Items without empty lines between them: their text needs no paragraph.
function tight(blocks) {
    return blocks.flatMap((block) =>
        block.kind === "paragraph" ? inline(block.text) : [blockElement(block)]);
}

function tableElement({ header, rows, alignments }) {
    const row = (tag, texts) => element("tr", {}, texts.map((text, column) =>
        element(tag, { class: `align-${alignments[column]}`, scope: tag === "th" ? "col" : null }, inline(text))));
    return element(
        "div", { class: "table", tabindex: "0" },
        element(
            "table", {},
            element("thead", {}, row("th", header)),
            element("tbody", {}, rows.map((texts) => row("td", texts)))));
}
