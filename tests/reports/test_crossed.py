"""The crossed mean: known answers, and how often its interval holds the truth."""

import math

import numpy as np
import pytest
from scipy.special import stdtrit

from reports.crossed import SMALLEST_P, crossed_mean, holm

SEEDS, IDENTITIES, TABLES = 3, 24, 700
# Variances of seed, identity and rest: a floor of noise, people alone, both alike, seeds alone, differences of arms.
RATIOS = [
    (0, 0, 1),
    (0, 1, 1),
    (0.05, 1, 1),
    (1, 1, 1),
    (0.3, 1, 0.1),
    (3, 1, 1),
    (1, 0.01, 0.1),
    (0.05, 0, 1),
    (0.3, 0.1, 1),
]


def draw(rng, seeds, identities, ratio):
    of_seed, of_identity, rest = np.sqrt(ratio)
    table = of_seed * rng.normal(size=(seeds, 1)) + of_identity * rng.normal(size=(1, identities))
    return table + rest * rng.normal(size=(seeds, identities))


def over_clips_alone(table):
    """The plausible mistake: every clip of every seed is taken for a draw of its own."""
    half = stdtrit(table.size - 1, 0.975) * table.std(ddof=1) / math.sqrt(table.size)
    return table.mean() - half, table.mean() + half


def over_identities_alone(table):
    """The other one: seeds are averaged away first, as if no other could have been drawn."""
    means = table.mean(axis=0)
    half = stdtrit(len(means) - 1, 0.975) * means.std(ddof=1) / math.sqrt(len(means))
    return means.mean() - half, means.mean() + half


def coverage(interval, ratio, seeds=SEEDS, tables=TABLES):
    rng = np.random.default_rng([seeds, *(int(1000 * part) for part in ratio)])
    ends = [interval(draw(rng, seeds, IDENTITIES, ratio)) for _ in range(tables)]
    return float(np.mean([low <= 0 <= high for low, high in ends]))


def ours(table):
    found = crossed_mean(table)
    return found.low, found.high


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_interval_covers_the_truth(ratio):
    assert coverage(ours, ratio) >= 0.93


def test_it_covers_with_two_seeds_too():
    assert coverage(ours, (1, 1, 1), seeds=2, tables=800) >= 0.93


@pytest.mark.parametrize("mistake", [over_clips_alone, over_identities_alone])
def test_an_interval_that_ignores_training_does_not(mistake):
    assert coverage(mistake, (1, 1, 1)) < 0.6


def test_arms_that_do_not_differ_are_called_different_as_rarely_as_promised():
    rng, called = np.random.default_rng(7), []
    for _ in range(TABLES):
        people = rng.normal(size=(1, IDENTITIES))
        arms = [people + 0.3 * rng.normal(size=(SEEDS, 1)) + 0.5 * rng.normal(size=(SEEDS, IDENTITIES)) for _ in "ab"]
        called.append(crossed_mean(arms[0] - arms[1]).p < 0.05)
    assert np.mean(called) <= 0.07


def test_known_answer_by_hand():
    # Seed means 1, 3; identity means 1, 2, 3: MS 6 (1 df), 2 (2 df), rest 0; variance 8 / 6; t .75 and .25 of the two.
    found = crossed_mean(np.array([[0.0, 1.0, 2.0], [2.0, 3.0, 4.0]]))
    quantile = 0.75 * 12.706204736 + 0.25 * 4.302652730
    assert found.mean == 2.0
    assert found.half == pytest.approx(quantile * math.sqrt(8 / 6), rel=1e-8)
    assert (found.seeds, found.identities, found.over) == (2, 3, "seeds and identities")


def test_the_larger_effect_is_a_floor_of_the_variance():
    table = np.array([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.3]])  # rest far above both effects
    by_identity = 2 * table.mean(axis=0).var(ddof=1)
    by_seed = 3 * table.mean(axis=1).var(ddof=1)
    shares = by_seed / (by_seed + by_identity)
    quantile = shares * stdtrit(1, 0.975) + (1 - shares) * stdtrit(2, 0.975)
    assert crossed_mean(table).half == pytest.approx(quantile * math.sqrt(max(by_seed, by_identity) / 6))


def test_one_seed_gives_the_interval_of_one_sample_and_says_so():
    values = np.array([[1.0, 2.0, 4.0, 5.0]])
    found = crossed_mean(values)
    assert (found.low, found.high) == pytest.approx(over_clips_alone(values))
    assert found.over == "identities"
    assert crossed_mean(values.T).over == "seeds"


def test_one_value_has_no_interval():
    found = crossed_mean(np.array([[3.0]]))
    assert found.mean == 3.0
    assert math.isnan(found.low)
    assert math.isnan(found.p)
    assert found.over == "nothing"


@pytest.mark.parametrize("seed", range(5))
def test_p_is_where_the_interval_reaches_zero(seed):
    table = draw(np.random.default_rng(seed), 3, 8, (0.3, 0.2, 1)) + 0.7
    p = crossed_mean(table).p
    at = crossed_mean(table, level=1 - p)
    assert min(abs(at.low), abs(at.high)) == pytest.approx(0, abs=1e-6)


def test_no_difference_at_all_is_none_and_a_constant_one_is_certain():
    nothing = crossed_mean(np.zeros((3, 5)))
    assert (nothing.low, nothing.high, nothing.p) == (0.0, 0.0, 1.0)
    constant = crossed_mean(np.full((3, 5), 0.25))
    assert (constant.low, constant.high, constant.p) == (0.25, 0.25, 0.0)
    assert crossed_mean(100 + np.arange(1000.0)[None] * 1e-9).p == SMALLEST_P


@pytest.mark.parametrize("table", [np.zeros((0, 3)), np.array([[1.0, math.nan]]), np.array([[1.0, math.inf]])])
def test_what_has_no_mean_is_refused(table):
    with pytest.raises(ValueError, match="finite"):
        crossed_mean(table)


def test_holm_multiplies_by_what_is_left_and_never_decreases():
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.6, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []
