"""Small vocabularies trained here on random text, and the GGUF files that hold them."""

import collections
import functools
import io
import json
import pathlib
import struct
import tempfile

import gguf
import sentencepiece
from tokenizer_texts import Texts
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

# Names that mean the same to llama.cpp stand on one line, the rule's own name first.
BYTE_LEVEL = """
default
gpt-2 phi-2 jina-es jina-de gigachat jina-v2-es jina-v2-de a.x-4.0 mellum modern-bert jina-v1-en jina-v2-code roberta-bpe mpt olmo jais trillion granite-docling exaone4
starcoder refact command-r smollm codeshell exaone minerva-7b mellum2
falcon
llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano
dbrx smaug-bpe glm4 chatglm-bpe
jais-2
minicpm5
qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2
bailingmoe bailingmoe2 llada-moe
qwen35
ufakzeka
seed-coder
laguna
exaone-moe
tekken
gpt-4o llama4 kanana2 talkie minimax-m2
granite-embed-multi-97m
tiny_aya cohere2moe
youtu
kimi-k2
deepseek-llm
deepseek-coder
deepseek-v3 hunyuan-dense joyai-llm hy_v4
spark2_5
afmoe
poro-chat bloom gpt3-finnish
viking
superbpe
chameleon
"""  # fmt: skip

ALIASES = {name for line in BYTE_LEVEL.split("\n") for name in line.split()[1:]}

CONTROL = ["<|im_start|>", "<|im_end|>", "<|im_sep|>", "<s>", "</s>"]
USER_DEFINED = ["<tool>", "<tool_call>", "<|tool|>", "\n\n\n", "    ", "_call>x"]
SPECIAL = CONTROL + USER_DEFINED

NORMAL, CONTROL_TYPE, USER_TYPE = 1, 3, 4


# Rules part here, so that merges across these places have to be in the vocabulary.
SEAMS = [
    "a   12 b   34 c   56", "x`y z`w x`y", " 12 34 56 12", "'sea 'tame 'mad 'dam", "!\n", "?!\n\n", "x!\n", " " * 90, "\t" * 50,
]  # fmt: skip


@functools.cache
def byte_level(seed: int, size: int = 4000) -> tuple[list[str], list[str]]:
    """Tokens and merges of byte-pair encoding that was never told where a word ends."""
    texts = Texts(seed + 1000)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([texts.text() for _ in range(4000)] + SEAMS * 200, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    return tokens, [" ".join(merge) for merge in model["merges"]]


def header(path: pathlib.Path, model: str, pre: str | None, name: str = "") -> gguf.GGUFWriter:
    writer = gguf.GGUFWriter(path, "llama")
    if name:
        writer.add_name(name)
    writer.add_context_length(512)
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_feed_forward_length(32)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model(model)
    if pre:
        writer.add_tokenizer_pre(pre)
    return writer


def finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def write_byte_level(path: pathlib.Path, pre: str, seed: int, size: int = 4000) -> None:
    tokens, merges = byte_level(seed, size)
    known = set(tokens)
    special = [token for token in SPECIAL if token not in known]
    writer = header(path, "gpt2", pre)
    writer.add_token_list(tokens + special)
    kinds = [CONTROL_TYPE if token in CONTROL else USER_TYPE for token in special]
    writer.add_token_types([NORMAL] * len(tokens) + kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(len(tokens) + special.index("<s>"))
    writer.add_eos_token_id(len(tokens) + special.index("</s>"))
    finish(writer)


BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
SPACE = "\u2581"


@functools.cache
def spaced(seed: int, size: int) -> tuple[list[str], list[str]]:
    """The same over characters, spaces written as U+2581."""
    texts = Texts(seed + 2000)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Split("\n", "isolated")
    trainer = trainers.BpeTrainer(vocab_size=size, limit_alphabet=size // 5, show_progress=False)
    # A token with a zero byte would end there for llama.cpp.
    lines = (texts.text().replace(" ", SPACE).replace("\0", "") for _ in range(4000))
    tokenizer.train_from_iterator(lines, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    return tokens, [" ".join(merge) for merge in model["merges"]]


def write_spaced(
    path: pathlib.Path, model: str, pre: str | None, seed: int, name: str = "", size: int = 3000,
    space_prefix: bool | None = None, spm_special: tuple = ("<unk>", "<s>", "</s>"),
) -> None:  # fmt: skip
    """A file of kind "llama" or "gemma4"; name may be a model's whose special tokens swallow spaces."""
    tokens, merges = spaced(seed, size)
    # Training may find the text of a byte token.
    tokens = [token for token in tokens if token not in {*spm_special, *BYTES}]
    known = {*tokens, *spm_special, *BYTES}
    special = [t for t in SPECIAL + ["\n", "\n\n", "<|endoftext|>"] if t not in known]
    writer = header(path, model, pre, name)
    first = [*spm_special, *BYTES]
    writer.add_token_list(first + tokens + special)
    kinds = [2, 3, 3] + [6] * 256 + [NORMAL] * len(tokens)
    kinds += [USER_TYPE if token in USER_DEFINED or "\n" in token else CONTROL_TYPE for token in special]
    writer.add_token_types(kinds)
    # Scores fall in the order of the tokens, with ties.
    ranks = range(len(tokens) + len(special))
    writer.add_token_scores([0.0] * len(first) + [-float(rank // 2) for rank in ranks])
    if model != "llama":
        writer.add_token_merges(merges)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    if space_prefix is not None:
        writer.add_add_space_prefix(space_prefix)
    finish(writer)


@functools.cache
def word_pieces(seed: int, cased: bool, size: int) -> list[str]:
    texts = Texts(seed + 3000)
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=not cased, strip_accents=not cased)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, limit_alphabet=size // 6, special_tokens=special, show_progress=False
    )
    tokenizer.train_from_iterator((texts.text().replace("\0", "") for _ in range(4000)), trainer)
    vocabulary = tokenizer.get_vocab()
    return sorted(vocabulary, key=vocabulary.get)


def write_word_piece(
    path: pathlib.Path, seed: int, cased: bool = False, accents: bool | None = None, size: int = 3000
) -> None:
    words = word_pieces(seed, cased, size)
    writer = header(path, "bert", None)
    texts = [
        w if w.startswith("[") and w.endswith("]") and len(w) > 2 else w[2:] if w.startswith("##") else SPACE + w
        for w in words
    ]
    texts = list(dict.fromkeys(text for text in texts if text))
    kinds = [CONTROL_TYPE] * 5 + [NORMAL] * (len(texts) - 5)
    kinds[1] = 2
    special = [t for t in SPECIAL if t not in texts]
    writer.add_token_list(texts + special)
    writer.add_token_types(kinds + [CONTROL_TYPE if t in CONTROL else USER_TYPE for t in special])
    writer.add_bos_token_id(2)
    writer.add_sep_token_id(3)
    writer.add_unk_token_id(1)
    writer.add_pad_token_id(0)
    if cased:
        writer.add_bool("tokenizer.ggml.normalizer.lowercase", False)
    if accents is not None:
        writer.add_bool("tokenizer.ggml.normalizer.strip_accents", accents)
    finish(writer)


# What the small map of the fixtures does; the large one is SentencePiece's own nmt_nfkc.
SMALL_MAP = """
41\t61
42\t62
C9\t65
66 69\tFB01
3000\t20
A0\t20
200B\t
FF21\t41
2026\t2E 2E 2E
65 301\tE9
"""


def fields(message: bytes) -> dict[int, list]:
    """The fields of a protocol buffer by number: integers, or bytes for everything else."""
    result: dict[int, list] = {}
    position = 0

    def varint() -> int:
        nonlocal position
        value = shift = 0
        while True:
            byte = message[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while position < len(message):
        key = varint()
        if key & 7 == 0:
            value = varint()
        else:
            length = {1: 8, 5: 4}.get(key & 7) or varint()
            value = message[position : position + length]
            position += length
        result.setdefault(key >> 3, []).append(value)
    return result


@functools.cache
def unigram(seed: int, size: int, is_small: bool) -> tuple[list[str], list[float], list[int], bytes]:
    """Tokens, scores, types and normalization map of a model that SentencePiece trained."""
    texts = Texts(seed + 4000)
    lines = [texts.text().replace("\n", " ").replace("\r", " ").replace("\0", "") for _ in range(3000)]
    counts = collections.Counter("".join(lines))
    kept = {letter for letter, _ in counts.most_common(size // 6)}
    lines = ["".join(letter for letter in line if letter in kept) for line in lines]
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as table:
        table.write(SMALL_MAP.strip() + "\n")
        table.flush()
        rule = {"normalization_rule_tsv": table.name} if is_small else {"normalization_rule_name": "nmt_nfkc"}
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_writer=model, model_type="unigram", vocab_size=size,
            pad_id=0, eos_id=1, unk_id=2, bos_id=-1, user_defined_symbols=["<tool>", "<|tool|>"],
            character_coverage=1.0, hard_vocab_limit=False, minloglevel=2, **rule,
        )  # fmt: skip
    proto = fields(model.getvalue())
    pieces = [fields(piece) for piece in proto[1]]
    tokens = [piece[1][0].decode() for piece in pieces]
    scores = [struct.unpack("<f", piece[2][0])[0] for piece in pieces]
    kinds = [piece.get(3, [1])[0] for piece in pieces]
    return tokens, scores, kinds, fields(proto[3][0])[2][0]


def write_unigram(
    path: pathlib.Path, seed: int, size: int = 3000, is_small: bool = False, has_map: bool = True,
    space_prefix: bool = True, remove_spaces: bool = True,
) -> None:
    tokens, scores, kinds, charsmap = unigram(seed, size, is_small)
    special = [t for t in SPECIAL if t not in tokens]
    writer = header(path, "t5", None)
    writer.add_token_list(tokens + special)
    writer.add_token_scores(scores + [-float(i) for i in range(len(special))])
    writer.add_token_types(kinds + [CONTROL_TYPE if t in CONTROL else USER_TYPE for t in special])
    writer.add_eos_token_id(1)
    writer.add_unk_token_id(2)
    writer.add_pad_token_id(0)
    writer.add_add_space_prefix(space_prefix)
    writer.add_remove_extra_whitespaces(remove_spaces)
    if has_map:
        writer.add_precompiled_charsmap(charsmap)
    finish(writer)


def all_files(seed: int) -> dict:
    """By name, what writes the file."""
    files = {}
    for line in BYTE_LEVEL.split("\n"):
        for name in line.split():
            files[name] = functools.partial(write_byte_level, pre=name, seed=seed)
    files |= {
        "gemma4": functools.partial(write_spaced, model="gemma4", pre=None, seed=seed),
        "sarvam-moe": functools.partial(write_spaced, model="gpt2", pre="sarvam-moe", seed=seed),
        "granite-embed-multi-311m": functools.partial(
            write_spaced, model="gpt2", pre="granite-embed-multi-311m", seed=seed
        ),
        "spm": functools.partial(write_spaced, model="llama", pre="default", seed=seed),
        "spm-bare": functools.partial(
            write_spaced, model="llama", pre=None, seed=seed, space_prefix=False
        ),
        "spm-phi-3": functools.partial(
            write_spaced, model="llama", pre="default", seed=seed, name="Phi-3 of our own"
        ),
        "bert": functools.partial(write_word_piece, seed=seed),
        "bert-cased": functools.partial(write_word_piece, seed=seed, cased=True),
        "bert-cased-accents": functools.partial(write_word_piece, seed=seed, cased=True, accents=True),
        "t5": functools.partial(write_unigram, seed=seed),
        "t5-all-spaces": functools.partial(write_unigram, seed=seed, remove_spaces=False),
        "t5-plain": functools.partial(
            write_unigram, seed=seed, has_map=False, space_prefix=False, remove_spaces=False
        ),
        "t5-small-map": functools.partial(write_unigram, seed=seed, is_small=True),
    }
    return files
