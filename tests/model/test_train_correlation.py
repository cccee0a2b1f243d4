"""Training on a toy corpus: it learns, it resumes, it stops at what is not finite."""

import inspect
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tavce.model.correlation.audio_encoder import AudioEncoderConfig
from tavce.model.correlation.figures import correlation_figures
from tavce.model.correlation.metric import CorrelationConfig, CorrelationMetric, embed_clips
from tavce.model.correlation.mouth_encoder import MouthEncoderConfig
from tavce.model.correlation.objective import CorrelationData, Objective
from tavce.model.correlation.reconstruction import ReconstructionConfig
from tavce.model.correlation.train import (
    CorrelationSettings,
    DivergedError,
    train_correlation,
    trained_metric,
    untrained_metric,
)

NETWORK = CorrelationConfig(
    audio=AudioEncoderConfig(width=0.125, embedding=16),
    mouth=MouthEncoderConfig("iresnet18", width=0.125, side=16, blocks=(1, 1, 1, 1), stem_stride=1, embedding=16),
)
KINDS = {
    "released": Objective("released", 3, 1.0, 0.0, 0.1, 0, 0.0),
    "triplet": Objective("triplet", 3, 1.0, 0.2, 0.1, 0, 0.0),
    "signed": Objective("signed", 3, 1.0, 0.0, 0.1, 0, 0.5),
    "info_nce": Objective("info_nce", 1, 1.0, 0.0, 0.1, 12, 0.0),
}
SETTINGS = CorrelationSettings(
    network=NETWORK,
    objective=KINDS["info_nce"],
    reconstruction=None,
    reconstruction_weight=1.0,
    seed=3,
    steps=8,
    batch=4,
    rate=3e-3,
    schedule="cosine",
    weight_decay=0.01,
    largest_gradient=5.0,
    keep_every=3,
)


def corpus(seed, clips=6, frames=48):
    """Return clips whose mouth opens as one band of the sound grows; its colour and the other bands are noise."""
    rng = np.random.default_rng(seed)
    opening = rng.random((clips, frames))
    mouths = np.broadcast_to(rng.integers(60, 200, (clips, 1, 1, 1, 3)), (clips, frames, 16, 16, 3)).copy()
    for row in range(16):
        mouths[:, :, row][opening > row / 16] = 10
    mels = rng.normal(0, 0.3, (clips, frames, 80, 16))
    mels[:, :, 20:50] += 6 * opening[:, :, None, None] - 3
    return CorrelationData(mouths.astype(np.uint8), mels.astype(np.float32))


@pytest.fixture(scope="module")
def data():
    return corpus(0)


def curve_of(settings, data, **more):
    losses = []
    state = train_correlation(settings, data, log=lambda step, named: losses.append((step, named)), **more)
    return state, losses


def weights_differ(one, other):
    return max((one[name].double() - other[name].double()).abs().max().item() for name in one)


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_steps_lower_every_loss(data, kind):
    settings = replace(SETTINGS, objective=KINDS[kind], steps=40, batch=4 if kind == "info_nce" else 24)
    state, losses = curve_of(settings, data)
    assert [step for step, _ in losses] == list(range(1, 41))
    values = [named["correlation"] for _, named in losses]
    assert np.mean(values[-5:]) < 0.9 * np.mean(values[:5])
    assert losses[1][1]["rate"] == pytest.approx(3e-3)
    assert losses[-1][1]["rate"] == pytest.approx(0, abs=1e-5)
    frozen = trained_metric(settings, state)
    assert not frozen.training
    assert not any(value.requires_grad for value in frozen.parameters())


def test_it_learns_to_listen(data):
    settings, fresh = replace(SETTINGS, steps=60), corpus(9)
    state = train_correlation(settings, data)
    speed = np.ones((6, 47)) * np.arange(47)

    def figures(metric):
        return correlation_figures(*embed_clips(metric, fresh.mouths, fresh.mels), speed, signed=True, tau=3, seed=0)

    trained, floor = figures(trained_metric(settings, state)), figures(untrained_metric(settings))
    assert trained.audio_auc > 0.75
    assert trained.lag_found == 1
    assert floor.audio_auc < 0.65
    assert trained.shuffled_auc == pytest.approx(0.5, abs=0.05)


def test_resuming_equals_never_having_stopped(data):
    whole, losses = curve_of(SETTINGS, data)
    half, first = curve_of(SETTINGS, data, until=4)
    assert half.step == 4
    before = {name: value.clone() for name, value in half.metric.items()}
    rest, second = curve_of(SETTINGS, data, state=half)
    assert weights_differ(half.metric, before) == 0, "the given state is left alone"
    assert rest.step == whole.step == 8
    np.testing.assert_allclose(
        [named["correlation"] for _, named in first + second], [named["correlation"] for _, named in losses], atol=1e-6
    )
    assert weights_differ(rest.metric, whole.metric) < 1e-6
    forgotten = replace(half, optimiser=train_correlation(SETTINGS, data, until=0).optimiser)
    assert weights_differ(train_correlation(SETTINGS, data, state=forgotten).metric, whole.metric) > 1e-4
    assert weights_differ(train_correlation(SETTINGS, data, state=whole).metric, whole.metric) == 0


def test_the_seed_decides(data):
    one, other = train_correlation(SETTINGS, data), train_correlation(replace(SETTINGS, seed=4), data)
    assert weights_differ(one.metric, train_correlation(SETTINGS, data).metric) == 0
    assert weights_differ(one.metric, other.metric) > 1e-3
    assert torch.equal(
        untrained_metric(SETTINGS).audio_encoder.fc.weight,
        train_correlation(SETTINGS, data, until=0).metric["audio_encoder.fc.weight"],
    )


def test_a_loss_that_is_not_finite_stops_and_the_last_good_state_stays(data):
    spoilt = CorrelationData(data.mouths, np.full_like(data.mels, np.nan))
    good = train_correlation(SETTINGS, data, until=4)
    with pytest.raises(DivergedError, match="the loss of step 5 is not finite; the state of step 4") as caught:
        train_correlation(SETTINGS, spoilt, state=good)
    kept = caught.value.state
    assert kept.step == 4
    assert all(value.isfinite().all() for value in kept.metric.values())
    assert weights_differ(kept.metric, good.metric) == 0
    assert (
        weights_differ(train_correlation(SETTINGS, data, state=kept).metric, train_correlation(SETTINGS, data).metric)
        < 1e-6
    )


def test_the_kept_state_is_that_of_the_last_multiple(data):
    def interrupt(step, named):
        if step == 7:
            for clip in mels:
                clip[:] = np.inf

    mels = data.mels.copy()
    with pytest.raises(DivergedError, match="step 8 is not finite; the state of step 6"):
        train_correlation(SETTINGS, CorrelationData(data.mouths, mels), log=interrupt)


def test_gradients_are_cut(data):
    state, losses = curve_of(replace(SETTINGS, steps=3, largest_gradient=1e-12, weight_decay=0.0), data)
    assert losses[0][1]["gradient"] > 1e-3, "the logged norm is the one before"
    moved = {
        name
        for name, value in untrained_metric(SETTINGS).state_dict().items()
        if not torch.equal(value, state.metric[name])
    }
    assert {name.rpartition(".")[2] for name in moved} >= {"running_mean"}
    assert (
        weights_differ(
            {"w": untrained_metric(SETTINGS).audio_encoder.fc.weight}, {"w": state.metric["audio_encoder.fc.weight"]}
        )
        < 1e-5
    )  # Adam divides by the norm again, but its epsilon of 1e-8 is far above such gradients


def test_reconstruction_trains_beside(data):
    def perceptual(one, other):
        return (one - other).square().mean(dim=(1, 2, 3))

    settings = replace(SETTINGS, reconstruction=ReconstructionConfig(channels=4, blocks=2, embedding=16), steps=20)
    with pytest.raises(ValueError, match="need a perceptual distance"):
        train_correlation(settings, data)
    state, losses = curve_of(settings, data, perceptual=perceptual)
    values = [named["reconstruction"] for _, named in losses]
    assert np.mean(values[-5:]) < 0.9 * np.mean(values[:5])
    assert {name.split(".")[0] for name in state.branches} == {"generator1", "generator2"}
    half = train_correlation(settings, data, perceptual=perceptual, until=10)
    again = train_correlation(settings, data, perceptual=perceptual, state=half)
    assert weights_differ(again.branches, state.branches) < 1e-6
    without = train_correlation(replace(settings, reconstruction_weight=0.0), data, perceptual=perceptual)
    assert weights_differ(without.metric, state.metric) > 1e-4, "its gradient reaches the audio encoder"


def test_the_released_schedule_has_one_step(data):
    _, losses = curve_of(replace(SETTINGS, schedule="step", steps=10, keep_every=100), data)
    assert [named["rate"] for _, named in losses] == pytest.approx([3e-3] * 8 + [3e-4] * 2)


def test_given_weights_are_the_start(data):
    torch.manual_seed(0)
    start = CorrelationMetric(NETWORK).state_dict()
    state = train_correlation(SETTINGS, data, start=start, until=0)
    assert weights_differ(state.metric, start) == 0
    del start["audio_encoder.fc.bias"]
    with pytest.raises(ValueError, match=r"missing: audio_encoder\.fc\.bias"):
        train_correlation(SETTINGS, data, start=start, until=0)


def test_data_and_networks_that_do_not_fit_are_refused(data):
    with pytest.raises(ValueError, match="not of the same frames"):
        inspect.unwrap(CorrelationData.__post_init__)(SimpleNamespace(mouths=data.mouths, mels=data.mels[:, :-1]))
    with pytest.raises(ValueError, match="embeddings must match"):
        replace(NETWORK, audio=AudioEncoderConfig(width=0.125, embedding=8))
    with pytest.raises(ValueError, match="training mode"):
        embed_clips(CorrelationMetric(NETWORK), data.mouths, data.mels)
