"""The 68 points: where they lie, how they move, and that they scale, mirror and invert exactly."""

from dataclasses import replace

import numpy as np
import pytest

from tavce.data.synthetic.geometry import landmarks
from tavce.data.synthetic.head_pose import from_picture, to_picture, view
from tavce.data.synthetic.identity import make_identity

MIRROR = [*range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1)]
MIRROR += [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
MIRROR += [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]


LIVELY = {"pose": (12.0, -7.0, 6.0), "shift": (0.04, -0.03), "aperture": 0.7, "brows": 0.5}


@pytest.mark.parametrize("number", [0, 7, 31, 255])
def test_points_lie_inside_the_picture_even_in_extreme_poses(number, act):
    poses = [(yaw, pitch, roll) for yaw in (-15, 15) for pitch in (-10, 10) for roll in (-8, 8)]
    points = landmarks(make_identity(0, number), act(8, pose=poses, aperture=1.0, shift=(0.06, 0.04)), 128)
    assert np.isfinite(points).all()
    assert points.min() >= 0
    assert points.max() <= 127


def test_points_scale_exactly_with_the_size(act):
    identity, performance = make_identity(0, 3), act(**LIVELY)
    small, large = landmarks(identity, performance, 64), landmarks(identity, performance, 256)
    np.testing.assert_allclose((small + 0.5) * 4 - 0.5, large, atol=1e-4)
    assert np.abs(small * 4 - large).max() > 1  # corner-based coordinates would be half a pixel off at each size


def test_open_mouth_parts_the_lips_monotonically_from_exactly_zero(act):
    points = landmarks(make_identity(0, 5), act(21, aperture=np.linspace(0, 1, 21)), 128)
    gap = points[:, 66, 1] - points[:, 62, 1]
    assert gap[0] == 0
    assert (np.diff(gap) > 0.2).all()
    ratio = gap / np.linalg.norm(points[:, 60] - points[:, 64], axis=1)
    assert 0.4 < ratio[-1] < 1.2
    assert (np.diff(points[:, 8, 1]) > 0.1).all(), "the chin follows the jaw"
    np.testing.assert_array_equal(points[0, 36:48], points[-1, 36:48])


def test_wide_and_rounded_mouths_have_their_widths(act):
    mouth = landmarks(make_identity(0, 5), act(3, width=[0.5, 0.9, 0.1], protrusion=[0.1, 0.0, 1.0]), 128)
    rest, wide, rounded = np.linalg.norm(mouth[:, 48] - mouth[:, 54], axis=1)
    assert wide > 1.15 * rest
    assert rounded < 0.65 * rest


def test_eyes_close_completely_and_each_on_its_own(act):
    lids = [(1, 1), (0, 1), (1, 0), (0, 0)]
    points = landmarks(make_identity(0, 9), act(4, lids=lids), 128)
    heights = np.stack([points[:, 41, 1] - points[:, 37, 1], points[:, 46, 1] - points[:, 44, 1]], 1)
    np.testing.assert_allclose(heights[[1, 3], 0], 0, atol=1e-4)
    np.testing.assert_allclose(heights[[2, 3], 1], 0, atol=1e-4)
    assert (heights[[0, 2], 0] > 2).all()
    assert (heights[[0, 1], 1] > 2).all()


def test_raised_brows_rise(act):
    points = landmarks(make_identity(0, 9), act(3, brows=[-1, 0, 1]), 128)
    assert (np.diff(points[:, 17:27, 1], axis=0) < -1).all()


def test_turning_moves_inner_features_more_than_the_outline(act):
    points = landmarks(make_identity(0, 2), act(2, pose=[(0, 0, 0), (12, 0, 0)]), 256)
    nose, jaw = points[1, 30, 0] - points[0, 30, 0], points[1, 8, 0] - points[0, 8, 0]
    sides = np.abs(points[1, [0, 16], 0] - points[0, [0, 16], 0])
    assert nose > jaw > 0
    assert nose > 3 * sides.max()


def test_looking_up_raises_the_nose_and_tilting_is_clockwise(act):
    points = landmarks(make_identity(0, 2), act(3, pose=[(0, 0, 0), (0, 8, 0), (0, 0, 8)]), 256)
    assert points[1, 30, 1] < points[0, 30, 1] - 3
    right_eye, left_eye = points[2, 42:48].mean(0), points[2, 36:42].mean(0)
    assert np.rad2deg(np.arctan2(*(right_eye - left_eye)[::-1])) == pytest.approx(8, abs=0.3)


def test_a_mirrored_face_has_the_mirrored_points_under_other_numbers(act):
    identity = make_identity(0, 4)
    lively = act(lids=(0.3, 0.9), **LIVELY)
    sign = np.float32([-1, 1, -1])
    mirrored = replace(lively, pose=lively.pose * sign, shift=lively.shift * sign[:2], lids=lively.lids[:, ::-1].copy())
    expected = landmarks(identity, lively, 128)
    expected = expected * (-1, 1) + (127, 0)
    found = landmarks(identity, mirrored, 128)
    np.testing.assert_allclose(found, expected[:, MIRROR], atol=1e-3)
    assert np.abs(found - expected).max() > 30, "the same numbers on a mirrored face are another face"


def test_the_way_back_from_the_picture_inverts_the_way_there(act):
    identity, performance = make_identity(0, 6), act(**LIVELY)
    seen = view(identity, performance)
    x, y = np.meshgrid(np.linspace(-0.19, 0.19, 9), np.linspace(-0.3, 0.33, 11))
    places = to_picture(identity, seen, np.stack([x, y], -1).reshape(1, -1, 2))[0]
    back = np.array([from_picture(identity, seen, 0, *np.float32(place)[:, None])[0, 0] for place in places])
    np.testing.assert_allclose(back, np.stack([x, y], -1).reshape(-1, 2), atol=2e-4)
    shut = replace(seen, drop=np.zeros(1))
    wrong = np.array([from_picture(identity, shut, 0, *np.float32(place)[:, None])[0, 0] for place in places])
    assert np.abs(wrong - back).max() > 0.01, "the jaw is part of the way"
