"""`berth pull` and `berth models` as programs: what a person sees, and what is left when one is killed."""

import json
import os
import pathlib
import resource
import signal
import subprocess
import time

import pytest

from hub import running_hub

MODEL = pathlib.Path(__file__).parents[2] / "Sources/Models/CDefaultModel/berth-harbour.gguf"
NAME = "hf.co/org/repo:Q4_K_M"


def weights(size=6_000_000):
    return b"GGUF" + bytes(range(256)) * (size // 256)


@pytest.fixture
def hub():
    with running_hub({"m-Q4_K_M.gguf": weights(), "m-Q8_0.gguf": weights(1000)}) as hub:
        yield hub


class Shell:
    def __init__(self, home, hub):
        self.home = home
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(home), "BERTH_HOME": str(home / "berth"),
            "HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_secret",
        }

    def start(self, *arguments, **options):
        return subprocess.Popen(
            [os.environ["BERTH_BINARY"], *arguments], env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def run(self, *arguments, status=0, **options):
        process = self.start(*arguments, **options)
        output, errors = process.communicate(timeout=60)
        assert process.returncode == status, errors
        assert "hf_secret" not in output + errors
        return output, errors

    def part(self):
        """The bytes of the one download under way."""
        folder = self.home / "berth/models/partial"
        parts = [path for path in folder.glob("*") if path.suffix != ".json"] if folder.exists() else []
        return parts[0].stat().st_size if parts else 0

    def wait_for_part(self, size):
        deadline = time.monotonic() + 20
        while self.part() < size:
            assert time.monotonic() < deadline, "the download does not come on"
            time.sleep(0.01)

    def listed(self):
        return [model["name"] for model in json.loads(self.run("models", "list", "--json")[0])]


@pytest.fixture
def shell(tmp_path, hub):
    return Shell(tmp_path, hub)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_pull_that_is_ended_goes_on_where_it_was(shell, hub, number):
    hub.pace = 3_000_000
    process = shell.start("pull", "org/repo")
    shell.wait_for_part(1_000_000)
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == (-9 if number == signal.SIGKILL else 130)
    assert ("what was downloaded is kept" in errors) == (number != signal.SIGKILL)
    kept = shell.part()
    assert kept >= 1_000_000
    assert shell.listed() == []
    hub.pace = 0
    output, _ = shell.run("pull", "org/repo")
    assert output == NAME + "\n"
    assert hub.ranges("m-Q4_K_M.gguf") == [None, f"bytes={kept}-"]
    path = json.loads(shell.run("models", "show", NAME, "--json")[0])["path"]
    assert pathlib.Path(path).read_bytes() == weights()
    assert shell.part() == 0


def test_two_processes_pull_one_file_once(shell, hub):
    hub.pace = 6_000_000
    first = shell.start("pull", "org/repo")
    shell.wait_for_part(100_000)
    _, errors = shell.run("pull", "org/repo")
    assert "waiting for it" in errors
    assert first.wait(20) == 0
    assert hub.ranges("m-Q4_K_M.gguf") == [None]
    assert shell.listed() == [NAME]


def test_a_file_that_may_not_grow_further_is_an_error_that_keeps_what_is_there(shell, hub):
    # SIGXFSZ would end the process; where it is ignored, writing fails as on a full disk.
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    _, errors = shell.run("pull", "org/repo", status=1, preexec_fn=limit, restore_signals=False)
    assert "files of this size are not allowed here" in errors
    assert shell.listed() == []
    assert 1_900_000 < shell.part() <= 2_000_000
    shell.run("pull", "org/repo")
    assert shell.listed() == [NAME]


def test_models_are_listed_shown_verified_and_removed(shell):
    assert "no models in" in shell.run("models", "list")[1]
    shell.run("pull", "org/repo")
    shell.run("pull", "org/repo:q8_0")
    output, _ = shell.run("models")
    assert [line.split()[0] for line in output.splitlines()[1:]] == [NAME, "hf.co/org/repo:Q8_0"]
    assert "5.9 MB" in output
    output, _ = shell.run("models", "show", "repo:q8_0")
    assert "0123456789abcdef" in output and "sha256:" in output
    assert shell.run("models", "verify")[0].count(": ok") == 2
    path = pathlib.Path(json.loads(shell.run("models", "show", NAME, "--json")[0])["path"])
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(5000)
        file.write(b"X")
    output, errors = shell.run("models", "verify", "repo:Q4_K_M", status=1)
    assert "DAMAGED" in output and "has SHA-256" in errors
    _, errors = shell.run("models", "remove", "repo:Q8_0", status=1)
    assert "--yes" in errors
    shell.run("models", "remove", "repo:Q8_0", "repo:Q4_K_M", "--yes")
    assert shell.listed() == []
    assert shell.run("models", "prune")[0] == "nothing to remove\n"


def test_errors_say_what_to_do(shell):
    shell.run("pull", "org/repo")
    _, errors = shell.run("run", "repo:Q4_K_S", "hi", status=1)
    assert f"the nearest are {NAME}" in errors
    _, errors = shell.run("inspect", "Qwen/Qwen3-0.6B-GGUF", status=1)
    assert "berth pull hf.co/Qwen/Qwen3-0.6B-GGUF" in errors
    _, errors = shell.run("pull", "org/repo:Q9_Z", status=1)
    assert ":Q8_0" in errors and ":Q4_K_M" in errors
    _, errors = shell.run("pull", "org/other", status=1)
    assert "this token" in errors
    _, errors = shell.run("pull", "nothing", status=1)
    assert "ollama:nothing" in errors
    _, errors = shell.run("models", "remove", "../../etc", "--yes", status=1)
    assert "no model" in errors


def test_a_pulled_model_runs_by_its_name(tmp_path):
    with running_hub({"harbour-Q8_0.gguf": MODEL.read_bytes()}) as hub:
        shell = Shell(tmp_path, hub)
        shell.run("pull", "org/repo")
        output, _ = shell.run(
            "run", "repo:Q8_0", "Which berth takes a tanker?", "--temperature", "0", "--max-tokens", "8",
            "--json")
        embedded, _ = shell.run(
            "run", "berth-harbour", "Which berth takes a tanker?", "--temperature", "0", "--max-tokens",
            "8", "--json")
        assert json.loads(output)["text"] == json.loads(embedded)["text"] != ""
        assert json.loads(output)["model"] == "repo:Q8_0"
        ids = [shell.run("tokenize", name, "A rope.", "--json")[0] for name in ("repo:Q8_0", "berth-harbour")]
        assert ids[0] == ids[1]
        assert '"runs":true' in shell.run("inspect", "repo", "--json")[0]
