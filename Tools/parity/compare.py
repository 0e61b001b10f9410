"""Berth's logits beside transformers and llama.cpp on files of every family and quantization.

    compare.py [--presets llama-tiny,...] [--quantizations F32,...] [--berth PATH] [--folder PATH]

A float32 file passes when no logit of 300 random tokens is further than 1e-3 from the float32 reference; any
other when its mean KL divergence from that reference is at most 1.1 times llama.cpp's, or 2e-5.

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


class OwnPeers:
    """This folder's generator and references."""

    vocabulary_size = synthetic.VOCABULARY_SIZE

    def write(self, preset, quantization, path):
        synthetic.write(preset, quantization, path)

    def logits(self, engine, path, tokens):
        if engine == "transformers":
            return references.transformers_logits(path, tokens)
        return references.llama_cpp_logits(path, tokens)


class OtherPeers:
    """The scripts of another folder, each run as a program."""

    vocabulary_size = 512

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def run(self, script, *arguments):
        subprocess.run(
            [sys.executable, self.folder / script, *map(str, arguments)],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def write(self, preset, quantization, path):
        self.run("synthetic_gguf.py", preset, quantization, path)

    def logits(self, engine, path, tokens):
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
    parser.add_argument("--presets", default="llama-tiny,qwen2-tiny,qwen3-tiny")
    parser.add_argument("--quantizations", default=",".join(synthetic.QUANTIZATIONS))
    parser.add_argument("--berth", default=".build/release/berth")
    parser.add_argument("--folder", default=".build/parity")
    arguments = parser.parse_args()

    folder = pathlib.Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    others = os.environ.get("BERTH_PEERS")
    peers = OtherPeers(others) if others else OwnPeers()
    tokens = references.random_tokens(TOKEN_COUNT, peers.vocabulary_size)

    print(f"{'file':22}{'max error':>11}{'KL berth':>11}{'KL llama.cpp':>14}{'limit':>11}  verdict")
    failed = 0
    for preset in arguments.presets.split(","):
        for quantization in arguments.quantizations.split(","):
            path = folder / f"{preset}-{quantization}.gguf"
            peers.write(preset, quantization, path)
            reference = peers.logits("transformers", path, tokens)
            peer = references.mean_divergence(reference, peers.logits("llama.cpp", path, tokens))
            if quantization == "F32":
                limit = references.FLOAT32_TOLERANCE
            else:
                limit = references.divergence_limit(peer)
            try:
                ours = berth_logits(arguments.berth, path, tokens)
            except (OSError, RuntimeError, ValueError) as error:
                failed += 1
                print(f"{path.stem:22}{'':>11}{'':>11}{peer:14.2e}{limit:11.1e}  FAILED: {error}")
                continue
            error = float(np.abs(ours - reference).max())
            divergence = references.mean_divergence(reference, ours)
            good = (error if quantization == "F32" else divergence) <= limit
            failed += not good
            print(
                f"{path.stem:22}{error:11.2e}{divergence:11.2e}{peer:14.2e}{limit:11.1e}"
                f"  {'ok' if good else 'FAILED'}", flush=True)
    print(f"{failed} failed" if failed else "all within their limits")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
