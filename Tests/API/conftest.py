"""Fixtures of the API tests: a running server at BERTH_URL, and the unmodified openai package."""

import os

import openai
import pytest

import wire


def pytest_configure(config):
    if not os.environ.get("BERTH_URL"):
        pytest.exit("BERTH_URL must name a running server, such as http://127.0.0.1:8080", returncode=2)


@pytest.fixture(scope="session")
def server():
    """The running server, spoken to without any client library."""
    return wire.Server(os.environ["BERTH_URL"])


@pytest.fixture(scope="session")
def client(server):
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0, timeout=120)


@pytest.fixture(scope="session")
def model(client):
    """The first model; its context length is in its extra fields."""
    return client.models.list().data[0]


@pytest.fixture
def ask(client, model):
    """ask(text, **fields): one chat message, greedy and short unless the fields say otherwise."""

    def ask(text="Hello, who are you?", **fields):
        fields = {"temperature": 0, "max_tokens": 48, **fields}
        return client.chat.completions.create(
            model=model.id, messages=[{"role": "user", "content": text}], **fields)

    return ask
