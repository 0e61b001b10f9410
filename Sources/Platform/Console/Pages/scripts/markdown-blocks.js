// Paragraphs, lists, code and so on: a small part of Markdown, as a list of blocks. Pure.
//
// A block has a `kind`, its `source` (equal sources are equal blocks) and what the kind needs. A text that
// is still growing is fine: a fence without an end reaches to the end of the text.

const deepest = 6;
const fenceStart = /^ {0,3}(`{3,}|~{3,}) *([^\s`]*)[^`]*$/;
const listItem = /^( *)([-*+]|\d{1,9}[.)])( +|$)/;
const delimiterCell = /^ *:?-+:? *$/;

export function parseBlocks(text, depth = 0) {
    return new BlockParser(text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n"), depth).parse();
}

class BlockParser {
    #lines;
    #depth;
    #at = 0;

    constructor(lines, depth) {
        this.#lines = lines;
        this.#depth = depth;
    }

    parse() {
        const blocks = [];
        while (this.#at < this.#lines.length) {
            const start = this.#at;
            const block = this.#block();
            if (block) {
                blocks.push({ ...block, source: this.#lines.slice(start, this.#at).join("\n") });
            }
        }
        return blocks;
    }

    /// Takes at least one line; null for an empty one.
    #block() {
        const line = this.#lines[this.#at];
        if (line.trim() === "") {
            this.#at += 1;
            return null;
        }
        return this.#fence(line) ?? this.#heading(line) ?? this.#rule(line) ?? this.#quote(line)
            ?? this.#list(line) ?? this.#table(line) ?? this.#paragraph();
    }

    #fence(line) {
        const found = fenceStart.exec(line);
        if (!found) return null;
        const [, fence, language] = found;
        const indent = line.length - line.trimStart().length;
        const code = [];
        this.#at += 1;
        while (this.#at < this.#lines.length) {
            const inside = this.#lines[this.#at];
            this.#at += 1;
            if (closesFence(inside, fence)) return { kind: "code", language, text: code.join("\n") };
            code.push(withoutIndent(inside, indent));
        }
        return { kind: "code", language, text: code.join("\n") };
    }

    #heading(line) {
        const found = /^ {0,3}(#{1,6}) +(?=[^ ])/.exec(line);
        if (!found) return null;
        this.#at += 1;
        const text = line.slice(found[0].length).trimEnd();
        const hashes = /#+$/.exec(text.slice(-10));
        const closed = hashes && text.at(-hashes[0].length - 1) === " ";
        return {
            kind: "heading", level: found[1].length,
            text: closed ? text.slice(0, -hashes[0].length).trimEnd() : text,
        };
    }

    #rule(line) {
        if (!isRule(line)) return null;
        this.#at += 1;
        return { kind: "rule" };
    }

    #quote(line) {
        if (this.#depth >= deepest || !line.trimStart().startsWith(">")) return null;
        const inside = [];
        while (this.#lines[this.#at]?.trimStart().startsWith(">")) {
            inside.push(this.#lines[this.#at].trimStart().slice(1).replace(/^ /, ""));
            this.#at += 1;
        }
        return { kind: "quote", blocks: new BlockParser(inside, this.#depth + 1).parse() };
    }

    #list(line) {
        const first = listItem.exec(line);
        if (!first || this.#depth >= deepest) return null;
        const ordered = isNumber(first[2]);
        const items = [];
        let loose = false;
        for (;;) {
            const found = listItem.exec(this.#lines[this.#at] ?? "");
            if (!found || isNumber(found[2]) !== ordered || isRule(this.#lines[this.#at])) break;
            if (found[1].length !== first[1].length) break;
            const item = this.#item(found);
            loose ||= item.loose;
            items.push(item.blocks);
        }
        if (items.length === 0) return null;
        return { kind: "list", ordered, start: ordered ? parseInt(first[2], 10) : 1, loose, items };
    }

    /// One item: its line, and the lines below that are indented or go on with its paragraph.
    #item(found) {
        const width = found[0].length;
        const lines = [this.#lines[this.#at].slice(width)];
        let loose = false;
        this.#at += 1;
        while (this.#at < this.#lines.length) {
            const line = this.#lines[this.#at];
            const indent = line.length - line.trimStart().length;
            if (line.trim() === "") {
                const next = this.#lines[this.#at + 1] ?? "";
                const goesOn = next.length - next.trimStart().length > found[1].length && next.trim() !== "";
                if (!goesOn) {
                    this.#skipBlank(found);
                    break;
                }
                loose = true;
            } else if (indent <= found[1].length && (startsBlock(line) || lines.at(-1) === "")) {
                break;
            }
            lines.push(withoutIndent(line, width));
            this.#at += 1;
        }
        return { loose, blocks: new BlockParser(lines, this.#depth + 1).parse() };
    }

    /// Items may have an empty line between them.
    #skipBlank(found) {
        const next = listItem.exec(this.#lines[this.#at + 1] ?? "");
        if (next && next[1].length === found[1].length) this.#at += 1;
    }

    #table(line) {
        const below = this.#lines[this.#at + 1] ?? "";
        if (!line.includes("|") || !below.includes("-")) return null;
        const header = cells(line);
        const delimiters = cells(below);
        if (header.length !== delimiters.length || !delimiters.every((cell) => delimiterCell.test(cell))) {
            return null;
        }
        const rows = [];
        this.#at += 2;
        while (this.#lines[this.#at]?.includes("|")) {
            const row = cells(this.#lines[this.#at]);
            rows.push(header.map((_, column) => row[column] ?? ""));
            this.#at += 1;
        }
        return { kind: "table", header, rows, alignments: delimiters.map(alignment) };
    }

    #paragraph() {
        const lines = [this.#lines[this.#at].trimStart()];
        this.#at += 1;
        while (this.#at < this.#lines.length) {
            const line = this.#lines[this.#at];
            if (line.trim() === "" || startsBlock(line)) break;
            lines.push(line.trimStart());
            this.#at += 1;
        }
        return { kind: "paragraph", text: lines.join("\n").trimEnd() };
    }
}

function closesFence(line, fence) {
    const text = line.trim();
    return text.startsWith(fence) && [...text].every((character) => character === fence[0]);
}

function isRule(line) {
    const text = line.replace(/ /g, "");
    return text.length >= 3 && "-*_".includes(text[0]) && [...text].every((mark) => mark === text[0]);
}

function isNumber(marker) {
    return marker.length > 1;
}

function withoutIndent(line, width) {
    const indent = line.length - line.trimStart().length;
    return line.slice(Math.min(indent, width));
}

/// Whether a line cannot belong to the paragraph above it.
function startsBlock(line) {
    return /^ {0,3}(#{1,6} |>|`{3,}|~{3,})/.test(line) || listItem.test(line) || isRule(line);
}

/// The cells of a table's row; a backslash keeps a bar from ending one.
function cells(line) {
    const inside = line.trim().replace(/^\|/, "").replace(/([^\\])\|$/, "$1");
    return inside.split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|"));
}

function alignment(cell) {
    if (cell.endsWith(":")) return cell.startsWith(":") ? "center" : "end";
    return "start";
}
