"""From a question to an answer, and what can be done with it."""

import re

from playwright.sync_api import expect

from mock_server import Answer


def test_the_answer_grows_while_it_arrives(chat, server):
    answer = server.will(Answer())
    chat.ask("How deep is berth 4?")
    assert server.asked()["messages"] == [{"role": "user", "content": "How deep is berth 4?"}]
    expect(chat.turns.locator(".swell")).to_be_visible()
    answer.send("Berth 4 ")
    expect(chat.answer()).to_have_text("Berth 4")
    answer.send("is 9 m", " deep.")
    expect(chat.answer()).to_have_text("Berth 4 is 9 m deep.")
    expect(chat.turns).to_have_attribute("data-status", "streaming")
    answer.finish()
    chat.expect_over()
    expect(chat.message).to_have_value("")
    expect(chat.send).to_be_visible()


def test_a_stream_is_asked_for_with_usage(chat, server):
    server.will(Answer(["Yes."]))
    chat.ask("Is there a crane?")
    body = server.asked()
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body["model"] == "berth-harbour"
    assert set(body) == {"model", "messages", "stream", "stream_options"}, "nothing is set that nobody chose"


def test_figures_come_from_the_server(chat, server):
    server.will(Answer(["Yes."], usage=(1234, 12)))
    chat.ask("Is there a crane?")
    expect(chat.page.locator(".figures span")).to_have_text(
        ["12 tokens", "44 tokens a second", re.compile(r"^first after [\d.]+ s$"), "prompt of 1,234"])
    expect(chat.page.locator("#context")).to_have_text("1,246 / 1,024")


def test_figures_are_estimates_where_the_server_says_nothing(chat, server):
    server.will(Answer(["One ", "two ", "three."], pause=0.05, usage=None))
    chat.ask("Count.")
    figures = chat.page.locator(".figures span")
    expect(figures.first).to_have_text("about 3 tokens")
    expect(figures.nth(1)).to_have_text(re.compile(r"^[\d.]+ tokens a second$"))
    expect(chat.page.locator("#context")).to_be_hidden()


def test_the_stop_button_ends_the_answer_and_tells_the_server(chat, server):
    answer = server.will(Answer())
    chat.ask("Tell me everything.")
    answer.send("First of all")
    expect(chat.answer()).to_have_text("First of all")
    chat.stop.click()
    chat.expect_over("stopped")
    assert answer.left.wait(5), "the connection stayed open"
    expect(chat.answer()).to_have_text("First of all")
    expect(chat.turns.locator(".notice")).to_have_text("Stopped.")
    expect(chat.message).to_be_focused()


def test_what_was_stopped_is_part_of_the_conversation(chat, server):
    answer = server.will(Answer())
    chat.ask("Tell me everything.")
    answer.send("First of all")
    expect(chat.answer()).to_have_text("First of all")
    chat.page.keyboard.press("Escape")
    chat.expect_over("stopped")
    server.asked()
    server.will(Answer(["And then."]))
    chat.ask("Go on.")
    assert [message["content"] for message in server.asked()["messages"]] == [
        "Tell me everything.", "First of all", "Go on."]


def test_asking_again_replaces_the_answer(chat, server):
    server.will(Answer(["It is 8 m."]))
    chat.ask("How deep?")
    chat.expect_over()
    server.asked()
    server.will(Answer(["It is 9 m."]))
    chat.page.get_by_role("button", name="Ask again").click()
    expect(chat.answer()).to_have_text("It is 9 m.")
    expect(chat.turns).to_have_count(1)
    assert [message["content"] for message in server.asked()["messages"]] == ["How deep?"]


def test_the_last_question_can_be_edited(chat, server):
    for question, answer in [("How deep is berth 3?", "7 m."), ("And 4?", "9 m.")]:
        server.will(Answer([answer]))
        chat.ask(question)
        chat.expect_over()
        server.asked()
    expect(chat.page.get_by_role("button", name="Edit")).to_have_count(1)
    chat.page.get_by_role("button", name="Edit").click()
    box = chat.page.get_by_role("textbox", name="Edit the last message")
    expect(box).to_be_focused()
    expect(box).to_have_value("And 4?")
    box.press("Escape")
    expect(box).to_have_count(0)
    chat.message.press("ArrowUp")
    box.fill("And 5?")
    server.will(Answer(["12 m."]))
    box.press("Enter")
    expect(chat.answer()).to_have_text("12 m.")
    expect(chat.turns).to_have_count(2)
    assert [message["content"] for message in server.asked()["messages"]] == [
        "How deep is berth 3?", "7 m.", "And 5?"]


def test_a_new_chat_forgets_and_can_be_undone(chat, server):
    server.will(Answer(["7 m."]))
    chat.ask("How deep is berth 3?")
    chat.expect_over()
    new_chat = chat.page.get_by_role("button", name="New chat")
    new_chat.click()
    expect(chat.turns).to_have_count(0)
    expect(chat.page.locator("#welcome")).to_be_visible()
    assert chat.page.evaluate("localStorage.getItem('berth.conversation')") is None
    chat.page.get_by_role("button", name="Undo").click()
    expect(chat.answer()).to_have_text("7 m.")
    new_chat.click()
    server.asked()
    server.will(Answer(["9 m."]))
    chat.ask("And berth 4?")
    assert len(server.asked()["messages"]) == 1


def test_a_new_chat_stops_the_answer(chat, server):
    answer = server.will(Answer())
    chat.ask("Tell me everything.")
    answer.send("First of all")
    expect(chat.answer()).to_have_text("First of all")
    chat.page.get_by_role("button", name="New chat").click()
    assert answer.left.wait(5)
    expect(chat.send).to_be_visible()
    server.will(Answer(["Hello."]))
    chat.ask("Hi")
    expect(chat.answer()).to_have_text("Hello.")
    expect(chat.turns).to_have_count(1)


def test_the_conversation_is_there_after_reloading(chat, server):
    server.will(Answer(["7 m."]))
    chat.ask("How deep is berth 3?")
    chat.expect_over()
    answer = server.will(Answer())
    chat.ask("And 4?")
    answer.send("It is")
    expect(chat.answer()).to_have_text("It is")
    chat.page.reload()
    expect(chat.answer(0)).to_have_text("7 m.")
    expect(chat.answer(1)).to_have_text("It is")
    chat.expect_over("stopped")


def test_a_damaged_memory_is_an_empty_conversation(chat):
    for kept in ["{", "[]", '{"version":1,"turns":[{"question":1}]}', '{"version":1,"turns":[{"question":"a","answer":{}}]}']:
        chat.page.evaluate("(kept) => localStorage.setItem('berth.conversation', kept)", kept)
        chat.page.evaluate("localStorage.setItem('berth.settings', '[1]')")
        chat.page.reload()
        expect(chat.page.locator("#suggestions button").first).to_be_visible()


def test_everything_can_be_forgotten(chat, server):
    server.will(Answer(["7 m."]))
    chat.ask("How deep is berth 3?")
    chat.expect_over()
    chat.page.get_by_role("button", name="Settings").click()
    chat.page.get_by_label("Temperature").fill("1")
    chat.page.get_by_role("button", name="Forget everything").click()
    expect(chat.turns).to_have_count(0)
    expect(chat.page.get_by_label("Temperature")).to_have_value("")
    for name in ["conversation", "model"]:
        assert chat.page.evaluate(f"localStorage.getItem('berth.{name}')") is None
    chat.page.reload()
    expect(chat.page.locator("#welcome")).to_be_visible()


def test_an_example_is_a_question(chat, server):
    server.will(Answer(["At 6."]))
    example = chat.page.locator("#suggestions button").nth(1)
    words = example.inner_text()
    example.click()
    assert server.asked()["messages"][-1]["content"] == words
    expect(chat.page.locator("#welcome")).to_be_hidden()


def test_another_model_can_be_chosen(chat, server):
    picker = chat.page.get_by_label("Model")
    picker.select_option("another-model")
    expect(chat.page.locator("#welcome-words")).to_contain_text("another-model is on board")
    chat.page.reload()
    expect(picker).to_have_value("another-model")
    server.will(Answer(["Yes."]))
    chat.ask("Hello?")
    assert server.asked()["model"] == "another-model"


def test_thoughts_are_folded_away_and_not_sent_back(chat, server):
    server.will(Answer(["<thi", "nk>The user ", "greets me.</th", "ink>\n\nGood", " morning!"]))
    chat.ask("Hello")
    expect(chat.answer()).to_have_text("Good morning!")
    thoughts = chat.turns.locator("details.thoughts")
    expect(thoughts).not_to_have_attribute("open", "")
    thoughts.locator("summary").click()
    expect(thoughts.locator(".prose")).to_have_text("The user greets me.")
    server.asked()
    server.will(Answer().think("Separately.").send("Yes.").finish())
    chat.ask("Really?")
    assert server.asked()["messages"][1]["content"] == "Good morning!"
    expect(chat.turns.nth(1).locator("details.thoughts")).to_be_visible()
    expect(chat.answer()).to_have_text("Yes.")


def test_an_answer_cut_at_its_limit_says_so(chat, server):
    server.will(Answer(["Once upon a"], reason="length"))
    chat.ask("Tell me a story")
    expect(chat.turns.locator(".notice")).to_contain_text("limit of tokens")


def test_code_can_be_copied(open_chat, server):
    chat = open_chat(permissions=["clipboard-read", "clipboard-write"])
    server.will(Answer(["```sh\nmake ", "serve\n```"]))
    chat.ask("How do I start?")
    chat.expect_over()
    figure = chat.answer().locator("figure.code")
    expect(figure.locator("figcaption span").first).to_have_text("sh")
    figure.get_by_role("button", name="Copy").click()
    expect(figure.get_by_role("button")).to_have_text("Copied")
    assert chat.page.evaluate("navigator.clipboard.readText()") == "make serve"
