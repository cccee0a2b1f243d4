"""The mean of a table seeds x identities, with an interval that counts both: other trainings and other people."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import stdtrit

SMALLEST_P = 1e-12
Over = Literal["seeds and identities", "identities", "seeds", "nothing"]


@dataclass(frozen=True)
class CrossedMean:
    """A mean and what is known of it.

    Attributes:
        mean: of the whole table.
        low, high: its interval; NaN if one seed of one identity is all there is.
        p: of the two-sided test that the mean is 0, at least `SMALLEST_P` unless nothing varies; NaN without interval.
        seeds, identities: size of the table.
        over: what the interval counts as drawn by chance. With one seed it says nothing of another training.
    """

    mean: float
    low: float
    high: float
    p: float
    seeds: int
    identities: int
    over: Over

    @property
    def half(self) -> float:
        """Half of the width of the interval, which is symmetric."""
        return (self.high - self.low) / 2


def crossed_mean(table: Float[np.ndarray, "seeds identities"], level: float = 0.95) -> CrossedMean:
    """Return the mean of a crossed table and its interval under random effects of seeds and of identities.

    Every value is ``mean + seed + identity + rest``, all three drawn by chance. From the expected mean squares of this
    layout (Cornfield and Tukey, Annals of Mathematical Statistics 27, 1956, 907-949) the variance of the mean is
    estimated without bias by ``(MS_seed + MS_identity - MS_rest) / (seeds * identities)``; where chance makes it
    smaller than one effect alone gives, that one is taken. The quantile of Student's t is that of ``seeds - 1`` and
    that of ``identities - 1`` degrees of freedom, averaged with the two mean squares as weights, as Cochran and Cox
    (Experimental Designs, 1950) do for two variances of few degrees of freedom.

    Satterthwaite's degrees of freedom (Biometrics Bulletin 2, 1946, 110-114) are the usual choice; with two or three
    seeds they fall short of the level where seeds and people matter alike (see docs/ablations.md).

    Args:
        table: finite values; paired differences for the comparison of two arms.
        level: of the interval.

    Raises:
        ValueError: the table is empty or holds a value that is not finite.
    """
    if table.size == 0 or not np.isfinite(table).all():
        raise ValueError(f"a table of {table.shape} values, all of them finite, is needed")
    mean = math.fsum(table.ravel()) / table.size
    seeds, identities = table.shape
    by_seed = identities * _variance(table.mean(axis=1))
    by_identity = seeds * _variance(table.mean(axis=0))
    rest = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + mean
    freedom = (seeds - 1) * (identities - 1)
    residual = float((rest**2).sum()) / freedom if freedom else 0.0
    variance = max(by_seed + by_identity - residual, by_seed, by_identity) / table.size
    terms = [(by_seed, seeds - 1), (by_identity, identities - 1)]
    known = [(square, degrees) for square, degrees in terms if degrees]
    over = _over(seeds, identities)
    if not known:
        return CrossedMean(mean, math.nan, math.nan, math.nan, seeds, identities, over)
    error = math.sqrt(variance)
    half = _quantile(1 - level, known) * error
    return CrossedMean(mean, mean - half, mean + half, _p_value(mean, error, known), seeds, identities, over)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values of one family adjusted after Holm (Scandinavian Journal of Statistics 6, 1979, 65-70), in order.

    An adjusted value below .05 stands, whichever of the others are true, with 5 % as the chance of any false one.
    """
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda k: p_values[k])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def _over(seeds: int, identities: int) -> Over:
    if seeds > 1:
        return "seeds and identities" if identities > 1 else "seeds"
    return "identities" if identities > 1 else "nothing"


def _variance(means: Float[np.ndarray, " _n"]) -> float:
    return float(means.var(ddof=1)) if len(means) > 1 else 0.0


def _quantile(outside: float, terms: Sequence[tuple[float, int]]) -> float:
    """Return the two-sided quantile, weighted by the mean squares of (mean square, degrees of freedom)."""
    whole = sum(square for square, _ in terms)
    shares = [square / whole if whole else 1 / len(terms) for square, _ in terms]
    quantiles = [-float(stdtrit(degrees, outside / 2)) for _, degrees in terms]
    return sum(share * quantile for share, quantile in zip(shares, quantiles, strict=True))


def _p_value(mean: float, error: float, terms: Sequence[tuple[float, int]]) -> float:
    """Return the p at which an interval of level 1 - p just reaches 0."""
    if error == 0:
        return float(mean == 0)
    ratio = abs(mean) / error
    if _quantile(SMALLEST_P, terms) <= ratio:
        return SMALLEST_P
    return float(brentq(lambda p: _quantile(p, terms) - ratio, SMALLEST_P, 1.0, xtol=1e-15))
