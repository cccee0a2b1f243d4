"""Crops of mouths: where their pixels lie, and that a gradient reaches the picture."""

import numpy as np
import pytest
import torch

from tavce.data.features import mouth_boxes
from tavce.model.correlation.mouth_crop import crop_mouths, mouth_crops

HEIGHT, WIDTH = 20, 30


@pytest.fixture
def ramps():
    """Return a picture whose first two channels are the x and y of each pixel's centre."""
    y, x = torch.meshgrid(torch.arange(float(HEIGHT)), torch.arange(float(WIDTH)), indexing="ij")
    return torch.stack([x, y, torch.zeros_like(x)])[None]


def test_the_whole_picture_is_itself():
    frames = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    whole = np.tile(np.float32([-0.5, -0.5, 15.5, 15.5]), (2, 1))
    np.testing.assert_array_equal(mouth_crops(frames, whole, 16), frames)
    np.testing.assert_array_equal(
        mouth_crops(frames, whole + np.float32([3, 2, 3, 2]), 16)[:, :14, :13], frames[:, 2:, 3:]
    )
    halved = mouth_crops(frames, whole, 8).astype(float)
    squares = frames.reshape(2, 8, 2, 8, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(halved, squares, atol=0.5)


def test_pixels_lie_where_the_box_says(ramps):
    box = torch.tensor([[4.25, 6.5, 16.25, 12.5]])
    found = crop_mouths(ramps, box, 24)[0]
    places = (torch.arange(24) + 0.5) / 24
    torch.testing.assert_close(found[0], (4.25 + 12 * places).expand(24, -1), rtol=0, atol=1e-4)
    torch.testing.assert_close(found[1], (6.5 + 6 * places)[:, None].expand(-1, 24), rtol=0, atol=1e-4)
    # Corners mapped to corners, the other convention, would lie up to a quarter of a pixel off.
    assert (found[0, 0] - (4.25 + 12 * torch.linspace(0, 1, 24))).abs().max() > 0.2


def test_outside_repeats_the_edge(ramps):
    found = crop_mouths(ramps, torch.tensor([[-5.5, -5.5, 4.5, 4.5]]), 10)[0]
    assert found[0, :, :5].eq(0).all()
    torch.testing.assert_close(found[0, 0, 5:], torch.arange(5.0))


def test_the_gradient_reaches_the_picture_inside_of_the_box_only(ramps):
    ramps.requires_grad_()
    crop_mouths(ramps, torch.tensor([[9.5, 4.5, 19.5, 14.5]]), 10).sum().backward()
    assert ramps.grad[0, :, 5:15, 10:20].eq(1).all()
    assert ramps.grad.sum() == 300


def test_the_boxes_of_the_features_hold_the_mouth():
    points = np.zeros((1, 68, 2), np.float32)
    points[0, 48:] = [20, 40]
    frames = np.zeros((1, 64, 64, 3), np.uint8)
    frames[0, 40, 20] = 255
    crop = mouth_crops(frames, mouth_boxes(points, 64), 18)
    assert np.unravel_index(crop[0, ..., 0].argmax(), (18, 18)) in {(8, 8), (8, 9), (9, 8), (9, 9)}


def test_a_frame_without_a_face_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        mouth_crops(np.zeros((1, 8, 8, 3), np.uint8), np.full((1, 4), np.nan, np.float32), 8)
