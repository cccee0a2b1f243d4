"""The clip table: it comes back as it was written, ids are safe, and bad tables are refused by name."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tavce.data.clips import SAFE_ID, TABLE_NAME, Clip, file_sha256, read_clips, safe_ids, write_clips
from tavce.errors import InputError

CLIP = Clip("a", "set", "test", "who", "x.mp4", 0.0, 2.0, 50, None, None, "0" * 64, "1" * 64, "ok", "")


def test_round_trip_sorted_by_id(tmp_path: Path) -> None:
    cropped = replace(CLIP, id="b", box=(0.5, 1.0, 2.0, 3.0), affine=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
    gone = replace(CLIP, id="0").unusable("no\nface")
    write_clips([cropped, CLIP, gone], tmp_path)
    assert read_clips(tmp_path) == [gone, CLIP, cropped]
    assert (gone.usable, gone.reason, gone.frames) == (False, "no face", 0)


def test_same_clips_same_bytes(tmp_path: Path) -> None:
    other = replace(CLIP, id="b")
    write_clips([CLIP, other], tmp_path)
    first = file_sha256(tmp_path / TABLE_NAME)
    write_clips([other, CLIP], tmp_path)
    assert file_sha256(tmp_path / TABLE_NAME) == first
    write_clips([replace(other, frames=49), CLIP], tmp_path)
    assert file_sha256(tmp_path / TABLE_NAME) != first


@pytest.mark.parametrize("bad", ["", "../a", "a/b", ".hidden", "a b", "x" * 200])
def test_unsafe_ids_are_refused(tmp_path: Path, bad: str) -> None:
    with pytest.raises(InputError, match="not safe"):
        write_clips([replace(CLIP, id=bad)], tmp_path)


def test_double_ids_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"twice: \['a'\]"):
        write_clips([CLIP, CLIP], tmp_path)


def test_absent_and_foreign_tables(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no clip table"):
        read_clips(tmp_path)
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / TABLE_NAME)
    with pytest.raises(InputError, match="columns are"):
        read_clips(tmp_path)


@given(st.lists(st.text(max_size=130), unique=True, max_size=8))
def test_ids_are_safe_unique_and_independent_of_order(names: list[str]) -> None:
    ids = safe_ids(names)
    assert all(SAFE_ID.fullmatch(each) for each in ids)
    assert len({each.lower() for each in ids}) == len(names)
    assert safe_ids(names[::-1]) == ids[::-1]


def test_plain_names_stay_and_collisions_are_told_apart() -> None:
    assert safe_ids(["WDA_KatieHill_000", "b-1"]) == ["WDA_KatieHill_000", "b-1"]
    first, second = safe_ids(["a b", "a_b"])
    assert first.startswith("a_b-")
    assert second.startswith("a_b-")
    assert first != second
