#!/usr/bin/env python3
"""What llguidance makes of the schemas that `berth grammar bench` tries, with the same vocabulary and rules.

    llguidance_masks.py DIR --vocab FILE.gguf [--files LIST]

Files are in MaskBench's format. Before every token the mask is computed and must hold the token; behind the last one the
text must be allowed to end. Times are of this thread, in microseconds. LIST names the files to try, one a line, such as
`berth grammar bench ... --json` printed them. Needs llguidance, gguf, llama-cpp-python and numpy from PyPI.
"""

import argparse
import json
import os
import time

import gguf
import llama_cpp
import llguidance
from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask


def alphabet():
    """GPT-2's letters for bytes."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in kept]
    return {chr(byte): byte for byte in kept} | {chr(256 + i): byte for i, byte in enumerate(others)}


class Vocabulary:
    """What llguidance asks of a tokenizer: bytes of all tokens, and a way to tokenize."""

    def __init__(self, path):
        reader = gguf.GGUFReader(path)
        texts = reader.fields["tokenizer.ggml.tokens"].contents()
        types = reader.fields["tokenizer.ggml.token_type"].contents()
        letters = alphabet()
        self.tokens = []
        for text, kind in zip(texts, types):
            if kind == 1 and all(letter in letters for letter in text):
                self.tokens.append(bytes(letters[letter] for letter in text))
            else:
                self.tokens.append(text.encode())
        self.special_token_ids = [i for i, kind in enumerate(types) if kind == 3]
        self.eos_token_id = int(reader.fields["tokenizer.ggml.eos_token_id"].contents())
        self.bos_token_id = int(reader.fields["tokenizer.ggml.bos_token_id"].contents())
        self.model = llama_cpp.Llama(path, vocab_only=True, verbose=False)

    def __call__(self, text):
        if isinstance(text, str):
            text = text.encode()
        return self.model.tokenize(text, add_bos=False, special=False)


def microseconds():
    return time.thread_time_ns() / 1000


def attempt(tokenizer, vocabulary, schema, tests, masks):
    """(compile time, whether all verdicts are right); raises where the schema is refused."""
    start = microseconds()
    grammar = llguidance.LLMatcher.grammar_from_json_schema(json.dumps(schema))
    first = llguidance.LLMatcher(tokenizer, grammar)
    took = microseconds() - start
    if first.is_error():
        raise ValueError(first.get_error())
    bits = allocate_token_bitmask(1, len(vocabulary.tokens))
    right = True
    for test in tests:
        matcher = first.deep_copy()
        admitted = True
        for token in vocabulary(json.dumps(test["data"], ensure_ascii=False)):
            start = microseconds()
            fill_next_token_bitmask(matcher, bits, 0)
            admitted = bool(bits[0, token // 32] >> (token % 32) & 1)
            if admitted:
                matcher.consume_token(token)
            masks.append(microseconds() - start)
            if not admitted:
                break
        admitted = admitted and matcher.is_accepting()
        right = right and admitted == test["valid"]
    return took, right


def quantiles(values):
    values = sorted(values)
    def at(share):
        return round(values[min(len(values) - 1, int(share * len(values)))], 1) if values else 0
    return {"p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "p999": at(0.999), "max": at(1), "count": len(values)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--vocab", required=True)
    parser.add_argument("--files")
    options = parser.parse_args()
    vocabulary = Vocabulary(options.vocab)
    tokenizer = llguidance.LLTokenizer(llguidance.TokenizerWrapper(vocabulary))
    names = sorted(name for name in os.listdir(options.folder) if name.endswith(".json"))
    if options.files:
        with open(options.files, encoding="utf-8") as file:
            wanted = {line.strip() for line in file}
        names = [name for name in names if name in wanted]
    totals = {"files": 0, "passed": 0, "refused": 0, "wrong": 0}
    compiled, masks = [], []
    for name in names:
        with open(os.path.join(options.folder, name), encoding="utf-8") as file:
            case = json.load(file)
        totals["files"] += 1
        try:
            took, right = attempt(tokenizer, vocabulary, case["schema"], case["tests"], masks)
        except ValueError:
            totals["refused"] += 1
            continue
        compiled.append(took)
        totals["passed" if right else "wrong"] += 1
    print(json.dumps(totals | {"compile_us": quantiles(compiled), "mask_us": quantiles(masks)}))


if __name__ == "__main__":
    main()
