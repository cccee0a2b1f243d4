"""Text files and uploads -> planned clips, row by row."""

from dataclasses import replace

import numpy as np
import pytest

from tavce.data.clips import read_clips, write_clips
from tavce.data.uploads.upload import Upload
from tavce.data.voxceleb.plan import annotation_uploads, plan_annotations
from tavce.data.voxceleb.selection import Selection
from tavce.errors import InputError
from tests.data.voxceleb.made import ALL, OBTAINED, TEST, TRAIN, UPLOAD, annotation, ledger, put, still

ADDRESS = "http://127.0.0.1/{id}"
WIDE = ("560", "036", "140", "090")  # of VoxCeleb1; ends at 700 of 640 pixels


def planned(root, *, version=2, known=None, selection=ALL):
    known = ledger() if known is None else known
    return list(plan_annotations(root, dataset="vox", version=version, ledger=known, selection=selection))


def clips(root, **given):
    return [each.clip for each in planned(root, **given)]


def test_a_tube_becomes_a_clip_on_the_upload(tmp_path):
    put(tmp_path, TRAIN, UPLOAD, "00001", annotation(still(250, 100)))
    (one,) = planned(tmp_path)
    clip = one.clip
    assert clip.id == f"{TRAIN}-{UPLOAD}-00001-000"
    assert (clip.source, clip.start_s, clip.end_s, clip.frames) == ("videos/a.mp4", 10.0, 14.0, 100)
    assert (clip.dataset, clip.split, clip.identity, clip.status) == ("vox", "train", TRAIN, "ok")
    assert one.guide is not None
    assert (one.guide.official, one.guide.unit, one.guide.boxes.shape) == (None, "frame", (100, 4))
    assert clip.start_s != pytest.approx(250 / OBTAINED.fps, abs=1)


def test_every_exclusion_has_its_reason(tmp_path):
    jump = [*still(0, 70, ("0", "0", "0.2", "0.2")), *still(70, 10, ("0.7", "0.7", "0.2", "0.2"))]
    put(tmp_path, TRAIN, UPLOAD, "00001", annotation(jump))
    put(tmp_path, TRAIN, UPLOAD, "00002", "nothing")
    put(tmp_path, TRAIN, UPLOAD, "00003", annotation(still(0, 70), reference="another-one"))
    put(tmp_path, TRAIN, UPLOAD, "00004", annotation(still(0, 70), identity=TEST))
    put(tmp_path, TRAIN, UPLOAD, "00005", annotation(still(0, 70), identity="a name"))
    put(tmp_path, TRAIN, UPLOAD, "00006", annotation(still(24960, 70)))
    put(tmp_path, TRAIN, "-0000000000", "00007", annotation(still(0, 70), reference="-0000000000"))
    rows = clips(tmp_path)
    short = "the face stays in place for 10 frames only, at least 64 are needed"
    assert [(row.id.removeprefix(f"{TRAIN}-"), row.reason) for row in rows] == [
        ("-0000000000-00007-000", "its upload is not fetched yet"),
        (f"{UPLOAD}-00001-000", ""),
        (f"{UPLOAD}-00001-001", short),
        (f"{UPLOAD}-00002-000", "its annotation has no line with the column names FRAME X Y W H"),
        (f"{UPLOAD}-00003-000", f"its annotation is of upload 'another-one', and lies in the folder of {UPLOAD}"),
        (f"{UPLOAD}-00004-000", f"its annotation is of {TEST}, and lies in the folder of {TRAIN}"),
        (f"{UPLOAD}-00005-000", ""),
        (f"{UPLOAD}-00006-000", "it ends at 1001.2 s, and its upload at 1000.00 s"),
    ]
    assert [row.usable for row in rows] == [row.reason == "" for row in rows]
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    write_clips(rows, tmp_path)
    assert read_clips(tmp_path) == rows


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "gone", "reason": "video removed"}, "its upload is gone: video removed"),
        ({"status": "failed", "reason": "timed out"}, "its upload is failed: timed out"),
        ({"audio_codec": ""}, "its upload has no sound, and sound drives the animation"),
        ({"seconds": 2.0}, "it ends at 2.8 s, and its upload at 2.00 s"),
    ],
)
def test_the_rows_are_the_same_whatever_was_obtained(tmp_path, changes, reason):
    put(tmp_path, TRAIN, UPLOAD, "00001", annotation(still(0, 70)))
    put(tmp_path, TRAIN, UPLOAD, "00002", annotation([*still(0, 70), *still(80, 70)]))
    rows = clips(tmp_path, known=ledger(**changes))
    assert [row.id for row in rows] == [row.id for row in clips(tmp_path)]
    assert rows[0].reason == reason
    assert not any(row.usable for row in rows)


def test_an_upload_may_end_a_little_early(tmp_path):
    put(tmp_path, TRAIN, UPLOAD, "00001", annotation(still(0, 100)))
    (one,) = planned(tmp_path, known=ledger(seconds=3.7))
    assert (one.clip.end_s, one.clip.frames, len(one.guide.boxes)) == (3.7, 92, 92)
    (none,) = planned(tmp_path, known=ledger(seconds=3.4))
    assert not none.clip.usable


def test_boxes_of_version_1_end_with_the_picture_that_came(tmp_path):
    put(tmp_path, TRAIN, UPLOAD, "00001", annotation(still(0, 70, WIDE)))
    (one,) = planned(tmp_path, version=1)
    assert one.guide.unit == "height"
    np.testing.assert_allclose(one.guide.boxes[0], [560 / 360, 0.1, 1280 / 720, 126 / 360], rtol=1e-6)
    (none,) = planned(tmp_path, version=1, known=ledger(width=960))
    assert none.guide is None
    assert "to the right of the picture of 960x720" in none.clip.reason
    (other,) = planned(tmp_path, version=2)
    assert "in pixels" in other.clip.reason


def test_splits_are_those_published_and_do_not_share_an_upload(tmp_path):
    put(tmp_path, TEST, UPLOAD, "00001", annotation(still(0, 70), identity=TEST))
    put(tmp_path, TRAIN, UPLOAD, "00001", annotation(still(100, 70)))
    rows = clips(tmp_path)
    assert [(row.identity, row.split, row.usable) for row in rows] == [(TRAIN, "train", False), (TEST, "test", True)]
    assert rows[0].reason == f"its upload also shows {TEST}, who is held out from training"
    test = Selection(ALL.splits, "test", 0, 7)
    assert [row.identity for row in clips(tmp_path, selection=test)] == [TEST]


def test_more_than_a_thousand_tubes_stay_sorted(tmp_path):
    rows = [(str(2 * k), "0.1", "0.1", "0.2", "0.2") for k in range(1100)]
    put(tmp_path, TRAIN, UPLOAD, "00001", annotation(rows))
    ids = [row.id for row in clips(tmp_path)]
    assert len(ids) == 1100
    assert ids == sorted(ids)


def test_uploads_are_those_of_the_choice(tmp_path):
    for upload in ("-0000000000", "b__________"):
        for name in ("00001", "00002"):
            put(tmp_path, TRAIN, upload, name, annotation(still(0, 70), reference=upload))
    every = annotation_uploads(tmp_path, ALL, ADDRESS)
    assert every == [Upload(name, f"http://127.0.0.1/{name}", 0) for name in ("-0000000000", "b__________")]
    one = Selection({}, "all", 1, 7)
    (row,) = clips(tmp_path, selection=one)
    (upload,) = annotation_uploads(tmp_path, one, ADDRESS)
    assert upload.id in row.id
    with pytest.raises(InputError, match=r"has no \{id\} in it"):
        annotation_uploads(tmp_path, ALL, "http://127.0.0.1/")


def test_a_damaged_record_is_not_taken_for_another(tmp_path):
    put(tmp_path, TRAIN, UPLOAD, "00001", annotation(still(0, 70)))
    known = {"a-b_c0123zz": replace(OBTAINED, id="a-b_c0123zz")}  # differs by case alone
    assert [row.reason for row in clips(tmp_path, known=known)] == ["its upload is not fetched yet"]
