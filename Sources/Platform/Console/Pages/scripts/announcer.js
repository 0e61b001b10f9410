// Reads answers to those who do not see them: whole sentences, as they are finished. A live region on the
// growing text itself would be read in fragments, or over and over.

import { element } from "./dom.js";

const kept = 12;
const sentenceEnd = /[.!?…]["')\]]*(?=\s)|[。！？…][”’」』）]*|\n/g;

export class Announcer {
    #region;
    #spoken = 0;

    constructor(region) {
        this.#region = region;
    }

    begin(words) {
        this.#spoken = 0;
        this.#say(words);
    }

    /// The text has grown to this.
    grow(text) {
        const end = endOfSentences(text, this.#spoken);
        if (end > this.#spoken) {
            this.#say(plain(text.slice(this.#spoken, end)));
            this.#spoken = end;
        }
    }

    end(text, words) {
        this.#say(plain(text.slice(this.#spoken)));
        this.#spoken = text.length;
        this.#say(words);
    }

    #say(words) {
        if (words.trim() === "") return;
        this.#region.append(element("p", {}, words));
        while (this.#region.childNodes.length > kept) this.#region.firstChild.remove();
    }
}

/// Where the last whole sentence after a place ends.
export function endOfSentences(text, from) {
    let end = from;
    sentenceEnd.lastIndex = from;
    for (let found = sentenceEnd.exec(text); found; found = sentenceEnd.exec(text)) {
        end = found.index + found[0].length;
    }
    return end;
}

/// Without the marks that a page shows as looks.
function plain(text) {
    return text.replace(/[*_`#>|~]+/g, " ").replace(/\s+/g, " ").trim();
}
