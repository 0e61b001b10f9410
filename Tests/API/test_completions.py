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
