#!/usr/bin/env python3
"""Perplexity of the same held-out text in PyTorch, llama.cpp and Berth, on files that llama.cpp quantized.

    compare_perplexity.py OUT --berth .build/release/berth [--windows 40] [--length 512]
    compare_perplexity.py OUT --write ../../Tests/Engine/InferenceTests/Fixtures/Harbour

OUT is what train.py left. The float32 master is written by export_gguf.py and quantized by llama.cpp's own quantizer.
A window is at most 512 tokens and begins a text; every token after its first counts. --write leaves a short excerpt
with llama.cpp's figures, so that a test can check Berth without Python.
"""
import argparse
import ctypes
import json
import math
import os
import subprocess
import sys
import tempfile

import llama_cpp
import numpy as np
import torch
from tokenizers import Tokenizer

from evaluate import SEED
from export_gguf import load
from text import Windows

FILE_TYPES = {"Q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0, "Q4_K_M": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M}
LIMIT = 0.005


@llama_cpp.llama_log_callback
def silent(level, text, data):
    pass


llama_cpp.llama_log_set(silent, ctypes.c_void_p(0))


def held_out(folder, windows, length):
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    stream = Windows(tokenizer, SEED + 1, "heldout")
    return [stream.window(length - 1)[0] for _ in range(windows)]


def quantize(master, out, kind):
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype, parameters.nthread = FILE_TYPES[kind], 2
    if llama_cpp.llama_model_quantize(master.encode(), out.encode(), ctypes.byref(parameters)) != 0:
        sys.exit(f"llama.cpp could not quantize {master} to {kind}")


def negative_log_likelihood(logits, ids):
    """Of ids[1:], given the row of logits before each."""
    rows = np.asarray(logits, dtype=np.float64)[:len(ids) - 1]
    rows -= rows.max(axis=1, keepdims=True)
    return float((np.log(np.exp(rows).sum(axis=1)) - rows[np.arange(len(ids) - 1), ids[1:]]).sum())


def perplexity(logits_of, windows):
    total = sum(negative_log_likelihood(logits_of(ids), ids) for ids in windows)
    return math.exp(total / sum(len(ids) - 1 for ids in windows))


class LlamaCpp:
    def __init__(self, path):
        self.model = llama_cpp.Llama(path, n_ctx=1024, n_batch=512, logits_all=True, n_threads=2, verbose=False)

    def __call__(self, ids):
        self.model.reset()
        self.model.eval(ids)
        return np.array(self.model.scores[:len(ids)])


class PyTorch:
    def __init__(self, folder):
        self.model, _ = load(folder)

    @torch.no_grad()
    def __call__(self, ids):
        return self.model(torch.tensor([ids]))[0].float().numpy()


class Berth:
    def __init__(self, program, path):
        self.program, self.path = program, path

    def __call__(self, ids):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "logits.json")
            subprocess.run([self.program, "logits", self.path, "--tokens", ",".join(map(str, ids)), "--out", out],
                           check=True)
            with open(out) as file:
                return json.load(file)["logits"]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("folder")
    ap.add_argument("--berth")
    ap.add_argument("--windows", type=int, default=40)
    ap.add_argument("--length", type=int, default=512)
    ap.add_argument("--embedded", help="the committed Q8_0 file, compared as well")
    ap.add_argument("--write", help="a folder for the excerpt and the Q4_K_M file")
    a = ap.parse_args()
    master = os.path.join(a.folder, "master-f32.gguf")
    subprocess.run([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "export_gguf.py"),
                    a.folder,
                    "--to", master], check=True)
    windows = held_out(a.folder, a.windows, a.length)
    print(f"{len(windows)} windows of {a.length} tokens")
    print(f"PyTorch, float32      {perplexity(PyTorch(a.folder), windows):.4f}")
    files = {"F32": master}
    for kind in FILE_TYPES:
        files[kind] = os.path.join(a.folder, f"llama.cpp-{kind}.gguf")
        quantize(master, files[kind], kind)
    if a.embedded:
        files["embedded"] = a.embedded
    excerpt, figures, failed = windows[:4], {}, False
    for kind, path in files.items():
        theirs = perplexity(LlamaCpp(path), windows)
        line = f"{kind:9} {os.path.getsize(path):9,} bytes   llama.cpp {theirs:.4f}"
        if a.berth:
            ours = perplexity(Berth(a.berth, path), windows)
            failed |= abs(ours / theirs - 1) > LIMIT
            line += f"   Berth {ours:.4f}   {100 * (ours / theirs - 1):+.3f} %"
        print(line, flush=True)
        figures[kind] = round(perplexity(LlamaCpp(path), excerpt), 5)
    if a.write:
        with open(os.path.join(a.write, "perplexity.json"), "w") as file:
            json.dump({"engine": "llama.cpp", "perplexity": figures, "windows": excerpt}, file, separators=(",", ":"))
        with open(files["Q4_K_M"], "rb") as source, open(os.path.join(a.write, "berth-harbour-Q4_K_M.gguf"), "wb") as target:
            target.write(source.read())
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
