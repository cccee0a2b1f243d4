"""Which values of a column are best and second, and which cannot be told from the best."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from reports.aggregate import Mean
from reports.describe import MetricInfo

Rank = Literal["", "best", "second"]


@dataclass(frozen=True)
class Mark:
    """What is said of one value beside its number.

    Attributes:
        rank: by the printed number, so equal prints share a rank.
        tie: whether the value is not the best one, and the 95 % interval of its paired difference to the best holds 0.
    """

    rank: Rank
    tie: bool


Marks = Mapping[tuple[str, str], Mark]
Told = Callable[[str, str, str], bool]  # metric, method, best method -> whether the two can be told apart


def column_marks(
    means: Mapping[tuple[str, str], Mean], competing: Sequence[str], metrics: Sequence[MetricInfo], told: Told
) -> dict[tuple[str, str], Mark]:
    """Return the marks by (method, metric).

    A column with fewer than two values has none: alone, a value is best and worst. Nor has one whose better value is
    the one nearer to 0: a mean of signed values is near 0 where they are many and random, too.

    Args:
        means: by (method, metric).
        competing: the methods that compete, no controls.
        metrics: the columns.
        told: whether two methods differ beyond noise.
    """
    marks = {}
    for metric in metrics:
        values = {name: means[name, metric.key].mean for name in competing}
        values = {name: value for name, value in values.items() if not math.isnan(value)}
        if len(values) < 2 or metric.better == "zero":
            continue
        order = sorted(values, key=lambda name: values[name], reverse=metric.better == "higher")
        prints = list(dict.fromkeys(number(values[name], metric.decimals) for name in order))
        for name in order:
            place = prints.index(number(values[name], metric.decimals))
            rank: Rank = "best" if place == 0 else "second" if place == 1 else ""
            tie = place > 0 and not told(metric.key, name, order[0])
            if rank or tie:
                marks[name, metric.key] = Mark(rank, tie)
    return marks


def number(mean: float, decimals: int) -> str:
    """Print a finite mean, "" any other; no minus before a zero."""
    return f"{round(mean, decimals) + 0.0:.{decimals}f}" if math.isfinite(mean) else ""
