"""The figures on embeddings whose answers are known: ones that listen, ones that do not, and random ones."""

import inspect

import numpy as np
import pytest

from tavce.model.correlation.figures import (
    auc,
    correlation_figures,
    directions,
    moment_similarities,
    mouth_speed,
    step_similarities,
)

CLIPS, FRAMES, CHANNELS = 12, 75, 24


def walk(seed, clips=CLIPS):
    return np.random.default_rng(seed).normal(size=(clips, FRAMES, CHANNELS)).cumsum(axis=1)


def noisy(embeddings, seed, amount=1.0):
    steps = np.diff(embeddings, axis=1, prepend=0)
    return (steps + amount * np.random.default_rng(seed).normal(size=steps.shape)).cumsum(axis=1)


def figures(heard, seen, *, signed=True, speed=None, tau=3, seed=0):
    speed = np.linalg.norm(np.diff(seen, axis=1), axis=2) if speed is None else speed
    return correlation_figures(heard, seen, speed, signed=signed, tau=tau, seed=seed)


def test_auc_by_hand():
    assert auc(np.array([1.0, 3.0]), np.array([0.0, 1.0, 2.0])) == pytest.approx((1.5 + 3) / 6)
    assert auc(np.array([1.0]), np.array([1.0, 1.0])) == 0.5
    assert np.isnan(auc(np.zeros(0), np.zeros(3)))


@pytest.mark.parametrize("signed", [True, False])
def test_random_embeddings_are_at_chance(signed):
    found = figures(walk(0), walk(1), signed=signed)
    for value in (found.released_auc, found.shuffled_auc, found.audio_auc, found.audio_auc_faster):
        assert value == pytest.approx(0.5, abs=0.03)
    assert found.lag_found <= 3 / CLIPS
    assert (found.clips, found.moments) == (CLIPS, CLIPS * (FRAMES - 1))


@pytest.mark.parametrize("signed", [True, False])
def test_embeddings_that_listen_are_found(signed):
    seen = walk(0)
    found = figures(noisy(seen, 1), seen, signed=signed)
    assert found.audio_auc > 0.9
    assert found.lag_found == 1
    assert found.shuffled_auc == pytest.approx(0.5, abs=0.03)
    late = np.roll(noisy(seen, 1), 2, axis=1)
    assert figures(late, seen, signed=signed).lag_found == 0
    # Over all pairs of frames: one step against longer ones.
    assert found.released_auc > found.shuffled_auc + 0.1


def test_the_sign_is_seen_by_the_signed_similarity_only():
    seen = walk(0)
    assert figures(-noisy(seen, 1), seen).audio_auc < 0.1
    assert figures(-noisy(seen, 1), seen, signed=False).audio_auc > 0.8


def test_a_metric_that_knows_the_length_of_a_step_does_not_listen():
    """The shortcut of the released loss: short steps lie along the first channel, long ones along the others."""
    rng = np.random.default_rng(0)
    seen = np.zeros((CLIPS, FRAMES, CHANNELS))
    seen[..., 0] = np.tile([0.0, 1.0], FRAMES)[:FRAMES]
    seen[..., 1:] = 0.1 * rng.normal(size=(CLIPS, FRAMES, CHANNELS - 1)).cumsum(axis=1)
    heard = rng.normal(size=(CLIPS, FRAMES, CHANNELS)) * np.eye(CHANNELS)[0]
    found = figures(heard, seen, signed=False)
    assert found.released_auc > 0.7
    assert found.shuffled_auc == pytest.approx(found.released_auc, abs=1e-3)
    assert found.audio_auc == pytest.approx(0.5, abs=0.02)
    by_gap = found.released_auc_by_gap
    assert list(by_gap) == ["3-5", "6-10", "11-20", "21-40", "41-"]
    assert by_gap["6-10"] > by_gap["3-5"]


def test_the_faster_half_is_that_of_the_given_speed():
    seen = walk(0)
    heard = noisy(seen, 1)
    speed = np.random.default_rng(5).random((CLIPS, FRAMES - 1))
    steps = np.diff(heard, axis=1)
    steps[speed <= np.median(speed)] = np.random.default_rng(6).normal(size=(speed.size // 2, CHANNELS))
    heard = np.concatenate([heard[:, :1], heard[:, :1] + steps.cumsum(axis=1)], axis=1)
    found = figures(heard, seen, speed=speed)
    assert found.audio_auc_faster > 0.9
    assert found.audio_auc < found.audio_auc_faster - 0.1
    assert figures(heard, seen, speed=-speed).audio_auc_faster < 0.6


def test_neighbours_nearer_than_tau_are_no_negatives():
    seen = walk(0)
    steps = np.diff(seen, axis=1, prepend=0)
    smooth = (np.roll(steps, 1, axis=1) + steps + np.roll(steps, -1, axis=1)).cumsum(axis=1)
    near, far = (figures(smooth, seen, tau=tau).audio_auc for tau in (1, 3))
    assert far > near
    moments = moment_similarities(directions(np.diff(smooth, axis=1)), seen, signed=True)
    number = np.arange(FRAMES - 1)
    own = moments[:, number, number].ravel()
    away = np.abs(number[:, None] - number)
    assert far == auc(own, moments[:, away >= 3].ravel())
    assert far != auc(own, moments[:, away >= 2].ravel())


def test_steps_are_named_by_their_length():
    seen = walk(0, clips=1)
    found, gap = step_similarities(np.ones((1, FRAMES - 1, CHANNELS)), seen, signed=True)
    assert (gap[0, 5], gap[7, 5], gap[4, 4]) == (5, 2, 0)
    step = seen[0, 5] - seen[0, 7]
    assert found[0, 7, 5] == pytest.approx(step.sum() / np.linalg.norm(step))
    squared = step_similarities(np.ones((1, FRAMES - 1, CHANNELS)), seen, signed=False)[0]
    np.testing.assert_allclose(squared, found**2)


def test_still_moments_are_similar_to_nothing():
    seen = walk(0)
    heard = noisy(seen, 1, amount=0.0)
    heard[:, 10:20] = heard[:, 10:11]
    found = figures(heard, seen)
    assert 0.9 < found.audio_auc < figures(noisy(seen, 1, amount=0.0), seen).audio_auc


def test_speed_forgets_where_the_mouth_is():
    points = np.random.default_rng(0).normal(size=(2, 5, 20, 2)).astype(np.float32)
    moved = points + np.arange(5, dtype=np.float32)[:, None, None]
    np.testing.assert_allclose(mouth_speed(moved), mouth_speed(points), atol=1e-5)
    still = np.repeat(points[:, :1], 5, axis=1)
    assert not mouth_speed(still).any()
    still[:, 3:, :10] += np.float32([0, 2])  # half of the points down by 2: each is 1 from where it was
    np.testing.assert_allclose(mouth_speed(still), [[0, 0, 1, 0]] * 2, atol=1e-6)


def test_what_does_not_fit_is_refused():
    unchecked = inspect.unwrap(correlation_figures)
    for other, speed in ((walk(0)[:, :70], np.ones((CLIPS, 69))), (walk(0), np.ones((CLIPS, FRAMES)))):
        with pytest.raises(ValueError, match="do not fit together"):
            unchecked(walk(0), other, speed, signed=True, tau=3, seed=0)
    with pytest.raises(ValueError, match="31 lags need 32 frames"):
        figures(walk(0)[:, :31], walk(0)[:, :31])
    broken = walk(0)
    broken[3, 4, 5] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        figures(broken, walk(0), speed=np.ones((CLIPS, FRAMES - 1)))


def test_the_seed_shuffles():
    seen = walk(0)
    one, same, other = (figures(noisy(seen, 1), seen, seed=seed) for seed in (0, 0, 1))
    assert one == same
    assert one.shuffled_auc != other.shuffled_auc
