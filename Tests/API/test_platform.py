"""Keys, settings, TLS and logs of servers as an operator runs them, and the dashboard beside the metrics."""

import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.request

import openai
import pytest

import wire

pytestmark = pytest.mark.skipif(
    not os.environ.get("BERTH_BINARY"), reason="BERTH_BINARY must name the program to start a server of its own")

DASHBOARD = pathlib.Path(__file__).parents[2] / "deploy/grafana/berth.json"


def berth(*arguments, check=True):
    result = subprocess.run([os.environ["BERTH_BINARY"], *arguments], capture_output=True, text=True, timeout=60)
    assert not check or result.returncode == 0, result.stderr
    return result


def clean(server, **fields):
    return openai.OpenAI(base_url=f"{server.url}/v1", max_retries=0, timeout=60, **fields)


def ask(client):
    return client.chat.completions.create(
        model="berth-harbour", messages=[{"role": "user", "content": "Hello!"}], max_tokens=4)


def test_keys_open_a_running_server_and_revoking_closes_it(tmp_path):
    store = str(tmp_path / "keys.sqlite")
    with wire.own_server("--store", store) as (server, _):
        assert ask(clean(server, api_key="any")).usage.completion_tokens
        secret = berth("keys", "create", "one", "--store", store).stdout.strip()
        assert secret.startswith("berth-") and len(secret) == 49
        with pytest.raises(openai.AuthenticationError) as error:
            ask(clean(server, api_key="any"))
        assert error.value.code == "invalid_api_key"
        assert ask(clean(server, api_key=secret)).usage.completion_tokens
        assert server.get("/v1/models", {"x-api-key": secret}).status == 200
        listed = json.loads(berth("keys", "list", "--json", "--store", store).stdout)
        assert [(key["name"], key["state"]) for key in listed] == [("one", "usable")]
        assert secret.startswith(listed[0]["prefix"]) and secret not in json.dumps(listed)
        berth("keys", "revoke", "one", "--store", store)
        revoked = time.monotonic()
        with pytest.raises(openai.AuthenticationError) as error:
            ask(clean(server, api_key=secret))
        assert error.value.code == "revoked_api_key" and time.monotonic() - revoked < 1
    used = json.loads(berth("keys", "usage", "--json", "--store", store).stdout)
    assert {(row["key"], row["requests"]) for row in used} == {("anonymous", 1), ("one", 1)}


def test_a_limit_is_a_429_that_says_when_to_come_back(tmp_path):
    store = str(tmp_path / "keys.sqlite")
    secret = berth(
        "keys", "create", "slow", "--requests-per-minute", "2", "--store", store).stdout.strip()
    with wire.own_server("--store", store) as (server, _):
        client = clean(server, api_key=secret)
        answer = client.chat.completions.with_raw_response.create(
            model="berth-harbour", messages=[{"role": "user", "content": "Hello!"}], max_tokens=2)
        assert answer.headers["x-ratelimit-limit-requests"] == "2"
        assert answer.headers["x-ratelimit-remaining-requests"] == "1"
        ask(client)
        with pytest.raises(openai.RateLimitError) as error:
            ask(client)
        assert 1 <= int(error.value.response.headers["retry-after"]) <= 30
        assert error.value.code == "rate_limit_exceeded"


@pytest.mark.parametrize("arguments, mention", [
    (["create", "a b c", "--weight", "0"], "weight"),
    (["create", "x", "--requests-per-minute", "0"], "requests per minute"),
    (["create", "x", "--expires", "yesterday"], "--expires"),
    (["create", "x", "--priority", "urgent"], "priority"),
    (["revoke", "nobody"], "no key \"nobody\""),
])
def test_wrong_keys_are_refused_by_name(tmp_path, arguments, mention):
    result = berth("keys", *arguments, "--store", str(tmp_path / "keys.sqlite"), check=False)
    assert result.returncode in (1, 64) and mention in result.stderr and not result.stdout


def test_a_file_of_settings(tmp_path):
    path = tmp_path / "berth.toml"
    path.write_text("""
        [server]
        allowed-origins = ["https://chat.example.com"]
        port = 1
        [access]
        required = true
        open-metrics = true
        [log]
        format = "json"
        [[models]]
        model = "berth-harbour"
        context-length = 64
        pinned = true
        [residency]
        memory-budget-gib = 4
        idle-minutes = 30
        load-on-demand = true
    """)
    log = tmp_path / "log"
    with wire.own_server("--config", str(path), log=log, store=tmp_path / "s.sqlite") as (server, _):
        assert server.get("/v1/models").status == 401
        assert server.get("/metrics", {"Origin": "https://chat.example.com"}).status == 200
        made = berth("keys", "create", "one", "--store", str(tmp_path / "s.sqlite"))
        secret = made.stdout.strip()
        assert "--admin" in made.stderr
        client = clean(server, api_key=secret)
        made = berth("keys", "create", "ops", "--admin", "--store", str(tmp_path / "s.sqlite"))
        assert "--admin" not in made.stderr
        memory = server.get("/admin/models", {"Authorization": f"Bearer {made.stdout.strip()}"}).json
        assert memory["memory"]["budget_bytes"] == 4 << 30 and memory["models"][0]["pinned"]
        assert client.models.list().data[0].context_length == 64
        ask(client)
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    line = next(line for line in lines if line.get("path") == "/v1/chat/completions")
    assert line["key"] == "one" and line["status"] == 200 and line["completion_tokens"] == 4
    assert re.fullmatch("[0-9a-f]{32}", line["trace_id"]) and "Hello" not in json.dumps(lines)


@pytest.mark.parametrize("text, mention", [
    ("[server]\nprot = 1", ":2: there is no setting server.prot; did you mean server.port?"),
    ("[server]\nport = 70000", ":2: server.port must be 0 to 65535"),
    ("[engine]\nkernels = \"mmx\"", "engine.kernels must be one of"),
    ("[[models]]\ncontext-length = 5", "has no model"),
    ("[tls]\nkey = \"x\"", "tls.certificate and tls.key"),
    ("[tls]\ncertificate = \"/no/chain\"\nkey = \"/no/key\"", "/no/chain"),
    ("[server", ":1: this is not TOML"),
])
def test_wrong_settings_end_with_file_and_line(tmp_path, text, mention):
    path = tmp_path / "berth.toml"
    path.write_text(text)
    result = berth("serve", "--config", str(path), "--store", str(tmp_path / "s"), "--port", "0", check=False)
    assert result.returncode == 1 and mention in result.stderr


def test_the_printed_settings_are_settings(tmp_path):
    path = tmp_path / "berth.toml"
    path.write_text(berth("serve", "--print-config").stdout)
    with wire.own_server("--config", str(path)) as (server, _):
        assert server.get("/ready").status == 200


def certificate(folder, name):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem",
         "-out", folder / "chain.pem"], check=True, capture_output=True)
    return (folder / "chain.pem").read_text()


def test_tls_and_new_certificates(tmp_path):
    first = certificate(tmp_path, "first")
    config = tmp_path / "berth.toml"
    config.write_text(f'[tls]\ncertificate = "{tmp_path}/chain.pem"\nkey = "{tmp_path}/key.pem"\n')

    def shown(server):
        return ssl.get_server_certificate(server.address)

    def same(one, other):
        return ssl.PEM_cert_to_DER_cert(one) == ssl.PEM_cert_to_DER_cert(other)

    log = tmp_path / "log"
    with wire.own_server("--config", str(config), log=log, waits=False) as (server, process):
        context = ssl.create_default_context(cadata=first)
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = urllib.request.urlopen(f"https://127.0.0.1:{server.address[1]}/health", context=context)
                break
            except OSError:
                assert time.monotonic() < deadline and process.poll() is None
                time.sleep(0.1)
        assert answer.status == 200 and same(shown(server), first)
        with pytest.raises(OSError):
            server.get("/health")
        second = certificate(tmp_path, "second")
        process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 10
        while not same(shown(server), second):
            assert time.monotonic() < deadline, "the new certificate is not shown"
            time.sleep(0.05)
        (tmp_path / "key.pem").write_text("no key")
        process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 10
        while "stay as they were" not in log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert same(shown(server), second)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(OSError), socket.create_connection(server.address) as plain:
            context.wrap_socket(plain)


def test_ready_turns_when_the_server_drains(model):
    with wire.own_server() as (server, process):
        assert server.get("/ready").json == {"status": "ready"}
        busy = server.open("/v1/completions", {
            "model": model.id, "prompt": "Once", "temperature": 2, "stream": True,
            "max_tokens": model.context_length - 64})
        busy.recv(64)
        open_connection = wire.http.client.HTTPConnection(*server.address)
        open_connection.connect()
        open_connection.request("GET", "/health")
        assert open_connection.getresponse().read()
        process.send_signal(signal.SIGTERM)
        busy.close()
        assert process.wait(10) == 0


def test_the_dashboard_asks_for_metrics_that_there_are(server, ask):
    ask(max_tokens=3)
    from prometheus_client.parser import text_string_to_metric_families

    names = set()
    for family in text_string_to_metric_families(server.get("/metrics").body.decode()):
        names |= {sample.name for sample in family.samples}
    dashboard = json.loads(DASHBOARD.read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(queries) > 20
    for query in queries:
        # Labels and their values are no names; what is left after functions and keywords is.
        plain = re.sub(r"\{[^}]*\}|\[[^]]*\]|\bby \([^)]*\)", "", query)
        asked = set(re.findall(r"\b(?:berth|process)_[a-z_]+", plain))
        assert asked and asked <= names, f"{query}: {asked - names}"
        assert query.count("(") == query.count(")") and '{job="$job"' in query
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
