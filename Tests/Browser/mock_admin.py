"""The routes of administration as the console sees them: models, requests, statistics and keys that a test sets."""

import json
import re
import time
from urllib.parse import unquote


def model(name, state="ready", gib=1.0, **more):
    return {
        "name": name, "summary": "qwen3, 751.6M parameters, mostly Q4_K", "task": "generation", "context_length": 4096,
        "state": state, "bytes": int(gib * (1 << 30)), "pinned": False, "users": 0, "last_used_at": None,
        "unloads_at": None, "failure": None, **more}


def live(id, state="decode", **more):
    return {"id": id, "key": None, "model": "berth-harbour", "endpoint": "/v1/chat/completions", "state": state,
            "prompt_tokens": 1234, "completion_tokens": 56, "age_seconds": 7.5, **more}


def key(name, **more):
    return {"id": f"key_{len(name)}{name[:3].encode().hex()}", "name": name, "prefix": "berth-Ab3dEf7h", "role": "user",
            "priority": "normal", "weight": 1, "requests_per_minute": None, "tokens_per_minute": None,
            "concurrency": None, "models": [], "created": 1760000000, "expires": None, "revoked": None, **more}


def statistics(samples=30):
    wave = [abs((index % 20) - 10) for index in range(samples)]
    return {
        "interval_seconds": 2, "time": [1760000000 + 2 * index for index in range(samples)],
        "prompt_tokens_per_second": [50.0 * value for value in wave],
        "completion_tokens_per_second": [12.5 * value for value in wave],
        "running": [value // 2 for value in wave], "waiting": [value // 5 for value in wave],
        "cache_bytes_used": [value << 26 for value in wave], "cache_bytes_total": [1 << 30] * samples,
        "first_text_seconds": [None if value < 3 else 0.1 * value for value in wave]}


class Refused(Exception):
    """An answer with an error status."""

    def __init__(self, status, message, code="invalid_value"):
        self.status, self.message, self.code = status, message, code


class Administration:
    """What stands behind /admin; `wants` is the key that it asks for."""

    def __init__(self):
        self.models = [model("berth-harbour", gib=0.02, pinned=True), model("another-model", "unloaded", 2.4)]
        self.budget = 4 << 30
        self.requests = []
        self.statistics = statistics()
        self.keys = []
        self.wants = None
        self.refusal = None
        self.calls = []

    def answer(self, method, path, headers, body):
        """The JSON for a request, or Refused."""
        if self.wants is not None and headers.get("Authorization") != f"Bearer {self.wants}":
            given = headers.get("Authorization") is not None
            raise Refused(401, "this key opens nothing here" if given else "", "invalid_api_key")
        if method != "GET":
            self.calls.append((method, path, body))
            if self.refusal:
                raise self.refusal
        for pattern, act in self.routes(method, body):
            if found := re.fullmatch(pattern, path):
                return act(*map(unquote, found.groups()))
        raise Refused(404, f"there is nothing at {path}", "unknown_url")

    def routes(self, method, body):
        if method == "GET":
            return [
                ("models", self.listed), ("requests", lambda: {"requests": self.requests}),
                ("statistics", lambda: self.statistics), ("keys", lambda: {"keys": self.keys})]
        if method == "DELETE":
            return [("requests/(.+)", self.end), ("keys/(.+)", self.revoke)]
        return [
            ("models", lambda: self.add(body["model"])), ("models/(.+)/load", lambda name: self.move(name, "ready")),
            ("models/(.+)/unload", lambda name: self.move(name, "unloaded")),
            ("models/(.+)/pin", lambda name: self.pin(name, body["pinned"])), ("keys", lambda: self.create(body))]

    def listed(self):
        used = sum(model["bytes"] for model in self.models if model["state"] == "ready")
        return {"memory": {"budget_bytes": self.budget, "used_bytes": used}, "models": self.models}

    def named(self, name):
        for model in self.models:
            if model["name"] == name:
                return model
        raise Refused(404, f'no model is named "{name}"', "model_not_found")

    def add(self, name):
        self.models.append(model(name, gib=0.5))
        return self.models[-1]

    def move(self, name, state):
        self.named(name)["state"] = state
        return self.named(name)

    def pin(self, name, pinned):
        self.named(name)["pinned"] = pinned
        return self.named(name)

    def end(self, id):
        self.requests = [request for request in self.requests if request["id"] != id]
        return {"id": id, "cancelled": True}

    def create(self, body):
        made = key(**body)
        self.keys.append(made)
        return {**made, "secret": "berth-Ab3dEf7hIJKLMNOPQRSTUVWXYZabcdefghijklmnop01"}

    def revoke(self, id):
        for known in self.keys:
            if known["id"] == id:
                known["revoked"] = int(time.time())
                return known
        raise Refused(404, f'there is no key "{id}"', "key_not_found")


def reply(administration, method, path, headers, body):
    """Status and bytes for a request below /admin/."""
    try:
        parsed = json.loads(body) if body else None
        return 200, json.dumps(administration.answer(method, path, headers, parsed)).encode()
    except Refused as refused:
        error = {"message": refused.message, "type": "invalid_request_error", "param": None, "code": refused.code}
        return refused.status, json.dumps({"error": error}).encode()
