"""The page over the real server and its model: what no made-up server can promise. Needs BERTH_URL."""

import json
import os
import re

import pytest
from playwright.sync_api import expect

QUESTION = "Which berth for a ship of 150 m with 7 m draught?"

pytestmark = pytest.mark.skipif(not os.environ.get("BERTH_URL"), reason="BERTH_URL names no server")


@pytest.fixture
def live(open_chat):
    return open_chat(os.environ.get("BERTH_URL"))


def test_the_policy_is_enforced(live):
    """A page that the server sends without its policy would not refuse this."""
    response = live.page.request.get(os.environ["BERTH_URL"])
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"


def test_files_are_sent_once(live):
    tag = live.page.request.get(f"{os.environ['BERTH_URL']}/scripts/main.js").headers["etag"]
    again = live.page.request.get(f"{os.environ['BERTH_URL']}/scripts/main.js", headers={"If-None-Match": tag})
    assert again.status == 304


def test_a_question_is_answered_with_figures(live):
    live.ask(QUESTION)
    live.expect_over()
    expect(live.answer()).to_contain_text("berth 4", ignore_case=True)
    figures = live.page.locator(".figures span")
    expect(figures.nth(0)).to_have_text(re.compile(r"^[\d,]+ tokens$"))
    expect(figures.nth(1)).to_have_text(re.compile(r"^[\d,.]+ tokens a second$"))
    expect(figures.nth(3)).to_have_text(re.compile(r"^prompt of [\d,]+$"))
    expect(live.page.locator("#context")).to_have_text(re.compile(r"^[\d,]+ / [\d,]+$"))


def test_the_text_comes_piece_by_piece(live):
    live.ask("Tell me a story")
    live.expect_over()
    kept = json.loads(live.page.evaluate("localStorage.getItem('berth.conversation')"))
    answer = kept["turns"][0]["answer"]
    assert answer["pieces"] > 5
    assert answer["usage"]["completion_tokens"] >= answer["pieces"]


def test_the_same_seed_gives_the_same_answer(live):
    live.page.get_by_role("button", name="Settings").click()
    live.page.get_by_label("Temperature").fill("1.5")
    live.page.get_by_label("Seed").fill("7")
    answers = []
    for _ in range(2):
        live.ask("Tell me a story")
        live.expect_over()
        answers.append(live.answer().inner_text())
        live.page.get_by_role("button", name="New chat").click()
    assert answers[0] == answers[1]


def test_most_tokens_end_the_answer(live):
    live.page.get_by_role("button", name="Settings").click()
    live.page.get_by_label("Most tokens").fill("3")
    live.ask("Tell me a story")
    live.expect_over()
    expect(live.page.locator(".figures span").first).to_have_text("3 tokens")
    expect(live.turns.locator(".notice")).to_contain_text("limit of tokens")


def test_a_conversation_that_grows_too_long_is_explained(live):
    live.watch.expects("Failed to load")
    live.ask("the ship is at the berth " * 2000)
    failed = live.turns.last.locator(".failed")
    expect(failed).to_contain_text("longer than this model can hold")
    failed.get_by_role("button", name="New chat").click()
    live.ask(QUESTION)
    live.expect_over()


def test_an_example_in_chinese(open_chat):
    chat = open_chat(os.environ["BERTH_URL"], locale="zh-CN")
    chat.page.locator("#suggestions button").first.click()
    chat.expect_over()
    expect(chat.answer()).to_contain_text("泊位")
    chat.keep("live-zh")


def test_every_example_has_an_answer(live):
    for index in range(live.page.locator("#suggestions button").count()):
        live.page.locator("#suggestions button").nth(index).click()
        live.expect_over()
        assert len(live.answer().inner_text()) > 15
        live.page.get_by_role("button", name="New chat").click()
