#!/usr/bin/env python3
"""Trains the default model from nothing: tokenizer, then weights. Same seed, same threads: same file.

    train.py --out OUT [--tokens 2000000] [--seed 1] [--threads 1]

OUT/tokenizer.json, OUT/checkpoint.pt (rewritten every 100 steps) and OUT/log.jsonl. --resume goes on from a
checkpoint; the text goes on from a new seed then.
"""
import argparse
import json
import math
import os
import time

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from model import Config, HarbourModel
from optimizer import make_optimizers
from text import Windows, train_tokenizer


def learning_rate(step, steps):
    """Warm-up, plateau, then down to nothing over the second half."""
    warm, decay = min(40, steps // 10), int(steps * 0.5)
    return min((step + 1) / warm, 1.0, (steps - step) / decay)


def weighted_loss(logits, targets, weights):
    losses = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="none")
    return (losses * weights.flatten()).sum() / weights.sum()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", required=True)
    ap.add_argument("--tokens", type=int, default=2_000_000)
    ap.add_argument("--rows", type=int, default=16)
    ap.add_argument("--length", type=int, default=256)
    ap.add_argument("--long-share", type=float, default=0.1, help="last share of the steps, with windows of the "
                                                                  "whole context")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--rate", type=float, default=0.02)
    ap.add_argument("--resume", action="store_true")
    for key, value in Config().as_dict().items():
        ap.add_argument("--" + key.replace("_", "-"), type=type(value), default=value)
    a = ap.parse_args()
    os.makedirs(a.out, exist_ok=True)
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    config = Config(**{key: getattr(a, key) for key in Config().as_dict()})

    vocabulary_path, checkpoint_path = f"{a.out}/tokenizer.json", f"{a.out}/checkpoint.pt"
    if a.resume and os.path.exists(vocabulary_path):
        tokenizer = Tokenizer.from_file(vocabulary_path)
    else:
        tokenizer = train_tokenizer(a.seed, config.vocabulary)
        tokenizer.save(vocabulary_path)

    model = HarbourModel(config)
    optimizers = make_optimizers(model, a.rate)
    steps, first, seconds = a.tokens // (a.rows * a.length), 0, 0.0
    if a.resume and os.path.exists(checkpoint_path):
        state = torch.load(checkpoint_path, weights_only=False)
        model.load_state_dict(state["model"])
        for optimizer, its in zip(optimizers, state["optimizers"]):
            optimizer.load_state_dict(its)
        first, seconds = state["step"], state["seconds"]
    windows = Windows(tokenizer, a.seed * 1000 + first)
    print(f"{model.parameter_count():,} parameters, {steps} steps of {a.rows * a.length} tokens", flush=True)

    log = open(f"{a.out}/log.jsonl", "a" if a.resume else "w")
    started, running = time.time(), None
    for step in range(first, steps):
        long = step >= steps * (1 - a.long_share)
        length = config.context if long else a.length
        rows = a.rows * a.length // length
        inputs, targets, weights = (torch.from_numpy(x) for x in windows.batch(rows, length))
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(inputs)
        loss = weighted_loss(logits, targets, weights)
        loss.backward()
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * learning_rate(step, steps)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        value = loss.item()
        if not math.isfinite(value):
            raise SystemExit(f"the loss is {value} at step {step}")
        running = value if running is None else 0.95 * running + 0.05 * value
        if step % 20 == 19 or step == steps - 1:
            elapsed = seconds + time.time() - started
            done = (step + 1) * a.rows * a.length
            line = {"step": step + 1, "tokens": done, "loss": round(running, 4), "seconds": round(elapsed, 1)}
            log.write(json.dumps(line) + "\n")
            log.flush()
            print(f"step {step + 1}/{steps}  loss {running:.4f}  {elapsed:.0f} s  "
                  f"{(step + 1 - first) * a.rows * a.length / (time.time() - started):.0f} tok/s", flush=True)
        if step % 100 == 99 or step == steps - 1:
            torch.save({"model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers],
                        "config": config.as_dict(), "step": step + 1, "seconds": seconds + time.time() - started,
                        "tokens": (step + 1) * a.rows * a.length, "seed": a.seed, "loss": running},
                       checkpoint_path + ".new")
            os.replace(checkpoint_path + ".new", checkpoint_path)


if __name__ == "__main__":
    main()
