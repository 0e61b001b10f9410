"""Ollama's API through the ollama package."""

import json

import ollama
import pytest


@pytest.fixture(scope="module")
def llama(server):
    return ollama.Client(host=server.url, timeout=120)


OPTIONS = {"temperature": 0, "num_predict": 24, "num_ctx": 2048}
HELLO = [{"role": "user", "content": "Hello, who are you?"}]


def test_a_chat(llama, model, ask):
    answer = llama.chat(model=model.id, messages=HELLO, options=OPTIONS)
    assert answer.done and answer.done_reason in ("stop", "length") and answer.message.role == "assistant"
    assert answer.message.content == ask(max_tokens=24).choices[0].message.content
    assert 0 < answer.eval_count <= 24 and answer.prompt_eval_count > 0
    assert answer.total_duration > 0 and answer.created_at


def test_a_stream_gives_the_same_text(llama, model):
    whole = llama.chat(model=model.id, messages=HELLO, options=OPTIONS)
    parts = list(llama.chat(model=model.id + ":latest", messages=HELLO, options=OPTIONS, stream=True))
    assert "".join(part.message.content for part in parts) == whole.message.content
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1].eval_count == whole.eval_count


def test_a_prompt_with_and_without_a_template(llama, model, client, ask):
    answer = llama.generate(model=model.id, prompt=HELLO[0]["content"], options=OPTIONS)
    assert answer.response == ask(max_tokens=24).choices[0].message.content
    raw = llama.generate(model=model.id, prompt="Once upon a time", raw=True, options=OPTIONS)
    text = client.completions.create(model=model.id, prompt="Once upon a time", max_tokens=24, temperature=0)
    assert raw.response == text.choices[0].text


def test_stop_strings_end_the_answer_before_them(llama, model):
    full = llama.chat(model=model.id, messages=HELLO, options=OPTIONS).message.content
    stop = full[len(full) // 2:][:3]
    cut = llama.chat(model=model.id, messages=HELLO, options={**OPTIONS, "stop": [stop]})
    assert cut.message.content == full[:full.index(stop)]


def test_models(llama, model):
    models = llama.list().models
    assert model.id in [entry.model for entry in models]
    entry = next(entry for entry in models if entry.model == model.id)
    assert entry.size > 0 and entry.details.family and entry.details.quantization_level
    shown = llama.show(model.id)
    assert "completion" in shown.capabilities
    assert shown.modelinfo["general.parameter_count"] > 0
    assert model.id in [entry.model for entry in llama.ps().models]


def test_a_model_is_loaded_already(llama, model):
    assert llama.generate(model=model.id).done_reason == "load"


def test_vectors(llama, client):
    embedder = next(entry.id for entry in client.models.list().data if entry.task == "embedding")
    answer = llama.embed(model=embedder, input=["hello", "harbour"])
    assert len(answer.embeddings) == 2 and answer.prompt_eval_count > 0
    expected = client.embeddings.create(model=embedder, input=["hello", "harbour"]).data
    for mine, theirs in zip(answer.embeddings, expected):
        assert list(mine) == pytest.approx(theirs.embedding, abs=1e-6)
    assert list(llama.embeddings(model=embedder, prompt="hello").embedding) == list(answer.embeddings[0])


@pytest.mark.parametrize("ask, words", [
    (lambda llama, name: llama.pull("x"), "berth pull"),
    (lambda llama, name: llama.delete("x"), "berth models remove"),
    (lambda llama, name: llama.chat(model=name, messages=[{"role": "user", "content": "x", "images": [b"x"]}]), "images"),
    (lambda llama, name: llama.generate(model=name, prompt="x", template="{{ .Prompt }}"), "template"),
    (lambda llama, name: llama.generate(model=name, prompt="x", suffix="y"), "suffix"),
    (lambda llama, name: llama.generate(model=name, prompt="x", options={"mirostat": 2}), "mirostat"),
])
def test_what_is_not_possible_is_said(llama, model, ask, words):
    with pytest.raises(ollama.ResponseError) as caught:
        ask(llama, model.id)
    assert words in caught.value.error


def test_an_unknown_model_is_not_found(llama):
    with pytest.raises(ollama.ResponseError) as caught:
        llama.chat(model="no-such-model", messages=HELLO)
    assert caught.value.status_code == 404


def test_an_answer_has_its_form(llama, model):
    schema = {"type": "object", "properties": {"open": {"type": "boolean"}}, "required": ["open"],
              "additionalProperties": False}
    answer = llama.chat(model=model.id, messages=HELLO, format=schema, options={**OPTIONS, "num_predict": 64})
    assert answer.message.content.startswith("{")
    # A small model may spend its tokens on white space, which JSON allows.
    if answer.done_reason == "stop":
        assert json.loads(answer.message.content)["open"] in (True, False)
