"""Folders of VoxCeleb listed, official files planned, and the choice among them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tavce.data import splits
from tavce.data.clips import SAFE_ID
from tavce.data.voxceleb.listing import Utterance, list_utterances
from tavce.data.voxceleb.official import official_rows, plan_official
from tavce.data.voxceleb.selection import Selection, upload_names
from tavce.errors import InputError
from tests.conftest import ROOT
from tests.data.voxceleb.made import ALL, TEST, TRAIN

A, B = "-__________", "zz_zz-zz_zz"


def touch(root: Path, *files):
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()


def listed(root, kind="mp4"):
    return [each.file for each in list_utterances(root, kind, lambda _: True)]


def test_dev_and_test_are_one_sorted_list(tmp_path):
    files = [f"dev/mp4/id00003/{A}/00001.mp4", f"test/mp4/id00002/{B}/00002.mp4", f"test/mp4/id00002/{A}/00002.mp4"]
    touch(tmp_path, *files, f"test/mp4/id00002/{B}/00001.mp4", f"dev/mp4/id00001/{B}/00001.mp4")
    rows = [planned.clip for planned in plan_official(tmp_path, dataset="vox", selection=ALL)]
    assert [row.source for row in rows] == [
        f"dev/mp4/id00001/{B}/00001.mp4",
        f"test/mp4/id00002/{A}/00002.mp4",
        f"test/mp4/id00002/{B}/00001.mp4",
        f"test/mp4/id00002/{B}/00002.mp4",
        f"dev/mp4/id00003/{A}/00001.mp4",
    ]
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    assert all(SAFE_ID.fullmatch(row.id) for row in rows)
    row = rows[1]
    assert (row.id, row.identity, row.usable) == (f"id00002-{A}-00002", "id00002", True)
    assert (row.start_s, row.end_s, row.frames, row.split) == (0.0, 0.0, 0, "train")


@pytest.mark.parametrize("place", ["", "mp4/", "dev/", "test/mp4/"])
def test_the_archive_may_be_unpacked_anywhere(tmp_path, place):
    touch(tmp_path, f"{place}id00001/{A}/00001.mp4")
    assert listed(tmp_path) == [f"{place}id00001/{A}/00001.mp4"]


def test_other_names_are_no_part_of_it(tmp_path):
    good = f"id00001/{A}/00001.mp4"
    touch(
        tmp_path,
        good,
        f"id00001/{A}/00001.txt",
        f"id00001/{A}/._00001.mp4",
        f"id00001/{A}/x.mp4",
        "id00001/short/1.mp4",
    )
    touch(tmp_path, f"id1/{A}/00001.mp4", f"id00001x/{A}/00001.mp4", "readme.mp4", f"id0000\u0661/{A}/00001.mp4")
    assert listed(tmp_path) == [good]
    assert listed(tmp_path, "txt") == [f"id00001/{A}/00001.txt"]


def test_wrong_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        listed(tmp_path / "none")
    with pytest.raises(InputError, match="holds no folders"):
        listed(tmp_path)
    touch(tmp_path, f"dev/mp4/id00001/{A}/00001.mp4", f"test/mp4/id00001/{A}/00002.mp4")
    with pytest.raises(InputError, match="id00001 is in dev/mp4/ and in test/mp4/"):
        listed(tmp_path)


def test_only_wanted_identities_are_looked_into(tmp_path):
    touch(tmp_path, f"{TEST}/{A}/00001.mp4", f"{TRAIN}/{A}/00001.mp4", f"{TRAIN}/{B}/00001.mp4")
    for part, identities in (("test", [TEST]), ("train", [TRAIN, TRAIN])):
        selection = Selection(ALL.splits, part, 0, 7)
        rows = [each.clip for each in plan_official(tmp_path, dataset="vox", selection=selection)]
        assert [row.identity for row in rows] == identities
        assert {row.split for row in rows} == {part}


def test_an_upload_of_the_test_split_is_no_training(tmp_path):
    touch(tmp_path, f"{TEST}/{A}/00001.mp4", f"{TRAIN}/{A}/00001.mp4", f"{TRAIN}/{B}/00001.mp4")
    for part in ("all", "train"):
        selection = Selection(ALL.splits, part, 0, 7)
        rows = [each.clip for each in plan_official(tmp_path, dataset="vox", selection=selection)]
        reasons = {row.id: row.reason for row in rows}
        assert reasons.pop(f"{TRAIN}-{A}-00001") == f"its upload also shows {TEST}, who is held out from training"
        assert set(reasons.values()) == {""}


def test_ids_stay_apart_where_case_is_ignored():
    names = ["abcdefghij-", "Abcdefghij-", "abcdefghiJ-", "other_____1"]
    called = upload_names(names)
    assert called["other_____1"] == "other_____1"
    assert called["Abcdefghij-"] == "Abcdefghij--c001"
    assert len({name.lower() for name in called.values()}) == 4


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("aAbB-_1", min_size=11, max_size=11), unique=True, max_size=12), st.lists(st.integers(0, 40)))
def test_ids_are_unique_sorted_and_safe(uploads, numbers):
    files = sorted((upload, f"{number:05d}") for upload in uploads for number in set(numbers))
    utterances = [Utterance(TRAIN, upload, name, "") for upload, name in files]
    ids = [each.clip.id for each in official_rows(iter(utterances), dataset="v", selection=ALL, held_out={})]
    assert len(ids) == len(files)
    assert ids == sorted(ids)
    assert len({name.lower() for name in ids}) == len(ids)
    assert all(SAFE_ID.fullmatch(name) for name in ids)


def many(identities, uploads=4, names=5):
    return [
        Utterance(f"id{i:05d}", f"{i:05d}-upl-{u}", f"{n:05d}", "")
        for i in identities
        for u in range(uploads)
        for n in range(names)
    ]


def chosen(utterances, count, seed=7):
    selection = Selection({}, "all", count, seed)
    return [each.clip.id for each in official_rows(utterances, dataset="v", selection=selection, held_out={})]


def test_the_choice_is_seeded_and_owes_nothing_to_others():
    three = chosen(many(range(20)), 3)
    assert len(three) == 60
    assert three == sorted(three)
    assert three == chosen(many(range(20)), 3)
    assert set(three) <= set(chosen(many(range(20)), 4))
    assert [name for name in three if name.startswith("id00007")] == chosen(many([7]), 3)
    other = chosen(many(range(20)), 3, seed=8)
    assert len(set(three) & set(other)) < 30  # by chance 9 are in both
    first = [each for k, each in enumerate(chosen(many(range(20)), 0)) if k % 20 < 3]
    assert three != first
    assert len(chosen(many([1]), 99)) == 20


def test_planning_holds_one_identity_at_a_time():
    reached = []

    def listing():
        for each in many(range(1000)):
            reached.append(each.identity)
            yield each

    rows = official_rows(listing(), dataset="v", selection=ALL, held_out={})
    assert next(rows).clip.identity == "id00000"
    assert set(reached) == {"id00000", "id00001"}


def test_published_lists():
    one = splits.test_identities(ROOT / "datasets/splits/voxceleb1.csv")
    assert list(one) == [f"id{number}" for number in range(10270, 10310)]
    two = splits.test_identities(ROOT / "datasets/splits/voxceleb2.csv")
    assert len(two) == 118
    assert list(two) == sorted(two)
    assert {"id00017", "id09017", "id04862"} <= set(two)
    assert set(one.values()) | set(two.values()) == {"test"}
