"""Random conversations and settings for chat templates, from a seed."""

import json

WORDS = (
    "harbour ship <tool> &amp; \"quoted\" it's 泊位 海鸥 Möwe 😀 e\u0301 \\n {{x}} {% y %} </think> <think> "
    "a  b\ttab line\nfeed crlf\r\n <|im_end|> [INST] null 3.14 ").split(" ") + ["", " ", "\n\n", "👩‍👧"]
NAMES = ["get_weather", "find_ships", "tide", "python", "search-web"]


def text(random, most=8):
    return " ".join(random.choice(WORDS) for _ in range(random.randint(0, most)))


def value(random, depth=0):
    kind = random.randrange(9 if depth < 3 else 6)
    if kind == 0:
        return random.choice([None, True, False])
    if kind == 1:
        return random.choice([0, -1, 7, 2**40, 10**15])
    if kind == 2:
        return random.choice([0.5, -2.25, 1e-7, 1e22, 3.0, 123456.789])
    if kind <= 5:
        return text(random, 4)
    if kind == 6:
        return [value(random, depth + 1) for _ in range(random.randrange(3))]
    return {random.choice("a b_c unit 城市 x-y items".split()): value(random, depth + 1)
            for _ in range(random.randrange(4))}


def schema(random, depth=0):
    kinds = ["string", "integer", "number", "boolean", "null"]
    if depth < 3:
        kinds += ["object", "array", "object"]
    kind = random.choice(kinds)
    result = {"type": kind}
    if random.random() < 0.1:
        result["type"] = [kind, "null"]
    if random.random() < 0.6:
        result["description"] = text(random)
    if random.random() < 0.2:
        result["enum"] = random.choice([["a", "b\"c"], [1, 2], ["海"]])
    if random.random() < 0.2:
        result["default"] = value(random, 2)
    if random.random() < 0.1:
        result["nullable"] = True
    if kind == "object":
        names = random.sample(["city", "unit", "when", "名", "opts", "items"], random.randrange(4))
        result["properties"] = {name: schema(random, depth + 1) for name in names}
        if random.random() < 0.7:
            result["required"] = names[: random.randrange(len(names) + 1)]
        if random.random() < 0.2:
            result["additionalProperties"] = random.choice([False, {"type": "string"}])
    elif kind == "array" and random.random() < 0.9:
        result["items"] = schema(random, depth + 1)
    elif random.random() < 0.1:
        result["oneOf"] = [{"type": "string"}, {"type": "integer", "description": "n"}]
    return result


def tool(random):
    parameters = schema(random)
    if random.random() < 0.9:
        parameters = {"type": "object", "properties": {
            name: schema(random, 1) for name in random.sample(
                ["city", "unit", "date", "名", "limit"], random.randrange(4))}}
        if random.random() < 0.7:
            parameters["required"] = list(parameters["properties"])[: random.randrange(3)]
    function = {"name": random.choice(NAMES)}
    if random.random() < 0.95:
        function["description"] = text(random)
    if random.random() < 0.95:
        function["parameters"] = parameters
    if random.random() < 0.1:
        function["return"] = schema(random, 2)
    if random.random() < 0.05:
        return function
    return {"type": "function", "function": function}


def content(random, tidy=False):
    draw = random.random()
    if tidy:
        if draw < 0.85:
            return text(random, 12)
        return [{"type": "text", "text": text(random)}] + random.choice([[], [{"type": "image"}]])
    if draw < 0.6:
        return text(random, 12)
    if draw < 0.65:
        return None
    if draw < 0.7:
        return ""
    parts = []
    for _ in range(random.randrange(1, 4)):
        part = random.randrange(6)
        if part < 3:
            parts.append({"type": "text", "text": text(random)})
        elif part == 3:
            parts.append({"type": "image"})
        elif part == 4:
            parts.append({"type": "image_url", "image_url": {"url": "http://x/y.png"}})
        else:
            parts.append(random.choice([
                {"type": "video"}, {"type": "audio"}, {"type": "image", "image": "x"}, "plain",
                {"text": "no type"}]))
    return parts


def tool_call(random, index):
    arguments = {random.choice(["city", "unit", "名", "n"]): value(random, 1)
                 for _ in range(random.randrange(3))}
    if random.random() < 0.35:
        arguments = json.dumps(arguments, ensure_ascii=random.random() < 0.5)
    function = {"name": random.choice(NAMES), "arguments": arguments}
    if random.random() < 0.1:
        return function
    call = {"type": "function", "function": function}
    if random.random() < 0.7:
        call["id"] = random.choice([f"call_{index}", f"{index:09d}", f"functions.tide:{index}"])
    return call


def message(random, role, index):
    result = {"role": role}
    if random.random() < 0.97:
        result["content"] = content(random)
    if role == "assistant":
        if random.random() < 0.3:
            result["reasoning_content"] = random.choice([text(random), None, "", "\nhm\n"])
        if random.random() < 0.1:
            result["thinking"] = text(random)
        if random.random() < 0.15 and isinstance(result.get("content"), str):
            result["content"] = f"<think>\n{text(random)}\n</think>\n\n{result['content']}"
        if random.random() < 0.3:
            result["tool_calls"] = [
                tool_call(random, index + number) for number in range(random.randrange(4))]
            if random.random() < 0.5:
                result["content"] = random.choice([None, ""])
    if role == "tool":
        if random.random() < 0.6:
            result["tool_call_id"] = random.choice([f"call_{index}", f"{index:09d}"])
        if random.random() < 0.6:
            result["name"] = random.choice(NAMES)
        if random.random() < 0.2:
            result["content"] = value(random)
    if random.random() < 0.05:
        result["name"] = "Ann"
    if random.random() < 0.03:
        result["prefix"] = True
    return result


def tidy_messages(random):
    """What every template takes: turns that alternate, calls that are complete."""
    result = []
    calls = random.random() < 0.5
    if random.random() < 0.5:
        result.append({"role": "system", "content": text(random, 12)})
    for turn in range(random.randrange(1, 4)):
        result.append({"role": "user", "content": content(random, True)})
        if calls and random.random() < 0.6:
            call = tool_call(random, len(result))
            call["id"] = f"{len(result):09d}"
            call.setdefault("type", "function")
            call.setdefault("function", {"name": "tide", "arguments": {"at": "noon"}})
            result.append({"role": "assistant", "content": random.choice(["", "Let me look."]), "tool_calls": [call]})
            result.append({"role": "tool", "name": "tide", "tool_call_id": call["id"], "content": text(random)})
        answer = {"role": "assistant", "content": text(random, 12)}
        if random.random() < 0.3:
            answer["reasoning_content"] = text(random)
        result.append(answer)
    if random.random() < 0.7:
        result.append({"role": "user", "content": content(random, True)})
    return result


def messages(random):
    if random.random() < 0.6:
        return tidy_messages(random)
    result = []
    if random.random() < 0.5:
        result.append(message(random, random.choice(["system", "system", "developer"]), 0))
    if random.random() < 0.75:
        # The order that templates expect.
        for turn in range(random.randrange(1, 4)):
            result.append(message(random, "user", len(result)))
            while random.random() < 0.4:
                answer = message(random, "assistant", len(result))
                answer["tool_calls"] = [tool_call(random, len(result))]
                result.append(answer)
                result.append(message(random, "tool", len(result)))
            if turn or random.random() < 0.5:
                result.append(message(random, "assistant", len(result)))
    else:
        roles = ["system", "user", "assistant", "tool", "developer", "user", "assistant", "pilot"]
        for _ in range(random.randrange(6)):
            result.append(message(random, random.choice(roles), len(result)))
    return result


def context(random):
    result = {
        "messages": messages(random), "bos_token": "<s>", "eos_token": "</s>",
        "add_generation_prompt": random.random() < 0.6, "documents": None,
        "tools": [tool(random) for _ in range(random.randrange(1, 4))]
        if random.random() < 0.5 else None,
    }
    for name, choices in {
        "enable_thinking": [True, False], "thinking": [True, False], "reasoning_effort": ["low", "high"],
        "tools_in_user_message": [True, False], "date_string": ["26 Jul 2024"],
        "builtin_tools": [["wolfram_alpha", "code_interpreter"]], "custom_tools": [[tool(random)]],
        "xml_tools": [[tool(random)]], "python_tools": [[tool(random)]], "clear_thinking": [True, False],
        "add_vision_id": [True, False], "controls": [{"length": "long"}], "unk_token": ["<unk>"],
        "preserve_thinking": [True, False], "model_identity": ["You are 泊位."], "pad_token": ["<pad>"],
        "documents": [[{"title": "T", "text": text(random)}], []], "continue_final_message": [True],
    }.items():
        if random.random() < 0.2:
            result[name] = random.choice(choices)
    if random.random() < 0.02:
        del result["messages"]
    return result
