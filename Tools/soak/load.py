"""Load on a running server: many clients, mixed requests, some of which hang up in the middle.

    load.py --url http://127.0.0.1:8080 --pid PID [--minutes 5] [--clients 16] [--seed 1]

Rounds of 200 requests until the time is over. After each round the server must be idle (no sequence running
or waiting, no cache in use) within five seconds, and its memory must not grow from round to round. Standard
library only, loopback only.
"""

import argparse
import asyncio
import json
import pathlib
import random
import re
import sys
import time
import urllib.parse
import urllib.request

REQUESTS_PER_ROUND = 200
IDLE_METRICS = ["berth_sequences_running", "berth_sequences_waiting", "berth_cache_used_bytes"]
# What the allocator may keep between rounds.
GROWTH_ALLOWED = 32 << 20


def mixed_request(rng, model):
    """A path, a body, and the status that it deserves."""
    kind = rng.choice(["chat", "chat", "chat", "completion", "long", "wrong", "unknown", "broken"])
    text = " ".join(rng.choice(["berth", "ship", "tide", "pilot", "crane", "码头"]) for _ in range(rng.randint(1, 40)))
    chat = {
        "model": model, "messages": [{"role": "user", "content": text}], "stream": rng.random() < 0.7,
        "max_tokens": rng.randint(1, 80), "temperature": rng.choice([0, 0.7, 1.5]),
    }
    if kind == "completion":
        return "/v1/completions", {"model": model, "prompt": text, "max_tokens": rng.randint(1, 60)}, {200}
    if kind == "long":
        return "/v1/chat/completions", {**chat, "messages": [{"role": "user", "content": text * 30}]}, {200, 400}
    if kind == "wrong":
        return "/v1/chat/completions", {**chat, "temperature": "hot"}, {400}
    if kind == "unknown":
        return "/v1/chat/completions", {**chat, "model": "no-such-model"}, {404}
    if kind == "broken":
        return "/v1/chat/completions", '{"model": ', {400}
    return "/v1/chat/completions", chat, {200}


async def send(address, rng, model):
    """One request; returns what went wrong, or None. Some clients leave after the first bytes."""
    path, body, expected = mixed_request(rng, model)
    payload = (body if isinstance(body, str) else json.dumps(body)).encode()
    leaves_after = rng.randint(0, 2000) if rng.random() < 0.3 else None
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: {address[0]}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n".encode() + payload)
        await writer.drain()
        if leaves_after is not None:
            await asyncio.wait_for(reader.read(leaves_after), timeout=120)
            return None
        answer = await asyncio.wait_for(reader.read(), timeout=120)
    finally:
        writer.close()
    status = int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0
    if status not in expected:
        return f"{path} {body!r:.120}: status {status}, expected {sorted(expected)}: {answer[-200:]!r}"
    if status == 200 and isinstance(body, dict) and body.get("stream") and b"data: [DONE]" not in answer:
        return f"{path}: the stream did not end with [DONE]: {answer[-200:]!r}"
    return None


async def send_round(address, clients, rng, model):
    seeds = [rng.random() for _ in range(REQUESTS_PER_ROUND)]
    room = asyncio.Semaphore(clients)

    async def one(seed):
        async with room:
            return await send(address, random.Random(seed), model)

    results = await asyncio.gather(*(one(seed) for seed in seeds), return_exceptions=True)
    return [repr(r) if isinstance(r, BaseException) else r for r in results if r is not None]


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def busy(url):
    """The idle metrics that are not zero."""
    text = fetch(url + "/metrics")
    found = {}
    for name in IDLE_METRICS:
        values = re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE)
        if not values:
            raise RuntimeError(f"/metrics has no {name}")
        if any(map(float, values)):
            found[name] = values
    return found


def resident_bytes(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    location = urllib.parse.urlsplit(arguments.url)
    model = json.loads(fetch(arguments.url + "/v1/models"))["data"][0]["id"]
    rng = random.Random(arguments.seed)

    deadline = time.monotonic() + arguments.minutes * 60
    memory, failures = [], []
    while time.monotonic() < deadline or len(memory) < 3:
        started = time.monotonic()
        failures += asyncio.run(
            send_round((location.hostname, location.port), arguments.clients, rng, model))
        patience = time.monotonic() + 5
        while (left := busy(arguments.url)) and time.monotonic() < patience:
            time.sleep(0.1)
        if left:
            failures.append(f"not idle five seconds after the last request: {left}")
        memory.append(resident_bytes(arguments.pid))
        print(
            f"round {len(memory)}: {REQUESTS_PER_ROUND} requests in {time.monotonic() - started:.1f} s, "
            f"{memory[-1] >> 20} MiB resident, {len(failures)} failures so far", flush=True)
    # The first round fills caches that are kept on purpose.
    growth = memory[-1] - memory[1]
    if growth > GROWTH_ALLOWED:
        failures.append(f"memory grew by {growth >> 20} MiB in {len(memory) - 2} rounds")
    for failure in failures[:20]:
        print(failure)
    print("the load left no trace" if not failures else f"{len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
