"""Hugging Face folders beside their conversions, and both beside llama.cpp and transformers.

    folders.py [--berth PATH] [FOLDER...]

Each folder (by default the fixtures of the tests) is converted by Berth. llama.cpp must load the file, its logits must
be within 2e-2 of what Berth computes from the folder (0.1 for BF16: llama.cpp rounds activations to it too), its tokens of
the fixtures' texts and of random ones those of transformers, and Berth's logits from folder and file the same to the
last digit.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy as np

import references

ROOT = pathlib.Path(__file__).parents[2]
FIXTURES = ROOT / "Tests/Engine/InferenceTests/Fixtures/Transformers"


def berth_logits(berth, model, tokens, out):
    subprocess.run(
        [berth, "logits", model, "--tokens", ",".join(map(str, tokens)), "--out", out], check=True)
    return json.loads(pathlib.Path(out).read_text())["logits"]


def texts(name):
    expected = json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))
    known = [text["text"] for entry in expected if entry["name"] == name for text in entry["texts"]]
    generator = random.Random(5)
    words = ["the", " tug", "泊位", "!", "\n", "  ", "7", "42", "'ll", "é", "READY", "⚓", "_", "\t", " ", "(x)"]
    return known + ["".join(generator.choices(words, k=12)) for _ in range(200)]


def compare_tokens(folder, path):
    """Texts whose tokens differ between llama.cpp on the file and transformers on the folder."""
    import llama_cpp
    import transformers

    theirs = transformers.AutoTokenizer.from_pretrained(folder)
    model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    return [
        text for text in texts(folder.name) if text
        and model.tokenize(text.encode(), add_bos=True, special=True) != theirs.encode(text)]


def compare(berth, folder, work):
    path = work / f"{folder.name}.gguf"
    subprocess.run([berth, "convert", folder, path], check=True)
    different = compare_tokens(folder, path)
    line = f"{folder.name}: {len(different)} texts with other tokens in llama.cpp"
    passed = not different
    config = json.loads((folder / "config.json").read_text())
    if config["architectures"][0].endswith("ForCausalLM"):
        tokens = references.random_tokens(24, config["vocab_size"])
        ours = berth_logits(berth, folder, tokens, work / "folder.json")
        same = ours == berth_logits(berth, path, tokens, work / "file.json")
        theirs = references.llama_cpp_logits(path, tokens)
        error = float(np.abs(np.array(ours) - theirs).max())
        line += f", folder and file {'the same' if same else 'DIFFERENT'}, llama.cpp within {error:.2g}"
        passed = passed and same
        # llama.cpp scales the weights of a token's experts to the sum of 1 whatever the file says.
        if config.get("norm_topk_prob", True):
            passed = passed and error < (0.1 if config.get("dtype") == "bfloat16" else 2e-2)
    print(line, "" if passed else f"FAILED {different[:5]}")
    return passed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--berth", type=pathlib.Path, default=ROOT / ".build/release/berth")
    parser.add_argument("folders", type=pathlib.Path, nargs="*")
    arguments = parser.parse_args()
    folders = arguments.folders or sorted(path.parent for path in FIXTURES.glob("*/config.json"))
    with tempfile.TemporaryDirectory() as work:
        results = [compare(arguments.berth, folder, pathlib.Path(work)) for folder in folders]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
