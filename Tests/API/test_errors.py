"""Every error has OpenAI's form and says which field to change."""

import openai
import pytest

CHAT = "/v1/chat/completions"
HELLO = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2}


@pytest.mark.parametrize("change, field", [
    ({"messages": None}, "messages"),
    ({"messages": []}, "messages"),
    ({"messages": "Hello"}, "messages"),
    ({"messages": [{"role": "user"}]}, "messages[0].content"),
    ({"messages": [{"content": "Hello"}]}, "messages[0].role"),
    ({"messages": [{"role": "user", "content": "a"}, {"role": "robot", "content": "b"}]}, "messages[1].role"),
    ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]},
     "messages[0].content[0].type"),
    ({"model": 5}, "model"),
    ({"temperature": "hot"}, "temperature"),
    ({"temperature": 2.1}, "temperature"),
    ({"top_p": -0.1}, "top_p"),
    ({"top_k": 1.5}, "top_k"),
    ({"min_p": 2}, "min_p"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"max_completion_tokens": -5}, "max_completion_tokens"),
    ({"presence_penalty": 3}, "presence_penalty"),
    ({"frequency_penalty": []}, "frequency_penalty"),
    ({"repetition_penalty": 0}, "repetition_penalty"),
    ({"seed": "x"}, "seed"),
    ({"stop": [""]}, "stop[0]"),
    ({"stop": [1]}, "stop[0]"),
    ({"stop": ["x"] * 17}, "stop"),
    ({"stream": "yes"}, "stream"),
    ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
    ({"n": 0}, "n"),
    ({"top_logprobs": 3}, "top_logprobs"),
    ({"store": True}, "store"),
    ({"modalities": ["audio"]}, "modalities[0]"),
    ({"logit_bias": {"x": 1}}, "logit_bias.x"),
    ({"logit_bias": {"1": 101}}, "logit_bias.1"),
    ({"logit_bias": {"3": 1, "99999999": 1}}, "logit_bias.99999999"),
    ({"response_format": {"type": "xml"}}, "response_format.type"),
    ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"reasoning_effort": "hard"}, "reasoning_effort"),
    ({"chat_template_kwargs": []}, "chat_template_kwargs"),
])
def test_a_wrong_field_is_named(server, change, field):
    answer = server.post(CHAT, {**HELLO, **change})
    assert answer.status == 400
    assert answer.error["param"] == field
    assert field in answer.error["message"]


@pytest.mark.parametrize("change, field", [
    ({"prompt": None}, "prompt"),
    ({"prompt": []}, "prompt"),
    ({"prompt": ["a", 1]}, "prompt[1]"),
    ({"prompt": ["a"] * 129}, "prompt[128]"),
    ({"prompt": [1, "a"]}, "prompt[1]"),
    ({"prompt": [1, -1]}, "prompt[1]"),
    ({"suffix": "end"}, "suffix"),
    ({"logprobs": 21}, "logprobs"),
    ({"best_of": 2}, "best_of"),
])
def test_a_wrong_field_of_a_completion_is_named(server, change, field):
    answer = server.post("/v1/completions", {"prompt": "Hello", "max_tokens": 2, **change})
    assert (answer.status, answer.error["param"]) == (400, field)


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="no-such-model", messages=HELLO["messages"])
    assert caught.value.code == "model_not_found" and caught.value.param == "model"


def test_a_prompt_that_is_too_long(client, model):
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(model=model.id, prompt=[1] * (model.context_length + 1))
    assert caught.value.code == "context_length_exceeded"
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(
            model=model.id, stream=True,
            messages=[{"role": "user", "content": "many words " * model.context_length}])
    assert caught.value.code == "context_length_exceeded"


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"messages": [}', b"\xff\xfe{}", b"null", b'{"a":1}{}'])
def test_a_body_that_is_no_json_object(server, body):
    answer = server.post(CHAT, body)
    assert answer.status == 400 and answer.error["type"] == "invalid_request_error"


def test_a_deep_body_is_refused(server):
    assert server.post(CHAT, b"[" * 100_000).status == 400


def test_a_body_over_the_limit(server):
    answer = server.post(CHAT, b'{"messages": "' + b"x" * (17 << 20) + b'"}')
    assert answer.status == 413 and answer.error["code"] == "request_too_large"


def test_a_compressed_body(server):
    answer = server.post(CHAT, b"\x1f\x8b", {"Content-Encoding": "gzip"})
    assert answer.status == 415 and answer.error


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/v1/nothing", 404),
    ("GET", "/../../etc/passwd", 404),
    ("POST", "/nothing", 404),
    ("GET", CHAT, 405),
    ("POST", "/v1/models", 405),
    ("DELETE", "/health", 405),
])
def test_wrong_paths_and_methods(server, method, path, status):
    answer = server.request(method, path)
    assert answer.status == status and answer.error["code"]
    assert (answer.headers["Allow"] is not None) == (status == 405)


def test_an_error_does_not_end_the_connection(server):
    import http.client

    connection = http.client.HTTPConnection(*server.address)
    for _ in range(3):
        connection.request("POST", CHAT, "{")
        response = connection.getresponse()
        assert response.status == 400 and response.read()
    connection.close()
