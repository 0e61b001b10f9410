"""Vocabularies of our own, as GGUF files, and what llama.cpp makes of random texts with each.

    Tools/parity/run.sh tokenizer_cases.py FOLDER [--texts 20000] [--seed 1] [--only NAME,...]
    BERTH_TOKENIZER_CASES=FOLDER swift test -c release --filter TokenizersTests

Every name of `tokenizer.ggml.pre` gets a file whose vocabulary was trained without any split, so that a piece
cut in another place shows in the ids. FOLDER gets NAME.gguf, texts.bin and NAME.ids: lists of bytes and of
32-bit ids, each after its 32-bit length, little-endian. NAME.ids begins with n: it is for every nth text.
"""

import argparse
import ctypes
import pathlib
import struct

import llama_cpp
import tokenizer_vocabularies as vocabularies
from tokenizer_texts import Texts


class Reference:
    """llama.cpp's tokenizer for one file."""

    def __init__(self, path: pathlib.Path):
        parameters = llama_cpp.llama_model_default_params()
        parameters.vocab_only = True
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
        if not self.model:
            raise SystemExit(f"llama.cpp does not load {path}")
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self.room = (llama_cpp.llama_token * 65536)()

    def ids(self, text: bytes, add_special: bool, parse_special: bool) -> list[int]:
        count = llama_cpp.llama_tokenize(
            self.vocabulary, text, len(text), self.room, len(self.room), add_special, parse_special
        )
        assert count >= 0, "a text with too many tokens"
        return self.room[:count]

    def close(self) -> None:
        llama_cpp.llama_model_free(self.model)


@ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
def quiet(_level: int, _message: bytes, _data: int) -> None:
    pass


def special_texts(texts: Texts, tokens: list[str], count: int) -> list[bytes]:
    """Texts with special tokens, and the beginnings of some, among them."""
    result = []
    for _ in range(count):
        pieces = [texts.piece() for _ in range(texts.draw.randint(1, 6))]
        for _ in range(texts.draw.randint(1, 4)):
            token = texts.draw.choice(tokens)
            if texts.draw.random() < 0.2:
                token = token[: texts.draw.randint(1, len(token))]
            pieces.insert(texts.draw.randint(0, len(pieces)), token)
        result.append("".join(pieces).encode())
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--texts", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="names with a comma between")
    options = parser.parse_args()
    llama_cpp.llama_log_set(quiet, None)
    options.folder.mkdir(parents=True, exist_ok=True)

    texts = Texts(options.seed)
    plain = [texts.text().encode() for _ in range(options.texts * 8 // 10)]
    plain += [texts.broken() for _ in range(options.texts // 10)]
    plain += special_texts(texts, vocabularies.SPECIAL, options.texts // 10)
    with open(options.folder / "texts.bin", "wb") as file:
        for text in plain:
            file.write(struct.pack("<I", len(text)) + text)

    only = set(options.only.split(",")) - {""}
    for name, write in vocabularies.all_files(options.seed).items():
        if only and name not in only:
            continue
        path = options.folder / f"{name}.gguf"
        write(path)
        reference = Reference(path)
        # A second name of the same rule is worth fewer texts.
        own = plain[::20] if name in vocabularies.ALIASES else plain
        with open(options.folder / f"{name}.ids", "wb") as file:
            file.write(struct.pack("<I", len(plain) // len(own)))
            for text in own:
                for special in (False, True):
                    ids = reference.ids(text, add_special=special, parse_special=special)
                    file.write(struct.pack(f"<{len(ids) + 1}i", len(ids), *ids))
        reference.close()
        print(name, flush=True)


if __name__ == "__main__":
    main()
