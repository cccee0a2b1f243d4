"""Guides beside the clip table: what is written comes back to the bit, and only what was asked for is read."""

from pathlib import Path

import numpy as np
import pytest

from tavce.data import guides
from tavce.data.clips import Clip
from tavce.data.crop.policies import OfficialBox
from tavce.data.guide import Guide
from tavce.data.guides import GUIDES, read_guides, write_guides
from tavce.data.planned import Planned
from tavce.errors import InputError


def planned(name: str, guide: Guide | None) -> Planned:
    return Planned(Clip(name, "d", "test", "a", "a.mp4", 0.0, 1.0, 0, None, None, "", "", "ok", ""), guide)


def boxes(seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).random((7, 4), dtype=np.float32)
    values[2] = np.nan
    return values


def test_guides_come_back_to_the_bit(tmp_path: Path) -> None:
    box = OfficialBox(x=10.0, w=96.0, y=2.0, h=96.0, reference_height=144.0)
    write_guides(
        [planned("a", Guide(box, None, "height")), planned("b", None), planned("c", Guide(None, boxes(1), "frame"))],
        tmp_path,
    )
    found = read_guides(tmp_path, ["a", "b", "c", "d"])
    assert set(found) == {"a", "c"}
    assert found["a"] == Guide(box, None, "height")
    assert found["c"].unit == "frame"
    assert found["c"].official is None
    assert found["c"].boxes is not None
    assert found["c"].boxes.tobytes() == boxes(1).tobytes()


def test_no_guides_no_file(tmp_path: Path) -> None:
    write_guides([planned("a", None)], tmp_path)
    assert not (tmp_path / GUIDES).exists()
    assert read_guides(tmp_path, ["a"]) == {}


def test_the_same_guides_give_the_same_bytes(tmp_path: Path) -> None:
    made = [planned(f"c{k:03d}", Guide(None, boxes(k), "height")) for k in range(20)]
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_guides(iter(made), tmp_path / name)
    assert (tmp_path / "one" / GUIDES).read_bytes() == (tmp_path / "two" / GUIDES).read_bytes()


def test_only_the_groups_asked_for_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet as pq

    monkeypatch.setattr(guides, "ROWS", 4)
    write_guides([planned(f"c{k:03d}", Guide(None, boxes(k), "height")) for k in range(22)], tmp_path)
    read: list[int] = []
    whole = pq.ParquetFile.read_row_group
    monkeypatch.setattr(pq.ParquetFile, "read_row_group", lambda self, k: read.append(k) or whole(self, k))
    assert set(read_guides(tmp_path, ["c009", "c010"])) == {"c009", "c010"}
    assert read == [2]
    assert len(read_guides(tmp_path, [f"c{k:03d}" for k in range(22)])) == 22


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    write_guides([planned("a", Guide(None, boxes(0), "frame"))], tmp_path)
    (tmp_path / GUIDES).write_bytes((tmp_path / GUIDES).read_bytes()[:100])
    with pytest.raises(InputError, match="cannot be read"):
        read_guides(tmp_path, ["a"])
