"""/tokenize and /detokenize, in the forms of llama.cpp's server and of vLLM's."""

TEXT = "Grüße, 你好 🦢"


def test_both_forms_agree(server, model, client):
    plain = server.post("/tokenize", {"content": TEXT}).json["tokens"]
    counted = server.post("/tokenize", {"model": model.id, "prompt": TEXT, "add_special_tokens": False}).json
    assert counted["tokens"] == plain and counted["count"] == len(plain)
    assert counted["max_model_len"] == model.context_length
    text = server.post("/detokenize", {"tokens": plain}).json
    assert text["content"] == text["prompt"] == TEXT


def test_counts_are_what_an_answer_takes(server, model, ask, client):
    messages = [{"role": "user", "content": "Hello, who are you?"}]
    count = server.post("/tokenize", {"messages": messages}).json["count"]
    assert count == ask(max_tokens=1).usage.prompt_tokens
    count = server.post("/tokenize", {"prompt": TEXT}).json["count"]
    usage = client.completions.create(model=model.id, prompt=TEXT, max_tokens=1).usage
    assert count == usage.prompt_tokens


def test_pieces_are_text_or_bytes(server):
    pieces = server.post("/tokenize", {"content": TEXT, "with_pieces": True}).json["tokens"]
    whole = b"".join(
        piece["piece"].encode() if isinstance(piece["piece"], str) else bytes(piece["piece"]) for piece in pieces)
    assert whole.decode().strip() == TEXT


def test_what_is_wrong_is_named(server):
    for path, body, field in [
        ("/tokenize", {}, "prompt"), ("/detokenize", {}, "tokens"), ("/detokenize", {"tokens": [1 << 40]}, "tokens"),
        ("/tokenize", {"content": "x", "model": "no-such-model"}, "model"),
    ]:
        answer = server.post(path, body)
        assert answer.status in (400, 404) and answer.error["param"] == field
