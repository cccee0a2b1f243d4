"""What the landmark metrics share: arguments, frames with a face, the unit, smoothing."""

import inspect

import numpy as np
import pytest

from metrics.landmark_geometry import check_landmarks, eye_distance, has_face, smoothed


def test_a_frame_with_one_missing_point_has_no_face(takes):
    points = takes[0].landmarks[:3].copy()
    points[1, 7, 0] = np.nan
    assert has_face(points).tolist() == [True, False, True]


def test_the_eye_distance_is_the_mean_over_the_frames_with_a_face():
    points = np.full((3, 68, 2), 5.0)
    points[:, 45, 0] = [5 + 10, 5 + 30, 5 + 999]
    points[2, 0, 0] = np.nan
    assert eye_distance(points) == 20
    with pytest.raises(ValueError, match="coincide or are never seen"):
        eye_distance(points[2:])
    with pytest.raises(ValueError, match="coincide or are never seen"):
        eye_distance(np.zeros((2, 68, 2)))


@pytest.mark.parametrize("shape", [(6, 5, 2), (6, 68, 3), (68, 2)])
def test_other_shapes_are_refused_also_where_types_are_not_checked(shape):
    with pytest.raises(ValueError, match="68, 2"):
        inspect.unwrap(check_landmarks)(np.zeros(shape, np.float32))


def test_unequal_lengths_and_infinite_coordinates_are_refused():
    three, four = np.zeros((3, 68, 2)), np.zeros((4, 68, 2))
    with pytest.raises(ValueError, match=r"\(3, 68, 2\) and \(4, 68, 2\)"):
        check_landmarks(three, four)
    with pytest.raises(ValueError, match="infinite"):
        check_landmarks(three, np.full_like(three, np.inf))


def test_smoothing_keeps_lines_takes_noise_and_bridges_no_gap_with_zeros():
    line = np.arange(40.0)[:, None, None] * np.ones((1, 68, 2)) + 100
    assert smoothed(line, 1.5)[10:-10] == pytest.approx(line[10:-10], abs=1e-9)
    noise = np.random.default_rng(1).normal(0, 1, (400, 68, 2))
    assert smoothed(noise, 1.5).std() == pytest.approx(np.sqrt(1 / (2 * np.sqrt(np.pi) * 1.5)), rel=0.02)
    gap = np.full((40, 68, 2), 100.0)
    gap[12:15] = np.nan
    assert np.isnan(smoothed(gap, 1.5)[12:15]).all()
    assert np.delete(smoothed(gap, 1.5), [12, 13, 14], axis=0) == pytest.approx(100, abs=1e-9)
