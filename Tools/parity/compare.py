"""Berth's logits beside transformers and llama.cpp on files of every family and quantization.

    compare.py [--presets llama-tiny,...] [--quantizations F32,...] [--long NAME+VARIANT,...]
        [--outliers NAME+outliers,...] [--berth PATH] [--folder PATH]

A float32 file passes when no logit of 300 random tokens is further than 1e-3 from the float32 reference; any
other when its mean KL divergence from that reference is at most 1.1 times llama.cpp's, or 2e-5.

Presets of --long (stretched rotary embeddings, sliding windows) are read with 2,300 tokens, in float32; those of
--outliers, some of whose channels are 30 times larger, in the quantizations whose activations are 8-bit.

With BERTH_PEERS set to a folder that holds synthetic_gguf.py and reference_logits.py, those scripts make the
files and the reference logits instead of this folder's: a second opinion on the opinion.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

import numpy as np

import references
import synthetic

TOKEN_COUNT = 300
LONG_TOKEN_COUNT = 2300

LONG = [
    "llama-tiny+linear", "llama-tiny+llama3", "llama-tiny+yarn", "qwen2-tiny+yarn", "qwen3-tiny+yarn",
    "llama-wide+llama3", "qwen3-wide+yarn", "qwen2-tiny+yarnfine", "llama-tiny+window",
    "qwen2-tiny+upperwindow", "qwen3-tiny+upperwindow",
]
OUTLIERS = ["llama-tiny+outliers", "qwen2-tiny+outliers", "qwen3-tiny+outliers"]
OUTLIER_QUANTIZATIONS = ["Q8_0", "Q4_0", "Q4_K_M", "Q6_K"]


class OwnPeers:
    """This folder's generator and references."""

    vocabulary_size = synthetic.VOCABULARY_SIZE

    def write(self, preset, quantization, path):
        synthetic.write(preset, quantization, path)

    def has(self, preset):
        return True

    def logits(self, preset, path, tokens):
        return (
            references.transformers_logits(path, tokens, synthetic.shape_of(preset)),
            references.llama_cpp_logits(path, tokens))


class OtherPeers:
    """The scripts of another folder, each run as a program."""

    vocabulary_size = 512
    options = {"llama3": ["--rope", "llama3"], "yarn": ["--rope", "yarn"], "outliers": ["--outliers"]}

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def run(self, script, *arguments):
        subprocess.run(
            [sys.executable, self.folder / script, *map(str, arguments)],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def has(self, preset):
        name, *variants = preset.split("+")
        return not name.endswith("-wide") and all(v in self.options for v in variants)

    def write(self, preset, quantization, path):
        name, *variants = preset.split("+")
        self.run(
            "synthetic_gguf.py", name, quantization, path,
            *(option for variant in variants for option in self.options[variant]))

    def logits(self, preset, path, tokens):
        peer = self.engine_logits("llama.cpp", path, tokens)
        # Its transformers does not read rotary scaling, so there llama.cpp is the reference as well.
        if {"llama3", "yarn"} & set(preset.split("+")):
            return peer, peer
        return self.engine_logits("transformers", path, tokens), peer

    def engine_logits(self, engine, path, tokens):
        out = path.with_suffix(f".{engine}.json")
        self.run(
            "reference_logits.py", path, "--tokens", ",".join(map(str, tokens)),
            "--engine", engine, "--out", out)
        return read_logits(out, tokens)


def read_logits(path, tokens):
    content = json.loads(pathlib.Path(path).read_text())
    if content["tokens"] != tokens:
        raise ValueError(f"{path} is about other tokens")
    return np.array(content["logits"], dtype=np.float64)


def berth_logits(berth, path, tokens):
    out = path.with_suffix(".berth.json")
    out.unlink(missing_ok=True)
    finished = subprocess.run(
        [berth, "logits", path, "--tokens", ",".join(map(str, tokens)), "--out", out],
        capture_output=True, text=True)
    if finished.returncode != 0:
        raise RuntimeError(finished.stderr.strip() or f"status {finished.returncode}")
    return read_logits(out, tokens)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", default="llama-tiny,qwen2-tiny,qwen3-tiny,qwen3moe-tiny")
    parser.add_argument("--quantizations", default=",".join(synthetic.QUANTIZATIONS))
    parser.add_argument("--long", default=",".join(LONG))
    parser.add_argument("--outliers", default=",".join(OUTLIERS))
    parser.add_argument("--berth", default=".build/release/berth")
    parser.add_argument("--folder", default=".build/parity")
    arguments = parser.parse_args()

    folder = pathlib.Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    others = os.environ.get("BERTH_PEERS")
    peers = OtherPeers(others) if others else OwnPeers()
    def listed(text):
        return [item for item in text.split(",") if item]

    cases = [(p, q, TOKEN_COUNT)
             for p in listed(arguments.presets) for q in listed(arguments.quantizations)]
    cases += [(p, "F32", LONG_TOKEN_COUNT) for p in listed(arguments.long)]
    cases += [(p, q, TOKEN_COUNT) for p in listed(arguments.outliers) for q in OUTLIER_QUANTIZATIONS]

    print(f"{'file':30}{'max error':>11}{'KL berth':>11}{'KL llama.cpp':>14}{'limit':>11}  verdict")
    failed = 0
    for preset, quantization, count in cases:
        if not peers.has(preset):
            print(f"{preset:30} not among these peers: left out")
            continue
        failed += not compare(peers, preset, quantization, count, folder, arguments.berth)
    print(f"{failed} failed" if failed else "all within their limits")
    sys.exit(1 if failed else 0)


def compare(peers, preset, quantization, count, folder, berth):
    """Prints a line about one file; whether Berth is within its limit."""
    tokens = references.random_tokens(count, peers.vocabulary_size)
    path = folder / f"{preset}-{quantization}.gguf"
    peers.write(preset, quantization, path)
    reference, others = peers.logits(preset, path, tokens)
    peer = references.mean_divergence(reference, others)
    is_float32 = quantization == "F32"
    limit = references.FLOAT32_TOLERANCE if is_float32 else references.divergence_limit(peer)
    # Where llama.cpp does not read what the file says, it is no peer.
    shown = f"{'':>14}" if synthetic.is_beyond_llama_cpp(preset) else f"{peer:14.2e}"
    try:
        ours = berth_logits(berth, path, tokens)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"{path.stem:30}{'':>11}{'':>11}{shown}{limit:11.1e}  FAILED: {error}")
        return False
    error = float(np.abs(ours - reference).max())
    divergence = references.mean_divergence(reference, ours)
    good = (error if is_float32 else divergence) <= limit
    print(
        f"{path.stem:30}{error:11.2e}{divergence:11.2e}{shown}{limit:11.1e}"
        f"  {'ok' if good else 'FAILED'}", flush=True)
    return good


if __name__ == "__main__":
    main()
