"""Shards: planned from ids, done when their record and files are there, and merged only when all are."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tavce.errors import InputError
from tavce.run.shards import RECORDS, Shard, batches, check_complete, finish, missing_shards, plan_shards, read_record

IDS = [f"clip-{number:03d}" for number in range(23)]
SETTINGS = "s"


def planned(ids: list[str] = IDS, size: int = 5) -> list[Shard]:
    return list(plan_shards(ids, size))


def test_shards_hold_each_id_once_and_in_order() -> None:
    shards = planned()
    assert [(shard.start, shard.count) for shard in shards] == [(0, 5), (5, 5), (10, 5), (15, 5), (20, 3)]
    assert [(shard.first, shard.last) for shard in shards] == [
        (IDS[s.start], IDS[s.start + s.count - 1]) for s in shards
    ]
    assert [shard.name for shard in shards][:2] == ["shard-00000", "shard-00001"]
    assert planned() == shards
    changed = planned([*IDS[:7], "clip-007b", *IDS[8:]])
    assert [a == b for a, b in zip(shards, changed, strict=True)] == [True, False, True, True, True]
    assert planned([]) == []
    assert list(batches(range(5), 2)) == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize("ids", [["b", "a"], ["a", "a"]])
def test_ids_out_of_order_are_refused(ids: list[str]) -> None:
    with pytest.raises(ValueError, match="must be sorted, each there once"):
        planned(ids)


def test_a_shard_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        planned(size=0)


def make(base: Path, shard: Shard, settings: str = SETTINGS) -> Path:
    path = base / "parts" / f"{shard.name}.tar"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(shard.name.encode())
    finish(shard, settings, {"clips": shard.count}, [path], base)
    return path


def test_what_is_done_is_known_by_its_record(tmp_path: Path) -> None:
    shards = planned()
    for shard in shards[:3]:
        make(tmp_path, shard)
    assert [shard.number for shard in missing_shards(shards, SETTINGS, tmp_path)] == [3, 4]
    record = read_record(shards[1], SETTINGS, tmp_path)
    assert record is not None
    assert record.counts == {"clips": 5}
    assert record.files["parts/shard-00001.tar"].bytes == len("shard-00001")


def undo_settings(_: Path) -> str:
    return "others"


def undo_file(base: Path) -> str:
    (base / "parts" / "shard-00001.tar").unlink()
    return SETTINGS


def undo_bytes(base: Path) -> str:
    (base / "parts" / "shard-00001.tar").write_bytes(b"cut")
    return SETTINGS


def undo_record(base: Path) -> str:
    path = base / RECORDS / "shard-00001.json"
    path.write_text(path.read_text()[:20])
    return SETTINGS


def undo_ids(base: Path) -> str:
    path = base / RECORDS / "shard-00001.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"ids": "of others"}))
    return SETTINGS


@pytest.mark.parametrize("undo", [undo_settings, undo_file, undo_bytes, undo_record, undo_ids])
def test_what_does_not_hold_any_more_is_undone(tmp_path: Path, undo: Callable[[Path], str]) -> None:
    shard = planned()[1]
    make(tmp_path, shard)
    assert list(missing_shards([shard], SETTINGS, tmp_path)) == []
    assert list(missing_shards([shard], undo(tmp_path), tmp_path)) == [shard]


def test_all_must_be_there_and_nothing_else(tmp_path: Path) -> None:
    shards = planned()
    for shard in shards[:-1]:
        make(tmp_path, shard)
    with pytest.raises(InputError, match="no record of a complete shard"):
        check_complete(shards, SETTINGS, tmp_path)
    make(tmp_path, shards[-1])
    assert [record.number for record in check_complete(shards, SETTINGS, tmp_path)] == [0, 1, 2, 3, 4]
    (tmp_path / "parts" / "shard-00009.tar").write_bytes(b"of another plan")
    with pytest.raises(InputError, match=r"1 files are of no shard of this plan, such as parts/shard-00009.tar"):
        check_complete(shards, SETTINGS, tmp_path)


def test_a_file_of_two_shards_is_refused(tmp_path: Path) -> None:
    shards = planned()[:2]
    path = make(tmp_path, shards[0])
    finish(shards[1], SETTINGS, {}, [path], tmp_path)
    with pytest.raises(InputError, match="belongs to shard-00000 and to shard-00001"):
        check_complete(shards, SETTINGS, tmp_path)
