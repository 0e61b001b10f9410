"""/v1/chat/completions through the openai package."""

import json
from concurrent.futures import ThreadPoolExecutor


def test_answer_has_the_form_of_openai(ask, model):
    answer = ask()
    assert answer.id.startswith("chatcmpl-") and answer.object == "chat.completion"
    assert answer.model == model.id
    choice = answer.choices[0]
    assert choice.message.role == "assistant" and choice.message.content
    assert choice.finish_reason in ("stop", "length")
    usage = answer.usage
    assert usage.prompt_tokens > 0 and usage.completion_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert answer.timings["predicted_n"] == usage.completion_tokens


def test_streaming_gives_the_same_text_as_a_whole_answer(ask):
    whole = ask()
    chunks = list(ask(stream=True, stream_options={"include_usage": True}))
    assert chunks[0].choices[0].delta.role == "assistant"
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(pieces) == whole.choices[0].message.content
    reasons = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    assert reasons[-1] == whole.choices[0].finish_reason and set(reasons[:-1]) == {None}
    assert chunks[-1].choices == [] and chunks[-1].usage == whole.usage
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert len({chunk.id for chunk in chunks}) == 1


def test_usage_is_left_out_of_streams_that_do_not_ask(ask):
    assert all(chunk.usage is None and chunk.choices for chunk in ask(stream=True))


def test_max_tokens_ends_the_answer(ask):
    assert ask().usage.completion_tokens > 3
    for name in ("max_tokens", "max_completion_tokens"):
        answer = ask(**{"max_tokens": None, name: 3})
        assert answer.usage.completion_tokens == 3
        assert answer.choices[0].finish_reason == "length"


def test_stop_strings_end_the_answer_before_them(ask):
    full = ask().choices[0].message.content
    stop = full[len(full) // 2:][:3]
    expected = full[:full.index(stop)]
    for value in (stop, ["never in any text", stop]):
        answer = ask(stop=value)
        assert answer.choices[0].message.content == expected
        assert answer.choices[0].finish_reason == "stop"
    chunks = list(ask(stop=stop, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == expected


def test_same_seed_same_text(ask):
    fields = {"temperature": 1.5, "max_tokens": 24}
    first, second = [ask(seed=42, **fields).choices[0].message.content for _ in range(2)]
    assert first == second
    assert len({ask(seed=seed, **fields).choices[0].message.content for seed in range(8)}) > 1


def test_eight_at_once(ask, server):
    def one(number):
        chunks = list(ask(f"Question {number}: what is this?", stream=True, max_tokens=32))
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks), chunks[-1]

    with ThreadPoolExecutor(8) as pool:
        for text, last in pool.map(one, range(8)):
            assert text and last.choices[0].finish_reason in ("stop", "length")
    server.wait_until_idle()


def test_every_sampling_field_is_understood(ask):
    answer = ask(
        temperature=0.8, top_p=0.9, presence_penalty=0.5, frequency_penalty=0.5, seed=-7, n=1,
        logit_bias={"3": -100}, user="somebody", metadata={"a": "b"}, logprobs=False, tools=[],
        response_format={"type": "text"}, max_tokens=8,
        extra_body={
            "top_k": 40, "min_p": 0.05, "repetition_penalty": 1.1, "nobody_knows": [1],
            "chat_template_kwargs": {"enable_thinking": False},
        })
    assert 0 < answer.usage.completion_tokens <= 8


def test_content_may_be_parts_and_roles_may_be_many(client, model):
    answer = client.chat.completions.create(
        model=model.id, max_tokens=4, messages=[
            {"role": "system", "content": "Answer briefly."},
            {"role": "user", "content": [{"type": "text", "text": "Grüße,"}, {"type": "text", "text": "你好 🦢"}]},
            {"role": "assistant", "content": "Yes?"},
            {"role": "user", "content": "What is new?"},
        ])
    assert answer.choices[0].finish_reason in ("stop", "length")


def test_a_request_may_leave_the_model_out(server, model):
    answer = server.post(
        "/v1/chat/completions", {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2})
    assert answer.status == 200 and answer.json["model"] == model.id


def test_several_answers(ask):
    fields = {"n": 3, "seed": 11, "temperature": 1.5, "max_tokens": 16}
    answer = ask(**fields)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    texts = [choice.message.content for choice in answer.choices]
    assert len(set(texts)) > 1
    assert texts[0] == ask(seed=11, temperature=1.5, max_tokens=16).choices[0].message.content
    streamed = [""] * 3
    last = None
    for chunk in ask(stream=True, stream_options={"include_usage": True}, **fields):
        for choice in chunk.choices:
            streamed[choice.index] += choice.delta.content or ""
        last = chunk
    assert streamed == texts
    assert last.usage.prompt_tokens == ask(max_tokens=1).usage.prompt_tokens


def test_tokens_have_probabilities(ask):
    choice = ask(logprobs=True, top_logprobs=2, max_tokens=6).choices[0]
    content = choice.logprobs.content
    assert b"".join(bytes(token.bytes) for token in content).decode() == choice.message.content
    for token in content:
        assert len(token.top_logprobs) == 2 and token.logprob <= 0
        assert token.logprob == token.top_logprobs[0].logprob >= token.top_logprobs[1].logprob
    streamed = []
    for chunk in ask(logprobs=True, top_logprobs=2, max_tokens=6, stream=True):
        if chunk.choices[0].logprobs:
            streamed += chunk.choices[0].logprobs.content
    assert streamed == content
    assert ask(max_tokens=2).choices[0].logprobs is None


TIDE = {"type": "function", "function": {
    "name": "tide", "description": "Tells the tide.", "strict": True, "parameters": {
        "type": "object", "properties": {"port": {"enum": ["Kiel", "Bremen"]}}, "required": ["port"],
        "additionalProperties": False}}}


def test_a_named_tool_is_called_whole_and_streamed(ask):
    fields = {"tools": [TIDE], "tool_choice": {"type": "function", "function": {"name": "tide"}}, "max_tokens": 64}
    choice = ask("What is the tide?", **fields).choices[0]
    call = choice.message.tool_calls[0]
    assert call.id and call.function.name == "tide" and call.function.arguments.startswith("{")
    # A small model may spend its tokens on white space, which JSON allows.
    if choice.finish_reason == "tool_calls":
        assert json.loads(call.function.arguments)["port"] in ("Kiel", "Bremen")
    else:
        assert choice.finish_reason == "length"
    arguments, reasons = "", []
    for chunk in ask("What is the tide?", stream=True, **fields):
        for part in chunk.choices[0].delta.tool_calls or []:
            arguments += part.function.arguments or ""
        reasons.append(chunk.choices[0].finish_reason)
    assert arguments == call.function.arguments and reasons[-1] == choice.finish_reason


def test_an_answer_has_its_form(ask):
    schema = {"type": "object", "properties": {"open": {"type": "boolean"}}, "required": ["open"],
              "additionalProperties": False}
    answer = ask(max_tokens=64, extra_body={"complete_form": True}, response_format={
        "type": "json_schema", "json_schema": {"name": "n", "schema": schema}})
    assert json.loads(answer.choices[0].message.content)["open"] in (True, False)
    answer = ask(extra_body={"guided_choice": ["left", "right"]})
    assert answer.choices[0].message.content in ("left", "right")
    answer = ask(extra_body={"guided_regex": "[0-9]{3}"})
    assert answer.choices[0].message.content.isdigit()
