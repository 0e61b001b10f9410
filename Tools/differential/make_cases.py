#!/usr/bin/env python3
"""Writes random cases with what Python's jinja2 makes of them, a JSON object a line.

    python3 Tools/differential/make_cases.py expressions --count 100000 > cases.jsonl
    python3 Tools/differential/make_cases.py programs --count 20000 > cases.jsonl
    python3 Tools/differential/make_cases.py templates --folder FOLDER --count 200 > cases.jsonl
    python3 Tools/differential/make_cases.py long --folder FOLDER --count 100 > cases.jsonl
    BERTH_TEMPLATE_CASES=cases.jsonl swift test -c release --filter DifferentialTests

A line is a definition, `{"define": name, "source": template}` or `{"define": name, "context": {...}}`, or a
case: `template` or `source`, a context by name or in full, and `output`, or `error` and perhaps `message`.
`long` makes a case a template, of so many messages and 20 tools, with the `seconds` that jinja2 needs.
Needs jinja2 3.1 (pip install jinja2).
"""

import argparse
import copy
import json
import random as randomness
import re
import resource
import signal
import sys
import time
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "fixtures"))

from template_oracle import environment, failure  # noqa: E402
from template_cases import CONTEXT  # noqa: E402

import conversations  # noqa: E402
from expressions import Expressions  # noqa: E402
from programs import Programs  # noqa: E402

OBJECT = re.compile(r"(0x[0-9a-f]{8}|0X[0-9A-F]{8}|<(bound|built-in|function) )", re.IGNORECASE)

warnings.simplefilter("ignore")  # about odd literals in generated code


def write(case):
    text = json.dumps(case, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return  # a lone surrogate, which no Swift string can hold
    print(text)


def outcome(template, context):
    """What it gives, or None where Python takes too long."""
    def late(signal, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 2)
    try:
        if isinstance(template, str):
            template = environment().from_string(template)
        return {"output": template.render(**context)}
    except KeyboardInterrupt:
        return None
    except Exception as error:  # whatever Python raises is part of the answer
        return failure(error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def generated(make, count):
    write({"define": "snippets", "context": CONTEXT})
    shared = environment()
    for _ in range(count):
        source = make()
        try:
            template = shared.from_string(source)
        except Exception as error:
            write({"source": source, "context": "snippets", **failure(error)})
            continue
        # A copy: the filter 'indent' appends to a list that it is given by mistake.
        result = outcome(template, copy.deepcopy(CONTEXT))
        # How Python prints objects is its own affair: nothing to compare with.
        if result is None or OBJECT.search(result.get("output", "")):
            continue
        write({"source": source, "context": "snippets", **result})


def templates(folder, count, seed):
    for path in sorted(Path(folder).glob("*.jinja")):
        source = path.read_text()
        write({"define": path.name, "source": source})
        template = environment().from_string(source)
        for number in range(count):
            context = conversations.context(randomness.Random(f"{seed} {path.name} {number}"))
            # As a server would read it.
            context = json.loads(json.dumps(context))
            result = outcome(template, context)
            if result is not None:
                write({"template": path.name, "context": context, **result})


def long(folder, count):
    """A long conversation for every template, and the time that jinja2 takes for it."""
    random = randomness.Random(3)
    tools = [conversations.tool(random) for _ in range(20)]
    talk = []
    while len(talk) < count:
        words = [conversations.text(random, 60), conversations.text(random, 200)]
        talk.append({"role": "user", "content": words[0]})
        talk.append({"role": "assistant", "content": words[1]})
    context = {"messages": talk, "tools": tools, "bos_token": "<s>", "eos_token": "</s>",
               "add_generation_prompt": True}
    write({"define": "long", "context": context})
    for path in sorted(Path(folder).glob("*.jinja")):
        source = path.read_text()
        write({"define": path.name, "source": source})
        template = environment().from_string(source)
        try:
            times = []
            for _ in range(15):
                start = time.perf_counter()
                output = template.render(**context)
                times.append(time.perf_counter() - start)
        except Exception as error:  # some templates take no such conversation
            print(f"{path.name}: {error}", file=sys.stderr)
            continue
        seconds = sorted(times)[len(times) // 2]
        write({"template": path.name, "context": "long", "output": output, "seconds": seconds})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=["expressions", "programs", "templates", "long"])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder")
    options = parser.parse_args()
    # A random program may ask for much: let Python refuse.
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    random = randomness.Random(options.seed)
    if options.kind == "long":
        long(options.folder, options.count)
    elif options.kind == "templates":
        templates(options.folder, options.count, options.seed)
    elif options.kind == "programs":
        generated(Programs(random).make, options.count)
    else:
        expressions = Expressions(random)
        generated(lambda: "{{ " + expressions.make() + " }}", options.count)


if __name__ == "__main__":
    main()
