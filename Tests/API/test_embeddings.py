"""/v1/embeddings through the openai package, and /v1/rerank, on the tiny encoders of the unit tests."""

import base64
import math
import struct

import openai
import pytest

ENCODER = "encoder"
RANKER = "cross-encoder"
TOKENS = [2, 31, 32, 35, 3]


def vectors(client, input, **fields):
    return [item.embedding for item in client.embeddings.create(model=ENCODER, input=input, **fields).data]


def test_the_clients_default_gives_unit_vectors(client):
    answer = client.embeddings.create(model=ENCODER, input="the ship")
    assert answer.object == "list" and answer.model == ENCODER
    assert len(answer.data) == 1 and answer.data[0].index == 0
    assert len(answer.data[0].embedding) == 36
    assert math.isclose(sum(x * x for x in answer.data[0].embedding), 1, abs_tol=1e-5)
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 2


def test_both_formats_are_the_same_numbers(client, server):
    as_floats = vectors(client, [TOKENS], encoding_format="float")[0]
    assert vectors(client, [TOKENS])[0] == pytest.approx(as_floats, abs=1e-9)
    body = {"model": ENCODER, "input": TOKENS, "encoding_format": "base64"}
    raw = server.request("POST", "/v1/embeddings", body).json["data"][0]["embedding"]
    assert list(struct.unpack("<36f", base64.b64decode(raw))) == pytest.approx(as_floats, abs=1e-9)


def test_input_forms(client):
    alone = vectors(client, "the tide")
    assert vectors(client, ["the tide"]) == alone
    assert vectors(client, ["a ship", "the tide", "b"])[1] == alone[0]
    assert vectors(client, TOKENS) == vectors(client, [TOKENS])


def test_many_inputs_keep_their_order(client):
    texts = [chr(97 + index % 26) * (index % 5 + 1) for index in range(300)]
    found = vectors(client, texts)
    assert len(found) == 300
    assert found[77] == vectors(client, texts[77])[0]


def test_fewer_dimensions_are_normalized_again(client):
    whole, cut = vectors(client, "the tide")[0], vectors(client, "the tide", dimensions=8)[0]
    length = math.sqrt(sum(x * x for x in whole[:8]))
    assert cut == pytest.approx([x / length for x in whole[:8]], abs=1e-6)


@pytest.mark.parametrize("fields, param", [
    ({"input": ""}, "input"),
    ({"input": []}, "input"),
    ({"input": ["a", ""]}, "input[1]"),
    ({"input": [[1], [999]]}, "input[1]"),
    ({"input": "a", "dimensions": 37}, "dimensions"),
    ({"input": [1] * 41}, "input"),
    ({"input": "a", "extra_body": {"prompt_name": "query"}}, "prompt_name"),
    ({"input": "a", "model": "berth-harbour"}, "model"),
    ({"input": "a", "model": RANKER}, "model"),
])
def test_what_is_wrong_is_named(client, fields, param):
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(**{"model": ENCODER, **fields})
    assert caught.value.param == param


def test_a_long_input_is_cut_on_demand(client):
    found = vectors(client, [1] * 41, extra_body={"truncate": True})
    assert found == vectors(client, [1] * 40)


def test_an_unknown_model(client):
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="no-such-model", input="a")


def test_an_encoder_does_not_chat(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=ENCODER, messages=[{"role": "user", "content": "Hi"}])
    assert caught.value.param == "model"


def test_rerank(server):
    documents = ["the tide", {"text": "a berth"}, "ship", "the tide"]
    body = {"model": RANKER, "query": "the ship", "documents": documents}
    answer = server.request("POST", "/v1/rerank", body)
    assert answer.status == 200
    results = answer.json["results"]
    scores = [result["relevance_score"] for result in results]
    assert scores == sorted(scores, reverse=True) and all(0 < score < 1 for score in scores)
    assert sorted(result["index"] for result in results) == [0, 1, 2, 3]
    by_index = {result["index"]: result["relevance_score"] for result in results}
    assert by_index[0] == by_index[3]
    assert "document" not in results[0]
    best = server.request("POST", "/v1/rerank", {**body, "top_n": 1, "return_documents": True}).json["results"]
    assert best[0]["index"] == results[0]["index"] and best[0]["document"]["text"]


def test_rerank_names_what_is_wrong(server):
    answer = server.request("POST", "/v1/rerank", {"model": RANKER, "query": "a", "documents": []})
    assert answer.status == 400 and answer.error["param"] == "documents"
    answer = server.request("POST", "/v1/rerank", {"model": ENCODER, "query": "a", "documents": ["b"]})
    assert answer.status == 400 and answer.error["param"] == "model"
