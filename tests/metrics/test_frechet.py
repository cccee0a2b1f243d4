"""Fréchet distance: closed forms, three ways to the same trace, invariances, and input that is refused."""

import warnings

import numpy as np
import pytest
import scipy.linalg

from metrics.frechet import frechet_distance, frechet_resampled, root_trace_eigen, root_trace_nuclear


def draw(seed, frames, channels, *, power=0.5):
    """Correlated features with a spectrum that falls, as those of networks do."""
    rng = np.random.default_rng(seed)
    mixing = np.linalg.qr(rng.normal(size=(channels, channels)))[0]
    scales = np.arange(1.0, channels + 1) ** -power
    return rng.normal(size=(frames, channels)) * scales @ mixing + rng.normal(size=channels)


def scaled(features):
    return (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)


def by_square_root(generated, reference):
    """The published computation: a matrix square root of the product of covariances."""
    one, other = np.cov(generated, rowvar=False), np.cov(reference, rowvar=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = scipy.linalg.sqrtm(one @ other).real
    shift = generated.mean(axis=0) - reference.mean(axis=0)
    return shift @ shift + np.trace(one) + np.trace(other) - 2 * np.trace(root)


@pytest.mark.parametrize(("frames", "channels"), [(20, 64), (300, 64), (64, 64), (40, 512)])
def test_a_set_against_itself_is_zero(frames, channels):
    features = draw(1, frames, channels)
    assert 0 <= frechet_distance(features, features) < 1e-6
    assert frechet_distance(features, features[::-1]) < 1e-6


@pytest.mark.parametrize(("frames", "channels"), [(20, 64), (300, 64)])
def test_equal_covariances_leave_the_squared_shift_of_the_means(frames, channels):
    features = draw(2, frames, channels)
    shift = np.random.default_rng(3).normal(size=channels)
    assert frechet_distance(features + shift, features) == pytest.approx(shift @ shift, rel=1e-7)


def test_diagonal_gaussians_have_a_closed_form():
    """Frames at +-s_c on each axis have variances 2 s_c^2 / (n - 1) and no covariances at all."""
    rng = np.random.default_rng(4)
    s, t = rng.uniform(0.5, 2, (2, 6))
    one, other = (np.concatenate([np.diag(scale), -np.diag(scale)]) for scale in (s, t))
    expected = np.sum((np.sqrt(2 / 11) * (s - t)) ** 2)
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-12)
    biased = np.sum((np.sqrt(2 / 12) * (s - t)) ** 2)
    assert abs(biased - expected) > 0.05 * expected  # covariances divided by n


def test_a_scaled_set_has_a_closed_form():
    features = draw(5, 30, 50)
    features -= features.mean(axis=0)
    spread = np.square(features).sum() / 29
    assert frechet_distance(3 * features, features) == pytest.approx(4 * spread, rel=1e-9)


@pytest.mark.parametrize(("n", "m"), [(200, 260), (400, 90)])
def test_three_ways_to_one_value(n, m):
    generated, reference = draw(6, n, 24), draw(7, m, 24)
    A, B = scaled(generated), scaled(reference)
    assert root_trace_nuclear(A, B) == pytest.approx(root_trace_eigen(A, B), rel=1e-9)
    expected = by_square_root(generated, reference)
    assert frechet_distance(generated, reference) == pytest.approx(expected, rel=1e-6)
    assert abs(frechet_distance(generated, reference[:-20]) - expected) > 1e-3 * expected


@pytest.mark.parametrize(("n", "m"), [(2, 2), (10, 300), (300, 10), (30, 40)])
def test_fewer_frames_than_channels_are_exact_both_ways(n, m):
    generated, reference = draw(8, n, 96), draw(9, m, 96)
    A, B = scaled(generated), scaled(reference)
    value = frechet_distance(generated, reference)
    assert np.isfinite(value)
    assert value == pytest.approx(frechet_distance(reference, generated), rel=1e-9)
    assert root_trace_nuclear(A, B) == pytest.approx(root_trace_eigen(A, B), rel=1e-4)


def test_the_nuclear_norm_keeps_the_digits_that_eigenvalues_lose():
    A = scaled(draw(10, 20, 96, power=2))
    exact = np.square(A).sum()
    assert abs(root_trace_nuclear(A, A) - exact) < 1e-12
    assert abs(root_trace_nuclear(A, A) - exact) <= abs(root_trace_eigen(A, A) - exact)


@pytest.mark.parametrize("frames", [15, 150])
def test_rotation_and_order_do_not_matter(frames):
    generated, reference = draw(11, frames, 40), draw(12, frames, 40)
    value = frechet_distance(generated, reference)
    rng = np.random.default_rng(13)
    rotation = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    assert frechet_distance(generated @ rotation, reference @ rotation) == pytest.approx(value, rel=1e-6)
    assert frechet_distance(rng.permutation(generated), rng.permutation(reference)) == pytest.approx(value, rel=1e-6)
    assert abs(frechet_distance(generated @ rotation, reference) - value) > 1e-2 * value


def test_features_of_single_precision_are_computed_in_double():
    generated, reference = draw(14, 50, 30).astype(np.float32), draw(15, 50, 30).astype(np.float32)
    wide = frechet_distance(generated.astype(np.float64), reference.astype(np.float64))
    assert frechet_distance(generated, reference) == wide


@pytest.mark.parametrize(("frames", "other"), [(1, 20), (20, 1), (0, 5)])
def test_too_few_frames_are_refused_with_both_numbers(frames, other):
    with pytest.raises(ValueError, match=f"{frames} generated and {other} reference"):
        frechet_distance(np.zeros((frames, 4)), np.zeros((other, 4)))


def test_other_channels_are_refused_with_both_numbers():
    with pytest.raises(ValueError, match="have 4 channels, reference features 5"):
        frechet_distance(np.zeros((9, 4)), np.zeros((9, 5)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused_and_counted(value):
    features = draw(16, 9, 4)
    broken = features.copy()
    broken[[2, 5], 1] = value
    with pytest.raises(ValueError, match="2 of 9 reference frames"):
        frechet_distance(features, broken)


@pytest.fixture
def clips():
    """Nine clips of unequal length, generated and reference; frames of a clip resemble one another."""
    rng = np.random.default_rng(17)
    centres = rng.normal(size=(9, 12))
    reference = [centre + 0.3 * rng.normal(size=(4 + k % 3, 12)) for k, centre in enumerate(centres)]
    return [clip + 0.2 * rng.normal(size=clip.shape) + 0.3 for clip in reference], reference


def test_resampling_equals_repeating_the_drawn_clips(clips):
    generated, reference = clips
    values = frechet_resampled(generated, reference, resamples=6, seed=3)
    for k in range(6):
        drawn = np.random.default_rng([3, k]).integers(9, size=9)
        expected = frechet_distance(*(np.concatenate([side[i] for i in drawn]) for side in clips))
        assert values[k] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("channels", [12, 40, 41])
def test_draws_from_sums_are_those_from_frames(channels):
    """Clips of 20 frames: sums serve up to 40 channels; two of three clips drawn are fewer frames than channels."""
    both = [[draw(n + 10 * side, 20, channels) + 1000 for n in range(3)] for side in range(2)]
    values = frechet_resampled(*both, resamples=12, seed=1)
    distinct = set()
    for k in range(12):
        drawn = np.random.default_rng([1, k]).integers(3, size=3)
        distinct.add(len(set(drawn.tolist())))
        expected = frechet_distance(*(np.concatenate([side[i] for i in drawn]) for side in both))
        assert values[k] == pytest.approx(expected, rel=1e-8)
    assert len(distinct) > 1


def test_resampling_depends_on_the_seed_alone_and_more_draws_keep_the_first(clips):
    values = frechet_resampled(*clips, resamples=8, seed=3)
    np.testing.assert_array_equal(frechet_resampled(*clips, resamples=3, seed=3), values[:3])
    assert not np.isin(frechet_resampled(*clips, resamples=8, seed=4), values).any()


def test_clips_of_both_sides_are_drawn_together(clips):
    _, reference = clips
    np.testing.assert_allclose(frechet_resampled(reference, reference, resamples=5, seed=0), 0, atol=1e-6)
    apart = frechet_resampled(reference[1:] + reference[:1], reference, resamples=5, seed=0)
    assert (apart > 0.1).all()


def test_resampling_refuses_sides_of_unequal_clips(clips):
    generated, reference = clips
    with pytest.raises(ValueError, match="8 generated clips and 9 reference clips"):
        frechet_resampled(generated[:8], reference, resamples=2, seed=0)
    with pytest.raises(ValueError, match="resamples must be at least 1"):
        frechet_resampled(generated, reference, resamples=0, seed=0)
