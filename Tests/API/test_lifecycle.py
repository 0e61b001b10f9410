"""Clients that leave, and a server that stops."""

import os
import signal
import socket
import threading
import time

import pytest

import wire

needs_binary = pytest.mark.skipif(
    not os.environ.get("BERTH_BINARY"), reason="BERTH_BINARY must name the program to start a server of its own")


def long_request(model, stream):
    """As much unlikely text as the context holds: hot sampling seldom ends by itself."""
    return {
        "model": model.id, "prompt": "Once upon a time", "temperature": 2, "stream": stream,
        "max_tokens": model.context_length - 64,
    }


@pytest.mark.parametrize("stream", [False, True], ids=["waiting", "streaming"])
def test_a_client_that_leaves_stops_its_work(server, model, stream):
    key = ("berth_completions_total", "client_left")
    before = server.wait_until_idle().get(key, 0)
    # A quick model may be done before its client has left, so a few rounds are allowed.
    for _ in range(5):
        connections = [server.open("/v1/completions", long_request(model, stream)) for _ in range(16)]
        if stream:
            for connection in connections:
                assert connection.recv(64).startswith(b"HTTP/1.1 200")
        else:
            deadline = time.monotonic() + 5
            while server.metrics()["berth_sequences_running"] == 0 and time.monotonic() < deadline:
                time.sleep(0.005)
        for connection in connections:
            connection.close()
        left = server.wait_until_idle().get(key, 0)
        if left > before:
            break
    assert left > before


def test_a_client_that_is_reset_stops_its_work(server, model):
    connection = server.open("/v1/completions", long_request(model, stream=True))
    connection.recv(64)
    # Linger 0: closing sends a reset instead of an orderly end.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()
    server.wait_until_idle()


def read_to_end(connection, into):
    try:
        while data := connection.recv(65536):
            into.append(data)
    except ConnectionError:
        pass


@needs_binary
def test_a_first_signal_lets_answers_finish(model):
    with wire.own_server() as (server, process):
        request = {**long_request(model, stream=True), "max_tokens": min(400, model.context_length - 64)}
        idle = socket.create_connection(server.address)
        connections = [server.open("/v1/completions", request) for _ in range(4)]
        texts = [[connection.recv(64)] for connection in connections]
        process.send_signal(signal.SIGTERM)
        readers = [
            threading.Thread(target=read_to_end, args=pair) for pair in zip(connections, texts)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(60)
        assert all(b"".join(text).rstrip().endswith(b"data: [DONE]\n\n\r\n0".strip()) or
                   b"data: [DONE]" in b"".join(text) for text in texts)
        for connection in [*connections, idle]:
            connection.close()
        assert process.wait(10) == 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(server.address)


@needs_binary
def test_a_second_signal_ends_at_once(model):
    with wire.own_server() as (server, process):
        connections = [server.open("/v1/completions", long_request(model, stream=True)) for _ in range(8)]
        for connection in connections:
            connection.recv(64)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        for connection in connections:
            connection.close()


@needs_binary
def test_a_port_in_use_is_said_so(server):
    import subprocess

    result = subprocess.run(
        [os.environ["BERTH_BINARY"], "serve", "--port", str(server.address[1])], capture_output=True, text=True,
        timeout=60)
    assert result.returncode == 1
    assert "in use" in result.stderr
