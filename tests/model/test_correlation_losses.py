"""The losses against their definitions on matrices and against torch's own."""

import math

import pytest
import torch
from torch.nn import functional

from tavce.model.correlation.losses import cosine_embedding_loss, signed_cosine_loss, signed_info_nce, triplet_loss
from tavce.model.correlation.temporal import covariance, difference, similarity


def embeddings(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("alpha", "margin"), [(1.0, 0.0), (0.5, 0.0), (1.0, 0.01)])
def test_the_released_loss_is_that_of_the_matrices(alpha, margin):
    a0, a1, v0, v1, far = embeddings(5, 6, 32)
    heard, one, other = (covariance(*pair).flatten(1) for pair in ((a0, a1), (v0, v1), (v0, far)))
    yes = torch.ones(6, dtype=torch.float64)
    expected = functional.cosine_embedding_loss(heard, one, yes)
    expected = expected + alpha * functional.cosine_embedding_loss(heard, other, -yes, margin=margin)
    steps = difference(a0, a1), difference(v0, v1), difference(v0, far)
    found = cosine_embedding_loss(*steps, alpha=alpha, margin=margin)
    torch.testing.assert_close(found, expected)
    flipped = cosine_embedding_loss(steps[0], steps[2], steps[1], alpha=alpha, margin=margin)
    assert abs(flipped - expected) > 1e-3, "positive and negative exchanged"


def test_the_triplet_loss_by_hand():
    heard = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    seen = torch.tensor([[3.0, 0.0], [1.0, 1.0]])  # similar by 1 and 1/2
    far = torch.tensor([[0.0, 1.0], [-2.0, 0.0]])  # by 0 and 1
    assert triplet_loss(heard, seen, far, margin=0.2).item() == pytest.approx((0 + 0.7) / 2)
    assert triplet_loss(heard, seen, far, margin=0.0).item() == pytest.approx(0.25)


def test_the_signed_loss_by_hand():
    one, two = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    best = signed_cosine_loss(one, one, -one, two, alpha=1.0, margin=0.0)
    assert best.item() == pytest.approx(0)
    assert signed_cosine_loss(one, -one, one, -one, alpha=1.0, margin=0.0).item() == pytest.approx(2 + (1 + 1) / 2)
    assert signed_cosine_loss(one, one, two, one, alpha=1.0, margin=0.4).item() == pytest.approx(0.3)
    # The squared form calls the opposite of the sound a perfect match.
    assert cosine_embedding_loss(one, -one, two, alpha=1.0, margin=0.0).item() == pytest.approx(0)


def test_info_nce_by_hand():
    unit = torch.eye(3)[None]
    off = math.log(math.e**2 + 2)
    found = signed_info_nce(unit, unit, temperature=0.5, tau=1, across_clips=False)
    assert found.item() == pytest.approx(off - 2)
    opposite = signed_info_nce(unit, -unit, temperature=0.5, tau=1, across_clips=False)
    assert opposite.item() == pytest.approx(math.log(math.e**-2 + 2) + 2)
    # With tau 2 the middle moment has no negative left, the outer two have one each.
    near = signed_info_nce(unit, unit, temperature=0.5, tau=2, across_clips=False)
    assert near.item() == pytest.approx(2 / 3 * (math.log(math.e**2 + 1) - 2))


def test_info_nce_asks_in_both_directions():
    heard, seen = torch.eye(3)[None, :2], torch.eye(3)[None, [0, 0]]  # two sounds, one mouth
    row, column = math.log(2), (math.log(1 + math.e**-2) + math.log(1 + math.e**2)) / 2
    both = signed_info_nce(heard, seen, temperature=0.5, tau=1, across_clips=False)
    assert both.item() == pytest.approx((row + column) / 2)
    assert row != pytest.approx(column, rel=0.1)


def test_info_nce_across_clips_has_more_negatives():
    heard, seen = embeddings(3, 4, 16), embeddings(3, 4, 16, seed=1)
    within = signed_info_nce(heard, seen, temperature=0.1, tau=1, across_clips=False)
    each = [
        signed_info_nce(a[None], v[None], temperature=0.1, tau=1, across_clips=False)
        for a, v in zip(heard, seen, strict=True)
    ]
    torch.testing.assert_close(within, torch.stack(each).mean())
    across = signed_info_nce(heard, seen, temperature=0.1, tau=1, across_clips=True)
    assert across > within + 0.1
    # Moments of different clips are never near each other, however their numbers lie.
    one_long_clip = signed_info_nce(
        heard.reshape(1, 12, 16), seen.reshape(1, 12, 16), temperature=0.1, tau=3, across_clips=True
    )
    assert signed_info_nce(heard, seen, temperature=0.1, tau=3, across_clips=True) > one_long_clip


def test_the_released_loss_cannot_tell_another_sound():
    """Its negatives hold the same sound: with a constant d_a that all steps of one frame share, it is solved."""
    small, large = torch.eye(2)
    heard = small.expand(8, 2)  # says nothing about the moment
    solved = cosine_embedding_loss(heard, small.expand(8, 2), large.expand(8, 2), alpha=1.0, margin=0.0)
    assert solved == 0
    same = heard[None]
    assert signed_info_nce(same, same, temperature=0.1, tau=1, across_clips=False).item() == pytest.approx(math.log(8))
    assert similarity(heard, small.expand(8, 2)).eq(1).all()
