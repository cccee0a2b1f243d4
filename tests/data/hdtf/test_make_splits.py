"""The command that makes our split lists of HDTF."""

from pathlib import Path

import pytest

from stages import make_splits
from tavce.data.hdtf.metadata import Metadata, read_metadata
from tavce.data.hdtf.plan import chosen
from tavce.data.splits import check_leakage, read_splits
from tavce.errors import InputError
from tests.data.hdtf.test_metadata import TWO_NAMES
from tests.data.hdtf.texts import write_texts

PEOPLE = [f"Person{chr(65 + k)}{chr(65 + n)}" for k in range(8) for n in range(5)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty people of two videos each beside those with one upload under two names."""
    videos = [f"{name}{k}" for name in PEOPLE for k in (0, 1)]
    people = {
        "WDA_video_url": "".join(f"{name} https://youtu.be/{name:_<11}\n" for name in videos),
        "WDA_annotion_time": "".join(f"{name}.mp4 00:05-00:25 01:00-01:10\n" for name in videos),
        "WDA_resolution": "".join(f"{name}.mp4 1080\n" for name in videos),
        "WDA_crop_wh": "".join(f"{name}_{k}.mp4 500 700 0 700\n" for name in videos for k in (0, 1)),
    }
    return write_texts(tmp_path / "texts", **people, **TWO_NAMES)


@pytest.fixture
def metadata(folder: Path) -> Metadata:
    return read_metadata(folder)


def test_every_segment_has_one_row_and_none_leaks(metadata):
    rows = make_splits.hdtf_rows(metadata, None)
    assert {row.segment for row in rows} == {part for _, part in chosen(metadata, None)}
    assert len(rows) == len(metadata.clips) - 1  # one upload has two names
    check_leakage(rows, "rows")
    assert {row.split for row in rows} == {"train", "val", "test"}


def test_who_is_unknown_is_for_training(metadata):
    rows = make_splits.hdtf_rows(metadata, None)
    assert {row.split for row in rows if row.segment.identity.startswith("Radio")} == {"train"}


def test_the_first_seconds_are_split_alike(metadata):
    split_of = {row.segment.identity: row.split for row in make_splits.hdtf_rows(metadata, None)}
    first = make_splits.hdtf_rows(metadata, 8.0)
    assert {row.segment.end_s - row.segment.start_s for row in first} == {8.0}
    assert all(row.split == split_of[row.segment.identity] for row in first)
    assert len(first) < len(make_splits.hdtf_rows(metadata, None))


def test_a_segment_without_upload_or_times_has_no_row(tmp_path):
    changes = {
        "WDA_video_url": "KatieHill https://youtu.be/Katie_Hill0\n",
        "WRA_annotion_time": "MikeEnzi.mp4 x 1:0 00:01-00:05",
    }
    rows = make_splits.hdtf_rows(read_metadata(write_texts(tmp_path / "texts", **changes)), None)
    assert sorted(row.segment.key for row in rows) == [
        ("Katie_Hill0", 5.0, 200.0),
        ("MikeEnzi000", 1.0, 5.0),
        ("radio_00001", 20.0, 95.0),
        ("radio_00002", 0.0, 30.0),
    ]


def test_the_command_writes_both_lists_and_the_same_bytes_again(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make_splits, "FOLDER", tmp_path / "splits")
    make_splits.main(["hdtf", str(folder)])
    first = {path.name: path.read_bytes() for path in (tmp_path / "splits").iterdir()}
    assert set(first) == {"hdtf.csv", "hdtf_8s.csv"}
    assert read_splits(tmp_path / "splits" / "hdtf.csv") == make_splits.hdtf_rows(read_metadata(folder), None)
    assert "hdtf_8s test: 8 identities, " in capsys.readouterr().out
    make_splits.main(["hdtf", str(folder)])
    assert {path.name: path.read_bytes() for path in (tmp_path / "splits").iterdir()} == first


@pytest.mark.parametrize("arguments", [[], ["hdtf"], ["voxceleb", "folder"], ["hdtf", "/nowhere"]])
def test_a_wrong_command_line(arguments):
    with pytest.raises(InputError):
        make_splits.main(arguments)
