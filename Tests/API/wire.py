"""HTTP as bytes and metrics as numbers, for what a client library hides. Standard library only."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.parse


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The error object, checked to have OpenAI's form."""
        error = self.json["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["message"] and error["type"] in ("invalid_request_error", "server_error")
        return error


class Server:
    def __init__(self, url):
        self.url = url.rstrip("/")
        parts = urllib.parse.urlsplit(self.url)
        self.address = (parts.hostname, parts.port)

    def request(self, method, path, body=None, headers=None, timeout=120):
        with contextlib.closing(http.client.HTTPConnection(*self.address, timeout=timeout)) as connection:
            payload = body if body is None or isinstance(body, (bytes, str)) else json.dumps(body)
            connection.request(method, path, payload, headers or {})
            return Answer(connection.getresponse())

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)

    def post(self, path, body, headers=None):
        return self.request("POST", path, body, headers)

    def open(self, path, body):
        """A socket on which the request has been sent and nothing read."""
        payload = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self.address[0]}:{self.address[1]}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
        )
        connection = socket.create_connection(self.address, timeout=60)
        connection.sendall(head.encode() + payload)
        return connection

    def metrics(self):
        """Every sample without labels as {name: value}, with labels as {(name, label value...): value}."""
        from prometheus_client.parser import text_string_to_metric_families

        samples = {}
        for family in text_string_to_metric_families(self.get("/metrics").body.decode()):
            for sample in family.samples:
                key = (sample.name, *sample.labels.values()) if sample.labels else sample.name
                samples[key] = sample.value
        return samples

    def wait_until_idle(self, seconds=5):
        """Fails unless no sequence runs or waits within that time."""
        deadline = time.monotonic() + seconds
        while True:
            metrics = self.metrics()
            busy = metrics["berth_sequences_running"] + metrics["berth_sequences_waiting"]
            if busy == 0:
                return metrics
            assert time.monotonic() < deadline, f"{busy} sequences still there after {seconds} s"
            time.sleep(0.02)


@contextlib.contextmanager
def own_server(*options, log=None, store=None, waits=True):
    """A server of the test's own with its own store, as (Server, process); told to stop at the end, and then killed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tempfile.TemporaryDirectory()
    environment = {**os.environ, "BERTH_STORE": str(store or folder.name + "/berth.sqlite")}
    process = subprocess.Popen(
        [os.environ["BERTH_BINARY"], "serve", "--port", str(port), *options], env=environment,
        stdout=subprocess.DEVNULL, stderr=open(log, "wb") if log else subprocess.DEVNULL)
    try:
        server = Server(f"http://127.0.0.1:{port}")
        deadline = time.monotonic() + 60
        while waits:
            try:
                if server.get("/health").status == 200:
                    break
            except OSError:
                assert process.poll() is None, "the server ended at once"
                assert time.monotonic() < deadline, "the server did not answer for 60 s"
                time.sleep(0.05)
        yield server, process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()
        folder.cleanup()
