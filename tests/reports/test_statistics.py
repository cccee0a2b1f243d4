"""Intervals and tests hold what they promise, on distributions whose truth is known."""

import math

import numpy as np
import pytest
from scipy import stats

from reports.statistics import RESAMPLES, estimate, student

ROUNDS = 1500


def clips(rng, people, per_person, between, within, skewed=False):
    """Values of clips of people who differ from each other; the true mean is 0."""
    draw = (lambda size: rng.gamma(4.0, 0.5, size) - 2.0) if skewed else rng.normal
    own = between * draw(size=people) if not skewed else between * draw(people)
    rest = within * rng.normal(size=(people, per_person))
    return (own[:, None] + rest).ravel(), [f"p{k}" for k in range(people) for _ in range(per_person)]


@pytest.mark.parametrize(
    ("people", "per_person", "between", "within", "skewed"),
    [(100, 1, 1.0, 0.0, False), (40, 5, 1.0, 0.5, False), (25, 4, 0.5, 1.0, False), (60, 3, 1.0, 0.5, True)],
)
def test_intervals_cover_the_truth(people, per_person, between, within, skewed):
    rng = np.random.default_rng(people)
    found = [estimate(*clips(rng, people, per_person, between, within, skewed)) for _ in range(ROUNDS)]
    covered = sum(each.low <= 0 <= each.high for each in found) / ROUNDS
    false = sum(each.p < 0.05 for each in found) / ROUNDS
    assert 0.93 <= covered <= 0.97, covered
    assert 0.03 <= false <= 0.07, false


def test_clips_taken_for_independent_cover_far_too_little():
    """The plausible mistake: each clip its own person."""
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(300):
        values, people = clips(rng, 20, 8, 1.0, 0.5)
        found = estimate(values, [f"clip{k}" for k in range(len(people))])
        covered += found.low <= 0 <= found.high
    assert covered / 300 < 0.75


def test_plain_percentiles_cover_too_little_with_few_people():
    """The plausible mistake that the expansion mends: quantiles at 2.5 % and 97.5 %."""
    rng = np.random.default_rng(8)
    plain = ours = 0
    for _ in range(ROUNDS):
        values = rng.normal(size=8)
        found = estimate(values, [f"p{k}" for k in range(8)])
        drawn = rng.choice(values, (400, 8)).mean(axis=1)
        low, high = np.quantile(drawn, (0.025, 0.975))
        plain += low <= 0 <= high
        ours += found.low <= 0 <= found.high
    assert plain / ROUNDS < 0.91
    assert ours / ROUNDS > 0.925


def test_one_clip_per_person_agrees_with_student():
    values = np.random.default_rng(3).normal(0.3, 1.0, 200)
    found = estimate(values, [f"p{k}" for k in range(200)])
    known = stats.ttest_1samp(values, 0.0)
    interval = known.confidence_interval(0.95)
    assert found.mean == pytest.approx(values.mean(), rel=1e-12)
    assert found.low == pytest.approx(interval.low, abs=0.02)
    assert found.high == pytest.approx(interval.high, abs=0.02)
    assert found.p == pytest.approx(known.pvalue, rel=0.3)
    assert found.effect == pytest.approx(values.mean() / values.std(ddof=1))


def test_the_mean_is_over_clips_and_a_person_with_many_weighs_more():
    found = estimate(np.array([1.0, 1.0, 1.0, 5.0]), ["a", "a", "a", "b"])
    assert found.mean == 2.0
    assert (found.clips, found.people) == (4, 2)


def test_the_order_of_people_and_clips_moves_no_bit_of_the_interval():
    rng = np.random.default_rng(4)
    values, people = clips(rng, 12, 3, 1.0, 0.5)
    order = np.argsort([f"{name}" for name in people], kind="stable")
    first, second = estimate(values, people), estimate(values[order], [people[k] for k in order])
    assert (first.low, first.high) == pytest.approx((second.low, second.high), rel=1e-12)


def test_without_noise_the_answer_is_certain():
    alike = estimate(np.full(6, 0.25), list("aabbcc"))
    assert (alike.low, alike.high, alike.p, alike.effect) == (0.25, 0.25, 0.0, math.inf)
    nothing = estimate(np.zeros(6), list("aabbcc"))
    assert (nothing.p, nothing.effect) == (1.0, 0.0)


def test_one_person_has_a_mean_and_no_interval():
    found = estimate(np.array([1.0, 3.0]), ["a", "a"])
    assert found.mean == 2.0
    assert math.isnan(found.low)
    assert math.isnan(found.p)
    assert math.isnan(estimate(np.zeros(0), []).mean)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="2 values of clips and 1 people"):
        estimate(np.zeros(2), ["a"])
    with pytest.raises(ValueError, match="not finite"):
        estimate(np.array([1.0, math.inf]), ["a", "b"])


def test_a_value_of_sets_takes_the_spread_of_its_draws_and_not_their_place():
    drawn = np.random.default_rng(5).normal(3.0, 0.5, RESAMPLES)  # shifted, as FIDs of resamples are
    found = student(1.0, drawn, 50)
    assert found.low < 1.0 < found.high
    assert found.high - found.low == pytest.approx(2 * 2.01 * 0.5 * math.sqrt(50 / 49), rel=0.05)
    assert math.isnan(student(1.0, drawn, 1).low)
