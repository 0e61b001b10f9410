"""When there is no answer, the page says why in words and offers a way on."""

import pytest
from playwright.sync_api import expect

from mock_server import Answer, MockServer, Refusal

FAILED_LOAD = r"Failed to load resource"


def failure(chat):
    return chat.turns.last.locator(".failed")


def test_a_wrong_field_is_named_and_its_setting_opened(chat, server):
    chat.watch.expects(FAILED_LOAD)
    server.will(Refusal(400, "must be a number from 0 to 2", param="temperature"))
    chat.ask("Hello")
    expect(failure(chat)).to_contain_text("The server did not accept the setting “Temperature”")
    expect(failure(chat)).to_contain_text("must be a number from 0 to 2")
    failure(chat).get_by_role("button", name="Open settings").click()
    expect(chat.page.get_by_label("Temperature")).to_be_focused()


def test_every_refusal_has_words(chat, server):
    chat.watch.expects(FAILED_LOAD)
    for refusal, words in [
        (Refusal(400, "no such role", param="messages[0].role"), "did not accept the request"),
        (Refusal(400, "1100 tokens do not fit", code="context_length_exceeded"), "longer than this model can hold"),
        (Refusal(404, "no model x", code="model_not_found"), "no longer has this model"),
        (Refusal(413, "too long", code="request_too_large"), "longer than the server accepts"),
        (Refusal(503, "full", code="overloaded"), "The server is busy"),
        (Refusal(503, "bye", code="shutting_down"), "shutting down"),
        (Refusal(500, "oh", code="internal_error"), "failed inside the server"),
        (Refusal(502, "", body=b"<html>Bad gateway</html>"), "failed inside the server"),
    ]:
        server.will(refusal)
        chat.ask("Hello")
        expect(failure(chat)).to_contain_text(words)


def test_trying_again_after_a_failure(chat, server):
    chat.watch.expects(FAILED_LOAD)
    server.will(Refusal(503, "full", code="overloaded"))
    chat.ask("Hello")
    server.asked()
    server.will(Answer(["Good morning."]))
    failure(chat).get_by_role("button", name="Try again").click()
    expect(chat.answer()).to_have_text("Good morning.")
    expect(chat.turns).to_have_count(1)
    assert [message["content"] for message in server.asked()["messages"]] == ["Hello"]


def test_a_question_that_failed_is_not_sent_with_the_next(chat, server):
    chat.watch.expects(FAILED_LOAD)
    server.will(Refusal(500, "oh", code="internal_error"))
    chat.ask("Lost")
    expect(failure(chat)).to_be_visible()
    server.asked()
    server.will(Answer(["Yes."]))
    chat.ask("Found")
    assert [message["content"] for message in server.asked()["messages"]] == ["Found"]


def test_a_full_context_offers_a_new_chat(chat, server):
    chat.watch.expects(FAILED_LOAD)
    server.will(Refusal(400, "1100 tokens do not fit", code="context_length_exceeded"))
    chat.ask("A long story")
    failure(chat).get_by_role("button", name="New chat").click()
    expect(chat.turns).to_have_count(0)


def test_a_failure_in_the_middle_keeps_what_came(chat, server):
    server.will(Answer().send("It is ").fail("the engine stopped"))
    chat.ask("How deep?")
    expect(failure(chat)).to_contain_text("failed inside the server")
    expect(failure(chat)).to_contain_text("the engine stopped")
    expect(chat.answer()).to_have_text("It is")


@pytest.mark.parametrize("ending", ["hang_up", "end"])
def test_a_broken_connection_keeps_what_came(chat, server, ending):
    chat.watch.expects(r"ERR_INCOMPLETE_CHUNKED_ENCODING|Failed to load")
    answer = server.will(Answer()).send("It is ")
    chat.ask("How deep?")
    expect(chat.answer()).to_have_text("It is")
    getattr(answer, ending)()
    expect(failure(chat)).to_contain_text("The connection broke")
    expect(chat.answer()).to_have_text("It is")


def test_an_event_that_is_not_json_is_a_failure(chat, server):
    answer = server.will(Answer().raw("{"))
    chat.ask("Hello")
    expect(failure(chat)).to_contain_text("not an answer")
    assert answer.left.wait(5), "the connection stayed open"


def test_events_that_are_no_answer_break_nothing(chat, server):
    for data in ["null", '"text"', "[]", '{"choices":[{"delta":{"content":7}}]}', '{"choices":7}', '{"usage":3}']:
        server.will(Answer().raw(data).send(f"After {data}").finish())
        chat.ask("Hello")
        expect(chat.answer()).to_have_text(f"After {data}")
        chat.expect_over()


def test_a_server_that_has_gone_and_comes_back(open_chat, server):
    with MockServer() as first:
        chat = open_chat(first.url)
        port = first.server_address[1]
    chat.watch.expects(r"ERR_CONNECTION_REFUSED|Failed to load")
    chat.ask("Anybody there?")
    expect(failure(chat)).to_contain_text("The server does not answer")
    with MockServer(port) as second:
        second.will(Answer(["Aye."]))
        failure(chat).get_by_role("button", name="Try again").click()
        expect(chat.answer()).to_have_text("Aye.")


def test_the_page_waits_for_a_server_that_starts_late(open_chat, server):
    chat = None
    held = list(server.models)
    server.models = None
    chat = open_chat(ready="#welcome-words")
    chat.watch.expects(r"Failed to load|ERR_EMPTY_RESPONSE")
    expect(chat.page.locator("#welcome-words")).to_have_text("Looking for the server.")
    server.models = held
    expect(chat.page.locator("#suggestions button").first).to_be_visible()


def test_models_that_cannot_chat_are_not_offered(open_chat, server):
    server.models = []
    chat = open_chat(ready="#welcome-words")
    expect(chat.page.locator("#welcome-words")).to_contain_text("None of the server's models can chat")
    expect(chat.page.get_by_label("Model")).to_be_disabled()
