"""Writes the committed parity fixtures: small GGUF files with the reference logits of some of their rows.

    make_fixtures.py [--folder Tests/Engine/InferenceTests/Fixtures/Parity]

manifest.json   the tokens, and an entry a file: which rows of the reference are kept, and how far
                llama.cpp is from it on those rows
*.gguf          two layers of a family, in one quantization
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
]

TOKEN_COUNT = 300

# Around the borders of a cache page, and the ends.
EDGES = [0, 1, 63, 64, 65, 130, 299]


def rows_kept(quantization):
    """A mean needs many rows; an absolute error does not."""
    if quantization == "F32":
        return EDGES
    return sorted({*EDGES, *range(0, TOKEN_COUNT, 3)})


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default="Tests/Engine/InferenceTests/Fixtures/Parity")
    folder = pathlib.Path(parser.parse_args().folder)
    folder.mkdir(parents=True, exist_ok=True)

    tokens = references.random_tokens(TOKEN_COUNT, synthetic.VOCABULARY_SIZE)
    entries = []
    for preset, quantization in FILES:
        name = f"{preset}-{quantization}"
        path = folder / f"{name}.gguf"
        synthetic.write(preset, quantization, path)
        rows = rows_kept(quantization)
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
    manifest = {
        "tokens": tokens,
        "vocabularySize": synthetic.VOCABULARY_SIZE,
        "float32Tolerance": references.FLOAT32_TOLERANCE,
        "files": entries,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest) + "\n")


if __name__ == "__main__":
    main()
