"""Videos of a user: which is which clip, and clear words where nothing is."""

from pathlib import Path

import pytest

from tavce.data.clips import Clip
from tavce.errors import InputError
from tavce.methods.videos import find


def clip(name: str, source: str) -> Clip:
    return Clip(name, "d", "test", "p", source, 0.0, 1.0, 25, None, None, "", "", "ok", "")


CLIPS = [clip("a_one", "a/one.mp4"), clip("a_two", "a/two.mp4"), clip("b_two", "b/two.mov"), clip("c", "c.mkv")]


def folder(tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / "made" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "made" / name).touch()
    return tmp_path / "made"


def test_ids_paths_and_stems_name_clips(tmp_path: Path) -> None:
    made = folder(tmp_path, "a_one.mp4", "b/two.webm", "deep/c.avi", "other.mp4")
    found = find(made, None, CLIPS)
    assert found.videos == {"a_one": made / "a_one.mp4", "b_two": made / "b/two.webm", "c": made / "deep/c.avi"}
    assert found.others == ["other.mp4"]


def test_a_stem_of_two_clips_says_too_little(tmp_path: Path) -> None:
    found = find(folder(tmp_path, "two.mp4", "one.mp4"), None, CLIPS)
    assert set(found.videos) == {"a_one"}
    assert found.others == ["two.mp4"]


def test_two_videos_of_one_clip_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="are both called as clip c"):
        find(folder(tmp_path, "c.mp4", "x/c.mp4"), None, CLIPS)


def test_nothing_that_matches_is_said_with_names(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none of its 1 videos is called as a clip \(zzz.mp4\), such as a_one"):
        find(folder(tmp_path, "zzz.mp4"), None, CLIPS)
    with pytest.raises(InputError, match="there is no such folder"):
        find(tmp_path / "absent", None, CLIPS)


def test_a_table_of_names(tmp_path: Path) -> None:
    made, table = folder(tmp_path, "1.mp4", "2.mp4"), tmp_path / "names.csv"
    table.write_text("clip,video\na_two,1.mp4\nof_another_split,2.mp4\n", encoding="utf-8-sig")
    found = find(made, table, CLIPS)
    assert found.videos == {"a_two": made / "1.mp4"}
    assert found.others == ["2.mp4"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clip,file\nc,1.mp4\n", "has no column 'video'"),
        ("clip,video\nc,../1.mp4\n", r"line 2: .* has no video '../1.mp4'"),
        ("clip,video\nc,1.mp4\nc,1.mp4\n", "line 3: clip c has a video already"),
    ],
)
def test_a_table_that_does_not_fit(tmp_path: Path, text: str, said: str) -> None:
    made, table = folder(tmp_path, "1.mp4"), tmp_path / "names.csv"
    table.write_text(text)
    with pytest.raises(InputError, match=said):
        find(made, table, CLIPS)
    with pytest.raises(InputError, match="there is no such file"):
        find(made, tmp_path / "absent.csv", CLIPS)
