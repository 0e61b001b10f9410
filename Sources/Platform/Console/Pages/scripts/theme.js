// Light or dark: the system's choice until the reader makes another one. early.js applies it first.

import { forget, write } from "./storage.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;

export function theme() {
    return root.dataset.theme ?? system();
}

export function toggleTheme() {
    const next = theme() === "dark" ? "light" : "dark";
    if (next === system()) {
        // Back to what the system says, now and when it changes.
        delete root.dataset.theme;
        forget("theme");
    } else {
        root.dataset.theme = next;
        write("theme", next);
    }
}

export function onThemeChange(listener) {
    dark.addEventListener("change", listener);
}

function system() {
    return dark.matches ? "dark" : "light";
}
