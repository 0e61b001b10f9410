"""Takes the README's picture of the page over a running server: `python3 readme_picture.py URL OUT.png`."""

import sys

from playwright.sync_api import expect, sync_playwright

from conftest import Chat, find_chromium

QUESTIONS = [
    "Which berth for a ship of 150 m with 7 m draught?",
    "And if it draws 10 m?",
    "When is the next ferry after 10:00?",
]


def main(url, out):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": 1000, "height": 660}, device_scale_factor=1.5, locale="en-GB", reduced_motion="reduce")
        page.goto(url)
        page.locator("#suggestions button").first.wait_for()
        chat = Chat(page)
        for question in QUESTIONS:
            chat.ask(question)
            chat.expect_over()
        expect(chat.turns).to_have_count(len(QUESTIONS))
        page.wait_for_timeout(300)
        page.screenshot(path=out)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
