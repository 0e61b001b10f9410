"""/v1/responses through the openai package."""

import json

import openai
import pytest


@pytest.fixture
def respond(client, model):
    def respond(text="Hello, who are you?", **fields):
        fields = {"temperature": 0, "max_output_tokens": 48, **fields}
        return client.responses.create(model=model.id, input=text, **fields)

    return respond


def test_a_response(respond, ask):
    response = respond()
    assert response.id.startswith("resp_") and response.object == "response"
    whole = ask().choices[0]
    assert response.output_text == whole.message.content
    assert response.status == ("incomplete" if whole.finish_reason == "length" else "completed")
    usage = response.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert response.output[-1].type == "message" and response.output[-1].role == "assistant"


def test_a_stream_ends_with_the_whole_response(respond):
    events = list(respond(stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[0].type == "response.created" and events[-1].type in ("response.completed", "response.incomplete")
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == events[-1].response.output_text == respond().output_text


def test_the_stream_helper_understands_it(client, model, respond):
    with client.responses.stream(
            model=model.id, input="Hello, who are you?", temperature=0, max_output_tokens=48) as stream:
        for _ in stream:
            pass
        final = stream.get_final_response()
    assert final.output_text == respond().output_text


def test_a_kept_response_is_read_and_gone_on_from(client, model, respond, ask):
    first = respond("My name is Ann.", instructions="Answer briefly.")
    assert client.responses.retrieve(first.id).output_text == first.output_text
    items = client.responses.input_items.list(first.id).data
    assert items[0].content[0].text == "My name is Ann."
    second = respond("What is new?", previous_response_id=first.id)
    chat = client.chat.completions.create(model=model.id, temperature=0, max_tokens=48, messages=[
        {"role": "user", "content": "My name is Ann."},
        {"role": "assistant", "content": first.output_text},
        {"role": "user", "content": "What is new?"}])
    assert second.output_text == chat.choices[0].message.content
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(first.id)


def test_a_response_that_is_not_kept_is_gone(client, respond):
    response = respond(store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(response.id)


@pytest.mark.parametrize("change, field", [
    ({"background": True}, "background"),
    ({"conversation": "conv_1"}, "conversation"),
    ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
    ({"truncation": "auto"}, "truncation"),
    ({"previous_response_id": "resp_none"}, "previous_response_id"),
    ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:,"}]}]},
     "input[0].content[0].type"),
])
def test_what_is_not_possible_is_named(client, model, change, field):
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(**{"model": model.id, "input": "Hello", **change})
    assert caught.value.param == field


def test_a_function_is_called(client, model):
    tool = {"type": "function", "name": "tide", "strict": True, "parameters": {
        "type": "object", "properties": {"port": {"enum": ["Kiel", "Bremen"]}}, "required": ["port"],
        "additionalProperties": False}}
    events = list(client.responses.create(
        model=model.id, input="What is the tide?", temperature=0, max_output_tokens=64, tools=[tool], stream=True,
        tool_choice={"type": "function", "name": "tide"}))
    response = events[-1].response
    call = response.output[-1]
    assert call.type == "function_call" and call.name == "tide" and call.call_id
    pieces = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
    assert "".join(pieces) == call.arguments
    # A small model may spend its tokens on white space, which JSON allows.
    if response.status == "completed":
        assert json.loads(call.arguments)["port"] in ("Kiel", "Bremen")
