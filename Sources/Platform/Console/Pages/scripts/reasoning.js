// Some models think aloud between <think> and </think> before they answer.

const opening = "<think>";
const closing = "</think>";

/// Splits a text into what was thought and what is said. While it is `growing`, half a mark at its
/// end is held back; `thinking` says whether the thinking has not ended yet.
export function splitReasoning(text, growing = false) {
    const start = text.trimStart();
    if (growing && start.length < opening.length && opening.startsWith(start)) {
        return { reasoning: "", said: "", thinking: false };
    }
    if (!start.startsWith(opening)) return { reasoning: "", said: text, thinking: false };
    const end = start.indexOf(closing);
    if (end < 0) {
        const thought = start.slice(opening.length);
        return {
            reasoning: (growing ? withoutHalf(thought) : thought).trim(), said: "", thinking: growing,
        };
    }
    return {
        reasoning: start.slice(opening.length, end).trim(),
        said: start.slice(end + closing.length).trimStart(),
        thinking: false,
    };
}

/// Without the beginning of a closing mark at its end.
function withoutHalf(text) {
    for (let length = Math.min(closing.length - 1, text.length); length > 0; length--) {
        if (closing.startsWith(text.slice(-length))) return text.slice(0, -length);
    }
    return text;
}
