"""The resampler: exact where it can be, antialiased where it shrinks, and half a pixel is a mistake that shows."""

import numpy as np
import pytest

from tavce.data.crop.warp import PADDING, invert, transform_points, warp

IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def noise(height, width):
    return np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8)


def blob(x, y, height=160, width=200, sigma=6.0):
    rows, columns = np.mgrid[:height, :width]
    bump = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))
    return np.repeat((250 * bump)[..., None], 3, axis=2).round().astype(np.uint8)


def centroid(picture, near):
    weight = picture[..., 0].astype(np.float64)
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    weight[np.hypot(columns - near[0], rows - near[1]) > 22] = 0
    return np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()


def scaling(scale, x=0.0, y=0.0, turn=0.0):
    """Edge-aligned: the corner (x - 1/2, y - 1/2) of the source goes to the corner (-1/2, -1/2)."""
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.column_stack([linear, -linear @ np.array([x - 0.5, y - 0.5]) - 0.5])


def test_identity_is_a_bit_exact_copy():
    frame = noise(64, 64)
    copy = warp(frame, IDENTITY, 64)
    assert np.array_equal(copy, frame)
    assert not np.shares_memory(copy, frame)


def test_whole_pixels_copy_and_outside_is_grey():
    frame = noise(48, 64)
    moved = warp(frame, scaling(1.0, x=-5, y=3), 64)
    assert np.array_equal(moved[:45, 5:], frame[3:, :59])
    assert (moved[:, :5] == PADDING).all()
    assert (moved[45:] == PADDING).all()


def test_strided_view_is_read_right():
    frame = noise(64, 80)
    assert np.array_equal(warp(frame[:, 8:72], IDENTITY, 64), frame[:, 8:72])


@pytest.mark.parametrize("scale", [0.3, 0.64, 1.0, 1.7])
@pytest.mark.parametrize("turn", [0.0, 0.3])
def test_landmarks_move_with_the_picture(scale, turn):
    affine = scaling(scale, x=14.3, y=20.6, turn=turn)
    target = np.array([31.0, 33.0])
    source = transform_points(target[None], invert(affine))[0]
    seen = centroid(warp(blob(*source, height=300, width=300, sigma=4 / scale), affine, 64), target)
    assert np.abs(seen - target).max() < 0.1


def test_half_pixel_mistake_shows():
    # Mapping pixel indices as if they were edges, the usual slip: u = s x.
    affine = scaling(0.5)
    wrong = affine.copy()
    wrong[:, 2] = 0.0
    source = np.array([80.0, 70.0])
    seen = centroid(warp(blob(*source), affine, 80), source / 2)
    assert np.abs(seen - transform_points(source[None], affine)[0]).max() < 0.1
    assert np.abs(seen - transform_points(source[None], wrong)[0]).max() > 0.2


def test_there_and_back_is_subpixel():
    affine = scaling(0.41, x=33.3, y=12.7, turn=-0.2)
    points = np.random.default_rng(1).uniform(0, 200, (9, 68, 2))
    np.testing.assert_allclose(transform_points(transform_points(points, affine), invert(affine)), points, atol=1e-9)
    assert transform_points(points.astype(np.float32), affine).dtype == np.float32


@pytest.mark.parametrize("factor", [1.5, 2.0, 3.3, 7.0])
def test_checkerboard_shrinks_to_grey(factor):
    board = (np.indices((240, 240)).sum(axis=0) % 2 * 255).astype(np.uint8)
    frame = np.repeat(board[..., None], 3, axis=2)
    size = int(240 / factor)
    inner = warp(frame, scaling(1 / factor), size)[2:-2, 2:-2].astype(int)
    assert np.abs(inner - 127).max() <= 12
    step = np.arange(size) * factor
    nearest = frame[np.ix_(step.astype(int), step.astype(int))].astype(int)
    assert np.abs(nearest - 127).max() > 100  # the mistake: taking every n-th pixel


def test_shrinking_keeps_the_mean():
    frame = noise(256, 256)
    assert warp(frame, scaling(0.25), 64).mean() == pytest.approx(frame.mean(), abs=0.5)


def test_picture_wholly_outside():
    assert (warp(noise(20, 20), scaling(1.0, x=500, y=500), 32) == PADDING).all()
