"""Widths, scrolling, and the screenshots."""

import pytest
from playwright.sync_api import expect

from mock_server import SAMPLE, Answer, Refusal

LONG = ("x" * 400 + " https://example.org/" + "y" * 300 + "\n\n```\n" + "z" * 500 + "\n```\n\n"
        + "|" + "header|" * 12 + "\n|" + "-|" * 12 + "\n|" + "cell|" * 12)

PAGES = {
    "desktop-light": dict(width=1280, height=860, color_scheme="light"),
    "desktop-dark": dict(width=1280, height=860, color_scheme="dark"),
    "desktop-zh": dict(width=1280, height=860, locale="zh-CN"),
    "phone-light": dict(width=360, height=740, color_scheme="light", has_touch=True),
    "phone-dark-zh": dict(width=360, height=740, color_scheme="dark", locale="zh-CN", has_touch=True),
    "narrowest": dict(width=320, height=480),
}


def fits(chat):
    width, widest = chat.page.evaluate("""() => [innerWidth, Math.max(
        document.documentElement.scrollWidth, document.getElementById("scroller").scrollWidth)]""")
    return widest <= width


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_window(open_chat, server, name):
    chat = open_chat(**PAGES[name], reduced_motion="reduce")
    chat.watch.expects("Failed to load")
    chinese = "zh" in name
    chat.keep(f"{name}-1-welcome")
    assert fits(chat)
    expect(chat.page.locator("#welcome h2")).to_be_in_viewport()
    server.will(Answer([SAMPLE], usage=(56, 118)))
    chat.ask("船长150米，吃水7米，停哪里？" if chinese else "Which berth for a ship of 150 m with 7 m draught?")
    chat.expect_over()
    answer = server.will(Answer())
    chat.ask("什么时候涨潮？" if chinese else "And when is high tide?")
    expect(chat.turns.last.locator(".swell")).to_be_visible()
    chat.keep(f"{name}-2-waiting")
    answer.send("每天06:00和18:00是高潮，" if chinese else "High tide is at 06:00 and")
    expect(chat.answer()).not_to_be_empty()
    chat.keep(f"{name}-3-streaming")
    assert fits(chat)
    answer.finish()
    chat.expect_over()
    server.will(Answer([LONG]))
    chat.ask("w" * 300)
    chat.expect_over()
    assert fits(chat)
    server.will(Refusal(400, "must be a number from 0 to 2", param="temperature"))
    chat.ask("?")
    expect(chat.turns.last.locator(".failed")).to_be_visible()
    chat.keep(f"{name}-4-failure")
    assert fits(chat)
    chat.page.locator("#open-settings").click()
    chat.page.locator("#setting-temperature").fill("3")
    chat.keep(f"{name}-5-settings")
    assert fits(chat)
    assert chat.page.evaluate("document.getElementById('settings').scrollWidth <= innerWidth")


def test_every_control_of_a_phone_is_large_enough_for_a_finger(open_chat):
    chat = open_chat(width=360, height=740, has_touch=True)
    for box in (node.bounding_box() for node in chat.page.locator(".bar button, .bar select, .dock button:visible").all()):
        assert min(box["width"], box["height"]) >= 36


def test_on_a_phone_settings_cover_the_page_and_hold_the_focus(open_chat):
    chat = open_chat(width=360, height=740)
    chat.page.locator("#open-settings").click()
    panel = chat.page.locator("#settings")
    assert panel.evaluate("(panel) => panel.matches(':modal')")
    chat.page.set_viewport_size({"width": 1280, "height": 800})
    expect(panel).to_be_visible()
    chat.page.wait_for_timeout(100)
    assert not panel.evaluate("(panel) => panel.matches(':modal')"), "beside the page there is room"


def at_end(chat):
    return chat.page.evaluate("""() => {
        const { scrollHeight, scrollTop, clientHeight } = document.getElementById("scroller");
        return scrollHeight - scrollTop - clientHeight < 2;
    }""")


def test_the_page_follows_the_answer_until_somebody_reads_above(chat, server):
    lines = "".join(f"Line {number}.\n\n" for number in range(60))
    answer = server.will(Answer())
    chat.ask("Tell me a long story")
    answer.send(lines)
    expect(chat.answer().locator("p")).to_have_count(60)
    assert at_end(chat)
    latest = chat.page.get_by_role("button", name="Latest")
    expect(latest).to_be_hidden()

    chat.page.mouse.move(600, 400)
    chat.page.mouse.wheel(0, -700)
    expect(latest).to_be_visible()
    before = chat.page.locator("#scroller").evaluate("(node) => node.scrollTop")
    answer.send(lines)
    expect(chat.answer().locator("p")).to_have_count(120)
    assert chat.page.locator("#scroller").evaluate("(node) => node.scrollTop") == before

    latest.click()
    assert at_end(chat)
    expect(latest).to_be_hidden()
    answer.send(lines).finish()
    chat.expect_over()
    assert at_end(chat)


def test_what_a_reader_selected_stays_selected_while_the_answer_grows(chat, server):
    answer = server.will(Answer())
    chat.ask("Tell me")
    answer.send("First paragraph.\n\nSecond")
    expect(chat.answer().locator("p")).to_have_count(2)
    chat.answer().locator("p").first.select_text()
    answer.send(" paragraph.\n\nThird.").finish()
    chat.expect_over()
    assert chat.page.evaluate("getSelection().toString()") == "First paragraph."
