"""Fixtures of the browser tests: Chromium, the page over a made-up server, and a watch for whatever goes wrong.

    BERTH_CHROMIUM  the browser (default: chromium, chromium-browser or google-chrome of the system)
    BERTH_SHOTS     a folder for screenshots (default: none are kept)
    BERTH_URL       a real server; test_live.py needs one
"""

import os
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from mock_server import MockServer

expect.set_options(timeout=10_000)
READY = "#suggestions button"
VIOLATIONS = """
    globalThis.violations = [];
    addEventListener("securitypolicyviolation", (event) =>
        violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""


def find_chromium():
    named = os.environ.get("BERTH_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
    if not found:
        pytest.exit("no Chromium: install the package chromium, or name one in BERTH_CHROMIUM", returncode=2)
    return found


@pytest.fixture(scope="session")
def browser():
    # Chromium refuses to run as root with its sandbox; containers are root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def server():
    """A server under the test's control; see mock_server.py."""
    with MockServer() as server:
        yield server


class Chat:
    """The chat page as somebody uses it."""

    def __init__(self, page: Page):
        self.page = page
        self.message = page.locator("#message")
        self.turns = page.locator("#conversation > .turn")
        self.send = page.locator(".send")
        self.stop = page.locator(".stop")

    def ask(self, question):
        self.message.fill(question)
        self.message.press("Enter")

    def answer(self, index=-1):
        return self.turns.nth(index).locator(".said")

    def expect_over(self, status="finished", index=-1):
        expect(self.turns.nth(index)).to_have_attribute("data-status", status)

    def keep(self, name):
        """A screenshot, where somebody wants them."""
        folder = os.environ.get("BERTH_SHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}.png")


class Watch:
    """Everything that a page complains about. A test says which complaints it provokes."""

    def __init__(self, page: Page):
        self.page = page
        self.complaints = []
        self.expected = []
        page.on("console", lambda message: message.type in ("error", "warning") and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))

    def expects(self, pattern):
        self.expected.append(pattern)

    def check(self):
        left = [text for text in self.complaints if not any(re.search(p, text) for p in self.expected)]
        assert left == [], "the page complained"
        assert self.page.evaluate("globalThis.violations") == [], "something broke the security policy"


@pytest.fixture
def open_chat(browser, server):
    """open_chat(width=..., locale=..., color_scheme=...): a new visitor's page. Checked at the end."""
    opened = []

    def open_chat(url=None, width=1280, height=860, locale="en-GB", ready=READY, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, locale=locale, **options)
        context.add_init_script(VIOLATIONS)
        page = context.new_page()
        chat = Chat(page)
        chat.watch = Watch(page)
        page.goto(url or server.url)
        page.locator(ready).first.wait_for()
        opened.append(chat)
        return chat

    yield open_chat
    for chat in opened:
        chat.watch.check()
        chat.page.context.close()


@pytest.fixture
def chat(open_chat):
    return open_chat()
