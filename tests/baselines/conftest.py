"""The adapter's modules, loaded from their files: each method's environment imports them by path, not as a package."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

BASELINES = Path(__file__).parents[2] / "baselines"
COMMON = BASELINES / "common"


def module_at(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def mp4() -> Iterator[ModuleType]:
    yield module_at(COMMON / "mp4.py")
    del sys.modules["mp4"]


@pytest.fixture
def upstream(mp4: ModuleType) -> Iterator[ModuleType]:
    yield module_at(COMMON / "upstream.py")
    del sys.modules["upstream"]


@pytest.fixture
def adapter(upstream: ModuleType) -> Iterator[ModuleType]:
    yield module_at(COMMON / "adapter.py")
    del sys.modules["adapter"]


def write_video(path: Path, frames: int = 7, fps: int = 25, size: int = 32) -> None:
    """An MP4 whose frames differ."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width = stream.height = size
        for index in range(frames):
            picture = np.full((size, size, 3), 10 * index % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven frames at 25 fps."""
    path = tmp_path_factory.mktemp("video") / "seven.mp4"
    write_video(path)
    return path
