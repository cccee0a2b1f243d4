"""LRW's folder listed, the choice among its clips, and when their words are spoken."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tavce.data.clips import SAFE_ID, read_clips, write_clips
from tavce.data.crop.faces import UnusableError
from tavce.data.lrw.folder import list_clips, plan_folder
from tavce.data.lrw.spans import read_span, word_spans
from tavce.errors import InputError

ALL = ("train", "val", "test")


def touch(root, *files, text=""):
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)


def rows(root, splits=ALL, words=None, clips_per_word=0, seed=7):
    found = list_clips(root, splits=splits, words=words, clips_per_word=clips_per_word, seed=seed)
    return [each.clip for each in plan_folder(found, dataset="lrw")]


def test_the_same_number_in_two_splits_is_two_clips(tmp_path):
    for split in ALL:
        touch(tmp_path, f"ABOUT/{split}/ABOUT_00001.mp4", f"ABOUT/{split}/ABOUT_00001.txt")
    touch(tmp_path, "ABOVE/val/ABOVE_00002.mp4", "ABOUT/val/.ABOUT_00003.mp4", "ABOUT/val/ABOVE_00004.mp4", "note.txt")
    found = rows(tmp_path)
    assert [(row.id, row.split, row.source) for row in found] == [
        ("ABOUT-test-00001", "test", "ABOUT/test/ABOUT_00001.mp4"),
        ("ABOUT-train-00001", "train", "ABOUT/train/ABOUT_00001.mp4"),
        ("ABOUT-val-00001", "val", "ABOUT/val/ABOUT_00001.mp4"),
        ("ABOVE-val-00002", "val", "ABOVE/val/ABOVE_00002.mp4"),
    ]
    row = found[0]
    assert (row.start_s, row.end_s, row.frames, row.usable) == (0.0, 1.16, 29, True)
    assert [row.identity for row in found] == [row.id for row in found]  # nobody says who speaks
    write_clips(found, tmp_path)
    assert read_clips(tmp_path) == found


def test_words_and_splits_are_selected(tmp_path):
    words = ("ABOUT", "ABOVE", "WE'RE", "WERE")
    touch(tmp_path, *(f"{word}/{split}/{word}_0000{n}.mp4" for word in words for split in ALL for n in (1, 2)))
    assert len(rows(tmp_path)) == 24
    assert {row.split for row in rows(tmp_path, splits=("val",))} == {"val"}
    assert [row.id for row in rows(tmp_path, ("test",), ("WERE", "ABOVE"))] == [
        "ABOVE-test-00001",
        "ABOVE-test-00002",
        "WERE-test-00001",
        "WERE-test-00002",
    ]
    ids = [row.id for row in rows(tmp_path)]
    assert ids == sorted(ids)
    assert len({name.lower() for name in ids}) == 24
    assert all(SAFE_ID.fullmatch(name) for name in ids)
    with pytest.raises(InputError, match="no folder for 1 of the wanted words, such as 'about'"):
        rows(tmp_path, words=("about", "ABOVE"))


def test_wrong_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        rows(tmp_path / "none")
    touch(tmp_path, "other/ABOUT_00001.mp4")
    with pytest.raises(InputError, match="no folders of words"):
        rows(tmp_path)


def test_the_choice_is_seeded_per_word_and_split(tmp_path):
    files = [f"{word}/{split}/{word}_{n:05d}.mp4" for word in ("ABOUT", "ABOVE") for split in ALL for n in range(20)]
    touch(tmp_path, *files)
    three = [row.id for row in rows(tmp_path, clips_per_word=3)]
    assert len(three) == 18
    assert three == sorted(three)
    assert three != [row.id for row in rows(tmp_path) if int(row.id[-5:]) < 3]
    assert three != [row.id for row in rows(tmp_path, clips_per_word=3, seed=8)]
    assert set(three) <= {row.id for row in rows(tmp_path, clips_per_word=4)}
    only = [row.id for row in rows(tmp_path, ("test",), ("ABOVE",), clips_per_word=3)]
    assert only == [name for name in three if name.startswith("ABOVE-test")]
    assert len({name[-5:] for name in three}) > 3  # not the same numbers in every folder


def notes(duration="0.32 seconds"):
    return (
        "Disk reference: 1234567890\nChannel: some channel\nProgram start: May 1 2014 - 20:57\n"
        f"Clip start: 100.72 seconds\nDuration: {duration}\n"
    )


def test_the_word_is_in_the_middle():
    assert read_span(notes()) == pytest.approx((0.42, 0.74))
    assert read_span(notes("0.32")) == pytest.approx((0.42, 0.74))
    assert read_span(notes().replace("\n", "\r\n").replace("Duration:", "duration :")) == pytest.approx((0.42, 0.74))
    assert read_span(notes()) != pytest.approx((0.0, 0.32))  # the duration from the clip's start
    assert read_span(notes("2.5")) == (0.0, 1.16)


@pytest.mark.parametrize("text", [notes("0 seconds"), notes("-0.3"), notes("nan"), notes("0.3 minutes"), notes("")])
def test_no_duration_has_a_reason(text):
    with pytest.raises(UnusableError, match="no duration above 0 s"):
        read_span(text)


def test_spans_of_clips_come_from_the_files_beside_them(tmp_path):
    touch(tmp_path, *(f"ABOUT/test/ABOUT_0000{n}.mp4" for n in (1, 2, 3)))
    touch(tmp_path, "ABOUT/test/ABOUT_00001.txt", text=notes())
    touch(tmp_path, "ABOUT/test/ABOUT_00002.txt", text="Channel: one")
    one, two, three = word_spans(tmp_path, rows(tmp_path))
    assert (one.id, one.start_s, one.problem) == ("ABOUT-test-00001", pytest.approx(0.42), "")
    assert (two.start_s, two.end_s, two.problem) == (0.0, 0.0, "its text file gives no duration")
    assert three.problem == "its text file cannot be read (No such file or directory)"
    (tmp_path / "ABOUT/test/ABOUT_00003.txt").write_bytes(b"\xff")
    assert list(word_spans(tmp_path, rows(tmp_path)))[2].problem == "its text file is no text in UTF-8"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.one_of(st.text(max_size=12), st.floats().map(str), st.floats(0, 3).map(str)))
def test_no_text_crashes_or_leaves_the_clip(noise, duration):
    for text in (noise, notes(duration), noise + "\n" + notes(duration)):
        try:
            start, end = read_span(text)
        except UnusableError:
            continue
        assert 0 <= start < end <= 1.16
        assert start + end == pytest.approx(1.16)
