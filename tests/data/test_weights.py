"""Model files: found by path or name, checked by hash, and missing ones come with directions."""

import hashlib
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tavce.data.registry import REGISTRY, File, Weights
from tavce.data.weights import check, weights_folder, weights_path
from tavce.errors import InputError

DATA = b"the bytes of a model"
SHA256 = hashlib.sha256(DATA).hexdigest()


def entry(name: str = "model", **changes: object) -> Weights:
    fields = {"file": f"{name}.pth", "bytes": len(DATA), "sha256": SHA256, "addresses": (), "licence": "MIT"}
    return Weights(**{"name": name, "used_by": "tests", **fields, **changes})


ARCHIVE = entry("pack", file="pack.zip", members=(File("a.onnx", len(DATA), SHA256), File("b.onnx")))
ENTRIES = {"model": entry(), "short": entry("short", sha256=SHA256[:8]), "new": entry("new", sha256=None, bytes=None)}
ENTRIES["pack"] = ARCHIVE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TAVCE_WEIGHTS", str(tmp_path))
    return tmp_path


def pin(folder: Path, **pins: str) -> None:
    (folder / "pins.json").write_text(json.dumps(pins))


def states(name: str, folder: Path) -> dict[str, str]:
    return {row.file: row.state for row in check(ENTRIES[name], folder)}


def test_existing_file_is_taken_as_it_is(folder: Path):
    own = folder / "own.task"
    own.write_bytes(b"anything")
    assert weights_path(str(own)) == own


def test_absent_file_comes_with_directions(folder: Path):
    with pytest.raises(InputError) as caught:
        weights_path("face_landmarker")
    for part in ("tavce weights fetch face_landmarker", str(folder), "TAVCE_WEIGHTS"):
        assert part in str(caught.value)
    assert "non-commercial" not in str(caught.value)


def test_directions_name_the_flag_that_the_licence_needs(folder: Path):
    with pytest.raises(InputError, match="fetch buffalo_l --accept-non-commercial"):
        weights_path("buffalo_l/w600k_r50.onnx")


def test_right_bytes_are_found(folder: Path):
    (folder / "model.pth").write_bytes(DATA)
    assert weights_path("model", entries=ENTRIES) == folder / "model.pth"


@pytest.mark.parametrize(("data", "words"), [(DATA[:-1], "has 19 bytes, expected 20"), (DATA[::-1], SHA256)])
@pytest.mark.parametrize("name", ["model", "short"])
def test_wrong_bytes_are_refused(folder: Path, name: str, data: bytes, words: str):
    (folder / f"{name}.pth").write_bytes(data)
    pin(folder, **{f"{name}.pth": hashlib.sha256(data).hexdigest()})  # a record never overrules what is published
    with pytest.raises(InputError, match=words if name == "model" else words[:8]):
        weights_path(name, entries=ENTRIES)


@pytest.mark.parametrize("name", ["short", "new"])
def test_what_nobody_published_in_full_needs_a_record(folder: Path, name: str):
    (folder / f"{name}.pth").write_bytes(DATA)
    with pytest.raises(InputError, match=f"{SHA256} is neither published nor recorded.*fetch {name}"):
        weights_path(name, entries=ENTRIES)
    pin(folder, **{f"{name}.pth": SHA256})
    assert weights_path(name, entries=ENTRIES) == folder / f"{name}.pth"
    pin(folder, **{f"{name}.pth": "0" * 64})
    with pytest.raises(InputError, match="recorded at the first fetch as 0000"):
        weights_path(name, entries=ENTRIES)


def test_archive_is_its_folder_or_one_member(folder: Path):
    (folder / "pack").mkdir()
    (folder / "pack" / "a.onnx").write_bytes(DATA)
    assert weights_path("pack/a.onnx", entries=ENTRIES) == folder / "pack" / "a.onnx"
    with pytest.raises(InputError, match=r"b\.onnx: model pack is not there"):
        weights_path("pack", entries=ENTRIES)
    (folder / "pack" / "b.onnx").write_bytes(b"b")
    pin(folder, **{"pack/b.onnx": hashlib.sha256(b"b").hexdigest()})
    assert weights_path("pack", entries=ENTRIES) == folder / "pack"
    (folder / "pack" / "a.onnx").write_bytes(DATA[::-1])
    with pytest.raises(InputError, match=r"a\.onnx: sha256 is"):
        weights_path("pack", entries=ENTRIES)
    with pytest.raises(InputError, match=r"c\.onnx: model pack is not there"):
        weights_path("pack/c.onnx", entries=ENTRIES)


def test_strange_file_in_the_folder_of_an_archive_is_seen(folder: Path):
    """A program that loads every model of the folder would load this one too."""
    (folder / "pack").mkdir()
    for name in ("a.onnx", "planted.onnx", ".hidden"):
        (folder / "pack" / name).write_bytes(DATA)
    assert states("pack", folder) == {"pack/a.onnx": "ok", "pack/b.onnx": "absent", "pack/planted.onnx": "unpinned"}


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 1}'])
def test_damaged_record_is_refused(folder: Path, text: str):
    (folder / "pins.json").write_text(text)
    with pytest.raises(InputError, match=r"pins\.json"):
        check(ENTRIES["new"], folder)


@pytest.mark.parametrize("name", ["face_landmark", "", "no/such/file.task"])
def test_neither_file_nor_name(folder: Path, name: str):
    with pytest.raises(InputError, match="known names: face_landmarker, "):
        weights_path(name)


def test_folder_without_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TAVCE_WEIGHTS", raising=False)
    assert weights_folder() == Path.home() / ".cache/tavce/weights"


@pytest.mark.parametrize("each", REGISTRY.values(), ids=lambda each: each.name)
def test_entries_are_complete(each: Weights):
    assert each.licence
    assert each.used_by
    assert each.addresses
    assert all(urlsplit(address).scheme == "https" for address in each.addresses)
    for file in (each, *each.members):
        assert file.bytes is None or file.bytes > 0
        assert file.sha256 is None or len(file.sha256) in (8, 64)
    if each.sha256 and len(each.sha256) == 8:
        assert f"-{each.sha256}." in each.file
    assert each.non_commercial == ("non-commercial" in each.licence)
    assert bool(each.members) == each.file.endswith(".zip")


def test_places_are_apart():
    places = [each.place for each in REGISTRY.values()] + [each.file for each in REGISTRY.values() if each.members]
    assert len(set(places)) == len(places)
    assert "pins.json" not in places


@pytest.mark.real
def test_real_model_passes_the_check(real_clips: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TAVCE_WEIGHTS", str(real_clips))
    path = weights_path("face_landmarker")
    assert path.stat().st_size == REGISTRY["face_landmarker"].bytes
