"""The whole page without a pointer, and with an input method."""

from playwright.sync_api import expect

from mock_server import Answer


def focused(chat):
    return chat.page.evaluate("document.activeElement.id || document.activeElement.className")


def test_a_conversation_by_keyboard_alone(chat, server):
    keyboard = chat.page.keyboard
    expect(chat.message).to_be_focused()
    answer = server.will(Answer())
    keyboard.type("How deep is")
    keyboard.press("Shift+Enter")
    keyboard.type("berth 4?")
    keyboard.press("Enter")
    assert server.asked()["messages"][-1]["content"] == "How deep is\nberth 4?"
    answer.send("It is 9 m deep.")
    expect(chat.answer()).to_have_text("It is 9 m deep.")
    keyboard.press("Escape")
    chat.expect_over("stopped")
    keyboard.press("ArrowUp")
    keyboard.type(" Really?")
    server.will(Answer(["Really."]))
    keyboard.press("Enter")
    expect(chat.answer()).to_have_text("Really.")
    assert server.asked()["messages"][-1]["content"] == "How deep is\nberth 4? Really?"
    expect(chat.message).to_be_focused()


def test_the_order_of_the_focus(chat):
    skip = chat.page.locator(".skip")
    skip.focus()
    expect(skip).to_be_in_viewport()
    order = []
    for _ in range(13):
        chat.page.keyboard.press("Tab")
        order.append(focused(chat))
        if order[-1] != "message":
            outline = chat.page.evaluate("getComputedStyle(document.activeElement).outline")
            assert "solid 2px" in outline, f"the focus on {order[-1]} cannot be seen"
    # The four places, then; new chat is disabled: there is nothing to put away. The three without a name are the examples.
    assert order[:4] == [""] * 4
    assert order[4:] == ["model", "toggle-language", "toggle-theme", "open-settings", "scroller", "", "", "", "message"]


def test_the_skip_link_leads_to_the_message(chat):
    chat.page.locator(".skip").press("Enter")
    expect(chat.message).to_be_focused()


def test_settings_by_keyboard(chat, server):
    button = chat.page.get_by_role("button", name="Settings")
    button.press("Enter")
    expect(chat.page.locator("#close-settings")).to_be_focused()
    for _ in range(2):
        chat.page.keyboard.press("Tab")
    expect(chat.page.get_by_label("Temperature")).to_be_focused()
    chat.page.keyboard.type("0.5")
    chat.page.keyboard.press("Escape")
    expect(button).to_be_focused()
    server.will(Answer(["Aye."]))
    chat.ask("Ready?")
    assert server.asked()["temperature"] == 0.5


def test_enter_in_an_input_method_does_not_send(chat, server):
    chat.message.focus()
    methods = chat.page.context.new_cdp_session(chat.page)
    methods.send("Input.imeSetComposition", {"text": "ni hao", "selectionStart": 6, "selectionEnd": 6})
    # What browsers send for the Enter that ends a composition: Chromium marks it, Safari says 229.
    for mark in ["isComposing: true, keyCode: 13", "isComposing: false, keyCode: 229"]:
        chat.message.evaluate(
            "(area) => area.dispatchEvent(new KeyboardEvent('keydown', "
            f"{{ key: 'Enter', bubbles: true, cancelable: true, {mark} }}))")
    expect(chat.turns).to_have_count(0)
    methods.send("Input.insertText", {"text": "你好"})
    expect(chat.message).to_have_value("你好")
    server.will(Answer(["你好！"]))
    chat.message.press("Enter")
    expect(chat.answer()).to_have_text("你好！")


def test_the_focus_is_not_lost_with_the_button_that_had_it(chat, server):
    server.will(Answer(["One."]))
    chat.page.locator("#suggestions button").first.press("Enter")
    chat.expect_over()
    expect(chat.message).to_be_focused()
    server.will(Answer(["Two."]))
    chat.page.get_by_role("button", name="Ask again").press("Enter")
    expect(chat.answer()).to_have_text("Two.")
    expect(chat.message).to_be_focused()
    chat.page.get_by_role("button", name="New chat").press("Enter")
    expect(chat.message).to_be_focused()


def test_an_empty_message_is_not_sent(chat):
    chat.message.fill("  \n ")
    chat.message.press("Enter")
    expect(chat.turns).to_have_count(0)
    expect(chat.send).to_be_disabled()


def test_enter_waits_while_an_answer_arrives(chat, server):
    answer = server.will(Answer())
    chat.ask("First?")
    answer.send("First")
    expect(chat.answer()).to_have_text("First")
    chat.ask("Second?")
    expect(chat.message).to_have_value("Second?")
    answer.finish()
    chat.expect_over()
    expect(chat.turns).to_have_count(1)


def test_sentences_are_announced_once_and_whole(chat, server):
    spoken = chat.page.locator("#announcer p")
    answer = server.will(Answer())
    chat.ask("How deep?")
    expect(spoken).to_have_text(["The answer begins."])
    answer.send("It is **9", " m** deep")
    expect(chat.answer()).to_have_text("It is 9 m deep")
    expect(spoken).to_have_count(1)
    answer.send(" at low tide. At high", " tide 11.5 m; 很深。")
    expect(spoken).to_have_text(
        ["The answer begins.", "It is 9 m deep at low tide.", "At high tide 11.5 m; 很深。"])
    answer.send(" Good").finish()
    expect(spoken).to_have_text(
        ["The answer begins.", "It is 9 m deep at low tide.", "At high tide 11.5 m; 很深。", "Good",
         "End of the answer."])


def test_every_control_has_a_name(chat, server):
    server.will(Answer(["```sh\nls\n```"]))
    chat.ask("List")
    chat.expect_over()
    chat.page.get_by_role("button", name="Settings").click()
    nameless = [node for node in chat.page.locator("button, input, textarea, select, a, meter").all()
                if node.is_visible() and not named(node)]
    assert nameless == []


def named(node):
    return node.evaluate("""(node) => (node.getAttribute("aria-label") || node.innerText || "").trim()
        || [...(node.labels ?? [])].some((label) => label.textContent.trim())""")
