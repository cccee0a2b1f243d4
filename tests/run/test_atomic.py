"""Outputs appear whole or not at all."""

import errno
from pathlib import Path

import pytest

from tavce.errors import InputError
from tavce.run.atomic import atomic_directory, atomic_file


def test_a_folder_appears_when_the_block_ends(tmp_path: Path) -> None:
    with atomic_directory(tmp_path / "a" / "out") as part:
        (part / "x").write_text("1")
        assert not (tmp_path / "a" / "out").exists()
    assert (tmp_path / "a" / "out" / "x").read_text() == "1"


def test_after_an_error_the_old_folder_stays_and_nothing_else(tmp_path: Path) -> None:
    with atomic_directory(tmp_path / "out") as part:
        (part / "x").write_text("old")
    with pytest.raises(RuntimeError), atomic_directory(tmp_path / "out") as part:
        (part / "x").write_text("new")
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "x").read_text() == "old"


def test_what_a_kill_left_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / ".out.part").mkdir()
    (tmp_path / ".out.part" / "stale").touch()
    with atomic_directory(tmp_path / "out") as part:
        (part / "x").touch()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["x"]


def test_a_file_appears_when_the_block_ends_and_keeps_its_suffix(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "out.wav") as part:
        assert part.suffix == ".wav"
        part.write_text("1")
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav"]
    with pytest.raises(RuntimeError), atomic_file(tmp_path / "out.wav") as part:
        part.write_text("2")
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav"]
    assert (tmp_path / "out.wav").read_text() == "1"


@pytest.mark.parametrize("writer", [atomic_directory, atomic_file])
def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path, writer: object) -> None:
    with pytest.raises(InputError, match=r"out.*No space left.*free some space"), writer(tmp_path / "out"):  # type: ignore[operator]
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("writer", [atomic_directory, atomic_file])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, writer: object) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"), writer(tmp_path / "file" / "out"):  # type: ignore[operator]
        pytest.fail("the block must not run")
