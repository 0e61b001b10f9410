"""How fast texts become vectors: Berth beside PyTorch on the same model, token ids in, vectors out.

    embeddings.py [--berth PATH] [--rounds 3] [--seconds 1] [--threads 2] [--compile] [--weights rounded]

Both sides take turns. PyTorch runs in float32, in bfloat16, and in float32 under autocast to bfloat16, with --compile also
compiled; its best setting of each case counts. Tokenizing is on neither side. Prints milliseconds a batch, medians over
all rounds, and the fastest batch in brackets, which neighbours on the machine disturb least.
"""

import argparse
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

for name in [name for name in os.environ if name.startswith("OPENBLAS")]:
    del os.environ[name]

import torch
import transformers

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "parity"))
import compare_embeddings
import encoders

CASES = [(texts, length) for texts in (1, 32) for length in (16, 64, 128, 256)]


def settings(folder, compiled):
    plain = transformers.AutoModel.from_pretrained(folder, attn_implementation="sdpa").eval()
    half = transformers.AutoModel.from_pretrained(
        folder, attn_implementation="sdpa", dtype=torch.bfloat16).eval()

    def autocast():
        return torch.autocast("cpu", dtype=torch.bfloat16)

    found = {
        "float32": (plain, contextlib.nullcontext),
        "bfloat16": (half, contextlib.nullcontext),
        "autocast": (plain, autocast),
    }
    if compiled:
        found["float32 compiled"] = (torch.compile(plain), contextlib.nullcontext)
        found["bfloat16 compiled"] = (torch.compile(half), contextlib.nullcontext)
    return found


def torch_times(model, context, texts, length, seconds):
    ids = torch.randint(1000, 20000, (texts, length))
    mask = torch.ones_like(ids)
    times = []
    start = time.perf_counter()
    while time.perf_counter() - start < seconds or len(times) < 4:
        before = time.perf_counter()
        with torch.inference_mode(), context():
            states = model(input_ids=ids, attention_mask=mask).last_hidden_state
            torch.nn.functional.normalize(states.float().mean(1))
        times.append(1000 * (time.perf_counter() - before))
    return times[1:]


def berth_times(arguments, model):
    finished = subprocess.run(
        [arguments.berth, "bench", model, "--json", "--threads", str(arguments.threads),
         "--seconds", str(arguments.seconds), "--weights", arguments.weights],
        capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    return {(line["texts"], line["tokens"]): (line["ms"], line["min"]) for line in lines}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--berth", default=".build/release/berth")
    parser.add_argument("--folder", default=".build/parity", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--weights", default="rounded")
    parser.add_argument("--compile", action="store_true")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(arguments.threads)

    source = compare_embeddings.model_folder()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    model = arguments.folder / "minilm.gguf"
    subprocess.run([sys.executable, encoders.__file__, source, model], check=True)
    peers = settings(source, arguments.compile)
    if arguments.compile:
        for texts, length in CASES:
            for peer in peers.values():
                torch_times(*peer, texts, length, 0)

    ours = {case: [] for case in CASES}
    theirs = {(case, name): [] for case in CASES for name in peers}
    for number in range(arguments.rounds):
        for case, times in berth_times(arguments, model).items():
            ours[case].append(times)
        for case in CASES:
            for name, peer in peers.items():
                theirs[case, name] += torch_times(*peer, *case, arguments.seconds)
        print(f"round {number + 1} of {arguments.rounds} done", file=sys.stderr, flush=True)

    print("| texts | tokens | Berth ms | " + " | ".join(f"{name} ms" for name in peers)
          + " | best peer | ratio of medians | ratio of fastest | to float32 |")
    print("|" + "---|" * (7 + len(peers)))
    for case in CASES:
        median = statistics.median(times[0] for times in ours[case])
        fastest = min(times[1] for times in ours[case])
        medians = {name: statistics.median(theirs[case, name]) for name in peers}
        minima = {name: min(theirs[case, name]) for name in peers}
        best = min(medians, key=medians.get)
        cells = [f"{medians[name]:.2f} ({minima[name]:.2f})" for name in peers]
        floats = min(value for name, value in medians.items() if name.startswith("float32"))
        print(f"| {case[0]} | {case[1]} | {median:.2f} ({fastest:.2f}) | " + " | ".join(cells)
              + f" | {best} | {medians[best] / median:.2f} | {min(minima.values()) / fastest:.2f}"
              + f" | {floats / median:.2f} |")


if __name__ == "__main__":
    main()
