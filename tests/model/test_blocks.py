"""Blocks against what they stand for."""

import pytest
import torch
from torch import nn

from tavce.model.animator.blocks import Hourglass, Shrink, SpectralConv2d


def test_spectral_norm_tends_to_the_largest_singular_value():
    torch.manual_seed(0)
    convolution = SpectralConv2d(8, 12, 3)
    x = torch.rand(1, 8, 6, 6)
    for _ in range(60):
        convolution(x)
    largest = torch.linalg.matrix_norm(convolution.weight_orig.detach().flatten(1), ord=2)
    plain = nn.functional.conv2d(x, convolution.weight_orig / largest, convolution.bias, padding=1)
    assert torch.allclose(convolution.eval()(x), plain, atol=1e-4)


def test_spectral_norm_agrees_with_the_older_hook_that_made_published_files():
    torch.manual_seed(0)
    ours, theirs = SpectralConv2d(4, 6, 3), torch.nn.utils.spectral_norm(nn.Conv2d(4, 6, 3, padding=1))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    x = torch.rand(2, 4, 5, 5)
    for training in (True, False, True):
        ours.train(training), theirs.train(training)
        assert torch.allclose(ours(x), theirs(x), atol=1e-6)
    assert torch.allclose(ours.weight_u, theirs.weight_u, atol=1e-6)


def test_evaluation_leaves_spectral_vectors_alone_and_two_calls_can_be_derived():
    torch.manual_seed(0)
    convolution = SpectralConv2d(2, 3, 3)
    x = torch.rand(1, 2, 4, 4)
    kept = convolution.weight_u.clone()
    convolution.eval()(x)
    assert torch.equal(kept, convolution.weight_u)
    convolution.train()
    (convolution(x).sum() - convolution(x + 1).sum()).backward()
    assert not torch.equal(kept, convolution.weight_u)
    assert convolution.weight_orig.grad.norm() > 0


@pytest.mark.parametrize("dimensions", [2, 3])
def test_an_hourglass_keeps_the_size(dimensions):
    network = Hourglass(5, width=4, most=8, levels=2, dimensions=dimensions)
    shape = (2, 5, 3, 8, 12)[: 2 + dimensions] if dimensions == 2 else (2, 5, 3, 8, 12)
    shape = (2, 5, 8, 12) if dimensions == 2 else shape
    assert network(torch.rand(shape)).shape == (2, network.outputs, *shape[2:])


def test_shrinking_blurs_first():
    stripes = torch.zeros(1, 3, 32, 32)
    stripes[..., ::4] = 1.0
    shrunk = Shrink(3, 4)(stripes)
    assert shrunk.shape == (1, 3, 8, 8)
    assert abs(shrunk[0, 0, 4, 4] - 0.25) < 0.04  # measured: 0.28; every fourth pixel alone would be 1
    assert torch.allclose(Shrink(3, 4)(torch.ones(1, 3, 64, 64))[0, :, 8, 8], torch.ones(3))
    assert torch.equal(Shrink(3, 1)(stripes), stripes)
