"""Health, metrics, the console's files, and what browsers may do."""

import pytest
from prometheus_client.parser import text_string_to_metric_families


def test_health(server):
    answer = server.get("/health")
    assert answer.status == 200 and answer.json == {"status": "ok"}
    assert answer.headers["x-request-id"]


def test_metrics_are_valid_and_count(server, ask):
    before = server.metrics()
    used = ask(max_tokens=5).usage
    after = server.wait_until_idle()
    for name, tokens in [("prompt", used.prompt_tokens), ("completion", used.completion_tokens)]:
        grown = after[f"berth_{name}_tokens_total"] - before[f"berth_{name}_tokens_total"]
        # An engine may keep a prefix of the prompt, and then processes fewer tokens.
        assert 0 < grown <= tokens if name == "prompt" else grown == tokens
    key = ("berth_http_requests_total", "/v1/chat/completions", "POST", "200")
    assert after[key] == before.get(key, 0) + 1
    assert after["process_resident_memory_bytes"] > 1 << 20
    assert after["process_cpu_seconds_total"] > 0
    assert 0 <= after["berth_cache_used_bytes"] <= after["berth_cache_size_bytes"]
    assert after["berth_http_requests_in_flight"] == 1


def test_histograms_add_up(server, ask):
    ask(max_tokens=2)
    answer = server.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(answer.body.decode())}
    for name in ["berth_http_request_duration_seconds", "berth_time_to_first_token_seconds"]:
        samples = [
            (sample.name, sample.labels.get("le"), sample.value) for sample in families[name].samples
            if sample.labels["route"] == "/v1/chat/completions"
        ]
        buckets = [value for _, bound, value in samples if bound]
        assert buckets == sorted(buckets)
        assert ("" + name + "_count", None, buckets[-1]) in samples


def test_unknown_paths_share_one_label(server):
    for number in range(20):
        server.get(f"/made-up-{number}")
    assert b"made-up" not in server.get("/metrics").body


@pytest.mark.parametrize("path", ["/", "/health", "/v1/models", "/metrics", "/nothing"])
def test_head_is_get_without_the_body(server, path):
    head, get = server.request("HEAD", path), server.get(path)
    assert head.status == get.status and head.body == b""
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


def test_the_page_is_kept_by_browsers_until_it_changes(server):
    page = server.get("/")
    assert page.status == 200 and page.headers["Content-Type"].startswith("text/html")
    again = server.get("/", {"If-None-Match": page.headers["ETag"]})
    assert again.status == 304 and again.body == b""
    assert server.get("/", {"If-None-Match": '"other"'}).status == 200


@pytest.mark.parametrize("origin", [
    "http://localhost:3000", "https://127.0.0.1", "http://[::1]:5173", "tauri://localhost",
])
def test_pages_of_this_machine_may_call(server, origin):
    preflight = server.request("OPTIONS", "/v1/chat/completions", headers={
        "Origin": origin, "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-stainless-os"})
    assert preflight.status == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == origin
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "x-stainless-os" in preflight.headers["Access-Control-Allow-Headers"]
    answer = server.get("/v1/models", {"Origin": origin})
    assert answer.status == 200 and answer.headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize("headers", [
    {"Origin": "https://example.com"},
    {"Origin": "http://localhost.example.com"},
    {"Origin": "http://127.0.0.1.example.com"},
    {"Origin": "null"},
    {"Host": "rebound.example.com"},
    {"Host": "rebound.example.com", "Origin": "http://rebound.example.com"},
])
def test_other_pages_may_not(server, headers):
    answer = server.get("/v1/models", headers)
    assert answer.status == 403 and answer.error["code"] == "origin_not_allowed"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_servers_own_pages_may(server):
    host = f"localhost:{server.address[1]}"
    assert server.get("/v1/models", {"Host": host, "Origin": f"http://{host}"}).status == 200
