"""One face through a clip: which one, over which gaps, and the sentence where there is none."""

from dataclasses import replace

import numpy as np
import pytest

from tavce.data.crop.faces import UnusableError, head_box, overlap
from tavce.data.crop.track import TrackRules, follow
from tests.data.crop.drawn import face_at, unit_face

RULES = TrackRules(max_gap=3, min_face_px=20.0, dominance=4.0)


def test_moving_face_is_followed_in_any_order_of_detections():
    small = face_at(200, 200, 20)
    frames = [[small, face_at(10 + 3 * k, 20, 60)][:: -1 if k % 2 else 1] for k in range(20)]
    track = follow(frames, RULES)
    assert track.found.all()
    np.testing.assert_allclose(track.boxes[:, 0], 10 + 3 * np.arange(20))
    np.testing.assert_allclose(track.landmarks[7], face_at(31, 20, 60).landmarks)


def test_continues_by_overlap_not_by_size():
    # A larger face appears far away: the largest in each frame would be the wrong rule.
    frames = [[face_at(10, 20, 60)]] * 6 + [[face_at(10, 20, 60), face_at(200, 20, 70)]] * 5
    assert (follow(frames, RULES).boxes[:, 0] == 10).all()
    frames = [[face_at(10, 20, 60)]] * 6 + [[face_at(10, 20, 60), face_at(40, 20, 70)]] * 5  # overlaps, but less
    assert (follow(frames, RULES).boxes[:, 0] == 10).all()


def test_gap_is_interpolated_and_flagged():
    frames = [[face_at(10, 20, 60)], [], [], [face_at(16, 20, 60)], []]
    track = follow(frames, RULES)
    assert track.found.tolist() == [True, False, False, True, False]
    np.testing.assert_allclose(track.boxes[:, 0], [10, 12, 14, 16, 16])
    np.testing.assert_allclose(track.landmarks[2], face_at(14, 20, 60).landmarks, atol=1e-4)


@pytest.mark.parametrize(("before", "after", "at"), [(10, 5, "0.40"), (0, 15, "0.00"), (15, 0, "0.60")])
def test_long_gap_is_refused_wherever_it_is(before, after, at):
    frames = [[face_at(10, 20, 60)]] * before + [[]] * 4 + [[face_at(10, 20, 60)]] * after
    with pytest.raises(UnusableError, match=f"lost for 4 frames at {at} s"):
        follow(frames, RULES)
    follow(frames, replace(RULES, max_gap=4))


def test_no_face_at_all():
    with pytest.raises(UnusableError, match="no face was found in any of its 7 frames"):
        follow([[]] * 7, RULES)


def test_small_face():
    with pytest.raises(UnusableError, match="19 pixels wide"):
        follow([[face_at(0, 0, 19)]] * 5, RULES)
    follow([[face_at(0, 0, 21)]] * 5, RULES)


def test_several_faces_of_similar_size():
    two = [face_at(0, 0, 60), face_at(100, 0, 40)]
    with pytest.raises(UnusableError, match="several faces of similar size in 6 of 10 frames"):
        follow([two] * 6 + [two[:1]] * 4, RULES)
    assert follow([two] * 5 + [two[:1]] * 5, RULES).found.all()


def test_one_face_seen_twice_and_inset_are_no_rivals():
    frames = [[face_at(0, 0, 60), face_at(4, 3, 58), face_at(100, 0, 20)]] * 5
    assert follow(frames, RULES).boxes[0, 2] == 60


def test_without_landmarks_all_are_nan():
    track = follow([[face_at(0, 0, 60, landmarks=False)]] * 3, RULES)
    assert np.isnan(track.landmarks).all()
    assert track.landmarks.shape == (3, 68, 2)


def test_coefficients_are_those_of_the_followed_face_and_fill_gaps():
    other = face_at(200, 200, 20, motion=-9)
    frames = [[other, face_at(10, 20, 60, motion=2)], [other], [], [face_at(16, 20, 60, motion=8), other], [other]]
    track = follow(frames, RULES)
    assert track.found.tolist() == [True, False, False, True, False]
    assert track.coefficients.shape == (5, 57)
    assert track.coefficients.dtype == np.float32
    np.testing.assert_allclose(track.coefficients[:, 0], [2, 4, 6, 8, 8], rtol=1e-6)


def test_coefficients_in_some_frames_only_are_none():
    some = [[face_at(0, 0, 60, motion=1)], [face_at(0, 0, 60)], [face_at(0, 0, 60, motion=1)]]
    assert follow(some, RULES).coefficients is None
    assert follow([[face_at(0, 0, 60)]] * 3, RULES).coefficients is None


def test_head_box_reaches_the_hairline():
    x0, y0, x1, y1 = head_box(unit_face().astype(np.float64))
    assert (x0, x1, y1) == pytest.approx((0, 1, 1))
    assert y0 == pytest.approx(0.3 - 0.5 * 0.7)  # brows at 0.3, chin at 1


def test_overlap_of_known_boxes():
    assert overlap((0.0, 0.0, 2.0, 2.0), (1.0, 0.0, 3.0, 2.0)) == pytest.approx(1 / 3)
    assert overlap((0.0, 0.0, 1.0, 1.0), (2.0, 2.0, 3.0, 3.0)) == 0
    assert overlap((0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)) == 0
