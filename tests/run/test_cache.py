"""The cache: made once per ingredients, never half, never after a failure, safe with several writers."""

from functools import partial
from pathlib import Path

import pytest

from tavce.errors import InputError
from tavce.run.cache import Cache
from tavce.run.pool import run_all


def write(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")


def entries(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_what_was_made_before_is_not_made_again(cache: Cache, tmp_path: Path) -> None:
    cache.get(["a", 1], tmp_path / "one.txt", partial(write, "first"))
    cache.get(["a", 1], tmp_path / "two.txt", partial(write, "second"))
    assert (tmp_path / "two.txt").read_text() == "first"


@pytest.mark.parametrize("other", [["a", 2], ["a", "1"], ["a"], ["a", 1, 1]])
def test_other_ingredients_are_another_entry(cache: Cache, tmp_path: Path, other: list[object]) -> None:
    cache.get(["a", 1], tmp_path / "one.txt", partial(write, "first"))
    cache.get(other, tmp_path / "two.txt", partial(write, "second"))
    assert (tmp_path / "two.txt").read_text() == "second"


def test_the_suffix_reaches_who_makes_it(cache: Cache, tmp_path: Path) -> None:
    seen: list[str] = []
    cache.get("x", tmp_path / "one.mp4", lambda path: (seen.append(path.suffix), write("x", path))[1])
    assert seen == [".mp4"]


def test_a_failure_leaves_nothing(cache: Cache, tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_text("half")
        raise InputError("clip", "is broken", "mend it")

    with pytest.raises(InputError, match="is broken"):
        cache.get("x", tmp_path / "one.txt", fail)
    assert entries(cache.folder) == []
    cache.get("x", tmp_path / "one.txt", partial(write, "whole"))
    assert (tmp_path / "one.txt").read_text() == "whole"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(InputError, match="cannot be written"):
        Cache(tmp_path / "cache").get("x", tmp_path / "one.txt", partial(write, "x"))


def _get(number: int, folder: Path) -> str:
    target = folder / f"{number}.txt"
    Cache(folder / "cache").get(["shared"], target, partial(write, "same" * 10_000))
    return target.read_text(encoding="utf-8")


def test_writers_at_the_same_time_leave_one_whole_entry(tmp_path: Path) -> None:
    found = run_all(partial(_get, folder=tmp_path), list(range(12)), workers=3, label="x")
    assert set(found) == {"same" * 10_000}
    assert len(entries(tmp_path / "cache")) == 1
