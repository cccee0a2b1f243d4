"""Aggregate -> the content of one table, ready to be written in any format; the CSV; the pivot.

A table holds one data set and one track. Controls stand on top and never compete.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from reports.aggregate import Mean, means_of
from reports.describe import MethodInfo, MetricInfo, Provenance, of_track
from reports.notes import Note, table_notes


@dataclass(frozen=True)
class Cell:
    """One value of a table.

    Attributes:
        value: the mean over the common clips, or None where there is none.
        number: the value as printed, "" if inf or None.
        identical: number of clips equal to their reference, which are not in the mean.
        best: whether it is the best printed number among those that compete, of which there are at least two.
    """

    value: float | None
    number: str
    identical: int
    best: bool


@dataclass(frozen=True)
class Line:
    """One method: cells in the order of the metrics; clips scored (worst metric to best) / clips expected."""

    label: str
    control: bool
    cells: tuple[Cell, ...]
    clips: str


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        judges: the line above it.
        metrics: the columns.
        mixed: keys of the columns that hold values of several signatures (forced).
        lines: controls first.
        notes: below it.
    """

    dataset: str
    track: str
    judges: str
    metrics: tuple[MetricInfo, ...]
    mixed: frozenset[str]
    lines: tuple[Line, ...]
    notes: tuple[Note, ...]


def build_table(
    aggregate: pd.DataFrame,
    dataset: str,
    track: str,
    methods: Mapping[str, MethodInfo],
    metrics: Sequence[MetricInfo],
    provenance: Provenance,
) -> Table:
    """Return the table of one data set and track.

    Args:
        aggregate: result of ``reports.aggregate.aggregate``.
        dataset: one of its data sets.
        track: one of ``reports.describe.tracks(methods)``.
        methods: name -> how it is shown; the order is the table's, within controls and the rest.
        metrics: the columns, in order.
        provenance: what stands around the table.

    Raises:
        ValueError: if the data set, one of the track's methods, one of the metrics or the track is not there.
    """
    means, names = means_of(aggregate, dataset), of_track(methods, track)
    absent = [f"{name}/{metric.key}" for name in names for metric in metrics if (name, metric.key) not in means]
    if absent:
        raise ValueError(f"the aggregate of {dataset} has no line for {', '.join(absent)}")
    competing = [name for name in names if methods[name].kind != "control"]
    best = [_best([means[name, metric.key].mean for name in competing], metric) for metric in metrics]
    lines = tuple(
        _line([means[name, metric.key] for metric in metrics], methods[name], metrics, best) for name in names
    )
    mixed = frozenset(metric.key for metric in metrics if " " in means[names[0], metric.key].signature)
    labels = {name: methods[name].label for name in names}
    notes = table_notes(means, labels, metrics, provenance, dataset)
    return Table(dataset, track, provenance.judges, tuple(metrics), mixed, lines, notes)


def _line(means: Sequence[Mean], info: MethodInfo, metrics: Sequence[MetricInfo], best: Sequence[str]) -> Line:
    cells, control = [], info.kind == "control"
    for mean, metric, winner in zip(means, metrics, best, strict=True):
        number = _number(mean.mean, metric.decimals)
        value = None if math.isnan(mean.mean) else mean.mean
        wins = not control and value is not None and winner == (number or "inf")
        cells.append(Cell(value, number, mean.n_identical, wins))
    least, most = min(mean.n_scored for mean in means), max(mean.n_scored for mean in means)
    scored = f"{least}" if least == most else f"{least}-{most}"
    return Line(info.label, control, tuple(cells), f"{scored}/{means[0].n_expected}")


def _best(values: Sequence[float], metric: MetricInfo) -> str:
    values = [value for value in values if not math.isnan(value)]
    # Alone, a value is best and worst; and a mean of signed values is near 0 where they are many and random, too.
    if len(values) < 2 or metric.better == "zero":
        return ""
    best = max(values) if metric.better == "higher" else min(values)
    return _number(best, metric.decimals) or "inf"


def _number(mean: float, decimals: int) -> str:
    """Print a finite mean; equal prints count as equal."""
    return f"{round(mean, decimals) + 0.0:.{decimals}f}" if math.isfinite(mean) else ""


def to_csv(aggregate: pd.DataFrame) -> str:
    """Return the aggregate as CSV, in the shortest digits that give the same floats back; inf as "inf", no value as "".

    A line without a mean has its reason in the same row.
    """
    return aggregate.to_csv(index=False, na_rep="", lineterminator="\n")


def pivot(aggregate: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """Return the means of one data set over the common clips, methods down and metrics across."""
    return aggregate[aggregate["dataset"] == dataset].pivot(index="method", columns="metric", values="mean")
