"""Training of an animator: batches, exact resume, averages, what stops it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tavce.model.animator_data import AnimatorData, box_mask, draw_moments, make_batch
from tavce.model.animator_settings import AnimatorDivergedError, AnimatorSettings, LossWeights
from tavce.model.attention import AttentionConfig
from tavce.model.discriminator import TINY as TINY_DISCRIMINATOR
from tavce.model.face_animator import FaceAnimator
from tavce.model.residual_renderer import SMALL, ResidualRenderer
from tavce.model.sizes import TINY as TINY_FACE
from tavce.model.train_animator import train_animator, weighted_l1

DIMS = 4
CONFIG = replace(
    SMALL,
    size=32,
    coefficients=3,
    keypoints=3,
    channels=16,
    code=8,
    fine=16,
    blocks=1,
    hidden=16,
    attention=AttentionConfig(dims=DIMS, gate="diagonal"),
)
L1 = LossWeights(l1=1.0, mouth=9.0, perceptual=0.0, gan=0.0, matching=0.0, alignment=0.0)
SETTINGS = AnimatorSettings(
    seed=0,
    steps=6,
    sources=3,
    frames=2,
    neighbours=False,
    rate=2e-3,
    warm_up=0.2,
    beta1=0.9,
    weight_decay=1e-4,
    average=0.99,
    largest_gradient=1.0,
    weights=L1,
    discriminator=None,
    keep_every=2,
)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return AnimatorData(
        frames=rng.integers(0, 256, (4, 5, 32, 32, 3), dtype=np.uint8),
        coefficients=rng.standard_normal((4, 5, 3)).astype(np.float32),
        mouths=np.tile(np.float32([10, 18, 20, 24]), (4, 5, 1)),
        differences=rng.standard_normal((4, 5, DIMS)).astype(np.float32),
    )


def network(seed=0):
    torch.manual_seed(seed)
    return ResidualRenderer(CONFIG)


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one) and one.keys() == other.keys()


@pytest.mark.parametrize("gan", [False, True])
def test_stopping_anywhere_changes_nothing(data, gan):
    settings = SETTINGS
    if gan:
        weights = replace(L1, gan=0.1, matching=1.0)
        settings = replace(SETTINGS, weights=weights, discriminator=replace(TINY_DISCRIMINATOR, blocks=2))
    whole = train_animator(settings, network(), data)
    half = train_animator(settings, network(), data, until=3)
    resumed = train_animator(settings, network(seed=5), data, state=half)
    assert (half.step, resumed.step) == (3, 6)
    assert equal(whole.network, resumed.network)
    assert equal(whole.average, resumed.average)
    assert equal(whole.discriminator, resumed.discriminator)
    assert bool(whole.discriminator) == bool(whole.critic) == gan
    fresh_optimiser = replace(half, optimiser=train_animator(settings, network(), data, until=0).optimiser)
    assert not equal(whole.network, train_animator(settings, network(), data, state=fresh_optimiser).network)


def test_the_seed_decides(data):
    first, again = (train_animator(SETTINGS, network(), data, until=2).network for _ in range(2))
    other = train_animator(replace(SETTINGS, seed=1), network(), data, until=2).network
    assert equal(first, again)
    assert not equal(first, other)


def test_the_average_follows_the_weights(data):
    start = {name: value.clone() for name, value in network().state_dict().items()}
    state = train_animator(SETTINGS, network(), data, until=1)
    name = "decoder.conv_img.weight"
    expected = start[name].lerp(state.network[name], 1 - 2 / 11)
    assert torch.allclose(state.average[name], expected)
    assert not torch.allclose(state.network[name], start[name])


def test_the_rate_rises_then_falls(data):
    told = {}
    train_animator(SETTINGS, network(), data, log=lambda step, values: told.update({step: values}))
    rates = [told[step]["rate"] for step in range(1, 7)]
    assert rates[0] == pytest.approx(2e-3 / 6 / 0.2)
    assert rates[1] > rates[0]
    assert rates[1:] == sorted(rates[1:], reverse=True)
    assert rates[-1] == pytest.approx(0)
    assert {"l1", "gradient", "rate"} == set(told[1])


def test_a_loss_that_is_not_finite_stops_it_and_keeps_a_good_state(data):
    calls = []

    def perceptual(made, target):
        calls.append(made)
        return (made - target).abs().mean() * (float("nan") if len(calls) == 6 else 1.0)

    settings = replace(SETTINGS, weights=replace(L1, perceptual=1.0))
    with pytest.raises(AnimatorDivergedError, match=r"perceptual loss of step 6 .* step 4 is kept") as caught:
        train_animator(settings, network(), data, perceptual=perceptual)
    kept = caught.value.state
    assert kept.step == 4
    assert all(value.isfinite().all() for value in kept.network.values())
    whole = train_animator(replace(settings, steps=6), network(), data, perceptual=perceptual)
    resumed = train_animator(settings, network(), data, state=kept, perceptual=perceptual)
    assert equal(whole.network, resumed.network)


def test_weights_without_what_computes_them_are_refused(data):
    weights = replace(L1, perceptual=1.0, alignment=1.0, gan=1.0)
    with pytest.raises(ValueError, match="perceptual, alignment, discriminator"):
        train_animator(replace(SETTINGS, weights=weights), network(), data)


def test_the_alignment_loss_sees_neighbours_and_moves_the_network(data):
    seen = []

    def alignment(batch, made):
        seen.append(batch.moments)
        return (made[:, 1::2] - made[:, ::2]).abs().mean()

    settings = replace(SETTINGS, neighbours=True, weights=replace(L1, alignment=1.0))
    aligned = train_animator(settings, network(), data, until=2, alignment=alignment)
    plain = train_animator(replace(settings, weights=L1), network(), data, until=2)
    assert all((moments[:, 1] - moments[:, 0] == 1).all() for moments in seen)
    assert not equal(aligned.network, plain.network)


def test_the_published_animator_trains_by_the_same_loop(data):
    torch.manual_seed(0)
    animator = FaceAnimator(replace(TINY_FACE, size=32, mapping=replace(TINY_FACE.mapping, coefficients=3)))
    start = {name: value.clone() for name, value in animator.state_dict().items()}
    state = train_animator(SETTINGS, animator, replace(data, differences=None), until=1)
    moved = [name for name, value in state.network.items() if not torch.equal(value, start[name])]
    assert any(name.startswith("kp_extractor.") for name in moved)
    assert any(name.startswith("mapping.") for name in moved)
    assert any(name.startswith("generator.") for name in moved)


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
    assert np.array_equal(batch.differences[1, 2].numpy(), data.differences[0, 2])
    assert make_batch(replace(data, differences=None), clips, portraits, moments, window=1).differences is None


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


def test_the_mouth_weighs_more():
    made, target = torch.zeros(1, 1, 3, 2, 2), torch.zeros(1, 1, 3, 2, 2)
    mouth = torch.zeros(1, 1, 1, 2, 2)
    mouth[..., 0, 0] = 1
    made[..., 0, 0], made[..., 1, 1] = 0.6, 0.2
    assert weighted_l1(made, target, 1 + 8 * mouth) == pytest.approx((9 * 0.6 + 0.2) / 12)
    assert weighted_l1(made, target, torch.ones_like(mouth)) == pytest.approx(0.2)
