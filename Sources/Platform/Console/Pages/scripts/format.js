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
