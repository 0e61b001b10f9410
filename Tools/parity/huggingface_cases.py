"""tokenizer.json files of our own, and what the tokenizers package makes of random texts with each.

    Tools/parity/run.sh huggingface_cases.py FOLDER [--texts 20000] [--seed 1] [--only NAME,...] [--extra FILE ...]
    BERTH_HUGGINGFACE_CASES=FOLDER swift test -c release --filter TokenizersTests

FOLDER gets NAME.json, texts.bin and NAME.cases: 32-bit lengths, little-endian, each before bytes or 32-bit ids.
A text has its ids without and with special tokens, the text that the latter decode to, and the same without
special tokens. NAME.speed is how many seconds the package takes for a megabyte, as one text and as lines.
"""

import argparse
import os
import pathlib
import statistics
import struct
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

from huggingface_files import Trainer
from tokenizer_texts import WORDS, Texts
from tokenizers import Tokenizer

SPECIAL = (
    "<|begin_of_text|> <|eot_id|> <|im_start|> <|im_end|> <tool_call> </tool_call> <s> </s> <unk> <mask> [CLS] [SEP] "
    "[MASK] [UNK] <|end|> <|user|> <tool> single <|endoftext|> <｜User｜> <｜begin▁of▁sentence｜> >>TITLE<< <fim_prefix>"
).split()


def special_text(texts: Texts) -> str:
    """A text with special tokens, and the beginnings of some, in it."""
    pieces = [texts.piece() for _ in range(texts.draw.randint(1, 6))]
    for _ in range(texts.draw.randint(1, 4)):
        token = texts.draw.choice(SPECIAL)
        if texts.draw.random() < 0.2:
            token = token[: texts.draw.randint(1, len(token))]
        pieces.insert(texts.draw.randint(0, len(pieces)), token)
    return "".join(pieces)


def numbers(values: list[int]) -> bytes:
    return struct.pack(f"<{len(values) + 1}I", len(values), *values)


def string(text: str) -> bytes:
    return struct.pack("<I", len(text.encode())) + text.encode()


def seconds(work) -> float:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--texts", type=int, default=20000)
    parser.add_argument("--size", type=int, default=3000, help="tokens of a vocabulary")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="names with a comma between")
    parser.add_argument("--extra", type=pathlib.Path, nargs="*", default=[], help="other tokenizer.json files")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)

    texts = Texts(options.seed)
    plain = [texts.text() for _ in range(options.texts * 7 // 10)]
    plain += [texts.broken().decode("utf-8", errors="replace") for _ in range(options.texts // 10)]
    plain += [special_text(texts) for _ in range(options.texts // 5)]
    with open(options.folder / "texts.bin", "wb") as file:
        for text in plain:
            file.write(string(text))
    long = []
    while sum(map(len, long)) < 650_000:
        long.append(" ".join(texts.draw.choice(WORDS) for _ in range(12)) if texts.draw.random() < 0.8 else texts.text())
    (options.folder / "long.txt").write_text("\n".join(long), newline="")

    only = set(options.only.split(",")) - {""}
    trainer = Trainer(options.seed, options.size)
    makers = {name: make for name, make in trainer.all().items() if not only or name in only}
    for path in options.extra:
        makers[f"extra-{path.parent.parent.name}"] = lambda path=path: Tokenizer.from_file(str(path))
    for name, make in makers.items():
        path = options.folder / f"{name}.json"
        tokenizer = make()
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.save(str(path), pretty=False)
        tokenizer = Tokenizer.from_file(str(path))
        with open(options.folder / f"{name}.cases", "wb") as file:
            for text in plain:
                ids = tokenizer.encode(text, add_special_tokens=False).ids
                special = tokenizer.encode(text, add_special_tokens=True).ids
                file.write(numbers(ids) + numbers(special))
                for skip in (False, True):
                    file.write(string(tokenizer.decode(special, skip_special_tokens=skip) if special else ""))
        whole = "\n".join(long)
        size = len(whole.encode()) / 1e6
        one = seconds(lambda: tokenizer.encode(whole)) / size
        lines = seconds(lambda: [tokenizer.encode(line) for line in long]) / size
        (options.folder / f"{name}.speed").write_text(f"{one} {lines}")
        print(f"{name}: {one:.3f} s/MB, {lines:.3f} s/MB in lines", flush=True)


if __name__ == "__main__":
    main()
