"""Writes Sources/Models/Tokenizers/Unicode/GeneralCategoryRuns.swift.

Needs: pip install unicodedata2==16.0.0 (the Unicode version is pinned: token ids must not change
with the compiler, the operating system or the Python that runs this).

    python Tools/unicode/make_general_categories.py > \
        Sources/Models/Tokenizers/Unicode/GeneralCategoryRuns.swift
"""

import unicodedata2

# In the order of ScalarKind's raw values. "Ws" is ours: controls that are White_Space.
KINDS = (
    "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn Ws"
).split()
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcde"
WHITESPACE_CONTROLS = {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85}
COLUMNS = 96


def kind(scalar: int) -> str:
    if scalar in WHITESPACE_CONTROLS:
        return "Ws"
    return unicodedata2.category(chr(scalar))


def runs() -> str:
    pieces = []
    start = 0
    for scalar in range(1, 0x110001):
        if scalar == 0x110000 or kind(scalar) != kind(start):
            length = scalar - start
            pieces.append(LETTERS[KINDS.index(kind(start))] + (str(length) if length > 1 else ""))
            start = scalar
    return "".join(pieces)


text = runs()
lines = [text[i : i + COLUMNS - 1] for i in range(0, len(text), COLUMNS - 1)]
print("// Written by Tools/unicode/make_general_categories.py; do not edit.")
print()
print("/// The general category of every code point, as runs in order.")
print("///")
print("/// A run is a letter (`A` is ``ScalarKind`` 0, ..., `Z` 25, `a` 26, ...) and its length (left out: 1).")
print("enum GeneralCategoryRuns {")
print(f'    static let unicodeVersion = "{unicodedata2.unidata_version}"')
print()
print('    static let text = """')
print("\\\n".join("        " + line for line in lines))
print('        """')
print("}")
