"""What the side panel sets is what the server is sent."""

import re

import pytest
from playwright.sync_api import expect

from mock_server import Answer


@pytest.fixture
def panel(chat):
    chat.page.get_by_role("button", name="Settings").click()
    return chat.page.get_by_role("dialog", name="Settings")


def test_all_settings_are_sent(chat, panel, server):
    for label, typed in {
        "System prompt": "You are terse.", "Temperature": "0.7", "Top-p": ".9", "Top-k": "40", "Min-p": "5e-2",
        "Repetition penalty": "1.1", "Most tokens": "64", "Seed": "9007199254740991",
    }.items():
        panel.get_by_label(label).fill(typed)
    server.will(Answer(["Aye."]))
    chat.ask("Ready?")
    body = server.asked()
    assert body["messages"] == [{"role": "system", "content": "You are terse."}, {"role": "user", "content": "Ready?"}]
    sent = {name: body[name] for name in body if name not in ("model", "messages", "stream", "stream_options")}
    assert sent == {"temperature": 0.7, "top_p": 0.9, "top_k": 40, "min_p": 0.05, "repetition_penalty": 1.1,
                    "max_tokens": 64, "seed": 9007199254740991}


def test_a_wrong_value_is_explained_and_holds_the_question_back(chat, panel, server):
    chat.message.fill("Ready?")
    for label, typed, words in [
        ("Temperature", "3", "This must lie between 0 and 2."),
        ("Temperature", "warm", "This is not a number."),
        ("Temperature", "0x1", "This is not a number."),
        ("Temperature", "1 2", "This is not a number."),
        ("Top-k", "2.5", "This needs a whole number."),
        ("Top-k", "-1", "This must be at least 0."),
        ("Most tokens", "0", "This must be at least 1."),
        ("Repetition penalty", "0", "This must lie between 0.01 and 10."),
        ("Seed", "1e20", "This must lie between 0 and 9,007,199,254,740,991."),
    ]:
        field = panel.get_by_label(label)
        field.fill(typed)
        expect(field).to_have_attribute("aria-invalid", "true")
        # The description is the help and then the problem.
        expect(field).to_have_accessible_description(re.compile(re.escape(words) + "$"))
        chat.message.press("Enter")
        expect(field).to_be_focused()
        expect(chat.message).to_have_value("Ready?")
        field.fill("1")
        expect(field).not_to_have_attribute("aria-invalid", "true")
    expect(chat.turns).to_have_count(0)
    server.will(Answer(["Aye."]))
    chat.message.press("Enter")
    expect(chat.answer()).to_have_text("Aye.")


def test_numbers_as_people_type_them(chat, panel, server):
    for typed, sent in [("０．７", 0.7), ("0,7", 0.7), (" 1 ", 1), ("+1", 1), ("2", 2), ("0", 0)]:
        panel.get_by_label("Temperature").fill(typed)
        server.will(Answer(["Aye."]))
        chat.ask("Ready?")
        assert server.asked()["temperature"] == sent
        chat.expect_over()


def test_settings_are_kept_and_reset(chat, panel, server):
    panel.get_by_label("Seed").fill("42")
    chat.page.reload()
    button = chat.page.get_by_role("button", name="Settings")
    button.click()
    expect(panel.get_by_label("Seed")).to_have_value("42")
    panel.get_by_role("button", name="Reset settings").click()
    expect(panel.get_by_label("Seed")).to_have_value("")
    server.will(Answer(["Aye."]))
    chat.ask("Ready?")
    assert "seed" not in server.asked()


def test_escape_closes_the_panel_and_leaves_the_answer_alone(chat, panel, server):
    answer = server.will(Answer())
    chat.ask("Tell me everything.")
    answer.send("First")
    expect(chat.answer()).to_have_text("First")
    panel.get_by_label("Seed").press("Escape")
    expect(panel).to_be_hidden()
    expect(chat.page.get_by_role("button", name="Settings")).to_be_focused()
    answer.send(" of all").finish()
    expect(chat.answer()).to_have_text("First of all")
    chat.expect_over()
