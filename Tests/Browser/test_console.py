"""The console: models, activity and keys, in both languages, with whatever a server may say."""

import re

import pytest
from playwright.sync_api import expect

from mock_admin import Refused, key, live, model, statistics

HOSTILE = '<img src=x onerror="document.title=1"> <script>alert(1)</script> "\'&amp;'


class Console:
    """The console as somebody uses it."""

    def __init__(self, chat):
        self.chat = chat
        self.page = chat.page
        self.watch = chat.watch
        self.trouble = self.page.locator("#trouble")

    def go(self, place):
        self.page.locator(f".places [data-view={place}]").click()

    def row(self, text):
        return self.page.locator("tbody tr", has_text=text).first

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()


@pytest.fixture
def open_console(open_chat, server):
    def open_console(place="models", **options):
        options.setdefault("ready", f"#view-{place}:not([hidden])")
        return Console(open_chat(url=f"{server.url}/console#{place}", **options))

    return open_console


def test_a_model_is_loaded_pinned_and_unloaded(open_console, server):
    console = open_console()
    row = console.row("another-model")
    expect(row).to_contain_text("Not loaded")
    expect(console.page.locator("#memory")).to_contain_text("20 MiB of 4 GiB used")
    console.press("Load: another-model")
    expect(row).to_contain_text("Ready")
    expect(console.page.locator(".memory-bar rect")).to_have_count(2)
    console.press("Pin: another-model")
    expect(row).to_contain_text("pinned")
    console.press("Unload: another-model")
    expect(row).to_contain_text("Not loaded")
    assert [call[:2] for call in server.administration.calls] == [
        ("POST", "models/another-model/load"), ("POST", "models/another-model/pin"),
        ("POST", "models/another-model/unload")]


def test_another_model_is_named_and_loaded(open_console, server):
    console = open_console()
    console.page.get_by_label("Another model").fill("hf.co/owner/name")
    console.press("Load")
    expect(console.row("hf.co/owner/name")).to_contain_text("Ready")
    expect(console.page.get_by_label("Another model")).to_have_value("")
    console.press("Unload: hf.co/owner/name")
    expect(console.row("hf.co/owner/name")).to_contain_text("Not loaded")
    assert server.administration.calls[-1][1] == "models/hf.co/owner/name/unload"


def test_what_a_model_is_doing_is_said(open_console, server):
    server.administration.models = [
        model("busy", users=3, last_used_at=1760000000), model("coming", "loading"), model("going", "unloading"),
        model("broken", "unloaded", failure="broken.gguf: file is cut off at byte 99")]
    console = open_console()
    expect(console.row("busy")).to_contain_text("3 requests")
    expect(console.row("coming").get_by_role("button").first).to_be_disabled()
    expect(console.row("going")).to_contain_text("Unloading")
    expect(console.row("broken")).to_contain_text("cut off at byte 99")


def test_a_refusal_is_shown_until_something_works(open_console, server):
    console = open_console()
    console.watch.expects("Failed to load")
    server.administration.refusal = Refused(503, 'they are held by "a" (3.1 GiB, pinned)', "overloaded")
    console.press("Load: another-model")
    expect(console.trouble).to_contain_text("could not do it now")
    expect(console.trouble).to_contain_text("3.1 GiB, pinned")
    console.page.wait_for_timeout(2500)
    expect(console.trouble).to_be_visible()
    server.administration.refusal = None
    console.press("Load: another-model")
    expect(console.trouble).to_be_hidden()


def test_a_server_that_is_gone_is_said_and_its_return_seen(open_console, server):
    console = open_console()
    console.watch.expects("Failed to load|ERR_")
    console.page.route("**/admin/**", lambda route: route.abort())
    expect(console.trouble).to_contain_text("does not answer", timeout=8000)
    expect(console.row("berth-harbour")).to_be_visible()
    console.page.unroute("**/admin/**")
    expect(console.trouble).to_be_hidden(timeout=8000)


def test_live_requests_are_listed_and_ended(open_console, server):
    server.administration.requests = [
        live("live-1", key="key_abc"), live("live-2", "waiting", prompt_tokens=None, completion_tokens=0)]
    console = open_console("activity")
    expect(console.page.locator("#requests-table tbody tr")).to_have_count(2)
    expect(console.page.locator("#requests-table tbody tr").first).to_contain_text("1,234 / 56")
    expect(console.page.locator("#requests-table tbody tr").nth(1)).to_contain_text("Waiting")
    console.press("End: live-1")
    expect(console.page.locator("#requests-table tbody tr")).to_have_count(1)
    server.administration.requests = []
    expect(console.page.locator("#requests-table")).to_contain_text("No request is being answered.")


def test_charts_draw_what_the_server_measured(open_console, server):
    console = open_console("activity")
    plots = console.page.locator(".plot")
    expect(plots).to_have_count(4)
    expect(plots.first).to_have_attribute("aria-label", re.compile("Throughput. answers: .* tokens a second"))
    drawn = console.page.locator(".curve").evaluate_all("nodes => nodes.map((node) => node.getTotalLength())")
    assert len(drawn) == 6 and all(length > 100 for length in drawn)


def test_no_samples_and_silence_are_no_trouble(open_console, server):
    server.administration.statistics = statistics(0)
    console = open_console("activity")
    expect(console.page.locator(".legend").first).to_contain_text("nothing yet")
    server.administration.statistics = {
        name: value if name in ("interval_seconds", "time") else [0 if name != "first_text_seconds" else None] * 30
        for name, value in statistics().items()}
    expect(console.page.locator(".legend").first).to_contain_text("0 tokens a second")


def test_limits_of_charts_are_round(open_console):
    console = open_console("activity")
    limits = console.page.evaluate("""async () => {
        const { niceLimit, path } = await import("/scripts/chart.js");
        return [[0, 0.3, 1, 1.5, 3, 7, 10, 11, 99, 1e9 + 1].map(niceLimit), path([null, 1, null, 2, 2], 2)];
    }""")
    assert limits == [[1, 1, 1, 2, 5, 10, 10, 20, 100, 2e9], "M150 60h2M450 0L600 0"]


def test_a_key_is_made_shown_once_copied_and_revoked(open_console, server):
    console = open_console("keys")
    expect(console.page.locator("#keys-table")).to_contain_text("There are no keys.")
    console.page.get_by_label("Name").fill("reports")
    console.page.get_by_label("Role").select_option("admin")
    console.page.get_by_label("Requests a minute").fill("６０")
    console.page.get_by_label("Models, by comma").fill("berth-harbour, another-model")
    console.press("Create a key")
    secret = console.page.locator("#new-secret")
    expect(secret).to_contain_text("berth-Ab3dEf7hIJKL")
    assert server.administration.calls[-1][2] == {
        "name": "reports", "role": "admin", "requests_per_minute": 60, "models": ["berth-harbour", "another-model"]}
    expect(secret.get_by_role("button", name="Copy")).to_be_focused()
    secret.get_by_role("button", name="Copy").click()
    expect(secret).to_contain_text("Copied")
    secret.get_by_role("button", name="Close").click()
    expect(secret).to_be_hidden()
    assert "berth-Ab3dEf7hIJKL" not in console.page.content()
    expect(console.row("reports")).to_contain_text("60 requests a minute")
    console.page.once("dialog", lambda dialog: dialog.dismiss())
    console.press("Revoke: reports")
    expect(console.row("reports")).not_to_contain_text("revoked")
    console.page.once("dialog", lambda dialog: dialog.accept())
    console.press("Revoke: reports")
    expect(console.row("reports")).to_contain_text("revoked")


def test_a_limit_that_is_no_number_is_told_before_anything_is_sent(open_console, server):
    console = open_console("keys")
    console.page.get_by_label("Name").fill("x")
    console.page.get_by_label("Tokens a minute").fill("many")
    console.press("Create a key")
    expect(console.page.locator("#key-problem")).to_have_text("This needs a whole number.")
    expect(console.page.get_by_label("Tokens a minute")).to_be_focused()
    assert server.administration.calls == []


def test_an_administrators_key_is_asked_for_and_kept_for_the_tab(open_console, server):
    server.administration.wants = "berth-secret"
    console = open_console(ready="#sign-in:not([hidden])")
    console.watch.expects("Failed to load")
    expect(console.page.locator("#view-models")).to_be_hidden()
    entry = console.page.get_by_label("Key", exact=True)
    expect(entry).to_be_focused()
    entry.fill("wrong")
    entry.press("Enter")
    expect(console.trouble).to_contain_text("this key opens nothing here")
    entry.fill("berth-secret")
    entry.press("Enter")
    expect(console.row("berth-harbour")).to_be_visible()
    expect(console.trouble).to_be_hidden()
    console.page.reload()
    expect(console.row("berth-harbour")).to_be_visible()
    kept = console.page.evaluate("[JSON.stringify({...localStorage}), sessionStorage.getItem('berth.adminKey')]")
    assert "secret" not in kept[0] and kept[1] == "berth-secret"


@pytest.mark.parametrize("place, words", [
    ("models", ["模型", "已用 20 MiB / 4 GiB", "未加载", "固定"]),
    ("activity", ["运行", "吞吐量", "没有正在回答的请求。"]),
    ("keys", ["密钥", "还没有密钥。", "新建密钥"]),
])
def test_every_place_speaks_chinese(open_console, place, words):
    console = open_console(place, locale="zh-CN")
    for word in words:
        expect(console.page.locator(f"#view-{place}")).to_contain_text(word)
    console.page.get_by_role("button", name="Switch to English").click()
    expect(console.page.locator(f"#view-{place}")).not_to_contain_text(words[1])
    expect(console.page.locator("html")).to_have_attribute("lang", "en")


def test_hostile_names_stay_text(open_console, server):
    server.administration.models = [model(HOSTILE, summary=HOSTILE, failure=HOSTILE)]
    server.administration.requests = [live(HOSTILE, model=HOSTILE, key=HOSTILE, endpoint=HOSTILE)]
    server.administration.keys = [key(HOSTILE, prefix=HOSTILE, models=[HOSTILE])]
    console = open_console()
    for place in ["models", "activity", "keys"]:
        console.go(place)
        expect(console.page.locator(f"#view-{place} tbody tr").first).to_contain_text("<script>alert(1)</script>")
    assert console.page.locator("main img, main script").count() == 0
    console.go("models")
    console.page.locator("#models-table").get_by_role("button").first.click()
    expect(console.row("<script>")).to_contain_text("Not loaded")


def test_the_focus_stays_where_it_is_while_the_table_changes(open_console, server):
    console = open_console()
    console.page.get_by_role("button", name="Pin: another-model").focus()
    server.administration.models[1]["state"] = "ready"
    expect(console.row("another-model")).to_contain_text("Ready", timeout=8000)
    expect(console.page.get_by_role("button", name="Pin: another-model")).to_be_focused()


def test_everything_can_be_reached_by_keyboard(open_console):
    console = open_console()
    console.page.keyboard.press("Tab")
    expect(console.page.locator(".skip")).to_be_focused()
    names = []
    for _ in range(14):
        console.page.keyboard.press("Tab")
        names.append(console.page.evaluate(
            "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()"))
    for wanted in ["Chat", "Models", "Activity", "Keys", "Unload: berth-harbour", "Load: another-model"]:
        assert wanted in names


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("place", ["models", "activity", "keys"])
def test_nothing_is_wider_than_the_page(open_console, server, place, width):
    server.administration.models.append(model("a-very-long-name/" + "x" * 80, failure="y" * 200))
    server.administration.requests = [live("live-1"), live("live-2", "waiting")]
    server.administration.keys = [key("reports", models=["m" * 60], tokens_per_minute=10**9)]
    console = open_console(place, width=width)
    console.chat.keep(f"console-{place}-{width}")
    assert console.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert console.page.evaluate("document.querySelector('main').scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", ["models", "activity", "keys"])
def test_every_text_of_the_console_can_be_read(open_console, server, place, scheme):
    from test_languages_and_colours import CONTRAST

    server.administration.models.append(model("broken", "unloaded", failure="cut off"))
    server.administration.requests = [live("live-1")]
    server.administration.keys = [key("reports", revoked=1760000001)]
    console = open_console(place, color_scheme=scheme, reduced_motion="reduce")
    console.chat.keep(f"console-{place}-{scheme}")
    ratios = console.page.evaluate(CONTRAST)
    assert len(ratios) > 12
    assert [(name, round(ratio, 2)) for name, ratio in ratios if ratio < 4.5] == []


def test_the_chat_page_leads_to_the_console_and_back(chat):
    chat.page.get_by_role("link", name="Activity").click()
    expect(chat.page.locator("#view-activity")).to_be_visible()
    chat.page.get_by_role("link", name="Chat").click()
    expect(chat.message).to_be_visible()


def test_on_a_phone_one_button_leads_to_the_console(open_chat):
    chat = open_chat(width=360)
    chat.page.get_by_role("link", name="Console").click()
    expect(chat.page.locator("#view-models")).to_be_visible()
