"""Kernel distance: a case by hand, no bias, symmetry, and input that is refused."""

import numpy as np
import pytest

from metrics import kid
from metrics.kid import kernel_distance, kernel_distance_subsets, kernel_resampled


def by_loops(generated, reference):
    """The definition, pair by pair, over channels = 2."""

    def kernel(x, y):
        return (x @ y / 2 + 1) ** 3

    def own(features):
        return np.mean([kernel(x, y) for i, x in enumerate(features) for j, y in enumerate(features) if i != j])

    return own(generated) + own(reference) - 2 * np.mean([kernel(x, y) for x in generated for y in reference])


def test_a_case_by_hand():
    generated, reference = np.array([[0.0, 0.0], [2.0, 0.0]]), np.array([[2.0, 2.0], [0.0, 2.0]])
    # Own pairs: (0 / 2 + 1)^3 = 1 and (4 / 2 + 1)^3 = 27. Across: 1, 1, (4 / 2 + 1)^3 = 27, 1, mean 7.5.
    assert kernel_distance(generated, reference) == pytest.approx(1 + 27 - 2 * 7.5, abs=1e-12)
    with_own = (1 + 1 + 1 + 27) / 4 + (125 + 27 + 27 + 27) / 4 - 15
    assert abs(with_own - 13) > 1  # pairs of a frame with itself counted


def test_equals_the_definition_pair_by_pair_for_sets_of_unequal_size():
    rng = np.random.default_rng(1)
    generated, reference = rng.normal(size=(7, 2)), rng.normal(0.5, 1, (12, 2))
    assert kernel_distance(generated, reference) == pytest.approx(by_loops(generated, reference), rel=1e-12)


@pytest.mark.parametrize("rows", [1, 3, 50])
def test_blocks_do_not_matter(rows, monkeypatch):
    rng = np.random.default_rng(2)
    generated, reference = rng.normal(size=(31, 9)), rng.normal(size=(20, 9))
    whole = kernel_distance(generated, reference)
    monkeypatch.setattr(kid, "ROWS_AT_ONCE", rows)
    assert kernel_distance(generated, reference) == pytest.approx(whole, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("frames", [8, 40])
def test_one_distribution_gives_zero_on_average_whatever_the_number_of_frames(frames):
    values = []
    for seed in range(400):
        rng = np.random.default_rng([frames, seed])
        values.append(kernel_distance(*rng.normal(size=(2, frames, 16))))
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 3.5 * error
    assert np.min(values) < 0 < np.max(values)
    bias = 2 * ((1 + 1) ** 3 - 1) / frames  # about what counting a frame with itself would add
    assert bias > 20 * error


def test_other_distributions_are_told_apart():
    rng = np.random.default_rng(5)
    near, far = (kernel_distance(rng.normal(shift, 1, (60, 16)), rng.normal(size=(60, 16))) for shift in (0.0, 1.0))
    assert far > 10 * abs(near)


def test_symmetric_and_independent_of_order():
    rng = np.random.default_rng(6)
    generated, reference = rng.normal(size=(30, 8)), rng.normal(0.3, 1, (25, 8))
    value = kernel_distance(generated, reference)
    assert kernel_distance(reference, generated) == pytest.approx(value, rel=1e-12)
    assert kernel_distance(generated[::-1], rng.permutation(reference)) == pytest.approx(value, rel=1e-9)


def test_subsets_are_seeded_and_of_all_frames_equal_the_full_value():
    rng = np.random.default_rng(7)
    generated, reference = rng.normal(size=(40, 8)), rng.normal(0.4, 1, (30, 8))
    values = kernel_distance_subsets(generated, reference, subsets=6, subset_size=20, seed=1)
    np.testing.assert_array_equal(
        kernel_distance_subsets(generated, reference, subsets=4, subset_size=20, seed=1), values[:4]
    )
    assert len(set(values)) == 6
    assert not np.isin(kernel_distance_subsets(generated, reference, subsets=6, subset_size=20, seed=2), values).any()
    whole = kernel_distance_subsets(generated[:30], reference, subsets=2, subset_size=30, seed=1)
    np.testing.assert_allclose(whole, kernel_distance(generated[:30], reference), rtol=1e-9)


def test_subsets_average_to_the_full_value():
    rng = np.random.default_rng(8)
    generated, reference = rng.normal(size=(60, 8)), rng.normal(0.5, 1, (60, 8))
    values = kernel_distance_subsets(generated, reference, subsets=400, subset_size=20, seed=1)
    assert np.mean(values) == pytest.approx(kernel_distance(generated, reference), abs=4 * np.std(values) / 20)


@pytest.mark.parametrize("size", [1, 31])
def test_subsets_larger_than_a_side_are_refused_with_the_numbers(size):
    with pytest.raises(ValueError, match=f"got {size} for 40 generated and 30 reference"):
        kernel_distance_subsets(np.zeros((40, 3)), np.zeros((30, 3)), subsets=2, subset_size=size, seed=0)


def test_unusable_features_are_refused():
    with pytest.raises(ValueError, match="have 3 channels, reference features 4"):
        kernel_distance(np.zeros((5, 3)), np.zeros((5, 4)))
    with pytest.raises(ValueError, match="1 generated and 5 reference"):
        kernel_distance(np.zeros((1, 3)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match="5 of 5 generated frames"):
        kernel_distance(np.full((5, 3), np.nan), np.zeros((5, 3)))


@pytest.fixture
def clips():
    """Eight clips of unequal length, generated and reference; frames of a clip resemble one another."""
    rng = np.random.default_rng(9)
    centres = rng.normal(size=(8, 2))
    reference = [centre + 0.3 * rng.normal(size=(2 + k % 3, 2)) for k, centre in enumerate(centres)]
    return [clip + 0.2 * rng.normal(size=clip.shape) + 0.4 for clip in reference], reference


def of_different_frames(one, other, names, other_names):
    kernel = (one @ other.T / 2 + 1) ** 3
    return kernel[np.not_equal.outer(names, other_names)].mean()


def test_resampling_equals_the_definition_on_the_drawn_clips(clips):
    values = kernel_resampled(*clips, resamples=5, seed=2)
    for k in range(5):
        drawn = np.random.default_rng([2, k]).integers(8, size=8)
        X, Y = (np.concatenate([side[i] for i in drawn]) for side in clips)
        names = np.concatenate([100 * i + np.arange(len(clips[0][i])) for i in drawn])
        own = of_different_frames(X, X, names, names) + of_different_frames(Y, Y, names, names)
        expected = own - 2 * of_different_frames(X, Y, names, names + 10_000)
        assert values[k] == pytest.approx(expected, rel=1e-9)
        assert abs(kernel_distance(X, Y) - expected) > 1e-3  # frames drawn twice paired with themselves


def test_resampling_is_seeded_and_centred_on_the_full_value(clips):
    values = kernel_resampled(*clips, resamples=300, seed=2)
    np.testing.assert_array_equal(kernel_resampled(*clips, resamples=3, seed=2), values[:3])
    assert not np.isin(kernel_resampled(*clips, resamples=3, seed=3), values).any()
    full = kernel_distance(*(np.concatenate(side) for side in clips))
    assert np.quantile(values, 0.1) < full < np.quantile(values, 0.9)


def test_one_clip_resampled_is_the_full_value(clips):
    one = [side[2:3] for side in clips]
    expected = kernel_distance(one[0][0], one[1][0])
    np.testing.assert_allclose(kernel_resampled(*one, resamples=2, seed=0), expected, rtol=1e-9)


def test_resampling_refuses_unusable_clips(clips):
    generated, reference = clips
    with pytest.raises(ValueError, match="7 generated clips and 8 reference clips"):
        kernel_resampled(generated[:7], reference, resamples=2, seed=0)
    with pytest.raises(ValueError, match="at least 2 frames, got one of 1"):
        kernel_resampled([generated[0][:1], *generated[1:]], reference, resamples=2, seed=0)
    with pytest.raises(ValueError, match="resamples must be at least 1"):
        kernel_resampled(generated, reference, resamples=0, seed=0)
