// Text inside a paragraph: a small part of Markdown, as a tree. Pure; see markdown-view.js for the page.
//
// Nodes: strings, { kind: "code", text }, { kind: "strong" | "emphasis" | "deleted", children },
// { kind: "link", href, children }, { kind: "break" }. HTML is text like any other.

const deepest = 8;
const escapable = /[!-/:-@[-`{-~]/;
const longestLabel = 1000;
const longestAddress = 4000;
const marks = [
    ["***", "strong"], ["**", "strong"], ["__", "strong"], ["~~", "deleted"],
    ["*", "emphasis"], ["_", "emphasis"],
];
const address = /https?:\/\/[^\s<>"'`，。；：！？、）】」』]+/y;
const wordCharacter = /[\p{L}\p{N}_]/u;

export function parseInline(text, depth = 0) {
    return new InlineParser(text, depth).parse();
}

/// The address if a page may link to it, or null: what a model writes never runs.
export function safeAddress(text) {
    return /^(https?:\/\/|mailto:)[^\s]+$/i.test(text) ? text : null;
}

class InlineParser {
    #text;
    #depth;
    #nodes = [];
    #plain = "";
    /// Marks that do not occur after some point: looking again would make the time quadratic.
    #missing = new Set();

    constructor(text, depth) {
        this.#text = text;
        this.#depth = depth;
    }

    parse() {
        let at = 0;
        while (at < this.#text.length) {
            const taken = this.#construct(at);
            if (taken > 0) {
                at += taken;
            } else {
                this.#plain += this.#text[at];
                at += 1;
            }
        }
        this.#flush();
        return this.#nodes;
    }

    /// The number of characters that a construct at this place takes, 0 if there is none.
    #construct(at) {
        switch (this.#text[at]) {
        case "\\": return this.#escape(at);
        case "`": return this.#code(at);
        case "\n": return this.#lineBreak(at);
        case "*": case "_": case "~": return this.#marked(at);
        case "!": case "[": return this.#link(at);
        case "h": return this.#bareAddress(at);
        default: return 0;
        }
    }

    #escape(at) {
        const next = this.#text[at + 1] ?? "";
        if (!escapable.test(next)) return 0;
        this.#plain += next;
        return 2;
    }

    #lineBreak() {
        // A model that starts a new line means one.
        this.#plain = this.#plain.replace(/ +$/, "");
        this.#add({ kind: "break" });
        return 1;
    }

    #code(at) {
        let ticks = 1;
        while (this.#text[at + ticks] === "`") ticks += 1;
        const fence = "`".repeat(ticks);
        const end = this.#find(fence, at + ticks);
        if (end < 0) {
            this.#plain += fence;
            return ticks;
        }
        const inside = this.#text.slice(at + ticks, end).replace(/\n/g, " ");
        const padded = /^ .*[^ ].* $/.test(inside);
        this.#add({ kind: "code", text: padded ? inside.slice(1, -1) : inside });
        return end + ticks - at;
    }

    #marked(at) {
        if (this.#depth >= deepest) return 0;
        for (const [mark, kind] of marks) {
            if (!this.#text.startsWith(mark, at)) continue;
            const end = this.#closing(mark, at);
            if (end < 0) continue;
            const inside = this.#text.slice(at + mark.length, end);
            this.#add({ kind, children: parseInline(inside, this.#depth + 1) });
            return end + mark.length - at;
        }
        return 0;
    }

    /// Where the mark that was opened at a place closes, or -1.
    #closing(mark, at) {
        const start = at + mark.length;
        const first = this.#text[start] ?? " ";
        if (/\s/.test(first) || first === mark[0]) return -1;
        const insideWord = mark[0] === "_" && wordCharacter.test(this.#text[at - 1] ?? "");
        if (insideWord) return -1;
        for (let end = this.#find(mark, start + 1); end >= 0; end = this.#find(mark, end + mark.length)) {
            const after = this.#text[end + mark.length] ?? "";
            if (/\s/.test(this.#text[end - 1])) continue;
            if (mark[0] === "_" && wordCharacter.test(after)) continue;
            // A single mark does not close at a double one: **a** inside *...*.
            if (mark.length === 1 && after === mark) {
                end += 1;
                continue;
            }
            return end;
        }
        this.#missing.add(mark);
        return -1;
    }

    #link(at) {
        const start = this.#text[at] === "!" ? at + 1 : at;
        if (this.#text[start] !== "[") return 0;
        const middle = this.#near("](", start + 1, longestLabel);
        if (middle < 0) return 0;
        const end = this.#near(")", middle + 2, longestAddress);
        if (end < 0) return 0;
        const label = this.#text.slice(start + 1, middle);
        const href = safeAddress(this.#text.slice(middle + 2, end).split(/\s/, 1)[0]);
        if (href === null || /[[\]\n]/.test(label)) return 0;
        // A picture becomes a link to it: the page loads nothing from elsewhere.
        const children = this.#depth < deepest ? parseInline(label || href, deepest) : [label];
        this.#add({ kind: "link", href, children });
        return end + 1 - at;
    }

    #bareAddress(at) {
        if (wordCharacter.test(this.#text[at - 1] ?? "")) return 0;
        address.lastIndex = at;
        const found = address.exec(this.#text)?.[0].replace(/[.,;:!?)\]*_~]+$/, "");
        if (!found || this.#depth >= deepest) return 0;
        this.#add({ kind: "link", href: found, children: [found] });
        return found.length;
    }

    /// `indexOf` that remembers what is not there.
    #find(part, from) {
        if (this.#missing.has(part)) return -1;
        const found = this.#text.indexOf(part, from);
        if (found < 0) this.#missing.add(part);
        return found;
    }

    #near(part, from, distance) {
        const found = this.#text.slice(from, from + distance).indexOf(part);
        return found < 0 ? -1 : from + found;
    }

    #add(node) {
        this.#flush();
        this.#nodes.push(node);
    }

    #flush() {
        if (this.#plain !== "") this.#nodes.push(this.#plain);
        this.#plain = "";
    }
}
