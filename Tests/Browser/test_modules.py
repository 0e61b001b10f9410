"""The parts of the page that know no page, on their own."""

import json
import time

import pytest


@pytest.fixture
def call(chat):
    """call(module, body, argument): runs a function body with the module as `m` and the argument as `x`."""

    def call(module, body, argument=None):
        return chat.page.evaluate(
            f"async (x) => {{ const m = await import('/scripts/{module}.js'); {body} }}", argument)

    return call


def test_events_survive_any_splitting(call):
    stream = 'data: {"a":"泊位 😀"}\r\n\r\n: comment\ndata:x\ndata: y\n\nevent: ping\ndata\n\r\rdata: [DONE]\n\ndata: half'
    events = call("sse", """
        const parse = (pieces) => { const p = new m.EventStreamParser(); return pieces.flatMap((t) => p.push(t)); };
        const whole = parse([x]);
        for (let at = 0; at <= x.length; at++) {
            for (const pieces of [[x.slice(0, at), x.slice(at)], [x.slice(0, at), x.slice(at, at + 1), x.slice(at + 1)]]) {
                if (JSON.stringify(parse(pieces)) !== JSON.stringify(whole)) return `differs at ${at}`;
            }
        }
        if (JSON.stringify(parse([...x])) !== JSON.stringify(whole)) return "differs by characters";
        return whole;
    """, stream)
    assert events == ['{"a":"泊位 😀"}', "x\ny", "", "[DONE]"]


def test_thoughts_are_told_from_answers(call):
    for text, growing, expected in [
        ("Hello", True, ["", "Hello", False]),
        ("<th", True, ["", "", False]),
        ("<th", False, ["", "<th", False]),
        ("<think>a </thi", True, ["a", "", True]),
        ("<think>a </thi", False, ["a </thi", "", False]),
        ("\n<think>\na\n</think>\n\nb", True, ["a", "b", False]),
        ("a <think>b</think>", True, ["", "a <think>b</think>", False]),
    ]:
        body = "const { reasoning, said, thinking } = m.splitReasoning(x[0], x[1]); return [reasoning, said, thinking];"
        assert call("reasoning", body, [text, growing]) == expected


def test_an_answer_that_is_over_stays_as_it_is(call):
    states = call("answer", """
        let a = m.begin("model", 0);
        const seen = [];
        for (const event of x) { a = m.advance(a, event, seen.length * 100); seen.push([a.status, a.text]); }
        return seen;
    """, [{"kind": "text", "text": "a"}, {"kind": "stop"}, {"kind": "text", "text": "b"}, {"kind": "end"},
          {"kind": "fail", "failure": {"kind": "server"}}])
    assert states == [["streaming", "a"]] + [["stopped", "a"]] * 4


def test_speed_is_counted_from_the_second_token(call):
    rate = call("answer", """
        let a = m.begin("model", 0);
        for (const at of [1000, 1100, 1200]) a = m.advance(a, { kind: "text", text: "x" }, at);
        return m.measure(a);
    """)
    assert rate["perSecond"] == pytest.approx(10)
    assert rate["firstSeconds"] == 1


ABSURD = {
    "stars": "*" * 50_000, "underlined": "_a " * 20_000, "brackets": "[" * 50_000, "links": "[a](" * 15_000,
    "ticks": "`a``" * 12_000, "quotes": ">" * 20_000, "deep lists": "\n".join(" " * n + "- a" for n in range(400)),
    "spaces": "# a" + " " * 50_000 + "b", "rules": "- " * 25_000 + "x", "bars": "|" * 30_000 + "\n" + "|-" * 15_000,
    "fences": "```\n" * 10_000, "numbers": "1. " * 15_000, "addresses": "http://" * 8_000, "backslashes": "\\" * 50_000,
    "strikes": "~~a " * 12_000, "marks in turn": "**a *b __c ~~d " * 3_000, "items": "- a\n" * 10_000,
    "loose items": "- a\n\n" * 5_000,
}


def test_absurd_markdown_takes_no_time(call):
    for name, text in ABSURD.items():
        started = time.monotonic()
        call("markdown-view", "new m.MarkdownView(document.createElement('div')).show(x);", text)
        assert time.monotonic() - started < 5, name


def test_no_text_is_lost(call):
    """Every letter that is written is shown, whatever the marks around it."""
    for text in ["a *b _c* d_ e", "**a", "a]b(c)[d", "1. a\n\n   b\n- c\n+ d", "> a\n> - b\n>> c", "| a | b |\n|--|\nc",
                 "a\n# b\nc", "~~~a\nb", "[a](b c) [d] ![e](f)", "***a** b*", "`a ``b` c", "http://a.b/*c* d"]:
        shown = call("markdown-view", """
            const root = document.createElement("div");
            new m.MarkdownView(root).show(x);
            return root.textContent;
        """, text)
        letters = [letter for letter in text if letter.isalpha()]
        assert [letter for letter in letters if letter not in shown] == [], json.dumps([text, shown])


def test_storage_that_is_forbidden_is_no_obstacle(call):
    kept = call("storage", """
        Object.defineProperty(globalThis, "localStorage", { get() { throw new DOMException("no", "SecurityError"); } });
        m.write("a", "1");
        const kept = m.read("a");
        m.forget("a");
        return [kept, m.read("a")];
    """)
    assert kept == ["1", None]
