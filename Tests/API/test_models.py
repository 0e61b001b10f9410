"""Several models in one server: loaded when they are asked for, sent away for others, and files that change meanwhile."""

import os
import shutil
import time
from pathlib import Path

import pytest

import wire

pytestmark = pytest.mark.skipif(
    not os.environ.get("BERTH_BINARY"), reason="BERTH_BINARY must name the program to start a server of its own")
HARBOUR = Path(__file__).parents[2] / "Sources/Models/CDefaultModel/berth-harbour.gguf"


@pytest.fixture
def files(tmp_path):
    """Two model files that tests may damage."""
    return [shutil.copy(HARBOUR, tmp_path / f"{name}.gguf") for name in ("one", "two")]


def serve(*files, **options):
    flags = [flag for file in files for flag in ("--model", str(file))]
    return wire.own_server(*flags, "--context-length", "512", "--cache-memory", "16", *options.get("flags", []))


def ask(server, model):
    return server.post("/v1/completions", {"model": model, "prompt": "The harbour", "temperature": 0, "max_tokens": 8})


def states(server):
    return {model["name"]: model["state"] for model in server.get("/admin/models").json["models"]}


def test_models_are_loaded_on_demand_and_sent_away_for_others(files):
    with serve(*files, flags=["--load-on-demand", "--memory-budget", "0.04"]) as (server, _):
        assert states(server) == {"one": "unloaded", "two": "unloaded"}
        assert {model["id"] for model in server.get("/v1/models").json["data"]} == {"one", "two"}
        assert ask(server, "one").status == 200
        assert states(server) == {"one": "ready", "two": "unloaded"}
        report = server.get("/admin/models").json
        assert 0 < report["memory"]["used_bytes"] <= report["memory"]["budget_bytes"]
        assert ask(server, "two").status == 200
        assert states(server) == {"one": "unloaded", "two": "ready"}
        assert ask(server, "one").json["choices"] == ask(server, "two").json["choices"]


def test_a_pinned_model_stays_and_the_other_is_refused(files):
    with serve(*files, flags=["--load-on-demand", "--memory-budget", "0.04", "--pin", "one"]) as (server, _):
        assert states(server) == {"one": "ready", "two": "unloaded"}
        answer = ask(server, "two")
        assert answer.status == 503
        assert '"one"' in answer.error["message"] and "pinned" in answer.error["message"]
        assert server.post("/admin/models/one/pin", {"pinned": False}).json["pinned"] is False
        assert ask(server, "two").status == 200


def test_an_idle_model_goes(files):
    with serve(files[0], flags=["--idle-minutes", "0.01"]) as (server, _):
        assert ask(server, "one").status == 200
        deadline = time.monotonic() + 10
        while states(server)["one"] != "unloaded":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert ask(server, "one").status == 200


def test_models_are_loaded_and_unloaded_by_administrators(files):
    with serve(*files, flags=["--load-on-demand"]) as (server, _):
        assert server.post("/admin/models/two/load", None).json["state"] == "ready"
        assert server.post("/admin/models/two/unload", None).status == 200
        deadline = time.monotonic() + 10
        while states(server)["two"] != "unloaded":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        missing = server.post("/admin/models/three/load", None)
        assert missing.status == 404 and missing.error["code"] == "model_not_found"


def test_only_files_in_allowed_folders_can_be_loaded(files, tmp_path):
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    inside = shutil.copy(HARBOUR, allowed / "inside.gguf")
    (allowed / "link.gguf").symlink_to(files[1])
    with serve(files[0], flags=["--model-folder", str(allowed)]) as (server, _):
        assert server.post("/admin/models", {"model": str(inside)}).json["name"] == "inside"
        assert ask(server, "inside").status == 200
        for path in (files[1], allowed / "link.gguf", allowed / "../two.gguf", "/etc/passwd"):
            answer = server.post("/admin/models", {"model": str(path)})
            assert answer.status == 400, path
            assert "--model-folder" in answer.error["message"]


@pytest.mark.parametrize("change", ["shortened", "removed", "replaced", "overwritten"])
def test_a_file_that_changes_under_a_loaded_model_changes_no_answer(files, change):
    with serve(files[0]) as (server, process):
        before = ask(server, "one").json["choices"]
        path = Path(files[0])
        if change == "shortened":
            os.truncate(path, 4096)
        elif change == "removed":
            path.unlink()
        elif change == "replaced":
            other = path.with_suffix(".new")
            other.write_bytes(b"not a model")
            other.rename(path)
        else:
            path.write_bytes(b"\xff" * path.stat().st_size)
        answer = ask(server, "one")
        assert answer.status == 200 and answer.json["choices"] == before
        # Tokens that were not looked up before.
        other = server.post("/v1/completions", {
            "model": "one", "prompt": list(range(200, 400)), "temperature": 0, "max_tokens": 8})
        assert other.status == 200
        assert process.poll() is None
        # Gone from memory, it cannot come back, and says why.
        assert server.post("/admin/models/one/unload", None).status == 200
        deadline = time.monotonic() + 10
        while states(server)["one"] != "unloaded":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        answer = ask(server, "one")
        assert answer.status == 500
        assert "one.gguf" in answer.error["message"] and str(path.parent) not in answer.error["message"]
        shutil.copy(HARBOUR, path)
        time.sleep(5.1)
        assert ask(server, "one").json["choices"] == before


def test_live_requests_are_seen_and_ended(files):
    with serve(files[0]) as (server, _):
        connection = server.open("/v1/completions", {
            "model": "one", "prompt": "x", "temperature": 2, "max_tokens": 400, "stream": True})
        connection.recv(64)
        seen = server.get("/admin/requests").json["requests"]
        if seen:
            assert seen[0]["model"] == "one" and seen[0]["endpoint"] == "/v1/completions"
            assert "prompt" not in seen[0]
            ended = server.request("DELETE", f"/admin/requests/{seen[0]['id']}")
            assert ended.status in (200, 404)
        connection.close()
        assert server.request("DELETE", "/admin/requests/nobody").status == 404
        columns = server.get("/admin/statistics").json
        assert columns["interval_seconds"] == 2
        assert len({len(column) for name, column in columns.items() if name != "interval_seconds"}) == 1
