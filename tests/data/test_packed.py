"""Packed clips: every file comes back by a seek, other tools read the tars, and damage is told, never handed on."""

import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tavce.data.packed import SHARDS, clip_files, is_packed, pack_shard, write_shards
from tavce.errors import InputError
from tavce.run.shards import finish, plan_shards

IDS = ["a", "b", "c", "long" + "x" * 110, "m", "z"]
CONTENT = {
    "a.mkv": b"video of a",
    "a.wav": b"sound" * 1000,
    "b.npz": b"",
    "c.png": bytes(range(256)) * 6000,  # over one block of reading
    IDS[3] + ".mkv": b"a name longer than a header",
    "z.mkv": b"z" * 512,
}


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """Six clips in two shards; m has no files."""
    out = tmp_path / "packed"
    out.mkdir()
    shards = list(plan_shards(IDS, 4))
    records = []
    for shard in shards:
        ids = IDS[shard.start : shard.start + shard.count]
        loose = tmp_path / shard.name
        loose.mkdir()
        for name, content in CONTENT.items():
            if name.rpartition(".")[0] in ids:
                (loose / name).write_bytes(content)
        records.append(finish(shard, "", {}, pack_shard(loose, ids, out / shard.name), out))
    write_shards(shards, records, out)
    return out


def test_every_file_comes_back(packed: Path) -> None:
    assert is_packed(packed)
    with clip_files(packed, *IDS) as folder:
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT
    assert not folder.exists()
    with clip_files(packed, "a", only=(".wav",)) as folder:
        assert [path.name for path in folder.iterdir()] == ["a.wav"]
    with clip_files(packed, "m", "unknown", "zz", "0") as folder:
        assert list(folder.iterdir()) == []


def test_a_loose_folder_is_handed_over_as_it_is(tmp_path: Path) -> None:
    with clip_files(tmp_path, "a") as folder:
        assert folder == tmp_path
    assert not is_packed(tmp_path)


def test_other_tools_read_the_tars(packed: Path) -> None:
    found = {}
    for path in sorted(packed.glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                file = tar.extractfile(member)
                assert file is not None
                found[member.name] = file.read()
    assert found == CONTENT


def test_same_files_same_bytes(packed: Path, tmp_path: Path) -> None:
    loose = tmp_path / "shard-00000"
    os.utime(loose / "a.mkv", (1, 1))
    (loose / "a.mkv").chmod(0o600)
    pack_shard(loose, IDS[:4], tmp_path / "again")
    assert (tmp_path / "again.tar").read_bytes() == (packed / "shard-00000.tar").read_bytes()
    assert (tmp_path / "again.json").read_bytes() == (packed / "shard-00000.json").read_bytes()


def test_a_file_of_no_clip_is_refused(tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "notes.txt").touch()
    with pytest.raises(InputError, match=r"'notes.txt', which is no clip's"):
        pack_shard(loose, ["notes"], tmp_path / "shard-00000")


def change(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def index(packed: Path) -> dict[str, dict[str, list[int]]]:
    found: dict[str, dict[str, list[int]]] = json.loads((packed / "shard-00000.json").read_text())
    return found


def rewrite(packed: Path, content: object) -> None:
    (packed / "shard-00000.json").write_text(json.dumps(content))


def flip(packed: Path) -> None:
    change(packed / "shard-00000.tar", index(packed)["a"][".mkv"][0] + 3, b"X")


def cut(packed: Path) -> None:
    path = packed / "shard-00000.tar"
    os.truncate(path, path.stat().st_size - 512)


def misplace(packed: Path) -> None:
    found = index(packed)
    found["a"][".mkv"] = found["a"][".wav"]
    rewrite(packed, found)


def lie_of_size(packed: Path) -> None:
    found = index(packed)
    found["a"][".mkv"][1] = 4
    rewrite(packed, found)


def name_another_suffix(packed: Path) -> None:
    found = index(packed)
    rewrite(packed, found | {"a": {"/../../a.mkv": found["a"][".mkv"]}})


def drop_numbers(packed: Path) -> None:
    rewrite(packed, {"a": {".mkv": ["one"]}})


def no_json(packed: Path) -> None:
    (packed / "shard-00000.json").write_text("[")


def no_object(packed: Path) -> None:
    rewrite(packed, [])


def no_tar(packed: Path) -> None:
    (packed / "shard-00000.tar").unlink()


def no_list(packed: Path) -> None:
    (packed / SHARDS).write_text("{}")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (flip, "is damaged: a.mkv in it is not what was packed"),
        (cut, "it is cut short"),
        (misplace, "where its index has a.mkv"),
        (lie_of_size, "holds 'a.mkv' of 10 bytes where its index has a.mkv of 4"),
        (name_another_suffix, "names files of clip 'a' that no stage writes"),
        (drop_numbers, "is no index of a shard"),
        (no_json, "cannot be read"),
        (no_object, "is no JSON object"),
        (no_tar, "cannot be read"),
        (no_list, "is no list of shards"),
    ],
)
def test_damage_is_told(packed: Path, damage: Callable[[Path], None], said: str) -> None:
    damage(packed)
    with pytest.raises(InputError, match=said), clip_files(packed, "a"):
        pass


def test_a_name_that_leaves_the_folder_is_refused(packed: Path) -> None:
    rewrite(packed, {"../a": index(packed)["a"]})
    with pytest.raises(InputError, match="no stage writes"), clip_files(packed, "../a"):
        pass
