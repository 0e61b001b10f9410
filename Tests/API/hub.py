"""A hub of models on loopback that speaks like Hugging Face's. Standard library only."""

import contextlib
import hashlib
import http.server
import json
import threading
import time

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Files of the repository org/repo; `pace` is the bytes a second at which they are sent, 0 without limit."""

    def __init__(self, files):
        self.files = files
        self.pace = 0
        self.requests = []
        handler = type("Handler", (_Handler,), {"hub": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def ranges(self, name):
        """The Range header of every request for a file."""
        return [headers.get("Range") for path, headers in self.requests if path.endswith("/" + name)]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        hub = self.hub
        path = self.path.split("?")[0]
        hub.requests.append((path, self.headers))
        if path.startswith("/api/models/org/repo/revision/"):
            self.reply(200, json.dumps({"id": "org/repo", "sha": COMMIT}).encode())
        elif path == f"/api/models/org/repo/tree/{COMMIT}":
            self.reply(200, json.dumps([_entry(*item) for item in hub.files.items()]).encode())
        elif path.startswith(f"/org/repo/resolve/{COMMIT}/") and path.split("/")[-1] in hub.files:
            self.file(hub.files[path.split("/")[-1]])
        else:
            self.reply(401, b"", {"X-Error-Code": "RepoNotFound"})

    def file(self, content):
        start = int((self.headers.get("Range") or "bytes=0-")[6:].split("-")[0])
        headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"'}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.reply(206 if start else 200, content[start:], headers)

    def reply(self, status, body, headers=None):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        with contextlib.suppress(OSError):
            step = 1 << 16
            for place in range(0, len(body), step):
                self.wfile.write(body[place : place + step])
                if self.hub.pace:
                    time.sleep(step / self.hub.pace)

    def log_message(self, *_):
        pass


def _entry(path, content):
    digest = hashlib.sha256(content).hexdigest()
    return {
        "type": "file", "path": path, "size": len(content), "oid": "f00d",
        "lfs": {"oid": digest, "size": len(content), "pointerSize": 134},
    }


@contextlib.contextmanager
def running_hub(files):
    hub = Hub(files)
    thread = threading.Thread(target=hub.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.server.shutdown()
        hub.server.server_close()
