"""Whatever a model writes stays text."""

from playwright.sync_api import expect

from mock_server import Answer

# What holds text of others, and what such text must never become. Code has a copy button of the page's own.
WRITTEN = ".said, .thoughts .prose, .asked"
HARMFUL = """:is(img, script, iframe, object, embed, style, link, form, input, svg, math, video, audio,
    [onerror], [onclick], [onmouseover], [style]):not(figcaption *)"""

ATTACKS = [
    '<img src=x onerror="document.title=\'owned\'">',
    "<script>document.title='owned'</script>",
    "<svg/onload=document.title='owned'>",
    '<a href="javascript:document.title=\'owned\'">click</a>',
    "[click](javascript:document.title='owned')",
    "[click](JaVaScRiPt:document.title='owned')",
    "[click](java\tscript:alert(1))",
    "[click](data:text/html,<script>document.title='owned'</script>)",
    "[click](vbscript:x) [click](//example.org) [click](/v1/models)",
    "![picture](https://example.org/tracker.png)",
    "![x](x\"onerror=\"document.title='owned')",
    '[x](https://example.org"onmouseover="document.title=\'owned\')',
    "`<img src=x onerror=document.title='owned'>`",
    "```html\n<img src=x onerror=document.title='owned'>\n```",
    "```\"><img/src/onerror=document.title='owned'>\nx\n```",
    "| <img src=x onerror=document.title='owned'> | b |\n|---|---|\n| <script>1</script> | [a](javascript:1) |",
    "# <img src=x onerror=document.title='owned'>",
    "- <iframe src=javascript:1></iframe>\n  - <style>*{display:none}</style>",
    "<think><img src=x onerror=document.title='owned'></think><b>said</b>",
    "&lt;img src=x onerror=1&gt; &#60;script&#62;",
    "</p></div></li><h1>outside</h1>",
    "\u202egnp.exe\u202c \u0000 \ufeff 😀",
]


def test_output_is_inert(chat, server):
    requested = []
    chat.page.on("request", lambda request: requested.append(request.url))
    for attack in ATTACKS:
        server.will(Answer(list(attack)))
        chat.ask(attack)
        chat.expect_over()
        written = chat.turns.last.locator(WRITTEN)
        assert written.locator(HARMFUL).evaluate_all("(nodes) => nodes.map((node) => node.outerHTML)") == [], attack
        addresses = written.locator("a").evaluate_all("(links) => links.map((link) => link.href)")
        assert all(address.startswith(("https://", "http://", "mailto:")) for address in addresses), attack
        assert chat.page.title() == "Berth", attack
    expect(chat.turns).to_have_count(len(ATTACKS))
    assert [url for url in requested if not url.startswith(server.url)] == []


def test_the_check_sees_what_it_looks_for(chat, server):
    server.will(Answer(["Hello."]))
    chat.ask("Hi")
    chat.expect_over()
    chat.answer().evaluate("(said) => said.append(document.createElement('img'))")
    expect(chat.turns.last.locator(WRITTEN).locator(HARMFUL)).to_have_count(1)


def test_markup_is_shown_as_it_was_written(chat, server):
    server.will(Answer(["<b>bold?</b> ", "<img src=x>"]))
    chat.ask("<i>question</i>")
    expect(chat.answer()).to_have_text("<b>bold?</b> <img src=x>")
    expect(chat.turns.locator(".asked")).to_have_text("<i>question</i>")


def test_the_browser_itself_refuses_markup(chat):
    """Should a later change reach for innerHTML, the policy stops it."""
    refused = chat.page.evaluate("""() => {
        try { document.createElement("p").innerHTML = "<b>x</b>"; return false; } catch { return true; }
    }""")
    chat.page.evaluate("globalThis.violations = []")
    chat.watch.expects("TrustedHTML")
    assert refused


def test_links_lead_out_safely(chat, server):
    server.will(Answer(["See [the book](https://example.org/a_b) or https://example.com/x?y=1."]))
    chat.ask("Where?")
    links = chat.answer().locator("a")
    expect(links).to_have_count(2)
    expect(links.nth(0)).to_have_attribute("href", "https://example.org/a_b")
    expect(links.nth(1)).to_have_attribute("href", "https://example.com/x?y=1")
    for link in links.all():
        expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
        expect(link).to_have_attribute("target", "_blank")


def test_formatting_is_shown(chat, server):
    server.will(Answer(["# Tides\n\nHigh *and* **low**, ~~never~~ `06:00`:\n\n1. one\n   - inner\n2. two\n\n> said\n\n---\n\n",
                        "|a|b|\n|:-|-:|\n|1|2|\n\n```py\nx = '**'\n```\nEnd"]))
    chat.ask("Show")
    chat.expect_over()
    said = chat.answer()
    for selector, text in {
        "h3": "Tides", "em": "and", "strong": "low", "del": "never", "p code": "06:00", "ol > li:nth-child(2)": "two",
        "ol ul > li": "inner", "blockquote p": "said", "th.align-end": "b", "td.align-end": "2",
        "pre code": "x = '**'", "figure + p": "End",
    }.items():
        expect(said.locator(selector)).to_have_text(text)
    expect(said.locator("hr")).to_have_count(1)
    expect(said.locator("pre strong")).to_have_count(0)
