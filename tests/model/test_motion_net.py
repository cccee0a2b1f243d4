"""The motion network: its shapes, its range, and how far it hears."""

import pytest
import torch

from tavce.model.motion.motion_net import AROUND, SMALL, MotionConfig, MotionNet

CONFIG = MotionConfig(width=0.0625, hidden=8, expression=3)


@pytest.fixture
def network():
    torch.manual_seed(0)
    made = MotionNet(CONFIG)
    made.calibrate(torch.tensor([[0.0, 10.0, -1.0], [0.5, 20.0, 1.0], [1.0, 60.0, 0.0]]))
    return made.eval()


def inputs(frames, batch=1):
    torch.manual_seed(1)
    return torch.randn(batch, frames, 80, 16), torch.rand(batch, 3), torch.rand(batch, frames, 1)


@pytest.mark.parametrize("frames", [1, 2, 9])
def test_each_frame_has_its_coefficients(network, frames):
    assert network(*inputs(frames, batch=2)).shape == (2, frames, 3)


def test_a_frame_hears_two_frames_before_and_after_it(network):
    mels, reference, openness = inputs(15)
    there = network(mels, reference, openness)
    mels[:, 7] += 3
    changed = (network(mels, reference, openness) != there).any(dim=2)[0].nonzero().flatten().tolist()
    assert changed == list(range(7 - AROUND // 2, 7 + AROUND // 2 + 1))


def test_clips_of_a_batch_do_not_mix(network):
    mels, reference, openness = inputs(6, batch=2)
    both = network(mels, reference, openness)
    assert torch.allclose(network(mels[1:], reference[1:], openness[1:]), both[1:], atol=1e-5)


def test_outside_training_it_keeps_to_the_range_of_the_data(network):
    with torch.no_grad():
        network.mapping.bias.fill_(100.0)
    assert torch.equal(network(*inputs(4))[0], torch.tensor([1.0, 60.0, 1.0]).expand(4, 3))
    with torch.no_grad():
        network.mapping.bias.fill_(-100.0)
    assert torch.equal(network(*inputs(4))[0], torch.tensor([0.0, 10.0, -1.0]).expand(4, 3))
    # A clamp in training would stop the gradient where the error is largest.
    assert (network.train()(*inputs(4)) < torch.tensor([0.0, 10.0, -1.0])).all()


def test_units_of_coefficients_do_not_matter():
    rows = torch.tensor([[0.0, 1.0, -1.0], [0.5, 2.0, 1.0], [1.0, 6.0, 0.0]])
    units = torch.tensor([1.0, 100.0, 0.01])
    torch.manual_seed(0)
    network = MotionNet(CONFIG).eval()
    mels, reference, openness = inputs(3)
    network.calibrate(rows)
    plain = network(mels, reference, openness)
    network.deviation.fill_(1), network.calibrate(rows * units)
    assert torch.allclose(network(mels, reference * units, openness), plain * units, rtol=1e-3, atol=1e-3)
    assert not torch.allclose(network(mels, reference, openness), plain * units, rtol=1e-3, atol=1e-3)


def test_a_constant_coefficient_gives_no_infinite_number(network):
    network.calibrate(torch.tensor([[0.5, 1.0, 0.0]] * 3))
    assert network(*inputs(2)).isfinite().all()


def test_the_shipped_size_is_small():
    assert sum(each.numel() for each in MotionNet(SMALL).parameters()) < 210_000
