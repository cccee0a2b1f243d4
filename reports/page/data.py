"""Results -> what the HTML page is told, as JSON."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from reports.describe import MethodInfo, MetricInfo
from reports.tables import Cell, Table

DIGITS = 6  # significant ones; tables print fewer
Curves = Mapping[str, Mapping[str, Float[np.ndarray, " _frames"]]]  # metric -> method -> value per frame


@dataclass(frozen=True)
class PageSection:
    """One data set on the page.

    Attributes:
        dataset: its name.
        judges: which networks judged.
        rows: its score rows.
        tables: of all its tracks; those of one track stand side by side.
        methods: name -> how it is shown.
        metrics: all that were measured, with `main` the keys of the first ones.
        excluded: clips that cannot be used -> why.
        videos: method, or "reference" -> clips whose copy lies at ``videos/<dataset>/<method>/<clip>.mp4``.
        curves: clip -> metric -> method -> value per frame, NaN where there is none.
        curve_labels: metric -> its name, for all metrics of `curves`.
    """

    dataset: str
    judges: str
    rows: pd.DataFrame
    tables: Sequence[Table]
    methods: Mapping[str, MethodInfo]
    metrics: Sequence[MetricInfo]
    main: Sequence[str]
    excluded: Mapping[str, str]
    videos: Mapping[str, Sequence[str]]
    curves: Mapping[str, Curves]
    curve_labels: Mapping[str, str]


@dataclass(frozen=True)
class Page:
    """The whole page: title, the code that made it, the data sets."""

    title: str
    code: str
    sections: Sequence[PageSection]


def page_data(page: Page) -> dict[str, Any]:
    """Return what the page shows, of JSON's types alone: null where there is no value, "inf" for an infinite one."""
    return {"title": page.title, "code": page.code, "datasets": [_dataset(each) for each in page.sections]}


def curve_data(dataset: str, clip: str, curves: Curves) -> dict[str, Any]:
    """Return the values per frame of one clip."""
    found = {
        metric: {method: [rounded(value) for value in values.tolist()] for method, values in sorted(by_method.items())}
        for metric, by_method in sorted(curves.items())
    }
    return {"dataset": dataset, "clip": clip, "curves": found}


def rounded(value: float) -> float | str | None:
    """Return a value with six significant digits; None for NaN, "inf" and "-inf" as words."""
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return float(f"{value:.{DIGITS}g}")


def _dataset(section: PageSection) -> dict[str, Any]:
    clips = section.rows[["clip", "identity"]].drop_duplicates("clip").sort_values("clip")
    index = {str(clip): number for number, clip in enumerate(clips["clip"])}
    signatures = section.rows.groupby("metric")["signature"].unique().to_dict()
    measured = set(section.rows["metric"])
    return {
        "name": section.dataset,
        "judges": section.judges,
        "clips": [[str(clip), str(identity)] for clip, identity in clips.itertuples(index=False)],
        "methods": {name: {"label": info.label, "kind": info.kind} for name, info in section.methods.items()},
        "metrics": [
            {
                "key": info.key,
                "label": info.label,
                "unit": info.unit,
                "arrow": info.arrow,
                "better": info.better,
                "decimals": info.decimals,
                "main": info.key in section.main,
                "clips": info.key in measured,
                "signatures": sorted(map(str, signatures.get(info.key, []))),
            }
            for info in section.metrics
        ],
        "tracks": _tracks(section.tables),
        "values": _values(section.rows, index),
        "failures": _failures(section.rows),
        "excluded": sorted([clip, reason] for clip, reason in section.excluded.items()),
        "videos": {
            name: sorted(index[clip] for clip in shown if clip in index) for name, shown in section.videos.items()
        },
        "curves": dict(section.curve_labels) if section.curves else {},
        "curved": sorted(index[clip] for clip in section.curves if clip in index),
    }


def _tracks(tables: Sequence[Table]) -> list[dict[str, Any]]:
    tracks: dict[str, dict[str, Any]] = {}
    for table in tables:
        track = tracks.setdefault(table.track, {"name": table.track, "lines": {}, "notes": [], "mixed": []})
        track["mixed"] += sorted(table.mixed)
        track["notes"] += [f"{note.text} {note.code}".strip() for note in table.notes]
        for line in table.lines:
            known = track["lines"].setdefault(line.method, {"control": line.control, "clips": line.clips, "cells": {}})
            for metric, cell in zip(table.metrics, line.cells, strict=True):
                known["cells"][metric.key] = _cell(cell)
    for track in tracks.values():
        track["notes"] = list(dict.fromkeys(track["notes"]))
    return list(tracks.values())


def _cell(cell: Cell) -> dict[str, Any]:
    shown: dict[str, Any] = {"value": None if cell.value is None else rounded(cell.value), "number": cell.number}
    if cell.low is not None and cell.high is not None:
        shown |= {"low": rounded(cell.low), "high": rounded(cell.high)}
    optional = {"identical": cell.identical, "mark": cell.mark, "tie": cell.tie, "reason": cell.reason}
    return shown | {name: value for name, value in optional.items() if value}


def _values(rows: pd.DataFrame, index: Mapping[str, int]) -> dict[str, dict[str, list[float | str | None]]]:
    found: dict[str, dict[str, list[float | str | None]]] = {}
    for (metric, method), part in rows.groupby(["metric", "method"]):
        values: list[float | str | None] = [None] * len(index)
        for clip, value in zip(part["clip"], part["value"].astype("float64"), strict=True):
            values[index[str(clip)]] = rounded(value)
        found.setdefault(str(metric), {})[str(method)] = values
    return found


def _failures(rows: pd.DataFrame) -> list[list[Any]]:
    """Return [method, metric, reason, clips], one for what befell several clips alike."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    lost = rows[rows["value"].isna()]
    columns = (lost[name].astype(str) for name in ("method", "metric", "reason", "clip"))
    for method, metric, reason, clip in zip(*columns, strict=True):
        alike.setdefault((method, metric, reason), []).append(clip)
    return [[*key, sorted(clips)] for key, clips in sorted(alike.items())]
