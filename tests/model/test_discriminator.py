"""The discriminator: what it tells apart, its losses, its sizes."""

from dataclasses import replace

import pytest
import torch

from tavce.model.animator.discriminator import (
    PAPER,
    TINY,
    Discriminator,
    Judgement,
    feature_matching,
    hinge_of_discriminator,
    hinge_of_generator,
)


def judgement(*scores):
    return [Judgement(torch.tensor(scores).reshape(-1, 1, 1, 1), (torch.tensor(scores).reshape(-1, 1, 1, 1),))]


def test_hinges():
    real, fake = judgement(2.0, 0.5), judgement(-3.0, 0.0)
    assert hinge_of_discriminator(real, fake) == (0.0 + 0.5) / 2 + (0.0 + 1.0) / 2
    assert hinge_of_discriminator(fake, real) == (4.0 + 1.0) / 2 + (3.0 + 1.5) / 2
    assert hinge_of_generator(fake) == 1.5


def test_feature_matching_moves_the_generated_side_only():
    real = [Judgement(torch.zeros(1, 1, 1, 1), (torch.ones(1, 2, 3, 3, requires_grad=True),))]
    fake = [Judgement(torch.zeros(1, 1, 1, 1), (torch.zeros(1, 2, 3, 3, requires_grad=True),))]
    loss = feature_matching(real, fake)
    loss.backward()
    assert loss == 1
    assert real[0].features[0].grad is None
    assert fake[0].features[0].grad.abs().sum() > 0


@pytest.mark.parametrize("scales", [1, 2])
def test_it_learns_to_tell_sharp_from_blurred(scales):
    torch.manual_seed(0)
    network = Discriminator(replace(TINY, scales=scales))
    descent = torch.optim.Adam(network.parameters(), 5e-3, betas=(0.5, 0.999))
    sharp = (torch.rand(8, 3, 64, 64) > 0.5).float()
    blurred = torch.nn.functional.avg_pool2d(sharp, 3, 1, 1)
    for _ in range(25):
        loss = hinge_of_discriminator(network(sharp), network(blurred))
        descent.zero_grad()
        loss.backward()
        descent.step()
    # An untrained one is at 2.04; one that says the same of both can't be below 2.
    assert loss.item() < 1.7  # measured: 1.36 and 1.45
    assert len(network(sharp)) == scales


def test_sizes():
    with torch.device("meta"):
        counts = [sum(value.numel() for value in Discriminator(config).parameters()) for config in (PAPER, TINY)]
    assert counts == [2_757_057, 41_905]
