"""Archives that try to write elsewhere, to fill the disk, or that are damaged: refused, and nothing is written."""

import io
import shutil
import stat
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tavce.data.unpack import unpack
from tavce.errors import InputError


def archive(tmp_path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    path = tmp_path / "made.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in members:
            opened.writestr(name, data, zipfile.ZIP_DEFLATED)
    return path


def named(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = name  # the constructor would cut or change it
    info.external_attr = mode << 16
    return info


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "outer" / "inside"
    path.mkdir(parents=True)
    return path


def refused(path: Path, folder: Path, words: str, largest: int = 1000) -> None:
    with pytest.raises(InputError, match=words):
        unpack(path, folder, largest=largest)
    assert [file for file in folder.parent.rglob("*") if file.is_file()] == []


@pytest.mark.parametrize("prefix", ["", "antelopev2/", "a/b/"])
def test_folders_are_dropped(tmp_path: Path, folder: Path, prefix: str):
    made = archive(tmp_path, (prefix or "empty/", b""), (f"{prefix}one.onnx", b"1"), (f"{prefix}two.onnx", b"2"))
    unpack(made, folder, largest=2)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"one.onnx": b"1", "two.onnx": b"2"}


def test_files_of_macos_are_left_out(tmp_path: Path, folder: Path):
    unpack(archive(tmp_path, ("p/a.onnx", b"1"), ("__MACOSX/p/._a.onnx", b"2")), folder, largest=10)
    assert [path.name for path in folder.iterdir()] == ["a.onnx"]


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "C:evil", "C:/evil", "a/.."])
def test_paths_that_lead_out(tmp_path: Path, folder: Path, name: str):
    refused(archive(tmp_path, ("good", b"1"), (named(name), b"2")), folder, "leads out of the folder")


@pytest.mark.parametrize("name", ["..\\evil", "a\\b", "evil\0.onnx"])
def test_strange_characters(tmp_path: Path, folder: Path, name: str):
    refused(archive(tmp_path, ("good", b"1"), (named(name), b"2")), folder, "no path should have")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices(tmp_path: Path, folder: Path, kind: int):
    refused(archive(tmp_path, ("good", b"1"), (named("l", kind | 0o777), b"/etc/passwd")), folder, "a link or a device")


@pytest.mark.parametrize("second", ["b/a.onnx", "b/A.ONNX"])
def test_two_members_of_one_name(tmp_path: Path, folder: Path, second: str):
    refused(archive(tmp_path, ("a/a.onnx", b"1"), (second, b"2")), folder, "two members are called")


def test_bomb(tmp_path: Path, folder: Path):
    made = archive(tmp_path, ("a", bytes(600)), ("b", bytes(600)))
    refused(made, folder, "more than 1000 bytes")
    unpack(made, folder, largest=1200)


def test_bomb_of_many_files(tmp_path: Path, folder: Path):
    refused(archive(tmp_path, *((f"{k}", b"") for k in range(1001))), folder, "more than 1000 files")


def test_bomb_that_lies_about_its_size(tmp_path: Path, folder: Path):
    """The header says 10 bytes, 10 000 follow: unpacking stops at 10, where the checksum is wrong."""
    data = bytearray(archive(tmp_path, ("a", bytes(10_000))).read_bytes())
    size = (10_000).to_bytes(4, "little")
    assert data.count(size) == 2
    (tmp_path / "made.zip").write_bytes(data.replace(size, (10).to_bytes(4, "little")))
    with pytest.raises(InputError, match="no sound zip archive"):
        unpack(tmp_path / "made.zip", folder, largest=100)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 10


def test_encrypted_empty_and_no_archive(tmp_path: Path, folder: Path):
    data = bytearray(archive(tmp_path, ("a", b"1")).read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "made.zip").write_bytes(data)
    refused(tmp_path / "made.zip", folder, "is encrypted")
    refused(archive(tmp_path), folder, "holds no file")
    (tmp_path / "made.zip").write_bytes(b"<html>")
    refused(tmp_path / "made.zip", folder, r"made\.zip: is no sound zip archive")


def test_damage_is_never_a_traceback(tmp_path: Path, folder: Path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("d/a.onnx", b"abc" * 100)
        opened.writestr("d/b.onnx", bytes(range(256)))
    generator = np.random.default_rng(0)
    outcomes: Counter[bool] = Counter()
    for _ in range(250):
        data = np.frombuffer(buffer.getvalue(), np.uint8).copy()
        data[generator.integers(0, data.size, 3)] = generator.integers(0, 256, 3)
        (tmp_path / "made.zip").write_bytes(data[: generator.integers(data.size // 2, 4 * data.size)].tobytes())
        try:
            unpack(tmp_path / "made.zip", folder, largest=10_000)
            outcomes[True] += 1
        except InputError:
            outcomes[False] += 1
        shutil.rmtree(folder)
        folder.mkdir()
    assert outcomes[False] > 150
    assert {path.name for path in folder.parent.iterdir()} == {"inside"}
