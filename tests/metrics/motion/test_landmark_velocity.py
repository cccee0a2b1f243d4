"""Landmark velocity distance: closed forms by hand, what must not matter, and mistakes that move it."""

import numpy as np
import pytest

from metrics import reduce
from metrics.landmark_distance import lmd_mouth
from metrics.landmark_velocity import lvd_face, lvd_mouth

BOTH = pytest.mark.parametrize("distance", [lvd_mouth, lvd_face])


def plain(frames, eyes=20.0):
    points = np.full((frames, 68, 2), 30.0)
    points[:, 36], points[:, 45] = (30 - eyes / 2, 20), (30 + eyes / 2, 20)
    return points


def test_one_moving_mouth_point_has_a_closed_form_and_the_face_does_not_hold_the_mouths_value():
    reference, generated = plain(3, eyes=20.0), plain(3, eyes=20.0)
    generated[:, 50] += np.array([[0, 0], [3, 4], [3, 4]])  # 5 px between frames 0 and 1, then at rest
    mouth, face = (100 / 20 * 5 * 2 * (n - 1) / n / n for n in (20, 68))
    assert lvd_mouth(generated, reference)[1:] == pytest.approx([mouth, 0])
    assert lvd_face(generated, reference)[1:] == pytest.approx([face, 0])
    # The published script adds the mouth's value to the face's sum: 3.3 times as much here.
    assert mouth > 3 * face


def test_the_faces_value_does_not_move_with_the_place_of_the_mouth(takes):
    generated = takes[0].landmarks.copy()
    generated[:, :48] += np.float32(np.random.default_rng(0).normal(0, 0.5, (150, 48, 2)))
    assert np.nansum(lvd_mouth(generated, takes[0].landmarks)) == 0
    assert np.nanmean(lvd_face(generated, takes[0].landmarks)) > 0.5


@BOTH
def test_the_first_frame_has_no_velocity_and_frames_used_says_so(distance, takes):
    points = takes[0].landmarks
    values = distance(points, points)
    assert np.isnan(values[0])
    assert (values[1:] == 0).all()
    assert reduce(values).frames_used == len(points) - 1
    assert reduce(distance(points[:1], points[:1])).reason == "none of 1 frames has a value"
    assert distance(points[:0], points[:0]).shape == (0,)


@BOTH
def test_a_frame_without_a_face_takes_its_two_velocities_and_no_other(distance, takes):
    generated, reference = takes[0].other, takes[0].landmarks
    whole = distance(generated, reference)
    for side in (0, 1):
        pair = [generated.copy(), reference.copy()]
        pair[side][9] = np.nan
        values = distance(*pair)
        assert np.flatnonzero(np.isnan(values)).tolist() == [0, 9, 10]
        assert np.delete(values, [0, 9, 10]) == pytest.approx(np.delete(whole, [0, 9, 10]), rel=0.01)
    assert np.isnan(distance(np.full_like(reference, np.nan), reference)).all()


@BOTH
def test_a_constant_difference_of_shape_place_or_a_steady_drift_costs_nothing(distance, takes):
    points = takes[0].landmarks.astype(np.float64)
    other_face = points + np.random.default_rng(2).normal(0, 3, (1, 68, 2))
    drifting = other_face + 0.5 * np.arange(len(points))[:, None, None]
    assert np.nanmax(distance(drifting, points)) < 1e-9
    assert lmd_mouth(drifting, points).min() > 1  # the distance of shapes sees it


@BOTH
def test_scale_does_not_matter(distance, takes):
    generated, reference = takes[0].other.astype(np.float64), takes[0].landmarks.astype(np.float64)
    expected = distance(generated, reference)
    assert distance(generated * 3 + 7, reference * 3 - 5)[1:] == pytest.approx(expected[1:], rel=1e-9)


@BOTH
def test_a_still_face_is_far_a_late_one_too_and_trembling_farther(distance, takes, jittered):
    for take in takes:
        points = take.landmarks
        assert np.nanmean(distance(np.repeat(points[:1], len(points), axis=0), points)) > 0.15
        assert np.nanmean(distance(np.roll(points, 2, axis=0), points)) > 0.15
        # What the distance of shapes hardly sees: noise of 0.3 px.
        assert np.nanmean(distance(jittered(points), points)) > 1


@BOTH
def test_each_value_depends_on_its_two_frames_only_up_to_the_unit(distance, takes):
    generated = takes[0].other
    reference = np.repeat(takes[0].landmarks[:1], len(generated), axis=0)  # the unit is the same in every piece
    whole = distance(generated, reference)
    pieces = [distance(generated[k - 1 : k + 1], reference[k - 1 : k + 1])[1] for k in range(1, len(generated))]
    assert pieces == pytest.approx(whole[1:], rel=1e-12)  # the mean of equal units rounds in the last digit
