"""Writes Sources/Models/Tokenizers/Unicode/ScriptRuns.swift: which scalars belong to which script.

Needs: pip install tokenizers==0.22.2 (its regular expressions are Oniguruma's, with Unicode 16; Python
itself knows no scripts).

    python Tools/unicode/make_scripts.py > Sources/Models/Tokenizers/Unicode/ScriptRuns.swift
"""

from tokenizers import Regex, pre_tokenizers

COLUMNS = 96
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
NAMES = (
    "Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali "
    "Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian "
    "Chakma Cham Cherokee Common Coptic Cuneiform Cypriot Cyrillic Deseret Devanagari Duployan "
    "Egyptian_Hieroglyphs Elbasan Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gurmukhi Han "
    "Hangul Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi "
    "Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kayah_Li Kharoshthi Khmer Khojki Khudawadi "
    "Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Malayalam Mandaic Manichaean "
    "Marchen Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro "
    "Multani Myanmar Nabataean New_Tai_Lue Newa Nko Ogham Ol_Chiki Old_Hungarian Old_Italic "
    "Old_North_Arabian Old_Permic Old_Persian Old_South_Arabian Old_Turkic Oriya Osage Osmanya "
    "Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan "
    "Saurashtra Sharada Shavian Siddham Sign_Writing Sinhala Sora_Sompeng Sundanese Syloti_Nagri Syriac "
    "Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangut Telugu Thaana Thai Tibetan Tifinagh "
    "Tirhuta Ugaritic Vai Warang_Citi Yi"
).split()


def base36(number: int) -> str:
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
        if number == 0:
            return text


def members(name: str) -> list[int]:
    """The scalars that one `\\p{name}` matches: pieces that begin and end with them."""
    splitter = pre_tokenizers.Split(Regex(rf"\p{{{name}}}"), "removed")
    found = []
    for start in range(0, 0x110000, 0x800):
        if start == 0xD800:
            continue
        text = "".join(map(chr, range(start, start + 0x800)))
        kept = set()
        for _, (first, last) in splitter.pre_tokenize_str(text):
            kept.update(range(first, last))
        found += [start + place for place in range(0x800) if place not in kept]
    return found


def runs(scalars: list[int]) -> str:
    words = []
    end = index = 0
    while index < len(scalars):
        length = 1
        while index + length < len(scalars) and scalars[index + length] == scalars[index] + length:
            length += 1
        words.append(f"{base36(scalars[index] - end)}.{base36(length)}")
        end = scalars[index] + length
        index += length
    return " ".join(words)


print("// Written by Tools/unicode/make_scripts.py; do not edit.")
print()
print("/// The scalars of each script in Unicode 16, as runs: scalars skipped, scalars that belong to it.")
print("// swift-format-ignore")
print("enum ScriptRuns {")
print("    static let text: [String: String] = [")
for name in NAMES:
    lines = [""]
    for word in runs(members(name)).split():
        if len(lines[-1]) + len(word) + 1 > COLUMNS:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    print(f'        "{name.lower().replace("_", "")}": """')
    print("\n".join("            " + line for line in lines))
    print('            """,')
print("    ]")
print("}")
