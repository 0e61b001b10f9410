// What this browser remembers, below the prefix `berth.`. A browser may forbid storage or run out of
// it; the page then works on, and remembers until it is closed.

const prefix = "berth.";
const memory = new Map();

export function read(key) {
    if (memory.has(key)) return memory.get(key);
    try {
        return localStorage.getItem(prefix + key);
    } catch {
        return null;
    }
}

export function write(key, text) {
    try {
        localStorage.setItem(prefix + key, text);
        memory.delete(key);
    } catch {
        memory.set(key, text);
    }
}

export function forget(key) {
    memory.delete(key);
    try {
        localStorage.removeItem(prefix + key);
    } catch {
        // Nothing was kept, so nothing is left.
    }
}

/// The parsed value, or undefined where there is none or it is damaged.
export function readJSON(key) {
    const text = read(key);
    if (text === null) return undefined;
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

export function writeJSON(key, value) {
    write(key, JSON.stringify(value));
}
