"""/v1/messages through the anthropic package."""

import anthropic
import pytest

# The package has no name for it any more.
GREEDY = {"temperature": 0}


@pytest.fixture(scope="module")
def claude(server):
    return anthropic.Anthropic(base_url=server.url, api_key="none", max_retries=0, timeout=120)


@pytest.fixture
def tell(claude, model):
    def tell(text="Hello, who are you?", **fields):
        fields = {"max_tokens": 48, "extra_body": GREEDY, **fields}
        return claude.messages.create(
            model=model.id, messages=[{"role": "user", "content": text}], **fields)

    return tell


def test_a_message(tell, model):
    message = tell(system="You are a harbour's clerk.")
    assert message.id.startswith("msg_") and message.type == "message" and message.role == "assistant"
    assert message.model == model.id and message.content[0].type == "text" and message.content[0].text
    assert message.stop_reason in ("end_turn", "max_tokens") and message.stop_sequence is None
    assert message.usage.input_tokens + message.usage.cache_read_input_tokens > 0
    assert message.usage.output_tokens > 0


def test_a_stream_gives_the_same_text(claude, model, tell):
    whole = tell()
    with claude.messages.stream(
            model=model.id, max_tokens=48, extra_body=GREEDY,
            messages=[{"role": "user", "content": [{"type": "text", "text": "Hello, who are you?"}]}]) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == whole.content[0].text == final.content[0].text
    assert final.stop_reason == whole.stop_reason
    assert final.usage.output_tokens == whole.usage.output_tokens


def test_a_stop_sequence_is_told(tell):
    full = tell().content[0].text
    stop = full[len(full) // 2:][:3]
    message = tell(stop_sequences=["never in any text", stop])
    assert message.stop_reason == "stop_sequence" and message.stop_sequence == stop
    assert message.content[0].text == full[:full.index(stop)]


def test_tokens_end_the_message(tell):
    message = tell(max_tokens=2)
    assert message.stop_reason == "max_tokens" and message.usage.output_tokens == 2


def test_tokens_are_counted(claude, model, tell):
    messages = [{"role": "user", "content": "Hello, who are you?"}]
    count = claude.messages.count_tokens(model=model.id, messages=messages).input_tokens
    usage = tell().usage
    assert count == usage.input_tokens + usage.cache_read_input_tokens


@pytest.mark.parametrize("change, name", [
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}, "messages[1].role"),
    ({"messages": [{"role": "user", "content": [{"type": "image", "source": {
        "type": "base64", "media_type": "image/png", "data": ""}}]}]}, "messages[0].content[0].type"),
    ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0].type"),
    ({"max_tokens": 0}, "max_tokens"),
])
def test_a_wrong_field_is_named(claude, model, change, name):
    fields = {"model": model.id, "max_tokens": 4, "messages": [{"role": "user", "content": "Hello"}], **change}
    with pytest.raises(anthropic.BadRequestError) as caught:
        claude.messages.create(**fields)
    assert caught.value.body["error"]["type"] == "invalid_request_error"
    assert name in caught.value.body["error"]["message"]


def test_an_unknown_model_is_not_found(claude):
    with pytest.raises(anthropic.NotFoundError) as caught:
        claude.messages.create(model="no-such-model", max_tokens=4, messages=[{"role": "user", "content": "Hello"}])
    assert caught.value.body["error"]["type"] == "not_found_error"


def test_models_are_listed(claude, model):
    models = claude.models.list().data
    assert model.id in [entry.id for entry in models]
    assert all(entry.type == "model" and entry.display_name for entry in models)
    assert claude.models.retrieve(model.id).id == model.id


def test_a_tool_is_used_whole_and_streamed(claude, model, tell):
    fields = {
        "max_tokens": 64, "tool_choice": {"type": "tool", "name": "tide"}, "tools": [{
            "name": "tide", "strict": True, "input_schema": {
                "type": "object", "properties": {"port": {"enum": ["Kiel", "Bremen"]}}, "required": ["port"],
                "additionalProperties": False}}]}
    message = tell("What is the tide?", **fields)
    use = message.content[-1]
    assert use.type == "tool_use" and use.name == "tide"
    # A small model may spend its tokens on white space, which JSON allows.
    assert message.stop_reason in ("tool_use", "max_tokens")
    assert message.stop_reason == "max_tokens" or use.input["port"] in ("Kiel", "Bremen")
    with claude.messages.stream(
            model=model.id, extra_body=GREEDY, messages=[{"role": "user", "content": "What is the tide?"}],
            **fields) as stream:
        final = stream.get_final_message()
    assert final.content[-1].name == "tide" and final.stop_reason == message.stop_reason
