#!/usr/bin/env python3
"""How good a checkpoint is: perplexity of held-out text, and exact answers to held-out questions.

    evaluate.py OUT [--questions 300] [--split train] [--kinds] [--transcript]

Every question comes from a phrasing that training never saw; an answer is right when it holds every fact that the
generator says it must hold. Answers are greedy.
"""
import argparse
import json
import math
from collections import defaultdict

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from export_gguf import load
from harbour.conversations import conversation
from harbour.phrasing import Speaker
from harbour.turns import INTENTS
from text import END, Windows, chat_text

SEED = 20_000_001


@torch.no_grad()
def perplexity(model, tokenizer, windows=60, length=512):
    """(of all tokens, of the assistant's words)"""
    stream = Windows(tokenizer, SEED, "heldout")
    total, count, answers, answer_count = 0.0, 0, 0.0, 0
    for _ in range(windows):
        inputs, targets, weights = stream.batch(1, length)
        losses = F.cross_entropy(model(torch.from_numpy(inputs))[0], torch.from_numpy(targets[0]),
                                 reduction="none").numpy()
        spoken = weights[0] == 1
        total, count = total + losses.sum(), count + len(losses)
        answers, answer_count = answers + losses[spoken].sum(), answer_count + spoken.sum()
    return math.exp(total / count), math.exp(answers / answer_count)


@torch.no_grad()
def answer(model, tokenizer, messages, limit=160):
    ids = tokenizer.encode(chat_text(messages) + "<|im_start|>assistant\n").ids
    start, end = len(ids), tokenizer.token_to_id(END)
    while len(ids) < start + limit and len(ids) < model.config.context:
        token = int(model(torch.tensor([ids]))[0, -1].argmax())
        if token == end:
            break
        ids.append(token)
    return tokenizer.decode(ids[start:])


def right(text, expects):
    text = text.lower()
    return all(any(choice.lower() in text for choice in fact.split("|")) for fact in expects)


def questions(model, tokenizer, count, split, show):
    s = Speaker(SEED, split)
    good, seen = defaultdict(int), defaultdict(int)
    while sum(seen.values()) < count:
        messages, turns = conversation(s, s.pick([1, 1, 2, 3]))
        said = [m for m in messages if m[0] == "system"]
        for number, turn in enumerate(turns):
            said.append(("user", turn.question))
            last = number == len(turns) - 1  # it is asked after the true answers to those before it
            if last and turn.expects and turn.unseen == (split == "heldout"):
                language = "Chinese" if any(ord(c) > 0x3000 for c in turn.answer) else "English"
                kind = f"{language}, {'later' if number else 'first'} turn"
                text = answer(model, tokenizer, said)
                ok = right(text, turn.expects)
                good[kind] += ok
                seen[kind] += 1
                if show and not ok:
                    print("WRONG", json.dumps(said[-3:], ensure_ascii=False), "->", text, "| must hold", turn.expects)
            said.append(("assistant", turn.answer))
    return {kind: (good[kind], seen[kind]) for kind in sorted(seen)}


def kinds(model, tokenizer, each=20):
    """(kind of first question, how many of `each` are right), in phrasings that training used."""
    for language in INTENTS:
        for _, name, make in INTENTS[language]:
            s, good, seen = Speaker(77), 0, 0
            while seen < each:
                turn = make(s)
                if turn.expects:
                    seen += 1
                    good += right(answer(model, tokenizer, [("user", turn.question)]), turn.expects)
                elif name in ("joke", "story", "poem"):
                    break  # nothing in them can be checked
            if seen:
                yield name, good


TRANSCRIPT = [
    ["hi", "who are you?", "what can you do"],
    ["which berth for a ship of 150 m with 7 m draught?", "and if it draws 10 m?", "does it have a crane"],
    ["how deep is berth 3", "and berth 5?", "how much for 4 days"],
    ["when is high tide?", "is the tide rising at 9?"],
    ["can you lift 30 tonnes", "next ferry after 10:00", "how much for 3 people"],
    ["my name is Zora", "what is 17 + 25", "what's my name?"],
    ["tell me a story about a seal", "another one", "write a poem"],
    ["what is the capital of France?", "write python code", "asdf", "what is Berth?"],
    ["你好", "你是谁？", "3号泊位多深？", "有起重机吗？", "船长150米，吃水7米，停哪里？", "什么是量子力学？"],
    ["our boat is 75 metres, where shall we put it", "who wins the football world cup", "whats ur name",
     "may i smoke at berth 6"],
]


def transcript(model, tokenizer):
    for chat in TRANSCRIPT:
        said = []
        for question in chat:
            said.append(("user", question))
            said.append(("assistant", answer(model, tokenizer, said)))
        for role, text in said:
            print(("> " if role == "user" else "  ") + text.replace("\n", "\n  "))
        print()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("folder")
    ap.add_argument("--questions", type=int, default=300)
    ap.add_argument("--split", default="heldout", choices=["heldout", "train"])
    ap.add_argument("--transcript", action="store_true")
    ap.add_argument("--kinds", action="store_true", help="twenty questions of every kind as well")
    ap.add_argument("--show-wrong", action="store_true")
    ap.add_argument("--threads", type=int, default=1)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    model, state = load(a.folder)
    tokenizer = Tokenizer.from_file(f"{a.folder}/tokenizer.json")
    print(f"{model.parameter_count():,} parameters, {state['tokens']:,} tokens in {state['step']} steps")
    everything, spoken = perplexity(model, tokenizer)
    print(f"held-out perplexity: {everything:.3f} over all tokens, {spoken:.3f} over the assistant's words")
    counts = questions(model, tokenizer, a.questions, a.split, a.show_wrong)
    for kind, (good, seen) in counts.items():
        print(f"{kind}: {good} of {seen} right")
    good, seen = (sum(c[i] for c in counts.values()) for i in (0, 1))
    print(f"all: {good} of {seen} right ({100 * good / max(1, seen):.1f} %)")
    if a.kinds:
        for name, good in kinds(model, tokenizer):
            print(f"{name}: {good} of 20")
    if a.transcript:
        transcript(model, tokenizer)


if __name__ == "__main__":
    main()
