// The conversation in progress: who may do what when. It knows neither the page nor the network:
// `complete` is handed in, and `changed` is called with what happened.

import { advance, begin, isOver } from "./answer.js";
import { requestBody } from "./completions.js";
import { messagesOf } from "./conversation.js";
import { Failure } from "./failures.js";

export class Chat {
    turns = [];
    #complete;
    #changed;
    #request;
    #running = null;
    #cleared = null;

    /// - complete: (body, signal) -> events, see completions.js
    /// - request: () -> { model, settings } of the next request
    /// - changed: ("turns" | "answer" | "ended") -> nothing
    constructor({ turns, complete, request, changed }) {
        this.turns = turns;
        this.#complete = complete;
        this.#request = request;
        this.#changed = changed;
    }

    get isRunning() {
        return this.#running !== null;
    }

    get last() {
        return this.turns.at(-1) ?? null;
    }

    ask(question) {
        if (this.isRunning || question.trim() === "") return;
        this.#cleared = null;
        return this.#run([...this.turns, { question }]);
    }

    /// Asks the last question once more.
    again() {
        if (this.isRunning || !this.last) return;
        return this.#run([...this.turns.slice(0, -1), { question: this.last.question }]);
    }

    /// Asks something else instead of the last question.
    askInstead(question) {
        if (this.isRunning || !this.last || question.trim() === "") return;
        return this.#run([...this.turns.slice(0, -1), { question }]);
    }

    stop() {
        this.#running?.abort();
    }

    /// Puts the conversation away; `restoreCleared` brings it back until the next question.
    clear() {
        this.stop();
        this.#running = null;
        this.#cleared = this.turns;
        this.turns = [];
        this.#changed("turns");
    }

    /// Clears without a way back.
    forget() {
        this.clear();
        this.#cleared = null;
    }

    restoreCleared() {
        if (!this.#cleared || this.turns.length > 0) return;
        this.turns = this.#cleared;
        this.#cleared = null;
        this.#changed("turns");
    }

    async #run(turns) {
        const { model, settings } = this.#request();
        const turn = turns.at(-1);
        const running = new AbortController();
        const happened = (event, what) => {
            turn.answer = advance(turn.answer, event, performance.now());
            // The conversation may have been cleared meanwhile.
            if (this.turns.includes(turn)) this.#changed(what);
        };
        turn.answer = begin(model, performance.now());
        this.turns = turns;
        this.#running = running;
        this.#changed("turns");
        let ending = { kind: "end" };
        try {
            const body = requestBody({ model, settings, messages: messagesOf(turns) });
            for await (const event of this.#complete(body, running.signal)) {
                happened(event, "answer");
            }
        } catch (error) {
            ending = endingOf(error, running.signal);
        }
        // A stop between the last event and the end is a stop.
        if (running.signal.aborted) ending = { kind: "stop" };
        if (this.#running === running) this.#running = null;
        happened(ending, "ended");
    }
}

function endingOf(error, signal) {
    if (signal.aborted) return { kind: "stop" };
    if (error instanceof Failure) return { kind: "fail", failure: error.record };
    console.error(error);
    return { kind: "fail", failure: new Failure("page", { message: String(error) }).record };
}

/// Whether the last answer can be asked for again.
export function canAskAgain(chat) {
    return !chat.isRunning && chat.last !== null && isOver(chat.last.answer);
}
