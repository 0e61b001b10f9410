"""English and Chinese, light and dark: the browser's choice first, then the reader's."""

import pytest
from playwright.sync_api import expect

from mock_server import Answer, Refusal


@pytest.mark.parametrize("locale, language, words", [
    ("en-GB", "en", "Tied up and ready."),
    ("zh-CN", "zh-Hans", "船已靠泊，随时可问。"),
    ("zh-TW", "zh-Hans", "船已靠泊，随时可问。"),
    ("de-DE", "en", "Tied up and ready."),
])
def test_the_browser_chooses_the_language(open_chat, locale, language, words):
    chat = open_chat(locale=locale)
    expect(chat.page.locator("html")).to_have_attribute("lang", language)
    expect(chat.page.locator("#welcome h2")).to_have_text(words)


def test_the_reader_chooses_another_language(open_chat, server):
    chat = open_chat(locale="zh-CN")
    chat.watch.expects("Failed to load")
    server.will(Refusal(503, "full", code="overloaded"))
    chat.ask("你好")
    expect(chat.turns.locator(".failed")).to_contain_text("服务器正忙")
    chat.page.get_by_role("button", name="Switch to English").click()
    expect(chat.turns.locator(".failed")).to_contain_text("The server is busy")
    expect(chat.page.get_by_role("button", name="Settings")).to_be_visible()
    chat.page.reload()
    expect(chat.page.locator("html")).to_have_attribute("lang", "en")
    chat.page.get_by_role("button", name="切换到中文").click()
    expect(chat.turns.locator(".failed")).to_contain_text("服务器正忙")


def test_the_language_can_change_while_an_answer_arrives(chat, server):
    answer = server.will(Answer())
    chat.ask("Hello")
    answer.send("Good ")
    expect(chat.answer()).to_have_text("Good")
    chat.page.get_by_role("button", name="切换到中文").click()
    answer.send("morning.").finish()
    expect(chat.answer()).to_have_text("Good morning.")
    expect(chat.page.locator(".figures span").first).to_have_text("12 个词元")


def test_both_languages_have_the_same_words(chat):
    missing = chat.page.evaluate("""async () => {
        const keys = (texts, path = "") => Object.entries(texts).flatMap(([key, value]) =>
            typeof value === "object" && !("other" in value) ? keys(value, `${path}${key}.`) : [path + key]);
        const load = async (code) => new Set(keys((await import(`/scripts/texts-${code}.js`)).default));
        const [en, zh] = [await load("en"), await load("zh")];
        return [...en, ...zh].filter((key) => !en.has(key) || !zh.has(key));
    }""")
    assert missing == []


def background(chat):
    return chat.page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_colours_follow_the_system_until_somebody_chooses(open_chat):
    chat = open_chat(color_scheme="light")
    light = background(chat)
    chat.page.emulate_media(color_scheme="dark")
    dark = background(chat)
    assert light != dark
    chat.page.get_by_role("button", name="Light colours").click()
    assert background(chat) == light
    chat.page.reload()
    assert background(chat) == light, "the choice is kept"
    chat.page.get_by_role("button", name="Dark colours").click()
    chat.page.emulate_media(color_scheme="light")
    assert background(chat) == light, "choosing what the system says follows it again"


CONTRAST = """() => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const rgb = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (colour) => rgb(colour).slice(0, 3)
        .map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
    const ground = (node) => {
        for (; node; node = node.parentElement) {
            const colour = getComputedStyle(node).backgroundColor;
            if (rgb(colour)[3] === 255) return colour;
        }
    };
    const texts = [...document.querySelectorAll("body *")].filter((node) => node.checkVisibility()
        && !node.disabled && node.getClientRects().length > 0
        && [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
    return texts.map((node) => {
        const [a, b] = [luminance(getComputedStyle(node).color), luminance(ground(node))];
        return [node.tagName + "." + node.className, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(open_chat, server, scheme):
    """The Web Content Accessibility Guidelines ask for 4.5 to 1."""
    chat = open_chat(color_scheme=scheme, reduced_motion="reduce")
    chat.watch.expects("Failed to load")
    server.will(Answer(["A [link](https://example.org), `code`.\n\n> quoted\n\n```sh\nls\n```\n\n|a|\n|-|\n|b|"]))
    chat.ask("Show me everything")
    chat.expect_over()
    server.will(Refusal(400, "no", param="temperature"))
    chat.ask("And a failure")
    expect(chat.turns.locator(".failed")).to_be_visible()
    chat.page.locator("#open-settings").click()
    chat.page.get_by_label("Temperature").fill("9")
    ratios = chat.page.evaluate(CONTRAST)
    assert len(ratios) > 40
    assert [(name, round(ratio, 2)) for name, ratio in ratios if ratio < 4.5] == []
