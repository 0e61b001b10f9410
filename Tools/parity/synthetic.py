"""GGUF files of the supported families, small, with weights that nobody trained.

Engines that read the same file must agree on its logits whatever the weights are. The files are written
in float32 here; llama.cpp's own quantizer makes the quantized ones, so that what Berth reads was not
written by Berth.

A preset may carry variants behind plus signs, as in llama-tiny+yarn: see VARIANTS.

    synthetic.py llama-tiny Q4_K_M OUT.gguf [--seed 1]
"""

import argparse
import contextlib
import dataclasses
import os
import pathlib
import tempfile

import gguf
import numpy as np


@dataclasses.dataclass(frozen=True)
class Shape:
    family: str
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_width: int
    feed_forward: int
    rope_base: float
    tied: bool
    # Of a mixture: experts of a layer, and those that a token goes to; each is `feed_forward` long.
    experts: int = 0
    used_experts: int = 0
    # What transformers calls rope_parameters.
    rope: dict = dataclasses.field(default_factory=dict)
    # Positions that a token sees, in the layers from `first_windowed` on.
    window: int = 0
    first_windowed: int = 0
    # A few channels of every norm are so many times larger, as in trained models.
    outliers: float = 1.0

    def is_windowed(self, layer):
        return self.window > 0 and layer >= self.first_windowed


SHAPES = {
    "llama-tiny": Shape("llama", 4, 256, 8, 4, 32, 768, 1e4, False),
    "qwen2-tiny": Shape("qwen2", 4, 256, 8, 2, 32, 768, 1e6, True),
    "qwen3-tiny": Shape("qwen3", 4, 256, 8, 4, 64, 768, 1e6, True),
    "qwen3moe-tiny": Shape("qwen3moe", 4, 256, 8, 4, 64, 256, 1e6, False, 16, 4),
    # Heads as wide as in models that people use.
    "llama-wide": Shape("llama", 2, 2048, 32, 8, 64, 2048, 5e5, True),
    "qwen3-wide": Shape("qwen3", 2, 1024, 16, 8, 128, 3072, 1e6, True),
    # For committed fixtures. The float32 ones have widths that are no power of two.
    "llama-narrow": Shape("llama", 2, 160, 5, 1, 32, 224, 5e5, False),
    "qwen2-narrow": Shape("qwen2", 2, 96, 3, 1, 32, 288, 1e6, True),
    "qwen3-narrow": Shape("qwen3", 2, 128, 4, 2, 48, 224, 1e6, True),
    "llama-small": Shape("llama", 2, 256, 8, 2, 32, 512, 1e4, False),
    "qwen2-small": Shape("qwen2", 2, 256, 4, 4, 64, 512, 1e6, True),
    "qwen3-small": Shape("qwen3", 2, 256, 4, 2, 128, 512, 1e6, True),
    # Rows of ffn_down are shorter than a block of 256.
    "qwen3moe-small": Shape("qwen3moe", 2, 256, 2, 1, 32, 64, 1e6, True, 6, 2),
    # One layer whose input comes in blocks of 256, while rows of ffn_down do not.
    "llama-mini": Shape("llama", 1, 256, 2, 1, 32, 64, 1e4, True),
    "qwen2-mini": Shape("qwen2", 1, 256, 8, 1, 32, 64, 1e6, True),
    "qwen3-mini": Shape("qwen3", 1, 256, 2, 1, 32, 64, 1e6, True),
    "qwen3moe-mini": Shape("qwen3moe", 1, 256, 2, 1, 32, 32, 1e6, True, 5, 3),
    # No row is a multiple of 256.
    "llama-flat": Shape("llama", 1, 96, 3, 1, 32, 160, 1e4, True),
    "qwen2-flat": Shape("qwen2", 1, 96, 3, 1, 32, 160, 1e6, True),
    "qwen3moe-narrow": Shape("qwen3moe", 2, 64, 2, 1, 48, 40, 1e6, True, 6, 3),
    "qwen3moe-flat": Shape("qwen3moe", 1, 96, 3, 1, 32, 64, 1e6, True, 5, 2),
    "qwen3-flat": Shape("qwen3", 1, 96, 3, 1, 32, 160, 1e6, True),
    # For committed fixtures of long texts.
    "llama-slim": Shape("llama", 2, 32, 2, 1, 32, 32, 1e4, True),
    "qwen2-slim": Shape("qwen2", 2, 64, 2, 1, 32, 32, 1e6, True),
    "qwen3-slim": Shape("qwen3", 2, 32, 2, 1, 32, 32, 1e6, True),
}

YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512}

VARIANTS = {
    "linear": {"rope": {"rope_type": "linear", "factor": 4.0}},
    "llama3": {"rope": {
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 512}},
    "yarn": {"rope": YARN},
    # llama.cpp does not read these keys for the families here, transformers does.
    "yarnfine": {"rope": YARN | {"beta_fast": 12.0, "beta_slow": 2.0, "attention_factor": 1.1}},
    "longrope": {"rope": {
        "rope_type": "longrope", "factor": 4.0, "original_max_position_embeddings": 512,
        "attention_factor": 1.1, "short_factor": [1 + i / 20 for i in range(16)],
        "long_factor": [1 + i / 4 for i in range(16)]}},
    # Nor does it read windows.
    "window": {"window": 100},
    "upperwindow": {"window": 64, "first_windowed": 1},
    "outliers": {"outliers": 30.0},
}


def is_beyond_llama_cpp(preset):
    return any(variant in preset.split("+") for variant in ("yarnfine", "window", "upperwindow"))


def shape_of(preset):
    name, *variants = preset.split("+")
    shape = SHAPES[name]
    for variant in variants:
        shape = dataclasses.replace(shape, **VARIANTS[variant])
    return shape


def preset_name(text):
    try:
        shape_of(text)
    except KeyError as error:
        raise argparse.ArgumentTypeError(f"unknown: {error}") from error
    return text

QUANTIZATIONS = [
    "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K_M", "Q4_K_M", "Q5_K_M", "Q6_K",
    "IQ4_NL", "IQ4_XS", "MXFP4",
]

# llama.h's llama_ftype.
FILE_TYPES = {
    "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "Q2_K": 10, "Q3_K_M": 12, "Q4_K_M": 15,
    "Q5_K_M": 17, "Q6_K": 18, "IQ4_NL": 25, "IQ4_XS": 30, "BF16": 32,
}

VOCABULARY_SIZE = 288

# The first hidden channels, one an expert, say which experts a token prefers: nothing else is written there, and
# routers read them with this gain. Random routers find near ties, where the smallest rounding chooses another expert
# and changes all that follows; a trained one is sure of most choices.
PREFERENCE, ROUTER_GAIN = 0.3, 10.0


def byte_letters():
    """The printable letter that byte-level BPE writes for each byte."""
    visible = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
    hidden = [b for b in range(256) if b not in visible]
    return [chr(b) if b in visible else chr(256 + hidden.index(b)) for b in range(256)]


def add_tokenizer(writer):
    """A byte-level vocabulary: the bytes, a few merges, and special tokens up to a round size."""
    letters = byte_letters()
    pairs = [(a, b) for a in "etaoin" for b in "rstn" if a != b]
    special = VOCABULARY_SIZE - len(letters) - len(pairs)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(
        letters + [a + b for a, b in pairs] + [f"<|special_{i}|>" for i in range(special)])
    writer.add_token_types(
        [gguf.TokenType.NORMAL] * (VOCABULARY_SIZE - special) + [gguf.TokenType.CONTROL] * special)
    writer.add_token_merges([f"{a} {b}" for a, b in pairs])
    writer.add_bos_token_id(VOCABULARY_SIZE - 2)
    writer.add_eos_token_id(VOCABULARY_SIZE - 1)
    writer.add_add_bos_token(False)


def llama3_factors(shape):
    """What divides every pair's frequency (Llama 3.1): the tensor that stands for rope_type llama3."""
    rope = shape.rope
    wavelengths = 2 * np.pi * shape.rope_base ** (
        np.arange(0, shape.head_width, 2) / shape.head_width)
    turns = rope["original_max_position_embeddings"] / wavelengths
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    kept = np.clip((turns - low) / (high - low), 0, 1)
    return (1 / ((1 - kept) / rope["factor"] + kept)).astype(np.float32)


def add_positions(writer, shape):
    rope = shape.rope
    if rope.get("rope_type") in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(rope["rope_type"]))
        writer.add_rope_scaling_factor(rope["factor"])
    if rope.get("rope_type") in ("yarn", "longrope"):
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    if rope.get("rope_type") == "longrope":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LONGROPE)
        writer.add_rope_scaling_attn_factors(rope["attention_factor"])
        return
    for key, add in (
            ("beta_fast", writer.add_rope_scaling_yarn_beta_fast),
            ("beta_slow", writer.add_rope_scaling_yarn_beta_slow),
            ("attention_factor", writer.add_rope_scaling_yarn_attn_factor)):
        if key in rope:
            add(rope[key])
    if shape.window:
        writer.add_sliding_window(shape.window)
    if shape.first_windowed:
        writer.add_sliding_window_pattern([shape.is_windowed(i) for i in range(shape.layers)])


def write_float32(shape, name, path, seed, logit_scale, matrix_type=None):
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, shape.family)
    writer.add_name(name)
    add_tokenizer(writer)
    writer.add_block_count(shape.layers)
    writer.add_context_length(4096)
    writer.add_embedding_length(shape.width)
    if shape.experts:
        writer.add_feed_forward_length(shape.feed_forward * shape.used_experts)
        writer.add_expert_count(shape.experts)
        writer.add_expert_used_count(shape.used_experts)
        writer.add_expert_feed_forward_length(shape.feed_forward)
    else:
        writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_width)
    writer.add_value_length(shape.head_width)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(VOCABULARY_SIZE)
    add_positions(writer, shape)

    def matrix(name, rows, columns, gain=1.0, experts=None, matrix_type=matrix_type, change=None):
        # Keeps the variance of what passes through, as an initialized model does.
        shape = (rows, columns) if experts is None else (experts, rows, columns)
        weights = rng.standard_normal(shape, dtype=np.float32)
        weights *= np.float32(gain / np.sqrt(columns))
        if change is not None:
            change(weights)
        if matrix_type is not None:
            weights = gguf.quants.quantize(weights, matrix_type)
        writer.add_tensor(name, weights, raw_dtype=matrix_type)

    def vector(name, count, mean, outliers=1.0):
        values = (mean + 0.1 * rng.standard_normal(count)).astype(np.float32)
        if name.endswith("ffn_norm.weight"):
            values[:shape.experts] = 1
        if outliers != 1:
            values[rng.choice(count, max(2, count // 128), replace=False)] *= outliers
        writer.add_tensor(name, values)

    def prefer(embeddings):
        embeddings[:, :shape.experts] = -PREFERENCE
        for row in embeddings:
            row[rng.choice(shape.experts, shape.used_experts, replace=False)] = PREFERENCE

    def keep_preferences(weights):
        weights[..., :shape.experts, :] = 0

    queries, keys = shape.heads * shape.head_width, shape.kv_heads * shape.head_width
    matrix(
        "token_embd.weight", VOCABULARY_SIZE, shape.width, gain=logit_scale,
        change=prefer if shape.experts else None)
    for layer in range(shape.layers):
        prefix = f"blk.{layer}."
        vector(prefix + "attn_norm.weight", shape.width, mean=1.0, outliers=shape.outliers)
        for part, rows in (("q", queries), ("k", keys), ("v", keys)):
            matrix(f"{prefix}attn_{part}.weight", rows, shape.width)
            if shape.family == "qwen2":
                vector(f"{prefix}attn_{part}.bias", rows, mean=0.0)
        if shape.family in ("qwen3", "qwen3moe"):
            vector(prefix + "attn_q_norm.weight", shape.head_width, mean=1.0)
            vector(prefix + "attn_k_norm.weight", shape.head_width, mean=1.0)
        matrix(prefix + "attn_output.weight", shape.width, queries, change=keep_preferences)
        vector(prefix + "ffn_norm.weight", shape.width, mean=1.0, outliers=shape.outliers)
        suffix, experts = ".weight", None
        if shape.experts:
            suffix, experts = "_exps.weight", shape.experts

            def read_preferences(weights):
                for expert in range(shape.experts):
                    weights[expert, (expert + layer) % shape.experts] = ROUTER_GAIN

            matrix(
                prefix + "ffn_gate_inp.weight", experts, shape.width, matrix_type=None,
                change=read_preferences)
        matrix(f"{prefix}ffn_gate{suffix}", shape.feed_forward, shape.width, experts=experts)
        matrix(f"{prefix}ffn_up{suffix}", shape.feed_forward, shape.width, experts=experts)
        matrix(
            f"{prefix}ffn_down{suffix}", shape.width, shape.feed_forward, experts=experts,
            change=keep_preferences)
    vector("output_norm.weight", shape.width, mean=1.0)
    if not shape.tied:
        matrix("output.weight", VOCABULARY_SIZE, shape.width, gain=logit_scale)
    if shape.rope.get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(shape))
    for length in ("short", "long"):
        if f"{length}_factor" in shape.rope:
            factors = np.array(shape.rope[f"{length}_factor"], dtype=np.float32)
            writer.add_tensor(f"rope_factors_{length}.weight", factors)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file(progress=False)
    writer.close()


@contextlib.contextmanager
def quiet():
    """llama.cpp's quantizer reports every tensor on standard error, from C."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def quantize(source, target, quantization):
    import llama_cpp

    options = llama_cpp.llama_model_quantize_default_params()
    options.ftype = FILE_TYPES[quantization]
    options.nthread = 2
    with quiet():
        status = llama_cpp.llama_model_quantize(
            os.fsencode(source), os.fsencode(target), options)
    if status != 0:
        raise RuntimeError(f"llama.cpp could not quantize {source} to {quantization}: {status}")


def write(preset, quantization, path, seed=1, logit_scale=2.0):
    # Float32 files are held to an absolute error that a half-precision cache can keep on small logits;
    # quantized ones to a divergence, which tells more of a distribution that is not flat.
    shape = shape_of(preset)
    if quantization == "F32":
        write_float32(shape, preset, path, seed, logit_scale=0.2)
        return
    if quantization == "MXFP4":
        # llama.cpp's quantizer keeps this type for experts.
        kind = gguf.GGMLQuantizationType.MXFP4
        write_float32(shape, preset, path, seed, logit_scale=logit_scale, matrix_type=kind)
        return
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "float32.gguf"
        write_float32(shape, preset, source, seed, logit_scale=logit_scale)
        quantize(source, path, quantization)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", type=preset_name, metavar=f"{{{','.join(SHAPES)}}}[+VARIANT]")
    parser.add_argument("quantization", choices=QUANTIZATIONS)
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    write(arguments.preset, arguments.quantization, arguments.out, arguments.seed)


if __name__ == "__main__":
    main()
