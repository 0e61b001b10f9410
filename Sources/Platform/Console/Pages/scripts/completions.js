// Talking to the server: a conversation goes out, events of one answer come back.

import { Failure, failureOf, failureOfError } from "./failures.js";
import { EventStreamParser } from "./sse.js";

/// The body of `POST /v1/chat/completions`. Settings that are null are the model's to choose.
export function requestBody({ model, messages, settings }) {
    const { system, ...fields } = settings;
    const body = {
        messages: system ? [{ role: "system", content: system }, ...messages] : messages,
        stream: true,
        stream_options: { include_usage: true },
    };
    if (model) body.model = model;
    for (const [name, value] of Object.entries(fields)) {
        if (value !== null) body[name] = value;
    }
    return body;
}

/// Yields `text`, `reasoning`, `finish`, `usage` and `timings` events; returns after the last one.
/// Throws a Failure, or what `signal` makes `fetch` throw.
export async function* complete(body, signal) {
    const response = await request("/v1/chat/completions", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
        signal,
    });
    const parser = new EventStreamParser();
    let whole = false;
    for await (const text of textOf(response)) {
        for (const data of parser.push(text)) {
            if (data === "[DONE]") return;
            for (const event of eventsOf(data)) {
                whole ||= event.kind === "finish";
                yield event;
            }
        }
    }
    if (!whole) throw new Failure("cutOff");
}

/// `fetch`, with failures of the network and of the server as Failures.
export async function request(path, options) {
    let response;
    try {
        response = await fetch(path, options);
    } catch (error) {
        if (options?.signal?.aborted) throw error;
        throw new Failure("unreachable");
    }
    if (!response.ok) throw await failureOf(response);
    return response;
}

async function* textOf(response) {
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    try {
        for (;;) {
            const { done, value } = await reader.read();
            if (done) return;
            yield decoder.decode(value, { stream: true });
        }
    } catch (error) {
        if (error.name === "AbortError") throw error;
        throw new Failure("cutOff");
    } finally {
        // Also when nobody wants the rest: the server then stops working on it.
        reader.cancel().catch(() => {});
    }
}

/// The events in one chunk of a stream.
export function eventsOf(data) {
    let chunk;
    try {
        chunk = JSON.parse(data);
    } catch {
        throw new Failure("unreadable");
    }
    if (chunk?.error) throw failureOfError(chunk.error, 0);
    const events = [];
    const choice = chunk?.choices?.[0];
    const { content, reasoning_content: reasoning } = choice?.delta ?? {};
    if (typeof reasoning === "string" && reasoning) events.push({ kind: "reasoning", text: reasoning });
    if (typeof content === "string" && content) events.push({ kind: "text", text: content });
    if (choice?.finish_reason) events.push({ kind: "finish", reason: String(choice.finish_reason) });
    if (chunk?.usage) events.push({ kind: "usage", usage: chunk.usage });
    if (chunk?.timings) events.push({ kind: "timings", timings: chunk.timings });
    return events;
}
