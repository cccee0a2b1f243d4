"""A server for each test, and videos made once."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.data.uploads.server import UploadServer
from tests.data.uploads.videos import write_upload


@pytest.fixture
def server() -> Iterator[UploadServer]:
    running = UploadServer()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """One second of 128x72 at 25 fps with sound, its index in front."""
    return write_upload(tmp_path_factory.mktemp("video") / "a.mp4", seconds=1.0, faststart=True).read_bytes()


@pytest.fixture(scope="session")
def large_video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Some hundred kilobytes, so that a kill finds it unfinished."""
    noise = np.random.default_rng(0)
    frames = [noise.integers(0, 256, (96, 160, 3), dtype=np.uint8) for _ in range(25)]
    path = write_upload(
        tmp_path_factory.mktemp("large") / "a.mp4", seconds=1.0, width=160, height=96, frames=frames, faststart=True
    )
    return path.read_bytes()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"
