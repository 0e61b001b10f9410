// A conversation: turns of one question and one answer. How it is kept, and how it is told a model.

import { isOver, begin } from "./answer.js";
import { splitReasoning } from "./reasoning.js";

const version = 1;

/// What the model is sent to answer `turns[last]`: every turn before it that has an answer.
///
/// A question that failed is left out with its answer: templates expect the roles to alternate.
/// What a model thought is left out, too; models are trained on conversations without it.
export function messagesOf(turns) {
    const messages = [];
    for (const turn of turns.slice(0, -1)) {
        const { said } = splitReasoning(turn.answer.text);
        if (said.trim() === "") continue;
        messages.push({ role: "user", content: turn.question });
        messages.push({ role: "assistant", content: said });
    }
    messages.push({ role: "user", content: turns.at(-1).question });
    return messages;
}

/// The conversation as it is written to storage.
export function record(turns) {
    return { version, turns };
}

/// The turns of a record; whatever is not one (damaged, another version) is an empty conversation.
export function restore(value) {
    if (value?.version !== version || !Array.isArray(value.turns)) return [];
    return value.turns.filter(isTurn).map(({ question, answer }) => ({
        question,
        // The page was closed in the middle of it.
        answer: isOver(answer) ? answer : { ...answer, status: "stopped" },
    }));
}

function isTurn(turn) {
    const answer = turn?.answer;
    if (typeof turn?.question !== "string" || typeof answer !== "object" || answer === null) return false;
    const model = begin("", 0);
    return Object.keys(model).every((key) => key in answer)
        && ["text", "reasoning", "status"].every((key) => typeof answer[key] === "string")
        && (answer.status !== "failed" || typeof answer.failure?.kind === "string");
}
