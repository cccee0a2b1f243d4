"""Means over clips with their intervals: people are drawn anew, since clips of one person are not independent."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float64
from scipy.special import ndtr, stdtr, stdtrit

RESAMPLES, SEED, LEVEL = 2000, 0, 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean over clips, and what is known of it.

    Attributes:
        mean: over the clips; NaN without any.
        clips, people: how many.
        low, high: 95 % interval; NaN if fewer than two people are seen.
        error: standard error; NaN likewise.
        p: of the two-sided test that the mean is 0; NaN likewise.
        effect: the mean in units of the standard deviation of people's own means (Cohen's d, paired for differences);
            inf where all people agree exactly, NaN likewise.
    """

    mean: float
    clips: int
    people: int
    low: float = math.nan
    high: float = math.nan
    error: float = math.nan
    p: float = math.nan
    effect: float = math.nan


def estimate(values: Float64[np.ndarray, " clips"], people: Sequence[str], *, level: float = LEVEL) -> Estimate:
    """Return the mean of one value per clip with its interval over people.

    People are drawn with replacement, each with all of their clips (the cluster bootstrap; scipy.stats.bootstrap draws
    single values only), 2,000 times, always the same way for the same number of people. The interval lies between
    quantiles of the drawn means, which are taken farther out than 2.5 % and 97.5 %, by as much as Student's t of n - 1
    degrees of freedom exceeds the normal: with few people the plain ones are too narrow ("expanded percentile
    interval": Hesterberg, The American Statistician 69, 2015, 371-386). The test is Student's, with the bootstrap's
    standard error.

    Args:
        values: finite, one per clip.
        people: who is seen in each clip.
        level: of the interval.

    Raises:
        ValueError: another number of people than of values, or a value that is not finite.
    """
    if len(values) != len(people):
        raise ValueError(f"{len(values)} values of clips and {len(people)} people seen in them")
    if not np.isfinite(values).all():
        raise ValueError("a value is not finite")
    if not len(values):
        return Estimate(math.nan, 0, 0)
    mean = math.fsum(values.tolist()) / len(values)
    _, place = np.unique(np.asarray(people, dtype=str), return_inverse=True)
    counts = np.bincount(place).astype(np.float64)
    sums = np.bincount(place, weights=values - mean)  # centred: the digits of a large mean are not lost in sums
    n = len(counts)
    if n < 2:
        return Estimate(mean, len(values), n)
    weights = _draws(n)
    drawn = mean + (weights @ sums) / (weights @ counts)
    stretch = math.sqrt(n / (n - 1))
    outside = float(ndtr(stdtrit(n - 1, (1 - level) / 2) * stretch))
    low, high = np.quantile(drawn, [outside, 1 - outside]).tolist()
    error = float(drawn.std()) * stretch
    return Estimate(
        mean=mean,
        low=low,
        high=high,
        error=error,
        p=_p_value(mean, error, n),
        effect=_effect(mean, mean + sums / counts),
        clips=len(values),
        people=n,
    )


def student(mean: float, drawn: Float64[np.ndarray, " resamples"], clips: int, *, level: float = LEVEL) -> Estimate:
    """Return a value that is no mean, such as a difference of FIDs, with the interval that its resamples give.

    The interval is Student's around `mean`: resamples of such values are shifted (a clip drawn twice adds no frame), so
    their spread is used and not their place.

    Args:
        mean: the value from all clips.
        drawn: the value from clips drawn with replacement.
        clips: how many clips were drawn from.
        level: of the interval.
    """
    if clips < 2:
        return Estimate(mean, clips, clips)
    error = float(drawn.std()) * math.sqrt(clips / (clips - 1))
    half = -float(stdtrit(clips - 1, (1 - level) / 2)) * error
    p = _p_value(mean, error, clips)
    return Estimate(mean, clips, clips, mean - half, mean + half, error, p)


@lru_cache(maxsize=4)
def _draws(people: int) -> Float64[np.ndarray, "resamples people"]:
    """Return how often each person is in each draw."""
    generator = np.random.default_rng(SEED)
    return generator.multinomial(people, np.full(people, 1 / people), size=RESAMPLES).astype(np.float64)


def _p_value(mean: float, error: float, people: int) -> float:
    if error == 0:
        return float(mean == 0)
    return 2 * float(stdtr(people - 1, -abs(mean) / error))


def _effect(mean: float, means: Float64[np.ndarray, " people"]) -> float:
    spread = float(means.std(ddof=1))
    if spread == 0:
        return math.copysign(math.inf, mean) if mean else 0.0
    return mean / spread
