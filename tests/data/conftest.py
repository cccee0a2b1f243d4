"""Fixtures of the data tests."""

import threading
from collections.abc import Iterator

import pytest

from tests.data.weights_server import Server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield serving
        serving.closing.set()
        serving.shutdown()
        thread.join()
