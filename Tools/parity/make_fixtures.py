"""Writes the committed parity fixtures: small GGUF files with the reference logits of some of their rows.

    make_fixtures.py [--folder Tests/Engine/InferenceTests/Fixtures/Parity] [--sets manifest,long,caches]

manifest.json   the tokens, and an entry a file: which rows of the reference are kept, and how far
                llama.cpp is from it on those rows
long.json       the same for texts past 2,000 tokens: rotary embeddings that were stretched, sliding windows
caches.json     how far llama.cpp is from the reference with other caches, on files of the first set
*.gguf          one or two layers of a family, in one quantization
*.logits        the kept rows, float32, little endian, one after another
"""

import argparse
import json
import pathlib

import numpy as np

import references
import synthetic

# All families in float32; every storage type at least once; the common mix for every family.
FILES = [
    ("llama-narrow", "F32"), ("qwen2-narrow", "F32"), ("qwen3-narrow", "F32"),
    ("qwen2-narrow", "F16"), ("qwen3-narrow", "BF16"),
    ("llama-small", "Q8_0"), ("qwen2-small", "Q4_0"), ("qwen3-small", "Q6_K"),
    ("llama-small", "Q4_K_M"), ("qwen2-small", "Q4_K_M"), ("qwen3-small", "Q4_K_M"),
    ("llama-mini", "Q2_K"), ("qwen2-mini", "Q3_K_M"), ("qwen3-mini", "Q5_K_M"), ("llama-mini", "IQ4_XS"),
    ("llama-flat", "Q4_1"), ("qwen2-flat", "Q5_0"), ("qwen3-flat", "Q5_1"), ("qwen2-flat", "IQ4_NL"),
    ("qwen3-flat", "MXFP4"),
    # Types that llama.cpp falls back to, stacked in one product.
    ("llama-flat", "Q4_K_M"), ("qwen3-flat", "Q5_K_M"),
    ("qwen3moe-narrow", "F32"), ("qwen3moe-narrow", "BF16"), ("qwen3moe-small", "Q4_K_M"), ("qwen3moe-mini", "Q5_K_M"),
    ("qwen3moe-flat", "MXFP4"),
]

# Every way to stretch, both pairings of dimensions, windows in all layers and in some. In float16 for their
# size, but with logits small enough to be held to the absolute error of float32 files.
LONG_FILES = [
    "llama-slim+linear", "llama-slim+llama3", "llama-slim+yarn", "qwen2-slim+yarnfine",
    "qwen3-slim+yarn", "llama-slim+longrope", "llama-slim+window", "qwen2-slim+upperwindow",
]

# Files of the first set whose heads llama.cpp's blocks of 32 divide.
CACHE_FILES = [
    "qwen2-narrow-F16", "llama-small-Q8_0", "qwen2-small-Q4_0", "qwen3-small-Q6_K",
    "llama-small-Q4_K_M", "qwen2-small-Q4_K_M", "qwen3-small-Q4_K_M",
]
CACHES = ["bf16", "q8_0"]

TOKEN_COUNT = 300
LONG_TOKEN_COUNT = 2101

# Around the borders of a cache page, and the ends.
EDGES = [0, 1, 63, 64, 65, 130, 299]
LONG_EDGES = [0, 99, 100, 511, 2047, 2048, 2100]
# Of two lists of factors, a context of so many positions takes the short one.
SHORT_CONTEXT = 512


def rows_kept(preset, quantization):
    """A mean needs many rows, the more the closer two engines are; an absolute error does not."""
    if quantization == "F32":
        return EDGES
    step = 8 if preset.endswith("mini") else 3
    return sorted({*EDGES, *range(0, TOKEN_COUNT, step)})


def write_manifest(path, tokens, entries):
    path.write_text(json.dumps({
        "tokens": tokens,
        "vocabularySize": synthetic.VOCABULARY_SIZE,
        "float32Tolerance": references.FLOAT32_TOLERANCE,
        "files": entries,
    }) + "\n")


def write_set(folder):
    tokens = references.random_tokens(TOKEN_COUNT, synthetic.VOCABULARY_SIZE)
    entries = []
    for preset, quantization in FILES:
        name = f"{preset}-{quantization}"
        path = folder / f"{name}.gguf"
        synthetic.write(preset, quantization, path)
        rows = rows_kept(preset, quantization)
        reference = references.transformers_logits(path, tokens)[rows]
        peer = references.llama_cpp_logits(path, tokens)[rows]
        reference.astype("<f4").tofile(folder / f"{name}.logits")
        divergence = references.mean_divergence(reference, peer)
        entries.append({
            "name": name,
            "quantization": quantization,
            "rows": rows,
            "llamaCppDivergence": float(f"{divergence:.3e}"),
        })
        print(
            f"{name:22}{path.stat().st_size:10} bytes"
            f"  llama.cpp: KL {divergence:.2e}, max error {np.abs(reference - peer).max():.2e}")
    write_manifest(folder / "manifest.json", tokens, entries)


def write_long_set(folder):
    tokens = references.random_tokens(LONG_TOKEN_COUNT, synthetic.VOCABULARY_SIZE)
    entries = []
    for name in LONG_FILES:
        path = folder / f"{name}.gguf"
        synthetic.write(name, "F16", path, logit_scale=0.2)
        shape = synthetic.shape_of(name)
        reference = references.transformers_logits(path, tokens, shape)[LONG_EDGES]
        reference.astype("<f4").tofile(folder / f"{name}.logits")
        entries.append({"name": name, "quantization": "F16", "rows": LONG_EDGES})
        if "longrope" in name:
            rows = [row for row in LONG_EDGES if row < SHORT_CONTEXT]
            short = references.transformers_logits(path, tokens[:SHORT_CONTEXT], shape)[rows]
            short.astype("<f4").tofile(folder / f"{name}-{SHORT_CONTEXT}.logits")
            entries.append({
                "name": name, "quantization": "F16", "rows": rows, "contextLength": SHORT_CONTEXT})
        peer = references.llama_cpp_logits(path, tokens)[LONG_EDGES]
        aside = " (does not read this)" if synthetic.is_beyond_llama_cpp(name) else ""
        print(
            f"{name:22}{path.stat().st_size:10} bytes"
            f"  llama.cpp: max error {np.abs(reference - peer).max():.2e}{aside}")
    write_manifest(folder / "long.json", tokens, entries)


def write_cache_set(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    files = {file["name"]: file for file in manifest["files"]}
    entries = []
    for name in CACHE_FILES:
        rows = files[name]["rows"]
        reference = np.fromfile(folder / f"{name}.logits", "<f4").reshape(len(rows), -1)
        for cache in CACHES:
            peer = references.llama_cpp_logits(folder / f"{name}.gguf", manifest["tokens"], cache)[rows]
            divergence = references.mean_divergence(reference, peer)
            entries.append({
                "name": name, "quantization": files[name]["quantization"], "rows": rows, "cache": cache,
                "llamaCppDivergence": float(f"{divergence:.3e}")})
            print(f"{name:22} {cache}: llama.cpp: KL {divergence:.2e}")
    write_manifest(folder / "caches.json", manifest["tokens"], entries)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default="Tests/Engine/InferenceTests/Fixtures/Parity")
    parser.add_argument("--sets", default="manifest,long,caches")
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    writers = {"manifest": write_set, "long": write_long_set, "caches": write_cache_set}
    for name in arguments.sets.split(","):
        writers[name](folder)


if __name__ == "__main__":
    main()
