"""A server that does as it is told: the chat page's files, and answers that a test decides piece by piece.

The files come from Sources, with the policy that Sources states, so the page is the one that ships; only the
model behind it is made up. By itself it serves for working on the page: `python3 mock_server.py 8081`.
"""

import json
import mimetypes
import queue
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from mock_admin import Administration, reply

CONSOLE = Path(__file__).parents[2] / "Sources/Platform/Console"
PAGES = CONSOLE / "Pages"
CHAT = "/v1/chat/completions"


def security_policy():
    """The directives in ConsolePages.swift."""
    source = (CONSOLE / "ConsolePages.swift").read_text()
    listed = re.search(r"securityPolicy = \[(.*?)\]", source, re.DOTALL).group(1)
    return "; ".join(re.findall(r'"([^"]+)"', listed))


class Hangup(Exception):
    """The test wants the connection closed here."""


class Answer:
    """One answer under a test's control: `send` text, then `finish`, `fail` or `hang_up`."""

    def __init__(self, pieces=None, *, pause=0.0, **ending):
        self.steps = queue.Queue()
        self.pause = pause
        # Set when the page has closed the connection before the end.
        self.left = threading.Event()
        if pieces is not None:
            self.send(*pieces)
            self.finish(**ending)

    def send(self, *pieces):
        for piece in pieces:
            self.steps.put({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
        return self

    def think(self, text):
        self.steps.put({"choices": [{"index": 0, "delta": {"reasoning_content": text}, "finish_reason": None}]})
        return self

    def finish(self, reason="stop", usage=(21, 12), timings=True):
        end = {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}
        if usage and timings:
            end["timings"] = {
                "prompt_n": usage[0], "prompt_ms": 40.0, "prompt_per_second": 525.0,
                "predicted_n": usage[1], "predicted_ms": 250.0, "predicted_per_second": 44.0}
        self.steps.put(end)
        if usage:
            self.steps.put({"choices": [], "usage": {
                "prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}})
        self.steps.put("[DONE]")
        return self

    def raw(self, data):
        """Any event, well formed or not."""
        self.steps.put(data)
        return self

    def fail(self, message, code="engine_failure"):
        self.steps.put({"error": {"message": message, "type": "server_error", "param": None, "code": code}})
        return self.end()

    def end(self):
        self.steps.put(None)
        return self

    def hang_up(self):
        self.steps.put(Hangup())
        return self


class Refusal:
    """An answer with an error status."""

    def __init__(self, status, message, code="invalid_value", param=None, body=None):
        self.status = status
        error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
        self.body = json.dumps({"error": error}).encode() if body is None else body


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/v1/models":
            models = [{"id": name, "object": "model", "context_length": length}
                      for name, length in self.server.models]
            return self.reply(200, json.dumps({"object": "list", "data": models}).encode(), "application/json")
        if self.path.startswith("/admin/"):
            return self.administrate()
        name = {"/": "index.html", "/console": "console.html"}.get(self.path, self.path.lstrip("/"))
        file = (PAGES / name).resolve()
        if not file.is_relative_to(PAGES.resolve()) or not file.is_file():
            return self.reply(404, b"{}", "application/json")
        kind = mimetypes.guess_type(file.name)[0]
        policy = {"Content-Security-Policy": security_policy()} if name.endswith(".html") else {}
        self.reply(200, file.read_bytes(), kind, policy)

    def do_DELETE(self):
        self.administrate()

    def administrate(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        path = self.path.removeprefix("/admin/")
        self.reply(*reply(self.server.administration, self.command, path, self.headers, body), "application/json")

    def do_POST(self):
        if self.path.startswith("/admin/"):
            return self.administrate()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != CHAT:
            return self.reply(404, b"{}", "application/json")
        self.server.requests.put(body)
        answer = self.server.next_answer(body)
        if isinstance(answer, Refusal):
            return self.reply(answer.status, answer.body, "application/json")
        self.stream(answer)

    def reply(self, status, body, kind, headers=None):
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": len(body), **(headers or {})}.items():
            self.send_header(name, value)
        # So that a server that was shut down is really gone.
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def stream(self, answer):
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            for step in self.steps(answer):
                self.chunk(step if isinstance(step, str) else json.dumps(step, ensure_ascii=False))
                time.sleep(answer.pause)
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            answer.left.set()
        except Hangup:
            # Without the last chunk the page can tell that the answer was cut off.
            self.wfile.flush()

    def steps(self, answer):
        while True:
            try:
                step = answer.steps.get(timeout=0.1)
            except queue.Empty:
                # A comment line: it shows whether anybody still listens.
                self.write(b": waiting\n\n")
                continue
            if isinstance(step, Hangup):
                raise step
            if step is None:
                return
            yield step
            if step == "[DONE]":
                return

    def chunk(self, data):
        self.write(f"data: {data}\n\n".encode())

    def write(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


class MockServer(ThreadingHTTPServer):
    """Answers chats with what was put into `answers`, in order; what it was asked is in `requests`."""

    daemon_threads = True

    def __init__(self, port=0, models=(("berth-harbour", 1024), ("another-model", 4096))):
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.models = list(models)
        self.administration = Administration()
        self.answers = queue.Queue()
        self.requests = queue.Queue()

    def next_answer(self, _):
        return self.answers.get(timeout=10)

    def will(self, answer):
        self.answers.put(answer)
        return answer

    def asked(self):
        """The body of the next request that has not been looked at."""
        return self.requests.get(timeout=10)

    def handle_error(self, *_):
        pass

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


SAMPLE = """A ship that draws 7 m needs **8 m of water**: it keeps one metre under her keel.

| Berth | Length | Depth |
|---|---:|---:|
| 4 | 160 m | 9 m |
| 5 | 220 m | 12 m |

So take `berth 4`, on the east quay:

1. Call the harbour master on channel 12.
2. Take a pilot: your ship is longer than 100 m.

```python
def fits(ship, berth):
    return ship.length <= berth.length and ship.draught + 1 <= berth.depth
```
"""


class Echo(MockServer):
    """For working on the page by hand."""

    def next_answer(self, body):
        question = body["messages"][-1]["content"]
        if question.startswith("!"):
            return Refusal(int(question[1:4]), "temperature must be between 0 and 2", param="temperature")
        words = re.findall(r"\S+\s*", SAMPLE + f"\nYou said: {question}")
        return Answer(words, pause=0.04, usage=(len(question), len(words)))


if __name__ == "__main__":
    server = Echo(int(sys.argv[1]) if len(sys.argv) > 1 else 8081)
    print(server.url)
    server.serve_forever()
