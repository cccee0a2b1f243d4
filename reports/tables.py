"""Aggregate -> the content of one table, ready to be written in any format; the CSV; the pivot.

A table holds one data set and one track. Controls stand on top and never compete.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from reports.aggregate import Mean, means_of
from reports.describe import MethodInfo, MetricInfo, Provenance, of_track
from reports.marks import Mark, Marks, Rank, Told, column_marks, number
from reports.notes import Note, table_notes

NO_MARK = Mark("", tie=False)


@dataclass(frozen=True)
class Cell:
    """One value of a table.

    Attributes:
        value: the mean over the common clips, or None where there is none.
        number: the value as printed, "" if inf or None.
        identical: number of clips equal to their reference, which are not in the mean.
        low, high: 95 % interval of the mean; None where there is none.
        mark: whether it is the best or the second among those that compete, of which there are at least two.
        tie: whether it is not the best, and cannot be told from it (see `reports.marks`).
        reason: why there is no value; "" where there is one.
    """

    value: float | None
    number: str
    identical: int = 0
    low: float | None = None
    high: float | None = None
    mark: Rank = ""
    tie: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Line:
    """One method: cells in the order of the metrics; clips scored (worst metric to best) / clips expected."""

    method: str
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
    told: Told | None = None,
) -> Table:
    """Return the table of one data set and track.

    Args:
        aggregate: result of ``reports.aggregate.aggregate``.
        dataset: one of its data sets.
        track: one of ``reports.describe.tracks(methods)``.
        methods: name -> how it is shown; the order is the table's, within controls and the rest.
        metrics: the columns, in order.
        provenance: what stands around the table.
        told: whether two methods differ beyond noise (see `reports.differences`); without it nothing is marked a tie.

    Raises:
        ValueError: if the data set, one of the track's methods, one of the metrics or the track is not there.
    """
    means, names = means_of(aggregate, dataset), of_track(methods, track)
    absent = [f"{name}/{metric.key}" for name in names for metric in metrics if (name, metric.key) not in means]
    if absent:
        raise ValueError(f"the aggregate of {dataset} has no line for {', '.join(absent)}")
    competing = [name for name in names if methods[name].kind != "control"]
    marks = column_marks(means, competing, metrics, told or (lambda *_: True))
    lines = tuple(
        _line(name, methods[name], [means[name, metric.key] for metric in metrics], metrics, marks) for name in names
    )
    mixed = frozenset(metric.key for metric in metrics if " " in means[names[0], metric.key].signature)
    labels = {name: methods[name].label for name in names}
    notes = table_notes(means, labels, metrics, provenance, dataset, ties=any(mark.tie for mark in marks.values()))
    return Table(dataset, track, provenance.judges, tuple(metrics), mixed, lines, notes)


def _line(name: str, info: MethodInfo, means: Sequence[Mean], metrics: Sequence[MetricInfo], marks: Marks) -> Line:
    cells = []
    for mean, metric in zip(means, metrics, strict=True):
        value = None if math.isnan(mean.mean) else mean.mean
        low, high = (end if math.isfinite(end) else None for end in (mean.low, mean.high))
        mark = marks.get((name, metric.key), NO_MARK)
        printed = number(mean.mean, metric.decimals)
        cells.append(Cell(value, printed, mean.n_identical, low, high, mark.rank, mark.tie, mean.reason))
    least, most = min(mean.n_scored for mean in means), max(mean.n_scored for mean in means)
    scored = f"{least}" if least == most else f"{least}-{most}"
    return Line(name, info.label, info.kind == "control", tuple(cells), f"{scored}/{means[0].n_expected}")


def to_csv(aggregate: pd.DataFrame) -> str:
    """Return the aggregate as CSV, in the shortest digits that give the same floats back; inf as "inf", no value as "".

    A line without a mean has its reason in the same row.
    """
    return aggregate.to_csv(index=False, na_rep="", lineterminator="\n")


def pivot(aggregate: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """Return the means of one data set over the common clips, methods down and metrics across."""
    return aggregate[aggregate["dataset"] == dataset].pivot(index="method", columns="metric", values="mean")
