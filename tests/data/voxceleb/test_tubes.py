"""Utterances cut into tubes, as FOMM does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tavce.data.voxceleb.annotation import read_annotation
from tavce.data.voxceleb.tubes import tubes
from tests.data.voxceleb.made import annotation, still


def cut(rows):
    return tubes(read_annotation(annotation(rows), 2))


def test_times_follow_the_index_at_25_fps():
    (tube,) = cut(still(6516, 100))
    assert (tube.start_s, tube.end_s, tube.problem) == (6516 / 25, 6616 / 25, "")
    assert tube.start_s != pytest.approx(6516 / 29.97, abs=1)  # the rate of the video has no part in it


def test_a_face_that_moves_away_starts_a_tube():
    # Boxes of the same size, 0.5 wide, moved by d, overlap by (0.5 - d) / (0.5 + d): a quarter at d = 0.3.
    rows = [*still(0, 70, ("0", "0", "0.5", "0.5")), *still(70, 70, ("0.299", "0", "0.5", "0.5"))]
    assert [len(tube.boxes) for tube in cut(rows)] == [140]
    rows = [*still(0, 70, ("0", "0", "0.5", "0.5")), *still(70, 70, ("0.301", "0", "0.5", "0.5"))]
    assert [(tube.first, len(tube.boxes)) for tube in cut(rows)] == [(0, 70), (70, 70)]


def test_the_first_box_counts_and_not_the_one_before():
    rows = [(str(k), f"{k * 0.01:.2f}", "0", "0.3", "0.3") for k in range(60)]
    lengths = [len(tube.boxes) for tube in cut(rows)]
    assert lengths == [
        19,
        19,
        19,
        3,
    ]  # (0.3 - d) / (0.3 + d) < 0.25 from d = 0.18 + a hundredth; never from one to the next


def test_long_runs_and_gaps_are_cut():
    assert [len(tube.boxes) for tube in cut(still(0, 2100))] == [1024, 1024, 52]
    rows = [*still(0, 64), *still(65, 63)]
    found = cut(rows)
    assert [(tube.first, len(tube.boxes)) for tube in found] == [(0, 64), (65, 63)]
    assert [tube.problem for tube in found] == [
        "",
        "the face stays in place for 63 frames only, at least 64 are needed",
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 9)), min_size=1, max_size=40))
def test_every_frame_is_in_one_tube(steps):
    frame, rows = 0, []
    for step, place in steps:
        frame += step
        rows.append((str(frame), f"{place / 10}", "0.1", "0.1", "0.2"))
    read = read_annotation(annotation(rows), 2)
    found = tubes(read)
    frames = [tube.first + k for tube in found for k in range(len(tube.boxes))]
    assert frames == read.frames.tolist()
    np.testing.assert_array_equal(np.concatenate([tube.boxes for tube in found]), read.boxes)
