"""How fast Berth tokenizes a megabyte beside the `tokenizers` package, one thread each.

    Tools/parity/run.sh tokenizer_speed.py prepare FOLDER VOCABULARIES
    BERTH_TOKENIZER_SPEED=FOLDER swift test -c release --filter TokenizerSpeedTests
    Tools/parity/run.sh tokenizer_speed.py compare FOLDER

VOCABULARIES is a folder of vocab-only GGUF files in llama.cpp's form: real vocabularies, with each split rule.
The text is this repository's own, with random text in between.
"""

import json
import os
import pathlib
import statistics
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import gguf
import tokenizer_vocabularies as vocabularies
from tokenizer_texts import Texts
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
PREFIX = r"[^\r\n\p{L}\p{N}]?"
DEEPSEEK_WORDS = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    rf"| ?[\p{{P}}\p{{S}}]+[\r\n]*|{SPACES}"
)


def words(contractions: bool, numbers: str, letters: str = r"\p{L}") -> str:
    first = f"{CONTRACTIONS}|" if contractions else ""
    return rf"{first}{PREFIX}{letters}+|{numbers}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{SPACES}"


def cased(contractions: bool, numbers: str) -> str:
    last = f"{CONTRACTIONS}?" if contractions else ""
    return (
        rf"{PREFIX}{UPPER}*{LOWER}+{last}|{PREFIX}{UPPER}+{LOWER}*{last}|{numbers}"
        rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{SPACES}"
    )


SPLITS = {
    "default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
    "gpt-2": [GPT2],
    "starcoder": [r"\p{N}", GPT2],
    "falcon": [r"[\p{P}\$\+<=>\^~\|`]+", GPT2, "[0-9][0-9][0-9]"],
    "llama-bpe": [words(True, r"\p{N}{1,3}")],
    "qwen2": [words(True, r"\p{N}")],
    "qwen35": [words(True, r"\p{N}", r"[\p{L}\p{M}]")],
    "ufakzeka": [words(False, r"\p{N}")],
    "tekken": [cased(False, r"\p{N}")],
    "gpt-4o": [cased(True, r"\p{N}{1,3}")],
    "deepseek-coder": ["[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+", r"\p{N}"],
    "deepseek-llm": [
        "[\r\n]", r"\s?[\p{Lu}\p{Ll}]+", "\\s?[!-/:-~！-／：-～‘-‟　-。]+", r"\s+$", "[一-龥ࠀ-一가-퟿]+", r"\p{N}+",
    ],
    "deepseek-v3": [r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+", DEEPSEEK_WORDS],
    "viking": [r" ?[^(\s|.,!?…。，、।۔،)]+", r"\p{N}"],
    "superbpe": [r"\p{N}+", r"(?=(\d{3})+(?!\d))"],
}  # fmt: skip


def sample() -> str:
    files = sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("Documentation/**/*.md"))
    files += sorted(ROOT.glob("Sources/**/*.swift"))
    texts = Texts(99)
    pieces = []
    for file in files:
        pieces.append(file.read_text())
        pieces += [texts.text().replace("\0", "") for _ in range(20)]
    text = "".join(pieces)
    while len(text.encode()) < 1_000_000:
        text += text
    return text.encode()[:1_000_000].decode(errors="ignore")


def contents(path: pathlib.Path) -> dict:
    fields = gguf.GGUFReader(path).fields
    return {key: field.contents() for key, field in fields.items() if key.startswith("tokenizer.")}


def write(path: pathlib.Path, values: dict, pre: str) -> None:
    writer = vocabularies.header(path, "gpt2", pre)
    writer.add_token_list(values["tokenizer.ggml.tokens"])
    writer.add_token_types(values["tokenizer.ggml.token_type"])
    writer.add_token_merges(values["tokenizer.ggml.merges"])
    writer.add_bos_token_id(1)
    vocabularies.finish(writer)


def byte_level_peer(values: dict, expressions: list[str]) -> Tokenizer:
    tokens = values["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ", 1)) for merge in values["tokenizer.ggml.merges"]]
    peer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    peer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(expression), "isolated") for expression in expressions]
        + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    return peer


def bert_peer(values: dict) -> Tokenizer:
    tokens = [
        t[1:] if t.startswith("▁") else t if t.startswith("[") else "##" + t
        for t in values["tokenizer.ggml.tokens"]
    ]
    peer = Tokenizer(models.WordPiece({t: i for i, t in enumerate(tokens)}, unk_token="[UNK]"))
    peer.normalizer = normalizers.BertNormalizer()
    peer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return peer


def unigram_peer(values: dict) -> Tokenizer:
    tokens, scores = values["tokenizer.ggml.tokens"], values["tokenizer.ggml.scores"]
    peer = Tokenizer(models.Unigram(list(zip(tokens, scores, strict=True)), unk_id=2))
    charsmap = bytes(b & 255 for b in values["tokenizer.ggml.precompiled_charsmap"])
    peer.normalizer = normalizers.Precompiled(charsmap)
    peer.pre_tokenizer = pre_tokenizers.Metaspace()
    peer.decoder = decoders.Metaspace()
    return peer


def seconds(peer: Tokenizer, text: str) -> float:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        peer.encode(text, add_special_tokens=False)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def prepare(folder: pathlib.Path, source: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "text.txt").write_text(sample())
    values = contents(source / "ggml-vocab-qwen2.gguf")
    for name in SPLITS:
        write(folder / f"{name}.gguf", values, name)
    (folder / "bert.gguf").write_bytes((source / "ggml-vocab-bert-bge.gguf").read_bytes())
    vocabularies.write_unigram(folder / "t5.gguf", 3, size=8000)


def compare(folder: pathlib.Path) -> None:
    text = (folder / "text.txt").read_text()
    ours = json.loads((folder / "seconds.json").read_text())
    print(f"{'':16}{'tokenizers':>12}{'Berth':>10}{'times':>8}")
    for name in [*SPLITS, "bert", "t5"]:
        values = contents(folder / f"{name}.gguf")
        if name == "bert":
            peer = bert_peer(values)
        elif name == "t5":
            peer = unigram_peer(values)
        else:
            peer = byte_level_peer(values, SPLITS[name])
        theirs = seconds(peer, text)
        print(f"{name:16}{theirs:11.3f}s{ours[name]:9.3f}s{theirs / ours[name]:8.1f}", flush=True)


if sys.argv[1] == "prepare":
    prepare(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
else:
    compare(pathlib.Path(sys.argv[2]))
