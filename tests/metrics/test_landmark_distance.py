"""Landmark distance: known answers by hand, invariances, and mistakes that must move it."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.landmark_distance import lmd_face, lmd_mouth
from metrics.landmark_geometry import check_landmarks

BOTH = pytest.mark.parametrize("distance", [lmd_mouth, lmd_face])
MIRROR = np.array(
    [
        *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37,
        36, 41, 40, 54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
    ]
)  # fmt: skip


def plain(frames=2, eyes=20.0):
    """Landmarks with all points at one place but the outer eye corners, ``eyes`` pixels apart."""
    points = np.full((frames, 68, 2), 30.0)
    points[:, 36] = (30 - eyes / 2, 20)
    points[:, 45] = (30 + eyes / 2, 20)
    return points


@BOTH
def test_equal_landmarks_give_zero(distance, landmarks):
    assert (distance(landmarks, landmarks) == 0).all()


def test_one_moved_mouth_point_has_a_closed_form():
    reference, generated = plain(eyes=20.0), plain(eyes=20.0)
    generated[:, 50] += (3.0, 4.0)  # 5 px; centring spreads 1/20 of it over all 20 points
    expected = 100 / 20 * (5 * 19 / 20 + 19 * 5 / 20) / 20
    assert lmd_mouth(generated, reference) == pytest.approx(expected)
    expected_face = 100 / 20 * (5 * 67 / 68 + 67 * 5 / 68) / 68
    assert lmd_face(generated, reference) == pytest.approx(expected_face)


def test_a_mouth_moved_as_a_whole_costs_the_face_only(landmarks):
    generated = landmarks.copy()
    generated[:, 48:68] += np.float32([4, -2])
    assert lmd_mouth(generated, landmarks) == pytest.approx(0, abs=1e-5)
    assert (lmd_face(generated, landmarks) > 1).all()


@BOTH
@given(scale=st.floats(0.1, 20), dx=st.floats(-50, 50), dy=st.floats(-50, 50))
@settings(max_examples=20, deadline=None)
def test_scale_and_place_do_not_matter(distance, scale, dx, dy):
    rng = np.random.default_rng(1)
    reference, generated = rng.uniform(0, 60, (2, 3, 68, 2))
    moved = distance(generated * scale + (dx, dy), reference * scale)
    assert moved == pytest.approx(distance(generated, reference), rel=1e-9)


@BOTH
def test_the_unit_belongs_to_the_reference(distance, landmarks):
    rng = np.random.default_rng(2)
    generated = landmarks + rng.normal(0, 1, landmarks.shape).astype(np.float32)
    wide = generated.copy()
    wide[:, [36, 45]] += np.float32([[-30, 0], [30, 0]])
    if distance is lmd_mouth:
        assert distance(wide, landmarks) == pytest.approx(distance(generated, landmarks))
    halved = landmarks.copy()
    halved[:, 36] = (landmarks[:, 36] + landmarks[:, 45]) / 2
    assert lmd_mouth(generated, halved) == pytest.approx(2 * lmd_mouth(generated, landmarks), rel=1e-6)


def test_the_unit_is_the_mean_over_the_clip():
    reference = np.concatenate([plain(1, eyes=10.0), plain(1, eyes=30.0)])
    generated = reference.copy()
    generated[:, 50] += (20.0, 0.0)
    per_frame = lmd_mouth(generated, reference)
    assert per_frame[0] == per_frame[1] == pytest.approx(100 / 20 * 2 * 20 * 19 / 20 / 20)


@BOTH
def test_frames_without_a_face_are_nan_and_leave_the_others_alone(distance, landmarks):
    rng = np.random.default_rng(2)
    generated = landmarks + rng.normal(0, 1, landmarks.shape).astype(np.float32)
    lost = generated.copy()
    lost[2] = np.nan
    values, whole = distance(lost, landmarks), distance(generated, landmarks)
    assert np.isnan(values).tolist() == [False, False, True, False, False, False]
    assert np.array_equal(np.delete(values, 2), np.delete(whole, 2))
    blind = np.full_like(landmarks, np.nan)
    assert np.isnan(distance(generated, blind)).all()
    assert np.isnan(distance(blind, landmarks)).all()


@BOTH
@pytest.mark.parametrize("mistake", ["one frame late", "mirrored", "mirrored with its indices", "x and y exchanged"])
def test_mistakes_move_it(distance, mistake, landmarks):
    width = 64
    mirrored = landmarks * np.float32([-1, 1]) + np.float32([width - 1, 0])
    wrong = {
        "one frame late": np.concatenate([landmarks[:1], landmarks[:-1]]),
        "mirrored": mirrored,
        "mirrored with its indices": mirrored[:, MIRROR],
        "x and y exchanged": landmarks[..., ::-1].copy(),
    }[mistake]
    if mistake == "mirrored with its indices":
        wrong[:, 48] += np.float32(
            [-2, 1]
        )  # a mouth with one corner drawn: only a lopsided one can tell left from right
    assert np.nanmean(distance(wrong, landmarks)) > 0.1


def test_the_mirror_permutation_is_an_involution():
    assert np.array_equal(np.sort(MIRROR), np.arange(68))
    assert np.array_equal(MIRROR[MIRROR], np.arange(68))


@pytest.mark.parametrize("shape", [(6, 5, 2), (6, 68, 3), (68, 2)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(TypeError):
        lmd_mouth(np.zeros(shape, np.float32), np.zeros(shape, np.float32))
    with pytest.raises(ValueError, match="68, 2"):  # the same where shapes are not checked by type
        inspect.unwrap(check_landmarks)(np.zeros(shape, np.float32), np.zeros(shape, np.float32))


def test_unusable_coordinates_are_refused(landmarks):
    with pytest.raises(ValueError, match="infinite"):
        lmd_face(landmarks, np.full_like(landmarks, np.inf))
    with pytest.raises(ValueError, match="eye corners"):
        lmd_face(landmarks, plain(len(landmarks), eyes=0.0))
