#!/usr/bin/env python3
"""Loads a server that speaks OpenAI's completions, and says what its clients saw.

    serving.py URL closed --clients 16 --requests 64        clients that each wait for their answer
    serving.py URL open --rate 0.5 --requests 64            arrivals by Poisson, whatever the server does
    serving.py URL soak --clients 64 --minutes 20 --pid N   a third of the clients leave at random moments

Prompts are token ids drawn from a seed, so that two servers get the same and no prefix is shared (--shared N makes the
first N tokens common). --verify K sends K of the requests again, one at a time, and compares the texts. Works with the
servers of Berth, llama.cpp and vLLM; needs nothing but Python. Prints one JSON object.
"""
import argparse
import asyncio
import json
import random
import time
import urllib.parse


class Options:
    """Where and what to ask."""

    def __init__(self, arguments):
        url = urllib.parse.urlsplit(arguments.url)
        self.host, self.port = url.hostname, url.port or 80
        self.path = (url.path.rstrip("/") or "/v1") + "/completions"
        self.arguments = arguments

    def body(self, index):
        a = self.arguments
        numbers = random.Random(a.seed * 1_000_003 + index)
        common = random.Random(a.seed)
        prompt = [common.randrange(100, a.vocabulary) for _ in range(a.shared)]
        prompt += [numbers.randrange(100, a.vocabulary) for _ in range(a.prompt - a.shared)]
        body = {"prompt": prompt, "max_tokens": a.output, "temperature": 0, "stream": True,
                "stream_options": {"include_usage": True}, "cache_prompt": a.shared > 0,
                # Models with random weights choose tokens that stand for nothing, which clients cannot see.
                "logit_bias": {str(token): 100 for token in range(a.letters, a.letters + 26)}}
        if a.model:
            body["model"] = a.model
        return json.dumps(body).encode()


class Result:
    """What one client saw of one answer."""

    def __init__(self, index):
        self.index, self.start = index, time.perf_counter()
        self.pieces, self.text, self.tokens = [], "", 0
        self.error = None

    @property
    def first(self):
        return self.pieces[0] - self.start

    @property
    def per_token(self):
        return (self.pieces[-1] - self.pieces[0]) / max(1, self.tokens - 1)


async def ask(options, index, leave_after=None):
    """Sends request `index`; hangs up after so many seconds where that is given."""
    result = Result(index)
    body = options.body(index)
    writer = None
    try:
        reader, writer = await asyncio.open_connection(options.host, options.port, limit=1 << 24)
        writer.write((f"POST {options.path} HTTP/1.1\r\nHost: {options.host}\r\n"
                      f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                      + (f"Authorization: Bearer {options.arguments.key}\r\n" if options.arguments.key else "")
                      + "Connection: close\r\n\r\n").encode() + body)
        await writer.drain()
        await asyncio.wait_for(read(reader, result), leave_after or options.arguments.timeout)
    except asyncio.TimeoutError:
        result.error = "left" if leave_after else "timeout"
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        result.error = f"{type(error).__name__}: {error}"
    finally:
        if writer:
            writer.close()
    return result


async def read(reader, result):
    status = (await reader.readline()).decode().strip()
    if " 200 " not in status + " ":
        result.error = status or "no answer"
        return
    done = False
    while line := await reader.readline():
        if not line.startswith(b"data: "):
            continue
        data = line[6:].strip()
        if data == b"[DONE]":
            done = True
            break
        event = json.loads(data)
        if "error" in event:
            result.error = str(event["error"])
            return
        usage = event.get("usage")
        if usage:
            result.tokens = usage["completion_tokens"]
        for choice in event.get("choices", []):
            if choice.get("text"):
                result.pieces.append(time.perf_counter())
                result.text += choice["text"]
    if not done and not result.tokens:
        result.error = "the answer broke off"


def quantiles(values):
    values = sorted(values)
    if not values:
        return None
    pick = lambda q: round(values[min(len(values) - 1, int(q * len(values)))], 4)
    return {"p50": pick(0.5), "p90": pick(0.9), "p99": pick(0.99), "max": round(values[-1], 4)}


def report(results, seconds, options):
    good = [r for r in results if not r.error and r.pieces]
    gaps = [b - a for r in good for a, b in zip(r.pieces, r.pieces[1:])]
    return {
        "requests": len(results), "answered": len(good), "seconds": round(seconds, 2),
        "tokens": sum(r.tokens for r in good),
        "tokens_per_second": round(sum(r.tokens for r in good) / seconds, 2),
        "time_to_first_token": quantiles([r.first for r in good]),
        "time_per_token": quantiles([r.per_token for r in good]),
        "gap_between_pieces": quantiles(gaps),
        "errors": sorted({r.error for r in results if r.error}),
    }


async def closed(options):
    a = options.arguments
    numbers = iter(range(a.requests))
    results = []

    async def client():
        for index in numbers:
            results.append(await ask(options, index))

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(a.clients)))
    return results, time.perf_counter() - start


async def arrivals(options):
    a = options.arguments
    gaps = random.Random(a.seed + 1)
    start = time.perf_counter()
    tasks = []
    for index in range(a.requests):
        tasks.append(asyncio.create_task(ask(options, index)))
        await asyncio.sleep(gaps.expovariate(a.rate))
    return list(await asyncio.gather(*tasks)), time.perf_counter() - start


def resident(pid):
    """Megabytes of memory that the process holds now."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return 0


async def soak(options):
    a = options.arguments
    start = time.perf_counter()
    end = start + a.minutes * 60
    results, memory = [], []
    numbers = iter(range(1 << 30))
    chance = random.Random(a.seed + 2)

    async def client():
        while time.perf_counter() < end:
            leaves = chance.uniform(0.05, 20) if chance.random() < 1 / 3 else None
            result = await ask(options, next(numbers), leaves)
            # Texts of hours need not be kept.
            result.pieces, result.text = result.pieces[:1] + result.pieces[-1:], ""
            results.append(result)

    async def watch():
        while time.perf_counter() < end:
            memory.append((time.perf_counter() - start, resident(a.pid)))
            await asyncio.sleep(2)

    await asyncio.gather(watch() if a.pid else asyncio.sleep(0), *(client() for _ in range(a.clients)))
    return results, time.perf_counter() - start, memory


def slope(memory):
    """Growth over the second half, in percent of its mean."""
    half = [m for t, m in memory if t >= memory[-1][0] / 2]
    n = len(half)
    mean, middle = sum(half) / n, (n - 1) / 2
    rise = sum((i - middle) * (m - mean) for i, m in enumerate(half)) / sum((i - middle) ** 2 for i in range(n))
    return round(100 * rise * n / mean, 3)


async def verify(options, results):
    """How many of some answers are the same when asked alone."""
    good = [r for r in results if not r.error][: options.arguments.verify]
    same = 0
    for result in good:
        again = await ask(options, result.index)
        same += again.text == result.text and again.tokens == result.tokens
    return {"compared": len(good), "identical": same}


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="such as http://127.0.0.1:8080/v1")
    parser.add_argument("mode", choices=["closed", "open", "soak"])
    parser.add_argument("--model")
    parser.add_argument("--key")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--requests", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.5, help="arrivals a second")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--prompt", type=int, default=256, help="tokens")
    parser.add_argument("--output", type=int, default=128, help="tokens")
    parser.add_argument("--shared", type=int, default=0, help="tokens with which every prompt begins")
    parser.add_argument("--vocabulary", type=int, default=150_000)
    parser.add_argument("--letters", type=int, default=97, help="first of the 26 token ids to answer with")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verify", type=int, default=0)
    parser.add_argument("--pid", type=int, help="the server's process, to watch its memory")
    parser.add_argument("--timeout", type=float, default=1800)
    options = Options(parser.parse_args())
    memory = []
    if options.arguments.mode == "soak":
        results, seconds, memory = await soak(options)
    else:
        results, seconds = await (closed if options.arguments.mode == "closed" else arrivals)(options)
    answer = report(results, seconds, options)
    if memory:
        answer["memory"] = {"first": memory[0][1], "last": memory[-1][1], "slope_percent": slope(memory)}
        answer["left"] = sum(r.error == "left" for r in results)
    if options.arguments.verify:
        answer["verify"] = await verify(options, results)
    print(json.dumps(answer))


asyncio.run(main())
