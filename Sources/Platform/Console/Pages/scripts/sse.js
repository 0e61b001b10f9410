// Server-sent events, from text that arrives in pieces of any size.
// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

export class EventStreamParser {
    #rest = "";
    #data = [];
    #first = true;

    /// Takes more text and returns the data of the events that it completes.
    push(text) {
        if (this.#first && text !== "") {
            this.#first = false;
            if (text.startsWith("\uFEFF")) text = text.slice(1);
        }
        const lines = (this.#rest + text).split(/\r\n|\n|\r/);
        this.#rest = lines.pop();
        // A carriage return at the end may be half of a line end: wait for the other half.
        if (this.#rest === "" && text.endsWith("\r")) this.#rest = lines.pop() + "\r";
        const events = [];
        for (const line of lines) {
            const data = this.#take(line);
            if (data !== null) events.push(data);
        }
        return events;
    }

    #take(line) {
        if (line === "") {
            if (this.#data.length === 0) return null;
            const data = this.#data.join("\n");
            this.#data = [];
            return data;
        }
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (field === "data") this.#data.push(value);
        return null;
    }
}
