"""The text file of one utterance: units, columns, damage."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tavce.data.crop.faces import UnusableError
from tavce.data.voxceleb.annotation import read_annotation
from tests.data.voxceleb.made import TRAIN, UPLOAD, annotation, still

PIXELS = ("160", "036", "080", "090")


def test_version_2_is_read_in_fractions_of_the_frame():
    read = read_annotation(annotation(still(6516, 3)), 2)
    assert (read.identity, read.reference, read.offset) == (TRAIN, UPLOAD, -2)
    assert (read.face_confidence, read.speaker_confidence, read.unit) == (16.303, 6.201, "frame")
    assert read.frames.tolist() == [6516, 6517, 6518]
    np.testing.assert_allclose(read.boxes, np.tile([0.25, 0.1, 0.75, 0.85], (3, 1)), rtol=1e-6)


def test_version_1_is_read_in_pixels_at_height_360():
    read = read_annotation(annotation(still(0, 2, PIXELS)), 1)
    assert read.unit == "height"
    np.testing.assert_allclose(read.boxes[0], [160 / 360, 0.1, 240 / 360, 126 / 360], rtol=1e-6)
    assert not np.allclose(read.boxes[0] * 360, [160, 36, 80, 90], atol=1)  # w and h are no corner


@pytest.mark.parametrize(("box", "version", "hint"), [(PIXELS, 2, "pixels"), (None, 1, "fractions")])
def test_the_other_version_is_refused(box, version, hint):
    rows = still(0, 4, box) if box else still(0, 4)
    with pytest.raises(UnusableError, match=f"boxes in {hint}.*version {version}"):
        read_annotation(annotation(rows), version)


def test_columns_are_found_by_name():
    rows = [(f, x, w, y, h) for f, x, y, w, h in still(0, 2)]
    right = read_annotation(annotation(rows, columns="FRAME \tX \tW \tY \tH "), 2)
    wrong = read_annotation(annotation(rows), 2)
    np.testing.assert_array_equal(right.boxes, read_annotation(annotation(still(0, 2)), 2).boxes)
    assert not np.allclose(right.boxes, wrong.boxes)


def test_boxes_are_cut_at_the_frame():
    rows = [("0", "-0.1", "-0.2", "0.5", "0.6"), ("1", "0.8", "0.9", "0.5", "0.6")]
    boxes = read_annotation(annotation(rows), 2).boxes
    np.testing.assert_allclose(boxes, [[0, 0, 0.4, 0.4], [0.8, 0.9, 1, 1]], atol=1e-6)
    tall = read_annotation(annotation([("0", "-10", "300", "900", "100")]), 1).boxes
    np.testing.assert_allclose(tall, [[0, 300 / 360, 890 / 360, 1]], rtol=1e-6)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "no frames"),
        ([("0", "0.1", "0.1", "0.2")], "line 8 .* no frame and box"),
        ([("0", "0.1", "0.1", "nan", "0.2")], "no frame and box"),
        ([("0", "0.1", "0.1", "inf", "0.2")], "no frame and box"),
        ([("0.5", "0.1", "0.1", "0.2", "0.2")], "no frame and box"),
        ([("-3", "0.1", "0.1", "0.2", "0.2")], "no frame and box"),
        ([*still(9, 1), *still(9, 1)], "frame 9 behind frame 9"),
        ([*still(9, 2), *still(3, 1)], "frame 3 behind frame 10"),
        ([("0", "0.1", "0.1", "0.0", "0.2")], "without any part"),
        ([("0", "0.1", "0.1", "-0.2", "0.2")], "without any part"),
        ([("0", "1.1", "0.1", "0.2", "0.2")], "without any part"),
        ([("0", "0.1", "-0.5", "0.2", "0.2")], "without any part"),
    ],
)
def test_damage_has_a_reason(rows, reason):
    with pytest.raises(UnusableError, match=reason):
        read_annotation(annotation(rows), 2)


def test_header_may_lack_all_but_two_lines():
    text = f"Identity : a name\nReference : {UPLOAD}\nASD Conf : none\nFRAME X Y W H\n0 0.1 0.1 0.2 0.2"
    read = read_annotation(text, 2)
    assert (read.identity, read.offset, read.face_confidence, read.speaker_confidence) == ("a name", None, None, None)
    for line in ("Identity", "Reference"):
        with pytest.raises(UnusableError, match=f"no {line}"):
            read_annotation(text.replace(f"{line} :", "Who :"), 2)
    with pytest.raises(UnusableError, match="column names"):
        read_annotation(text.replace("FRAME X", "FRAME Z"), 2)


def test_files_are_read_with_marks_and_line_ends_of_other_systems(tmp_path):
    path = tmp_path / "00001.txt"
    text = annotation(still(5, 3))
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert read_annotation(path, 2).frames.tolist() == [5, 6, 7]
    path.write_bytes(text.encode() + b"\xff")
    with pytest.raises(UnusableError, match="UTF-8"):
        read_annotation(path, 2)
    with pytest.raises(UnusableError, match="No such file"):
        read_annotation(tmp_path / "none.txt", 2)


field = st.one_of(
    st.floats(allow_nan=True).map(str),
    st.integers(-(10**9), 10**9).map(str),
    st.sampled_from(["1e400", "1e-300", "", "0x1", "\u0661", "-0", ".", "1_0"]),
    st.text(max_size=6),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(field, min_size=4, max_size=6), max_size=6), st.sampled_from([1, 2]), st.text(max_size=40))
def test_no_text_crashes_or_leaves_the_frame(rows, version, noise):
    for text in (noise, annotation(rows), annotation(rows) + noise, noise + annotation(rows)):
        sound(text, version)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(*[st.floats(-9e5, 9e5, width=32) | st.floats(-2, 2)] * 4), min_size=1, max_size=4),
    st.sampled_from([1, 2]),
)
def test_no_numbers_leave_the_frame(boxes, version):
    rows = [(str(k), *(f"{value:.12f}" for value in box)) for k, box in enumerate(boxes)]
    sound(annotation(rows), version)


def sound(text, version):
    try:
        read = read_annotation(text, version)
    except UnusableError as error:
        reason = str(error)
    else:
        reason = ""
        check_boxes(read, version)
    assert "\n" not in reason


def check_boxes(read, version):
    x0, y0, x1, y1 = read.boxes.T
    assert (x0 >= 0).all()
    assert (y0 >= 0).all()
    assert (x0 < x1).all()
    assert (y0 < y1).all()
    assert (y1 <= 1).all()
    assert (x1 <= (1 if version == 2 else math.inf)).all()
    assert np.isfinite(read.boxes).all()
    assert len(read.frames) == len(read.boxes) > 0
    assert (np.diff(read.frames) > 0).all()
