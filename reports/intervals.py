"""A table of values with their 95 % intervals, in Markdown: one line per method, one column per metric."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from reports.aggregate import Mean, means_of
from reports.describe import MethodInfo, MetricInfo, of_track
from reports.markdown import escape, table


def interval_table(
    aggregate: pd.DataFrame,
    dataset: str,
    track: str,
    methods: Mapping[str, MethodInfo],
    metrics: Sequence[MetricInfo],
) -> str:
    """Return the lines of one data set and track; a method without a value shows why.

    Args:
        aggregate: result of ``reports.aggregate.aggregate`` with the lines of the metrics of sets.
        dataset: one of its data sets.
        track: one of ``reports.describe.tracks(methods)``.
        methods: name -> how it is shown.
        metrics: the columns.
    """
    means = means_of(aggregate, dataset)
    lines = [["Method", *(f"{escape(metric.heading)} {metric.arrow}" for metric in metrics)]]
    lines.append([":--", *(["--:"] * len(metrics))])
    for name in of_track(methods, track):
        cells = [_cell(means[name, metric.key], metric) for metric in metrics]
        lines.append([escape(methods[name].label), *cells])
    return table(lines)


def _cell(mean: Mean, metric: MetricInfo) -> str:
    if math.isnan(mean.mean):
        return escape(mean.reason)
    value, low, high = (_number(number, metric.decimals) for number in (mean.mean, mean.low, mean.high))
    return f"{value} [{low}, {high}]" if math.isfinite(mean.low) else value


def _number(value: float, decimals: int) -> str:
    return f"{round(value, decimals) + 0.0:.{decimals}f}"  # + 0.0: no minus before a zero
