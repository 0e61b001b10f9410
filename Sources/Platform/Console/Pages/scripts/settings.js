// What can be set for the next answer, and what a value may be. Empty means: the model's own choice.
// The ranges are the server's; it checks them again.

/// Every setting, in the order of the panel. `name` is the request's field.
export const fields = [
    { name: "temperature", kind: "real", least: 0, most: 2, sample: "0.7" },
    { name: "top_p", kind: "real", least: 0, most: 1, sample: "0.9" },
    { name: "top_k", kind: "whole", least: 0, most: 1_000_000, sample: "40" },
    { name: "min_p", kind: "real", least: 0, most: 1, sample: "0.05" },
    { name: "repetition_penalty", kind: "real", least: 0.01, most: 10, sample: "1.1" },
    { name: "max_tokens", kind: "whole", least: 1, most: 10_000_000, sample: "512" },
    { name: "seed", kind: "whole", least: 0, most: Number.MAX_SAFE_INTEGER, sample: "42" },
];

const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i;

/// Reads what somebody typed: `{ value }`, or `{ problem }` with a key of the texts.
export function parseSetting(field, typed) {
    // Full-width digits and commas come from input methods and habits.
    const text = typed.normalize("NFKC").trim().replace(",", ".");
    if (text === "") return { value: null };
    if (!number.test(text)) return { problem: field.kind === "whole" ? "notWhole" : "notNumber" };
    const value = Number(text);
    if (field.kind === "whole" && !Number.isInteger(value)) return { problem: "notWhole" };
    // Nobody who typed -1 is helped by a limit of a million.
    if (value < field.least && field.most >= 1_000_000) return { problem: "tooSmall" };
    if (value < field.least || value > field.most) return { problem: "outOfRange" };
    return { value };
}

/// Settings as they were typed: `{ system, temperature, ... }`, all strings.
export function emptySettings() {
    return Object.fromEntries(["system", ...fields.map(({ name }) => name)].map((name) => [name, ""]));
}

/// From storage: unknown members are dropped, missing ones are empty.
export function restoreSettings(value) {
    const settings = emptySettings();
    for (const name of Object.keys(settings)) {
        if (typeof value?.[name] === "string") settings[name] = value[name];
    }
    return settings;
}

/// The values to send, and the names of fields that hold none.
export function evaluate(typed) {
    const values = { system: typed.system.trim() };
    const wrong = [];
    for (const field of fields) {
        const { value = null, problem } = parseSetting(field, typed[field.name]);
        values[field.name] = value;
        if (problem) wrong.push(field.name);
    }
    return { values, wrong };
}
