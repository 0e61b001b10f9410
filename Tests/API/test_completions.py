"""/v1/models and /v1/completions through the openai package."""

import json

import openai
import pytest

PROMPT = "Once upon a time"


def test_models(client):
    models = client.models.list().data
    assert models and all(model.object == "model" and model.created > 0 for model in models)
    assert client.models.retrieve(models[0].id) == models[0]
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no/such model")


def test_whole_and_streamed_text_are_the_same(client, model):
    fields = {"model": model.id, "prompt": PROMPT, "max_tokens": 24, "temperature": 0}
    whole = client.completions.create(**fields)
    assert whole.id.startswith("cmpl-") and whole.object == "text_completion"
    assert whole.usage.completion_tokens <= 24
    chunks = list(client.completions.create(**fields, stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices) == whole.choices[0].text
    assert chunks[-1].usage == whole.usage


def test_sixteen_tokens_unless_asked(client, model):
    assert client.completions.create(model=model.id, prompt=PROMPT).usage.completion_tokens <= 16


def test_prompt_forms(client, model):
    def prompt_tokens(prompt):
        return client.completions.create(model=model.id, prompt=prompt, max_tokens=1).usage.prompt_tokens

    assert prompt_tokens(PROMPT) == prompt_tokens([PROMPT]) > 1
    assert prompt_tokens([1, 2, 3]) == prompt_tokens([[1, 2, 3]]) == 3


@pytest.mark.parametrize("stream", [False, True])
def test_echo_repeats_unicode_unharmed(client, model, stream):
    prompt = "Grüße, 你好, 🦢👩‍🚀 \u2028 \"quoted\" \\ end"
    answer = client.completions.create(model=model.id, prompt=prompt, echo=True, max_tokens=4, stream=stream)
    text = "".join(chunk.choices[0].text for chunk in answer) if stream else answer.choices[0].text
    assert text.startswith(prompt)


def test_events_on_the_wire(server, model):
    answer = server.post("/v1/completions", {
        "model": model.id, "prompt": PROMPT, "stream": True, "max_tokens": 8})
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    events = answer.body.decode().split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    for event in events[:-2]:
        assert event.startswith("data: ") and "\n" not in event
        assert json.loads(event.removeprefix("data: "))["object"] == "text_completion"


def test_several_prompts_and_answers(client, model):
    answer = client.completions.create(
        model=model.id, prompt=[PROMPT, "The harbour"], n=2, seed=5, max_tokens=8, temperature=1.5)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    texts = [choice.text for choice in answer.choices]
    alone = client.completions.create(
        model=model.id, prompt="The harbour", seed=5, max_tokens=8, temperature=1.5)
    assert texts[2] == alone.choices[0].text
    assert answer.usage.completion_tokens <= 4 * 8
    chunks = client.completions.create(
        model=model.id, prompt=[PROMPT, "The harbour"], n=2, seed=5, max_tokens=8, temperature=1.5, stream=True)
    streamed = [""] * 4
    for chunk in chunks:
        streamed[chunk.choices[0].index] += chunk.choices[0].text
    assert streamed == texts


def test_token_ids_can_be_repeated(client, model):
    answer = client.completions.create(model=model.id, prompt=[40, 41, 42], echo=True, max_tokens=1)
    assert len(answer.choices[0].text) >= 3


def test_tokens_have_probabilities(client, model):
    answer = client.completions.create(
        model=model.id, prompt=PROMPT, max_tokens=6, temperature=0, logprobs=3).choices[0]
    logprobs = answer.logprobs
    assert "".join(logprobs.tokens) == answer.text
    for token, logprob, top in zip(logprobs.tokens, logprobs.token_logprobs, logprobs.top_logprobs):
        assert logprob <= 0 and 3 <= len(top) <= 4
        # Greedy: the chosen token is the likeliest.
        assert top[token] == logprob == max(top.values())
    assert logprobs.text_offset[0] == 0 and logprobs.text_offset == sorted(logprobs.text_offset)


def test_a_prompt_is_scored_as_evaluation_harnesses_do(server, client, model):
    tokens = server.post("/tokenize", {"content": PROMPT}).json["tokens"]
    fields = {"model": model.id, "prompt": [tokens], "echo": True, "logprobs": 1, "temperature": 0, "seed": 1}
    scored = client.completions.create(max_tokens=1, **fields)
    logprobs = scored.choices[0].logprobs
    assert len(logprobs.token_logprobs) == len(tokens) + 1 and scored.usage.completion_tokens == 1
    assert logprobs.token_logprobs[0] is None and logprobs.top_logprobs[0] is None
    assert all(value < 0 for value in logprobs.token_logprobs[1:-1])
    assert all(max(top.values()) >= value for value, top in zip(
        logprobs.token_logprobs[1:], logprobs.top_logprobs[1:]))
    alone = client.completions.create(max_tokens=0, **fields)
    assert alone.choices[0].logprobs.token_logprobs == logprobs.token_logprobs[:-1]
    assert alone.usage.completion_tokens == 0
    # What a token costs does not depend on whether it was in the prompt or chosen.
    longer = tokens + server.post("/tokenize", {"content": "".join(logprobs.tokens[-1:])}).json["tokens"]
    if len(longer) == len(tokens) + 1:
        again = client.completions.create(max_tokens=0, **{**fields, "prompt": [longer]})
        assert again.choices[0].logprobs.token_logprobs[-1] == pytest.approx(
            logprobs.token_logprobs[-1], abs=1e-3)


def test_streamed_scores_are_those_of_a_whole_answer(client, model):
    fields = {"model": model.id, "prompt": PROMPT, "echo": True, "logprobs": 2, "max_tokens": 5, "temperature": 0}
    whole = client.completions.create(**fields).choices[0].logprobs
    chunks = [chunk.choices[0].logprobs for chunk in client.completions.create(stream=True, **fields)]
    for name in ("tokens", "token_logprobs", "top_logprobs", "text_offset"):
        streamed = [value for chunk in chunks if chunk for value in getattr(chunk, name)]
        assert streamed == getattr(whole, name)
