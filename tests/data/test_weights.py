"""Model files: found by path or name, checked by hash, and missing ones come with directions."""

from pathlib import Path

import pytest

from tavce.data.weights import REGISTRY, weights_folder, weights_path
from tavce.errors import InputError

ENTRY = REGISTRY[0]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TAVCE_WEIGHTS", str(tmp_path))
    return tmp_path


def test_existing_file_is_taken_as_it_is(folder: Path):
    own = folder / "own.task"
    own.write_bytes(b"anything")
    assert weights_path(str(own)) == own


def test_absent_file_comes_with_directions(folder: Path):
    with pytest.raises(InputError) as caught:
        weights_path("face_landmarker")
    for part in (ENTRY.url, ENTRY.sha256, str(folder), "TAVCE_WEIGHTS"):
        assert part in str(caught.value)


def test_wrong_bytes_are_refused(folder: Path):
    (folder / ENTRY.file).write_bytes(b"half a download")
    with pytest.raises(InputError, match=f"expected {ENTRY.sha256}"):
        weights_path("face_landmarker")


@pytest.mark.parametrize("name", ["face_landmark", "", "no/such/file.task"])
def test_neither_file_nor_name(folder: Path, name: str):
    with pytest.raises(InputError, match="known names: face_landmarker"):
        weights_path(name)


def test_folder_without_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TAVCE_WEIGHTS", raising=False)
    assert weights_folder() == Path.home() / ".cache/tavce/weights"


def test_entries_are_complete():
    assert len({entry.name for entry in REGISTRY}) == len(REGISTRY)
    for entry in REGISTRY:
        assert len(entry.sha256) == 64
        assert entry.url.startswith("https://")
        assert entry.bytes > 0
        assert entry.licence


@pytest.mark.real
def test_real_model_passes_the_check(real_clips: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TAVCE_WEIGHTS", str(real_clips))
    path = weights_path("face_landmarker")
    assert path.stat().st_size == ENTRY.bytes
