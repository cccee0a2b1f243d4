"""Two methods, or one method twice, on the clips that both have: paired differences, with intervals over people."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64

from reports.crossed import holm
from reports.statistics import Estimate, estimate, student

NOT_SHARED = "the two were measured on other clips, so their draws do not pair"


@dataclass(frozen=True)
class Difference:
    """One metric of one method against another one, or against an earlier state of itself.

    Attributes:
        dataset, metric: of both.
        method, against: what is compared with what; the difference is `method` minus `against`.
        difference, low, high: mean over the clips with a finite difference, and its 95 % interval; two values of inf
            differ by 0. NaN without such clips; the interval is NaN if fewer than two people are seen in them.
        error: standard error.
        p, p_holm: of the two-sided test that it is 0, and after Holm within the family (see `adjusted`).
        effect: the difference in standard deviations of people's own differences; NaN for metrics of sets.
        clips, people: behind it.
        lost, gained: clips with a value of `against` only, and of `method` only.
        copies_lost, copies_gained: clips whose value is inf, a copy of the reference, on one side only; they are in no
            mean.
        reason: why there is no difference; "" where there is one.
    """

    dataset: str
    metric: str
    method: str
    against: str
    difference: float = math.nan
    low: float = math.nan
    high: float = math.nan
    error: float = math.nan
    p: float = math.nan
    p_holm: float = math.nan
    effect: float = math.nan
    clips: int = 0
    people: int = 0
    lost: int = 0
    gained: int = 0
    copies_lost: int = 0
    copies_gained: int = 0
    reason: str = ""


def difference(ours: pd.DataFrame, theirs: pd.DataFrame, names: Difference, *, by_size: bool = False) -> Difference:
    """Return `names` with the difference of one metric.

    Args:
        ours: score rows of one data set, metric and method; a clip once.
        theirs: those of what it is compared with.
        names: says what is compared; its other fields are not read.
        by_size: take the values without their signs, for a metric whose better value is the one nearer to 0.
    """
    mine, other, people = _side_by_side(ours, theirs)
    if by_size:
        mine, other = np.abs(mine), np.abs(other)
    have = ~np.isnan(mine) & ~np.isnan(other)
    copies = np.isinf(mine) & np.isinf(other)
    finite = np.isfinite(mine) & np.isfinite(other)
    used = finite | copies
    values = (np.where(finite, mine, 0.0) - np.where(finite, other, 0.0))[used]
    found = estimate(values, [people[k] for k in np.flatnonzero(used).tolist()])
    reason = "" if found.clips else "no clip has a value that can be subtracted on both sides"
    return replace(
        _with(names, found, reason),
        lost=int((np.isnan(mine) & ~np.isnan(other)).sum()),
        gained=int((~np.isnan(mine) & np.isnan(other)).sum()),
        copies_lost=int((have & np.isfinite(mine) & np.isinf(other)).sum()),
        copies_gained=int((have & np.isinf(mine) & np.isfinite(other)).sum()),
    )


def _side_by_side(
    ours: pd.DataFrame, theirs: pd.DataFrame
) -> tuple[Float64[np.ndarray, " clips"], Float64[np.ndarray, " clips"], list[str]]:
    """Return the values of both on the clips of either, NaN where one has none, and who is seen in those of `ours`."""
    clips, others = ours["clip"].tolist(), theirs["clip"].tolist()
    place = {clip: k for k, clip in enumerate(dict.fromkeys([*clips, *others]))}
    sides = []
    for names, frame in ((clips, ours), (others, theirs)):
        values = np.full(len(place), np.nan)
        values[[place[name] for name in names]] = frame["value"].to_numpy(np.float64)
        sides.append(values)
    unknown = len(place) - len(clips)  # clips of `theirs` alone come last
    return sides[0], sides[1], [*map(str, ours["identity"].tolist()), *[""] * unknown]


def set_difference(ours: Mapping[Hashable, Any], theirs: Mapping[Hashable, Any], names: Difference) -> Difference:
    """Return `names` with the difference of a metric of sets, from the draws of both.

    Both were drawn from the same clips in the same order by the same seed, so draw k of one is the same clips as draw k
    of the other.

    Args:
        ours: a record of `sets.parquet` (see `reports.result_folder`).
        theirs: that of what it is compared with.
        names: as for `difference`.
    """
    for side in (ours, theirs):
        if math.isnan(side["mean"]):
            return replace(names, reason=side["reason"])
    if ours["clips"] != theirs["clips"]:
        return replace(names, reason=NOT_SHARED)
    drawn = np.asarray(ours["draws"], np.float64) - np.asarray(theirs["draws"], np.float64)
    return _with(names, student(ours["mean"] - theirs["mean"], drawn, ours["n_common"]), "")


def adjusted(family: Sequence[Difference]) -> list[Difference]:
    """Return the differences with their p-values adjusted after Holm within this family; those without one stay."""
    tested = [each for each in family if not math.isnan(each.p)]
    values = iter(holm([each.p for each in tested]))
    return [each if math.isnan(each.p) else replace(each, p_holm=next(values)) for each in family]


def _with(names: Difference, found: Estimate, reason: str) -> Difference:
    return replace(
        names,
        difference=found.mean,
        low=found.low,
        high=found.high,
        error=found.error,
        p=found.p,
        effect=found.effect,
        clips=found.clips,
        people=found.people,
        reason=reason,
    )
