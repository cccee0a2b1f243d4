"""The reconstruction branches: which picture each looks for, and what the sound's difference does to it."""

import pytest
import torch

from tavce.model.correlation.reconstruction import ReconstructionBranches, ReconstructionConfig, ReconstructionGenerator

SMALL = ReconstructionConfig(channels=4, blocks=3, embedding=16)


def perceptual(one, other):
    return (one - other).square().mean(dim=(1, 2, 3))


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 16, generator=generator), torch.rand(2, 2, 3, 16, 24, generator=generator) * 2 - 1


def test_one_branch_looks_ahead_and_one_back(inputs):
    torch.manual_seed(0)
    branches, (d, (earlier, later)) = ReconstructionBranches(SMALL).eval(), inputs
    ahead = perceptual(branches.generator1(d, earlier), later).mean()
    back = perceptual(branches.generator2(d, later), earlier).mean()
    found = branches.loss(d, earlier, later, perceptual)
    torch.testing.assert_close(found, ahead + back)
    assert abs(found - perceptual(branches.generator2(d, later), later).mean() - ahead) > 1e-3
    assert abs(branches.loss(d, later, earlier, perceptual) - found) > 1e-5


def test_pictures_keep_their_size_and_the_gradient_reaches_the_sound(inputs):
    torch.manual_seed(0)
    generator, (d, (earlier, _)) = ReconstructionGenerator(SMALL), inputs
    d.requires_grad_()
    out = generator(d, earlier)
    assert out.shape == earlier.shape
    assert out.abs().max() <= 1
    out.square().mean().backward()
    assert d.grad.norm() > 0


def test_a_narrow_generator_has_the_official_layout():
    with torch.device("meta"):
        narrow = ReconstructionGenerator(ReconstructionConfig(channels=4, blocks=9, embedding=128))
        released = ReconstructionGenerator(ReconstructionConfig(channels=64, blocks=9, embedding=128))
    assert list(narrow.state_dict()) == list(released.state_dict())
