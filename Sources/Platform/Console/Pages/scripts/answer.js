// One answer on its way: a pure state machine. Nothing here knows of the network, the page or a clock.
//
//     waiting -> streaming -> finished | stopped | failed

const endings = new Set(["finished", "stopped", "failed"]);

/// An answer that was asked for at `now` (milliseconds).
export function begin(model, now) {
    return {
        status: "waiting", model, text: "", reasoning: "", pieces: 0,
        askedAt: now, firstAt: null, lastAt: null,
        finishReason: null, usage: null, timings: null, failure: null,
    };
}

export function isOver(answer) {
    return endings.has(answer.status);
}

/// The answer after an event. Whatever comes after its end changes nothing.
export function advance(answer, event, now) {
    if (isOver(answer)) return answer;
    switch (event.kind) {
    case "text":
        return { ...grown(answer, now), text: answer.text + event.text };
    case "reasoning":
        return { ...grown(answer, now), reasoning: answer.reasoning + event.text };
    case "finish":
        return { ...answer, finishReason: event.reason };
    case "usage":
        return { ...answer, usage: numbers(event.usage) };
    case "timings":
        return { ...answer, timings: numbers(event.timings) };
    case "end":
        return { ...answer, status: "finished" };
    case "stop":
        return { ...answer, status: "stopped" };
    case "fail":
        return { ...answer, status: "failed", failure: event.failure };
    default:
        return answer;
    }
}

function grown(answer, now) {
    return {
        ...answer, status: "streaming", pieces: answer.pieces + 1,
        firstAt: answer.firstAt ?? now, lastAt: now,
    };
}

/// Only the members that are numbers: the rest of the page then need not ask.
function numbers(object) {
    return Object.fromEntries(
        Object.entries(object).filter(([, value]) => Number.isFinite(value)));
}

/// What an answer took, or null before its first piece. `exact` is false where the server did not
/// say: every piece of a stream then counts as a token.
export function measure(answer) {
    const { usage, timings, pieces, firstAt, lastAt, askedAt } = answer;
    if (firstAt === null) return null;
    const tokens = usage?.completion_tokens ?? timings?.predicted_n ?? pieces;
    const seconds = decodingSeconds(timings) ?? (lastAt - firstAt) / 1000;
    return {
        tokens,
        promptTokens: usage?.prompt_tokens ?? timings?.prompt_n ?? null,
        exact: usage?.completion_tokens !== undefined || timings?.predicted_n !== undefined,
        // The first token comes out of the prompt's pass: decoding is counted from the second.
        perSecond: timings?.predicted_per_second
            ?? (tokens > 1 && seconds > 0 ? (tokens - 1) / seconds : null),
        firstSeconds: (firstAt - askedAt) / 1000,
    };
}

function decodingSeconds(timings) {
    if (timings?.decode_seconds !== undefined) return timings.decode_seconds;
    if (timings?.predicted_ms !== undefined) return timings.predicted_ms / 1000;
    return null;
}
