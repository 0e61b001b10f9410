// Numbers as people of a language write them.

export function wholeNumber(value, language) {
    return new Intl.NumberFormat(language, { maximumFractionDigits: 0 }).format(value);
}

/// Three digits that matter: 0.042, 4.2, 42, 420.
export function shortNumber(value, language) {
    return new Intl.NumberFormat(language, {
        maximumSignificantDigits: value >= 100 ? Math.floor(Math.log10(value)) + 1 : 2,
    }).format(value);
}

/// 3.2 GiB, 410 MiB.
export function bytes(value, language) {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let unit = 0;
    while (value >= 1000 && unit < units.length - 1) {
        value /= 1024;
        unit += 1;
    }
    const digits = unit > 2 && value < 100 ? 1 : 0;
    return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)} ${units[unit]}`;
}

/// A time span in its largest unit: 12 s, 5 min, 3 h, 2 d, as the language writes them.
export function age(seconds, language) {
    const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
    const [unit, length] = units.find(([, length]) => seconds >= length) ?? units[3];
    return new Intl.NumberFormat(language, {
        style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0,
    }).format(Math.max(0, Math.floor(seconds / length)));
}

/// The day of a time in seconds since 1970.
export function day(seconds, language) {
    return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(seconds * 1000));
}
