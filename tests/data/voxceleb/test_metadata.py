"""FOMM's list: its boxes as they are, and the clips that come of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tavce.data.clips import SAFE_ID
from tavce.data.crop.policies import OfficialBox, crop_box
from tavce.data.uploads.upload import Upload
from tavce.data.voxceleb.metadata_csv import COLUMNS, box_report, read_metadata
from tavce.data.voxceleb.metadata_plan import metadata_uploads, plan_metadata
from tavce.data.voxceleb.selection import Selection
from tavce.errors import InputError
from tests.data.voxceleb.made import ALL, TEST, TRAIN, UPLOAD, ledger

HEAD = "video_id,start,end,bbox,fps,width,height,partition,person_id"


def line(start=100, end=200, box="600-100-1000-600", size="1280,720", upload=UPLOAD, identity=TRAIN, fps="25"):
    return f"{upload},{start},{end},{box},{fps},{size},train,{identity}"


def read(tmp_path, *lines, head=HEAD):
    path = tmp_path / "vox-metadata.csv"
    path.write_text("\n".join([head, *lines, ""]))
    return read_metadata(path)


def xwyh(*values):
    return OfficialBox(*map(float, values))


def planned(rows, *, known=None, selection=ALL):
    return list(plan_metadata(rows, dataset="vox", ledger=ledger() if known is None else known, selection=selection))


def test_the_box_is_left_top_right_bottom(tmp_path):
    rows = read(tmp_path, line())
    (one,) = planned(rows)
    assert one.clip.id == f"{TRAIN}-{UPLOAD}-000100-000200"
    assert (one.clip.start_s, one.clip.end_s, one.clip.frames, one.clip.source) == (4.0, 8.0, 100, "videos/a.mp4")
    assert one.guide.boxes is None
    assert one.guide.official == xwyh(600, 400, 100, 500, 720)
    assert one.guide.official != xwyh(600, 100, 1000, 600, 720)  # as x w y h, the order of HDTF
    crop = crop_box("hdtf_official", None, (1280, 720), 256, official=one.guide.official, min_iou=0.0, max_outside=0.0)
    x0, y0, x1, y1 = crop.box
    assert (x1 - x0, y1 - y0) == (500, 500)  # padded to a square, where stretching would keep 400 wide
    assert ((x0 + x1 + 1) / 2, (y0 + y1 + 1) / 2) == (800, 350)


def test_boxes_over_the_edge_are_cut_as_the_original_cuts_them(tmp_path):
    rows = read(tmp_path, line(box="389-0-956-776"), line(start=300, end=400, box="-20--10-300-300"))
    boxes = [row.official_box() for row in rows]
    assert boxes == [xwyh(389, 567, 0, 720, 720), xwyh(0, 300, 0, 300, 720)]
    assert box_report(rows).over_edge == 2


def test_report_counts_rows_and_boxes(tmp_path):
    rows = read(
        tmp_path,
        line(0, 90, "100-100-500-500"),
        line(100, 190, "100-100-545-500"),  # 1.1125
        line(200, 290, "100-100-459-500"),  # 0.8975
        line(300, 390, "100-100-460-500"),  # 0.9
        line(400, 490, "100-400-500-800", identity=TEST, upload="other-one__"),
        line(400, 490, "100-400-500-800", identity=TEST, upload="other-one__"),
        line(500, 590, "nothing"),
        line(600, 590),
    )
    report = box_report(rows)
    assert (report.rows, report.by_partition, report.uploads, report.identities) == (8, {"train": 8}, 2, 2)
    assert (report.malformed, report.repeated, report.boxes) == (2, 1, 7)
    assert (report.non_square, report.over_edge, report.ratio) == (3, 2, 1.0)
    assert report.hours == pytest.approx(7 * 90 / 25 / 3600)
    assert box_report([]).ratio is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (line(box="600-100-600-500"), "without any part in the picture"),
        (line(box="1300-100-1400-500"), "without any part in the picture"),
        (line(box="600,100"), "has more fields than columns"),
        (line(box="600-100-1000"), "no box left-top-right-bottom"),
        (line(size="0,720"), "no size of the picture"),
        (line(start="1.5"), "no whole numbers"),
        (line(start=200, end=200), "ends before it starts"),
        (line(fps="30"), "'30' per second and not at 25"),
        (line(upload="../../../x"), "no YouTube id"),
        (line(identity="id1"), "no identity"),
        ("short", "no identity"),
    ],
)
def test_a_malformed_row_is_kept_with_its_reason(tmp_path, text, reason):
    rows = read(tmp_path, line(), text)
    found = planned(rows)
    assert len(found) == 2
    (bad,) = [each for each in found if not each.clip.usable]
    assert bad.clip.reason.startswith("line 3 of the list ")
    assert reason in bad.clip.reason
    assert bad.guide is None
    assert SAFE_ID.fullmatch(bad.clip.id)
    with pytest.raises(ValueError, match="line 3 has no box"):
        rows[1].official_box()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "private", "reason": "sign in"}, "its upload is private: sign in"),
        ({"seconds": 7.0}, "it ends at 8 s, and its upload at 7.00 s"),
        ({"audio_codec": ""}, "its upload has no sound, and sound drives the animation"),
        ({"width": 960}, "its upload was annotated as 1280x720, and came as 960x720: another shape"),
    ],
)
def test_what_came_must_be_what_was_annotated(tmp_path, changes, reason):
    (one,) = planned(read(tmp_path, line()), known=ledger(**changes))
    assert one.clip.reason == reason


def test_another_height_is_no_other_shape(tmp_path):
    (one,) = planned(read(tmp_path, line()), known=ledger(width=640, height=360))
    assert one.clip.usable
    assert one.guide.official.reference_height == 720
    (cut,) = planned(read(tmp_path, line()), known=ledger(seconds=7.9))
    assert (cut.clip.end_s, cut.clip.frames) == (7.9, 97)
    (none,) = planned(read(tmp_path, line()), known={})
    assert none.clip.reason == "its upload is not fetched yet"


def test_repeats_are_kept_apart(tmp_path):
    rows = read(tmp_path, line(), line(box="500-100-900-600"), line(end=250), line())
    found = planned(rows)
    name = f"{TRAIN}-{UPLOAD}-000100"
    assert [(each.clip.id, each.clip.usable) for each in found] == [
        (f"{name}-000200", True),
        (f"{name}-000200-1", False),
        (f"{name}-000200-2", False),
        (f"{name}-000250", True),
    ]
    assert found[0].guide.official.x == 500  # the first by box, whatever the order in the file
    assert "repeats another" in found[1].clip.reason
    again = planned(read(tmp_path, line(), line(), line(box="500-100-900-600"), line(end=250)))
    assert [each.clip.id for each in again] == [each.clip.id for each in found]
    assert again[0].guide == found[0].guide


def test_splits_choice_and_uploads(tmp_path):
    other = "other-one__"
    lines = [
        line(100 * k, 100 * k + 99, identity=who, upload=up)
        for k in range(6)
        for who, up in ((TEST, UPLOAD), (TRAIN, other))
    ]
    rows = read(tmp_path, *lines, line(900, 990), line(1000, 1090, size="640,360", upload=other))
    found = planned(rows)
    assert {each.clip.split for each in found if each.clip.identity == TEST} == {"test"}
    assert [each.clip.reason for each in found if f"{TRAIN}-{UPLOAD}" in each.clip.id] == [
        f"its upload also shows {TEST}, who is held out from training"
    ]
    assert metadata_uploads(rows, ALL, "x/{id}") == [
        Upload(UPLOAD, f"x/{UPLOAD}", 720),
        Upload(other, f"x/{other}", 720),
    ]
    few = Selection(ALL.splits, "all", 2, 3)
    assert [each.clip.identity for each in planned(rows, selection=few)] == [TRAIN] * 2 + [TEST] * 2
    test = Selection(ALL.splits, "test", 0, 3)
    assert [each.id for each in metadata_uploads(rows, test, "x/{id}")] == [UPLOAD]
    assert [each.clip.id for each in planned(list(reversed(rows)), selection=few)] == [
        each.clip.id for each in planned(rows, selection=few)
    ]


def test_wrong_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="has columns"):
        read(tmp_path, line(), head=HEAD.replace("bbox", "box"))
    with pytest.raises(InputError, match="has columns"):
        read(tmp_path, head="")
    with pytest.raises(InputError, match="cannot be read"):
        read_metadata(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        read_metadata(tmp_path / "bytes.csv")
    with pytest.raises(InputError, match="is no CSV"):
        read(tmp_path, '"' + "x" * 200_000)


cell = st.one_of(
    st.text(max_size=8),
    st.integers(-2000, 2000).map(str),
    st.sampled_from([UPLOAD, TRAIN, TEST, "25", "1280", "720"]),
    st.tuples(*[st.integers(-2000, 2000)] * 4).map(lambda box: "-".join(map(str, box))),
)
good = st.tuples(
    st.just(UPLOAD),
    st.integers(0, 99).map(str),
    st.integers(0, 999).map(str),
    st.tuples(*[st.integers(-500, 2000)] * 4).map(lambda box: "-".join(map(str, box))),
    st.just("25"),
    *[st.integers(0, 1500).map(str)] * 2,
    st.just("train"),
    st.sampled_from([TEST, TRAIN]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(cell, max_size=len(COLUMNS) + 1) | good, max_size=6))
def test_no_text_crashes_or_leaves_the_frame(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("csv") / "list.csv"
    path.write_text("\n".join([HEAD, *(",".join(cells) for cells in lines)]), encoding="utf-8", newline="")
    try:
        rows = read_metadata(path)
    except InputError:
        return
    found = planned(rows, known=ledger(width=1280, height=720))
    assert len(found) == len(rows)
    ids = [each.clip.id for each in found]
    assert ids == sorted(ids)
    assert len({name.lower() for name in ids}) == len(ids)
    assert all(SAFE_ID.fullmatch(name) for name in ids)
    box_report(rows)
    for row in rows:
        if not row.problem:
            box = row.official_box()
            assert 0 <= box.x < box.x + box.w <= row.width
            assert 0 <= box.y < box.y + box.h <= row.height == box.reference_height
