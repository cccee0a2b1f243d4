"""What the page is told, and the JSON that its scripts read."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from reports.describe import MethodInfo, MetricInfo, in_order
from reports.tables import Cell, Table

REFERENCE = "reference"
DIGITS = 6  # significant ones of a value: more are noise, and the page would grow by half
INFINITE = "inf"  # JSON has no infinity
Curves = Mapping[str, Mapping[str, Float[np.ndarray, "_"]]]


@dataclass(frozen=True)
class PageSection:
    """One data set.

    Attributes:
        dataset: its name; also that of its folders below ``videos/`` and ``curves/``.
        judges: which networks judged, and whether the values compare with published ones.
        rows: its score rows, see `reports.rows.COLUMNS`.
        tables: its summary tables, all tracks.
        methods: name -> how it is shown.
        metrics: all metrics of rows and tables, in order.
        main: keys of the metrics that are offered first.
        excluded: clip -> why it cannot be used.
        videos: method, or ``reference`` -> clips whose video lies at ``videos/<dataset>/<method>/<clip>.mp4``.
        curves: clip -> metric -> method -> one value per frame, NaN where there is none.
        curve_labels: metric of `curves` that is none of `metrics` -> its name.
    """

    dataset: str
    judges: str
    rows: pd.DataFrame
    tables: Sequence[Table]
    methods: Mapping[str, MethodInfo]
    metrics: Sequence[MetricInfo]
    main: Sequence[str]
    excluded: Mapping[str, str] = field(default_factory=dict)
    videos: Mapping[str, Sequence[str]] = field(default_factory=dict)
    curves: Mapping[str, Curves] = field(default_factory=dict)
    curve_labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """The page: heading, name and version of the code, and the data sets."""

    title: str
    code: str
    sections: Sequence[PageSection]


def page_data(page: Page) -> dict[str, Any]:
    """Return what `index.html` holds, ready for JSON without NaN or infinity.

    Raises:
        ValueError: no data set; or rows of a method or metric that is not described.
    """
    if not page.sections:
        raise ValueError("a page needs at least one data set")
    return {"title": page.title, "code": page.code, "sections": [_section(section) for section in page.sections]}


def curve_data(section: PageSection, clip: str) -> dict[str, Any]:
    """Return the values per frame of one clip: metric -> method -> first frame with a value, values from there on.

    A frame without a finite value is null; a method without any is left out.
    """
    metrics = {
        metric: {name: _curve(values) for name, values in methods.items() if np.isfinite(values).any()}
        for metric, methods in section.curves[clip].items()
    }
    return {"dataset": section.dataset, "clip": clip, "metrics": metrics}


def _curve(values: Float[np.ndarray, "_"]) -> list[Any]:
    there = np.flatnonzero(np.isfinite(values))
    first, last = int(there[0]), int(there[-1])
    return [first, [rounded(x) if math.isfinite(x) else None for x in values[first : last + 1].tolist()]]


def rounded(value: float) -> float | int | str | None:
    """Return a value as the JSON has it: six significant digits, whole numbers without a point, null for NaN."""
    if not math.isfinite(value):
        return None if math.isnan(value) else INFINITE
    short = float(f"{value:.{DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 10**DIGITS else short


def _section(section: PageSection) -> dict[str, Any]:
    rows = section.rows
    _refuse_unknown(section.dataset, "method", set(rows["method"]) - set(section.methods))
    _refuse_unknown(section.dataset, "metric", set(rows["metric"]) - {metric.key for metric in section.metrics})
    people = dict(zip(rows["clip"].astype(str), rows["identity"].astype(str), strict=True))
    frames = rows.groupby("clip")["frames_expected"].max()
    clips = sorted(people)
    names = in_order(section.methods)
    reasons = sorted({str(reason) for reason in rows.loc[rows["value"].isna(), "reason"]})
    values, missing = _values(rows, names, clips, reasons)
    places = {clip: k for k, clip in enumerate(clips)}
    return {
        "dataset": section.dataset,
        "judges": section.judges,
        "clips": clips,
        "people": [people[clip] for clip in clips],
        "frames": [int(frames[clip]) for clip in clips],
        "methods": [_method(name, section.methods[name]) for name in names],
        "metrics": [_metric(metric, metric.key in section.main) for metric in section.metrics],
        "values": values,
        "missing": missing,
        "reasons": reasons,
        "excluded": [list(pair) for pair in section.excluded.items()],
        "videos": {
            name: [places[clip] for clip in found if clip in places] for name, found in sorted(section.videos.items())
        },
        "curves": [places[clip] for clip in sorted(section.curves) if clip in places],
        "curveLabels": dict(section.curve_labels),
        "tables": [_table(table) for table in section.tables],
        "signatures": _signatures(section.tables),
    }


def _refuse_unknown(dataset: str, what: str, unknown: set[str]) -> None:
    if unknown:
        raise ValueError(f"data set {dataset}: rows of a {what} that is not described: {', '.join(sorted(unknown))}")


def _values(
    rows: pd.DataFrame, names: Sequence[str], clips: Sequence[str], reasons: Sequence[str]
) -> tuple[dict[str, list[list[Any]]], dict[str, dict[str, list[list[int]]]]]:
    """Return the values as metric -> a list per method, a value per clip; and which are missing.

    What is missing is metric -> number of the method -> [number of the clip, number of the reason]; a clip without a
    row has neither.
    """
    clip_at, method_at, reason_at = ({name: k for k, name in enumerate(part)} for part in (clips, names, reasons))
    values: dict[str, list[list[Any]]] = {}
    missing: dict[str, dict[str, list[list[int]]]] = {}
    columns = (rows[name].tolist() for name in ("metric", "method", "clip", "value", "reason"))
    for metric, method, clip, value, reason in zip(*columns, strict=True):
        table = values.setdefault(metric, [[None] * len(clips) for _ in names])
        short = rounded(math.nan if value is None else float(value))
        table[method_at[method]][clip_at[clip]] = short
        if short is None:
            absent = missing.setdefault(metric, {}).setdefault(str(method_at[method]), [])
            absent.append([clip_at[clip], reason_at[str(reason)]])
    ordered = {
        metric: {
            method: sorted(absent) for method, absent in sorted(missing[metric].items(), key=lambda item: int(item[0]))
        }
        for metric in sorted(missing)
    }
    return dict(sorted(values.items())), ordered


def _method(name: str, info: MethodInfo) -> dict[str, Any]:
    return {"name": name, "label": info.label, "track": info.track, "control": info.kind == "control"}


def _metric(metric: MetricInfo, main: bool) -> dict[str, Any]:
    return {
        "key": metric.key,
        "label": metric.label,
        "unit": metric.unit,
        "better": metric.better,
        "decimals": metric.decimals,
        "main": main,
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "track": table.track,
        "metrics": [metric.key for metric in table.metrics],
        "mixed": sorted(table.mixed),
        "lines": [
            {"method": line.method, "clips": line.clips, "cells": [_cell(cell) for cell in line.cells]}
            for line in table.lines
        ],
        "notes": [note.text for note in table.notes if not note.code],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    """Return a cell without what is not said of it: most say little, and there are many."""
    found: dict[str, Any] = {"value": None if cell.value is None else rounded(cell.value), "number": cell.number}
    if cell.low is not None and cell.high is not None:
        found |= {"low": rounded(cell.low), "high": rounded(cell.high)}
    said = {"identical": cell.identical, "mark": cell.mark, "tie": cell.tie, "reason": cell.reason}
    return found | {name: value for name, value in said.items() if value}


def _signatures(tables: Sequence[Table]) -> list[list[str]]:
    """Return the notes that hold code, each once: the signature of each metric, and the code that scored."""
    notes = dict.fromkeys((note.text, note.code) for table in tables for note in table.notes if note.code)
    return [list(pair) for pair in notes]
