"""A folder of videos as users have them: names, links, damage, identities."""

from pathlib import Path

import numpy as np
import pytest

from tavce.data.clips import SAFE_ID, file_sha256, read_clips, write_clips
from tavce.data.folder import find_videos, scan
from tavce.errors import InputError
from tavce.media.audio import write_wav
from tavce.media.writer import write_h264
from tests.data.crop.drawn import scene, write_source


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return write_source(tmp_path_factory.mktemp("source") / "v.mkv", scene(10)).read_bytes()


def put(folder, video, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(video)


def look(folder):
    return scan(folder, dataset="mine", split="test")


def test_flat_folder_keeps_stems(tmp_path: Path, video):
    put(tmp_path, video, "b.mkv", "a-1.mkv")
    (tmp_path / "notes.txt").write_text("not a video")
    rows = look(tmp_path)
    assert [row.id for row in rows] == ["a-1", "b"]
    row = rows[1]
    assert (row.dataset, row.split, row.identity, row.source) == ("mine", "test", "b", "b.mkv")
    assert (row.frames, row.start_s, row.end_s, row.status, row.reason) == (10, 0.0, 0.4, "ok", "")
    assert row.video_sha256 == file_sha256(tmp_path / "b.mkv")


def test_any_names_any_depth(tmp_path: Path, video):
    names = ("a b.mkv", "Ünï/çödé 人.MKV", "x/talk.mkv", "y/talk.mkv", "talk.mkv", "talk.mp4", "TALK.mkv")
    put(tmp_path, video, *names)
    rows = look(tmp_path)
    assert sorted(row.source for row in rows) == sorted(names)
    ids = [row.id for row in rows]
    assert ids == sorted(ids)
    assert len({name.lower() for name in ids}) == 7
    assert all(SAFE_ID.fullmatch(name) for name in ids)
    assert all(row.usable for row in rows)
    write_clips(rows, tmp_path)
    assert [row.source for row in read_clips(tmp_path)] == [row.source for row in rows]


def test_ids_do_not_change_when_an_unrelated_file_comes(tmp_path: Path, video):
    put(tmp_path, video, "x/a.mkv", "b c.mkv")
    before = {row.source: row.id for row in look(tmp_path)}
    put(tmp_path, video, "0.mkv")
    after = {row.source: row.id for row in look(tmp_path)}
    assert before.items() <= after.items()


def test_same_stem_in_two_formats(tmp_path: Path, video):
    put(tmp_path, video, "a.mkv", "a.mov")
    assert [row.id for row in look(tmp_path)] == ["a.mkv", "a.mov"]
    put(tmp_path, video, "a.mkv.mp4")
    assert len({row.id for row in look(tmp_path)}) == 3


def test_hidden_files_and_links(tmp_path: Path, video):
    inside = tmp_path / "in"
    put(inside, video, "a.mkv", ".b.mkv", ".cache/c.mkv", "sub/d.mkv")
    (inside / "loop").symlink_to(inside)
    (inside / "link.mkv").symlink_to(inside / "a.mkv")
    (inside / "gone.mkv").symlink_to(inside / "absent.mkv")
    assert find_videos(inside) == ["a.mkv", "gone.mkv", "link.mkv", "sub/d.mkv"]
    rows = {row.source: row for row in look(inside)}
    assert rows["link.mkv"].usable
    assert "no such file" in rows["gone.mkv"].reason


def test_what_cannot_be_used_says_why(tmp_path: Path, video):
    (tmp_path / "text.mp4").write_text("this is no video\n")
    (tmp_path / "empty.mp4").write_bytes(b"")
    write_source(tmp_path / "mute.mkv", scene(5), audio=False)
    write_source(tmp_path / "single.mkv", scene(1))
    long = write_source(tmp_path / "torn.mkv", scene(50, step=1)).read_bytes()
    (tmp_path / "torn.mkv").write_bytes(long[: len(long) // 2])
    write_h264(tmp_path / "moov.mp4", scene(50, step=1), crf=23)  # its index comes last
    (tmp_path / "moov.mp4").write_bytes((tmp_path / "moov.mp4").read_bytes()[:2000])
    put(tmp_path, video, "good.mkv")
    rows = {row.id: row for row in look(tmp_path)}
    said = {
        "text": "cannot be opened",
        "empty": "cannot be opened",
        "mute": "no audio stream",
        "single": "single picture",
        "torn": "s",
        "moov": "cannot be opened",
    }
    for name, words in said.items():
        assert (rows[name].status, rows[name].frames) == ("unusable", 0), name
        assert words in rows[name].reason
        assert "\n" not in rows[name].reason
    assert rows["good"].usable
    assert "should last until" in rows["torn"].reason or "cut short" in rows["torn"].reason


def test_sound_may_lie_beside_a_mute_video(tmp_path: Path):
    write_source(tmp_path / "mute.mkv", scene(8), audio=False)
    assert not look(tmp_path)[0].usable
    write_wav(tmp_path / "mute.wav", np.zeros(16_000, np.int16))
    assert look(tmp_path)[0].usable


def test_nothing_there(tmp_path: Path):
    with pytest.raises(InputError, match="no such folder"):
        look(tmp_path / "absent")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(InputError, match=r"holds no video \(suffixes .*\.mp4"):
        look(tmp_path)


def test_name_that_is_not_utf8(tmp_path: Path, video):
    put(tmp_path, video, "bad\udcff.mkv")
    with pytest.raises(InputError, match="not valid UTF-8"):
        look(tmp_path)


def test_identities(tmp_path: Path, video):
    put(tmp_path, video, "a.mkv", "x/b.mkv", "é.mkv")
    table = "\ufefffile,identity\na.mkv,Ann\nx/b.mkv, Ann \ne\u0301.mkv,Bo\n"  # BOM, blanks, decomposed accent
    (tmp_path / "identities.csv").write_text(table, encoding="utf-8")
    assert {row.source: row.identity for row in look(tmp_path)} == {"a.mkv": "Ann", "x/b.mkv": "Ann", "é.mkv": "Bo"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,who\na.mkv,Ann\n", "columns"),
        ("file,identity\na.mkv,Ann\nc.mkv,Bo\n", "not in the folder, such as 'c.mkv'"),
        ("file,identity\n", "not in the table, such as 'a.mkv'"),
        ("file,identity\na.mkv,Ann\na.mkv,Bo\n", "listed twice"),
        ("file,identity\na.mkv,\n", "without identity"),
        ("", "cannot be read"),
    ],
)
def test_wrong_identities(tmp_path: Path, video, text, said):
    put(tmp_path, video, "a.mkv")
    (tmp_path / "identities.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        look(tmp_path)
