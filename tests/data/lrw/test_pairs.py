"""Pairs of sound and video: the list, the clips, and what is not there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tavce.data.clips import SAFE_ID
from tavce.data.lrw.pairs import Pair, plan_pairs, read_pairs
from tavce.errors import InputError


def listed(tmp_path, text):
    path = tmp_path / "pairs.txt"
    path.write_bytes(text.encode())
    return read_pairs(path)


def put(root, *stems, split="test"):
    for stem in stems:
        folder = root / stem.rpartition("_")[0] / split
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{stem}.mp4").touch()


def planned(root, pairs):
    return list(plan_pairs(root, pairs, dataset="lrw"))


def test_the_sound_comes_first(tmp_path):
    put(tmp_path, "ABOUT_00018", "WORLD_00039")
    (one,) = planned(tmp_path, listed(tmp_path, "ABOUT_00018 WORLD_00039\n"))
    assert one.sound == "ABOUT/test/ABOUT_00018.mp4"
    clip = one.planned.clip
    assert (clip.source, clip.id, clip.identity) == (
        "WORLD/test/WORLD_00039.mp4",
        "WORLD_00039--ABOUT_00018",
        "WORLD_00039",
    )
    assert (clip.split, clip.start_s, clip.end_s, clip.frames, clip.usable) == ("test", 0.0, 1.16, 29, True)
    (other,) = planned(tmp_path, listed(tmp_path, "WORLD_00039 ABOUT_00018\n"))
    assert (other.sound, other.planned.clip.source) == (clip.source, one.sound)


def test_lines_are_kept_whatever_they_say(tmp_path):
    pairs = listed(tmp_path, "\ufeffABOUT_00001 WORLD_00002\r\n\r\nABOUT_00001\r\n../../x_1 WORLD_00002\na b c\n")
    assert pairs[0] == Pair(1, "ABOUT_00001", "WORLD_00002", "")
    assert [(pair.line, pair.problem) for pair in pairs[1:]] == [
        (line, f"line {line} of the list is no pair WORD_00001 WORD_00002") for line in (3, 4, 5)
    ]


def test_what_is_missing_is_a_reason_and_no_gap(tmp_path):
    put(tmp_path, "ABOUT_00001", "WORLD_00001")
    put(tmp_path, "WORLD_00003", split="train")
    text = (
        "ABOUT_00001 WORLD_00001\nABOUT_00002 WORLD_00001\nABOUT_00001 WORLD_00003\nnothing\nABOUT_00001 WORLD_00001\n"
    )
    found = planned(tmp_path, listed(tmp_path, text))
    assert [(each.planned.clip.id, each.planned.clip.reason) for each in found] == [
        ("WORLD_00001--ABOUT_00001", ""),
        ("WORLD_00001--ABOUT_00001-000005", "line 5 of the list repeats another"),
        ("WORLD_00001--ABOUT_00002", "there is no file ABOUT/test/ABOUT_00002.mp4"),
        ("WORLD_00003--ABOUT_00001", "there is no file WORLD/test/WORLD_00003.mp4"),
        ("line-000004", "line 4 of the list is no pair WORD_00001 WORD_00002"),
    ]
    assert [each.sound != "" for each in found] == [each.planned.clip.usable for each in found]


def test_wrong_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_pairs(tmp_path / "none.txt")
    for text in ("", "one two\nthree\n"):
        with pytest.raises(InputError, match="has no line"):
            listed(tmp_path, text)
    (tmp_path / "bytes.txt").write_bytes(b"\xff")
    with pytest.raises(InputError, match="UTF-8"):
        read_pairs(tmp_path / "bytes.txt")


stem = st.tuples(st.sampled_from(["ABOUT", "About", "WE'RE", "A" * 41]), st.integers(0, 3)).map(
    lambda s: f"{s[0]}_{s[1]}"
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.tuples(stem, stem).map(" ".join), st.text(max_size=20)), max_size=12))
def test_no_text_crashes_and_ids_stay_apart(tmp_path_factory, lines):
    root = tmp_path_factory.mktemp("pairs")
    try:
        pairs = listed(root, "\n".join(lines))
    except (InputError, UnicodeEncodeError):
        return
    ids = [each.planned.clip.id for each in planned(root, pairs)]
    assert len(ids) == len(pairs)
    assert ids == sorted(ids)
    assert len({name.lower() for name in ids}) == len(ids)
    assert all(SAFE_ID.fullmatch(name) for name in ids)
