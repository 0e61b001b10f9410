// The line of figures below an answer.

import { measure } from "./answer.js";
import { element } from "./dom.js";
import { shortNumber, wholeNumber } from "./format.js";
import { language, text } from "./texts.js";

/// `38 tokens · 412 tokens a second · first after 0.02 s · 56 read`, or null before the first token.
export function answerFacts(answer) {
    const facts = measure(answer);
    if (facts === null) return null;
    const { tokens, promptTokens, exact, perSecond, firstSeconds } = facts;
    const amount = text("tokens", { plural: tokens, count: wholeNumber(tokens, language()) });
    const parts = [exact ? amount : text("about", { amount })];
    if (perSecond !== null) parts.push(text("perSecond", { rate: shortNumber(perSecond, language()) }));
    parts.push(text("firstAfter", { seconds: shortNumber(firstSeconds, language()) }));
    if (promptTokens !== null) {
        parts.push(text("prompt", { count: wholeNumber(promptTokens, language()) }));
    }
    return element("p", { class: "figures" }, parts.map((part) => element("span", {}, part)));
}
