// The two buttons that every page has: the other language, the other colours.

import { byId } from "./dom.js";
import * as texts from "./texts.js";
import { onThemeChange, theme, toggleTheme } from "./theme.js";

export function installSwitches() {
    byId("toggle-language").addEventListener("click", () => texts.setLanguage(texts.otherLanguage()));
    byId("toggle-theme").addEventListener("click", () => {
        toggleTheme();
        showSwitches();
    });
    onThemeChange(showSwitches);
    texts.onLanguageChange(showSwitches);
    showSwitches();
}

function showSwitches() {
    const dark = theme() === "dark";
    const themeButton = byId("toggle-theme");
    themeButton.querySelector("use").setAttribute("href", dark ? "#icon-sun" : "#icon-moon");
    const languageButton = byId("toggle-language");
    const other = texts.otherLanguage();
    languageButton.querySelector("span").textContent = other === "zh" ? "中" : "En";
    languageButton.querySelector("span").lang = other === "zh" ? "zh-Hans" : "en";
    for (const [button, key] of [
        [themeButton, dark ? "toLight" : "toDark"], [languageButton, "otherLanguage"],
    ]) {
        button.setAttribute("aria-label", texts.text(key));
        button.title = texts.text(key);
    }
}
