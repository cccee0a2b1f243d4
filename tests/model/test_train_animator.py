"""Training of an animator: batches, exact resume, averages, what stops it."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from stages.make_base.renderer import SETTINGS as BASE
from tavce.model.animator.attention import AttentionConfig
from tavce.model.animator.blocks import SpectralConv2d
from tavce.model.animator.data import make_batch
from tavce.model.animator.discriminator import TINY as TINY_DISCRIMINATOR
from tavce.model.animator.face_animator import FaceAnimator
from tavce.model.animator.residual_renderer import SMALL, ResidualRenderer
from tavce.model.animator.settings import AnimatorDivergedError, LossWeights
from tavce.model.animator.sizes import TINY as TINY_FACE
from tavce.model.animator.train import train_animator, weighted_l1

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
SETTINGS = replace(
    BASE, steps=6, sources=3, rate=2e-3, warm_up=0.2, average=0.99, largest_gradient=1.0, weights=L1, keep_every=2
)


def network(seed=0):
    torch.manual_seed(seed)
    return ResidualRenderer(CONFIG)


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one) and one.keys() == other.keys()


def disagreement(batch, made):
    """An alignment loss without a metric: brighter frames shall go with a larger first number of the difference."""
    return (made.mean(dim=(2, 3, 4)) - batch.differences[..., 0]).square().mean()


@pytest.mark.parametrize("everything", [False, True])
def test_stopping_anywhere_changes_nothing(data, everything):
    settings, rest = SETTINGS, {}
    if everything:
        weights = replace(L1, gan=0.1, matching=1.0, alignment=0.1)
        discriminator = replace(TINY_DISCRIMINATOR, blocks=2)
        settings = replace(SETTINGS, weights=weights, discriminator=discriminator, neighbours=True, attention_rate=3.0)
        data, rest = replace(data, differences=data.gated), {"alignment": disagreement}
    curves = {}

    def train(name, seed=0, **more):
        curve = curves.setdefault(name, {})
        return train_animator(
            settings, network(seed), data, log=lambda k, told: curve.update({k: told}), **more, **rest
        )

    whole, half = train("whole"), train("parts", until=3)
    resumed = train("parts", seed=5, state=half)
    assert (half.step, resumed.step) == (3, 6)
    assert curves["whole"] == curves["parts"]
    assert {"discriminator", "gan", "matching", "alignment"} <= set(curves["whole"][1]) or not everything
    assert equal(whole.network, resumed.network)
    assert equal(whole.average, resumed.average)
    assert equal(whole.discriminator, resumed.discriminator)
    assert bool(whole.discriminator) == bool(whole.critic) == everything
    assert not torch.equal(whole.network["attention.proj2.weight"], half.network["attention.proj2.weight"])
    lost = ["optimiser", "critic"] if everything else ["optimiser"]
    for part in lost:
        fresh = getattr(train("fresh", until=0), part)
        train(part, state=replace(half, **{part: fresh}))
        assert abs(curves[part][6]["l1"] - curves["whole"][6]["l1"]) > 1e-6


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
    assert set(told[1]) == {"l1", "gradient", "rate", "gradient_decoder", "gradient_proj2", "residual"}


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


def test_attention_and_alignment_are_shown_what_belongs_to_each(data):
    """A control shuffles what the attention is shown, not what the mouth shall follow; each goes without the other."""
    seen, shown = [], []

    def alignment(batch, made):
        seen.append(batch.differences)
        return disagreement(batch, made)

    settings = replace(SETTINGS, steps=1, weights=replace(L1, alignment=1.0))
    attentive = network()
    attentive.attention.register_forward_pre_hook(lambda layer, given: shown.append(given[1]))
    both = replace(data, differences=data.gated[:, ::-1].copy())
    train_animator(settings, attentive, both, alignment=alignment)
    assert not torch.equal(seen[0], shown[0])
    plain = ResidualRenderer(replace(CONFIG, attention=None))
    train_animator(settings, plain, replace(both, gated=None), alignment=alignment)
    assert torch.equal(seen[0], seen[1])
    with pytest.raises(ValueError, match="go together"):
        train_animator(settings, plain, both, alignment=alignment)


def test_the_log_tells_of_parts_that_die(data):
    """A residual that is multiplied away leaves decoder and attention without a gradient, as a saturated blend does."""
    settings, told = replace(SETTINGS, steps=4, warm_up=0.0), {}
    alive, dead, null = (
        network(),
        network(),
        ResidualRenderer(replace(CONFIG, attention=AttentionConfig(dims=DIMS, gate="null"))),
    )
    dead.decoder.conv_img.register_forward_hook(lambda layer, given, residual: residual * 0.0)
    for name, animator in (("alive", alive), ("dead", dead), ("null", null)):
        train_animator(
            settings, animator, data, log=lambda step, values, name=name: told.update({(name, step): values})
        )
    last = {name: told[name, 4] for name in ("alive", "dead", "null")}
    assert min(last["alive"][key] for key in ("gradient_decoder", "gradient_proj2", "residual")) > 1e-4
    assert last["dead"]["gradient_decoder"] == last["dead"]["residual"] == 0
    assert last["dead"]["l1"] < told["dead", 1]["l1"] * 1.5  # the error alone does not tell
    assert last["null"]["gradient_proj2"] == 0 < last["null"]["gradient_decoder"]
    assert null.attention.proj2.bias.grad.norm() > 0


def test_the_attention_learns_at_a_rate_of_its_own(data):
    start = {name: value.clone() for name, value in network().state_dict().items()}

    def moved(factor, name):
        settings = replace(SETTINGS, attention_rate=factor, weight_decay=0.0)
        state = train_animator(settings, network(), data, until=1)
        return (state.network[name] - start[name]).abs().max().item()

    first = "attention.proj2.weight"
    assert moved(5.0, first) == pytest.approx(5 * moved(1.0, first), rel=1e-4)
    assert moved(5.0, "decoder.fc.weight") == moved(1.0, "decoder.fc.weight") > 0


def test_frozen_parts_are_left_alone(data):
    """The release trains dense motion and attention only."""
    settings, told = replace(SETTINGS, weight_decay=0.1), []
    animator = network()
    animator.decoder.requires_grad_(False)
    start = {name: value.clone() for name, value in animator.state_dict().items()}
    state = train_animator(settings, animator, data, until=1, log=lambda step, values: told.append(values))
    moved = {name for name, value in state.network.items() if not torch.equal(value, start[name])}
    assert not any(name.startswith("decoder.") for name in moved)
    assert any(name.startswith("dense_motion_network.") for name in moved)
    assert told[0]["gradient_decoder"] == 0 < told[0]["gradient_proj2"]


def test_spectral_norms_stay_exact_where_the_rest_is_in_bfloat16():
    torch.manual_seed(0)
    exact = SpectralConv2d(8, 16, 3)
    rounded = copy.deepcopy(exact)
    x = torch.rand(2, 8, 9, 9)
    y = exact(x)
    with torch.autocast("cpu", torch.bfloat16):
        assert rounded(x).dtype == torch.bfloat16
    assert torch.equal(exact.weight_u, rounded.weight_u)
    assert (rounded(x) - y).abs().max() < 0.05


def test_a_cpu_computes_in_float32(data):
    states = [train_animator(replace(SETTINGS, bfloat16=on), network(), data, until=1) for on in (True, False)]
    assert equal(states[0].network, states[1].network)


def test_positions_stay_exact_where_the_rest_is_in_bfloat16(data):
    torch.manual_seed(0)
    animator = ResidualRenderer(CONFIG)
    torch.nn.init.normal_(animator.shift.weight, std=0.1)
    batch = make_batch(data, np.arange(4), np.arange(4), np.array([[1, 2]] * 4), window=1)
    places = []
    animator.dense_motion_network.register_forward_hook(
        lambda net, given, flow: places.append((given[2], flow.positions))
    )
    exact = animator(batch.image, batch.image_coefficients, batch.coefficients, batch.gated)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = animator(batch.image, batch.image_coefficients, batch.coefficients, batch.gated)
    assert 1e-5 < (exact - rounded).abs().mean() < 0.05
    (driving, flow), (driving_rounded, flow_rounded) = places
    assert flow_rounded.dtype == driving_rounded.dtype == torch.float32
    assert not torch.equal(driving_rounded, driving_rounded.bfloat16().float())
    assert (driving - driving_rounded).abs().max() < 5e-3  # features of 8 bits went into the keypoints
    assert (flow - flow_rounded).abs().max() < 5e-3


def test_the_published_animator_trains_by_the_same_loop(data):
    torch.manual_seed(0)
    animator = FaceAnimator(replace(TINY_FACE, size=32, mapping=replace(TINY_FACE.mapping, coefficients=3)))
    start = {name: value.clone() for name, value in animator.state_dict().items()}
    state = train_animator(SETTINGS, animator, replace(data, gated=None), until=1)
    moved = [name for name, value in state.network.items() if not torch.equal(value, start[name])]
    assert any(name.startswith("kp_extractor.") for name in moved)
    assert any(name.startswith("mapping.") for name in moved)
    assert any(name.startswith("generator.") for name in moved)


def test_the_mouth_weighs_more():
    made, target = torch.zeros(1, 1, 3, 2, 2), torch.zeros(1, 1, 3, 2, 2)
    mouth = torch.zeros(1, 1, 1, 2, 2)
    mouth[..., 0, 0] = 1
    made[..., 0, 0], made[..., 1, 1] = 0.6, 0.2
    assert weighted_l1(made, target, 1 + 8 * mouth) == pytest.approx((9 * 0.6 + 0.2) / 12)
    assert weighted_l1(made, target, torch.ones_like(mouth)) == pytest.approx(0.2)
