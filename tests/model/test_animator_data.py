"""Batches of an animator's training: portraits, frames, windows, boxes, moments."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tavce.model.animator.data import box_mask, draw_moments, make_batch


def test_batches_hold_what_was_asked_for(data):
    clips, portraits = np.array([2, 0]), np.array([4, 1])
    moments = np.array([[0, 3, 4], [1, 1, 2]])
    batch = make_batch(data, clips, portraits, moments, window=3)
    assert torch.equal(batch.image[0], torch.from_numpy(data.frames[2, 4]).permute(2, 0, 1) / 255)
    assert torch.equal(batch.target[1, 2], torch.from_numpy(data.frames[0, 2]).permute(2, 0, 1) / 255)
    assert batch.coefficients.shape == (2, 3, 3, 3)
    assert np.array_equal(batch.coefficients[0, 1].numpy(), data.coefficients[2, [2, 3, 4]].T)
    assert np.array_equal(batch.coefficients[0, 0].numpy(), data.coefficients[2, [0, 0, 1]].T)
    assert np.array_equal(batch.image_coefficients[0].numpy(), data.coefficients[2, [3, 4, 4]].T)
    assert np.array_equal(batch.gated[1, 2].numpy(), data.gated[0, 2])
    assert batch.differences is None
    other = make_batch(replace(data, gated=None, differences=-data.gated), clips, portraits, moments, window=1)
    assert np.array_equal(other.differences[1, 2].numpy(), -data.gated[0, 2])
    assert other.gated is None


def test_a_box_holds_pixels_whose_centre_lies_in_it():
    boxes = torch.tensor([[0.5, 1.0, 2.4, 2.0], [float("nan")] * 4])
    assert box_mask(boxes, 4, 5)[:, 0].nonzero().tolist() == [[0, 1, 1], [0, 1, 2], [0, 2, 1], [0, 2, 2]]


def test_moments():
    rng = np.random.default_rng(0)
    pairs = draw_moments(rng, 6, 50, 4, neighbours=True)
    assert (pairs[:, 1::2] - pairs[:, ::2] == 1).all()
    assert (pairs.min(), pairs.max()) == (0, 5)
    assert set(np.unique(draw_moments(rng, 6, 50, 3, neighbours=False))) == set(range(6))
    for length, frames in ((6, 3), (1, 2)):
        with pytest.raises(ValueError, match="pairs of neighbours"):
            draw_moments(rng, length, 1, frames, neighbours=True)
