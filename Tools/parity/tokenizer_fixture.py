"""Writes Tests/Models/TokenizersTests/Fixtures/llama-cpp.json: small vocabularies and the ids of llama.cpp.

    Tools/parity/run.sh tokenizer_fixture.py Tests/Models/TokenizersTests/Fixtures/llama-cpp.json
"""

import functools
import json
import pathlib
import sys
import tempfile

import gguf
import llama_cpp
import tokenizer_vocabularies as vocabularies
from tokenizer_cases import Reference, quiet, special_texts
from tokenizer_texts import WORDS, Texts

SEED = 7
CASES = [
    "It's IT'S we'LL 'Twas don'T", "1234567 12 1,234.5 \u0663\u0664\u0665\u0666", "a  b   c\n\n  d \n", "x\r\n\r\n y\t\tz ",
    "HTTPServer camelCase \u00c9COLE \u00e9T\u00c9 aB\u00c9c", "\u6e2f\u53e3abc\u4eca\u59292\u6761\u8239", "e\u0301 \u0301x !\u0301", "...!?\n//x /", " " * 40 + "x",
    "<sentinel:12>IMGIMGABZ    x", "a b c d", "!!\n/\n/ $x+y=z", "\uac00\u3131\u3105\u3042\u30a2 \u0e2a\u0e27\u0e31\u0e2a", "\u00a0x\u3000y\u2028z", "(a.b,c)", "\u200b\u200bx\u00007",
]  # fmt: skip


def small_files() -> dict:
    """By name; together they reach every branch."""
    spaced = functools.partial(vocabularies.write_spaced, seed=SEED, size=500)
    unigram = functools.partial(vocabularies.write_unigram, seed=SEED, size=500, is_small=True)
    return {
        "gemma4": functools.partial(spaced, model="gemma4", pre=None),
        "sarvam-moe": functools.partial(spaced, model="gpt2", pre="sarvam-moe"),
        "phi-3": functools.partial(spaced, model="llama", pre="default", name="Phi-3 of our own"),
        "bert": functools.partial(vocabularies.write_word_piece, seed=SEED, size=700),
        "bert-cased": functools.partial(
            vocabularies.write_word_piece, seed=SEED, size=700, cased=True
        ),
        "t5": unigram,
        "t5-plain": functools.partial(unigram, has_map=False, space_prefix=False, remove_spaces=False),
    }


def metadata(path: pathlib.Path) -> dict:
    """The keys of a file that a tokenizer is made of."""
    fields = gguf.GGUFReader(path).fields
    wanted = [key for key in fields if key.startswith("tokenizer.") or key == "general.name"]
    return {key: fields[key].contents() for key in wanted}


def ids_of(path: pathlib.Path, texts: list[str]) -> list[list[list[int]]]:
    """For each text, the ids without and with special tokens."""
    reference = Reference(path)
    result = [
        [list(reference.ids(text.encode(), special, special)) for special in (False, True)]
        for text in texts
    ]
    reference.close()
    return result


def main() -> None:
    llama_cpp.llama_log_set(quiet, None)
    texts = Texts(SEED)
    cases = CASES + vocabularies.SEAMS + [texts.text() for _ in range(24)]
    cases += [text.decode() for text in special_texts(texts, vocabularies.SPECIAL, 8)]
    cases.append(" ".join(WORDS[:40]))
    result = {"texts": cases, "files": {}, "splitRules": {}}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "vocabulary.gguf"
        variants: list[list] = [[] for _ in cases]
        for line in vocabularies.BYTE_LEVEL.split("\n"):
            for name in line.split():
                vocabularies.write_byte_level(path, name, SEED, size=700)
                chosen = []
                for known, ids in zip(variants, ids_of(path, cases), strict=True):
                    if ids not in known:
                        known.append(ids)
                    chosen.append(known.index(ids))
                result["splitRules"][name] = chosen
        result["byteLevel"] = metadata(path)
        result["variants"] = variants
        for name, write in small_files().items():
            write(path)
            result["files"][name] = {"metadata": metadata(path), "ids": ids_of(path, cases)}
    text = json.dumps(result, ensure_ascii=True, separators=(",", ":"))
    pathlib.Path(sys.argv[1]).write_text(text + "\n")


if __name__ == "__main__":
    main()
