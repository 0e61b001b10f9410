"""Writes the tables of Unicode normal forms: decompositions and combining classes.

Needs: pip install unicodedata2==16.0.0 (pinned, as for the general categories).

    python Tools/unicode/make_normal_forms.py Sources/Models/Tokenizers/Unicode
"""

import pathlib
import sys

import unicodedata2

COLUMNS = 96
HANGUL = range(0xAC00, 0xD7A4)
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number: int) -> str:
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
        if number == 0:
            return text


def mapping(scalar: int) -> tuple[bool, list[int]] | None:
    """Whether the decomposition is canonical, and the scalars of its first step."""
    text = unicodedata2.decomposition(chr(scalar))
    if not text or scalar in HANGUL:
        return None
    words = text.split()
    canonical = not words[0].startswith("<")
    return canonical, [int(word, 16) for word in (words if canonical else words[1:])]


def decompositions(canonical: bool) -> str:
    """Entries `skipped.length.target.target` in order of scalars, parted by white space.

    `skipped` counts scalars since the end of the last entry, `length` those that the entry is for:
    their targets differ only in that the last one counts up. `!` marks canonical decompositions that
    composition leaves alone.
    """
    entries: list[list] = []
    for scalar in range(0x110000):
        found = mapping(scalar)
        if found is None or found[0] != canonical:
            continue
        targets = found[1]
        excluded = canonical and unicodedata2.normalize("NFC", chr(scalar)) != chr(scalar)
        if entries:
            start, length, first, was_excluded = entries[-1]
            goes_on = start + length == scalar and was_excluded == excluded
            if goes_on and first[:-1] + [first[-1] + length] == targets:
                entries[-1][1] += 1
                continue
        entries.append([scalar, 1, targets, excluded])
    words = []
    end = 0
    for start, length, targets, excluded in entries:
        numbers = [start - end, length, *targets]
        words.append(".".join(base36(n) for n in numbers) + ("!" if excluded else ""))
        end = start + length
    return " ".join(words)


def combining_classes() -> str:
    """Entries `skipped.length.class`, in the same way."""
    words = []
    end = start = 0
    while start < 0x110000:
        kind = unicodedata2.combining(chr(start))
        stop = start + 1
        while stop < 0x110000 and unicodedata2.combining(chr(stop)) == kind:
            stop += 1
        if kind:
            words.append(".".join(base36(n) for n in (start - end, stop - start, kind)))
            end = stop
        start = stop
    return " ".join(words)


def wrapped(words: str) -> list[str]:
    lines = [""]
    for word in words.split():
        if len(lines[-1]) + len(word) + 1 > COLUMNS:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines


def write(folder: pathlib.Path, name: str, comment: list[str], constants: dict[str, str]) -> None:
    lines = ["// Written by Tools/unicode/make_normal_forms.py; do not edit.", ""]
    lines += [f"/// {line}".rstrip() for line in comment]
    lines += [f"enum {name} {{"]
    for index, (constant, words) in enumerate(constants.items()):
        lines += [""] if index else []
        lines += [f'    static let {constant} = """']
        lines += ["        " + line for line in wrapped(words)]
        lines += ['        """']
    lines += ["}", ""]
    (folder / f"{name}.swift").write_text("\n".join(lines))


FORMAT = [
    "Words of base-36 numbers: scalars skipped since the last entry, scalars that the entry is for, and",
    "what the first of them becomes; of those that follow, the last number counts up.",
]
folder = pathlib.Path(sys.argv[1])
version = unicodedata2.unidata_version
write(
    folder, "CanonicalDecompositions",
    [f"Canonical decompositions (first step, Hangul left out) and combining classes of Unicode {version}.", ""]
    + FORMAT + ["`!`: not composed again."],
    {"mappings": decompositions(canonical=True), "combiningClasses": combining_classes()},
)
write(
    folder, "CompatibilityDecompositions",
    [f"Compatibility decompositions (first step) of Unicode {version}.", ""] + FORMAT,
    {"mappings": decompositions(canonical=False)},
)
