// The words of the page, in the reader's language.
//
// Elements name their words: data-text (content), data-label (aria-label), data-tip (title),
// data-hint (placeholder). Whatever else shows words listens to `onLanguageChange`.

import english from "./texts-en.js";
import chinese from "./texts-zh.js";
import { read, write } from "./storage.js";

const languages = { en: english, zh: chinese };
const tags = { en: "en", zh: "zh-Hans" };
const listeners = [];
let current = choose(read("language"), navigator.languages);

/// The language to begin with: the one chosen here before, or the first that both sides speak.
export function choose(chosen, preferred) {
    if (chosen in languages) return chosen;
    const known = preferred.map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => tag in languages);
    return known ?? "en";
}

export function language() {
    return current;
}

export function otherLanguage() {
    return current === "en" ? "zh" : "en";
}

export function languageName(code) {
    return languages[code].name;
}

export function setLanguage(code) {
    current = code;
    write("language", code);
    applyTexts();
    for (const listener of listeners) listener();
}

export function onLanguageChange(listener) {
    listeners.push(listener);
}

/// The words for a key such as `failure.busy`, with `{name}` replaced. A plural is chosen by `count`.
export function text(key, values = {}) {
    let words = lookUp(key);
    if (typeof words === "object") {
        const form = new Intl.PluralRules(current).select(values.plural ?? 0);
        words = words[form] ?? words.other;
    }
    return words.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function hasText(key) {
    return lookUp(key) !== undefined;
}

function lookUp(key) {
    return key.split(".").reduce((texts, part) => texts?.[part], languages[current]);
}

/// Fills in the words below a node.
export function applyTexts(root = document) {
    document.documentElement.lang = tags[current];
    document.title = text("title");
    for (const node of root.querySelectorAll("[data-text]")) node.textContent = text(node.dataset.text);
    for (const [data, attribute] of [["label", "aria-label"], ["tip", "title"], ["hint", "placeholder"]]) {
        for (const node of root.querySelectorAll(`[data-${data}]`)) {
            node.setAttribute(attribute, text(node.dataset[data]));
        }
    }
}
