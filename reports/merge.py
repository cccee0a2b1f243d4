"""Results of several people or machines -> one, checked: same protocols, and every clash settled by a rule."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import pandas as pd

from reports.describe import MetricInfo
from reports.result_folder import DatasetInfo, Results
from reports.rows import KEY, check_rows

Clash = Literal["refuse", "first", "last"]
SET_KEY = ["dataset", "method", "metric"]
OTHER_CLIPS = "measured on other clips than the first results' values, so it stands beside none of them"


def merge(parts: Sequence[tuple[str, Results]], *, title: str, clash: Clash = "refuse") -> Results:
    """Return the results of all parts together.

    A data set expects the clips of all parts. Of the same row in several parts (data set, method, clip and metric) one
    with a value goes before one without, equal values are one, and different values are a clash. Metrics of sets count
    only where they were measured on the same clips as in the first part that has them.

    Args:
        parts: (name, results), in order.
        title: of the whole.
        clash: what to do about one row with two values: refuse, or take that of the first or last part.

    Raises:
        ValueError: a method, metric or data set that two parts describe differently, one metric of a data set under two
            signatures, a clash that is refused, or rows that cannot be trusted.
    """
    if not parts:
        raise ValueError("nothing to merge")
    methods, metrics = dict[str, Any](), dict[str, MetricInfo]()
    datasets: dict[str, DatasetInfo] = {}
    for name, part in parts:
        for method, info in part.methods.items():
            _same("method", method, methods.setdefault(method, info), info, name)
        for metric in part.metrics:
            _same("metric", metric.key, metrics.setdefault(metric.key, metric), metric, name)
        for dataset, found in part.datasets.items():
            datasets[dataset] = _joined(dataset, datasets.get(dataset), found, name)
    rows = _rows([(name, check_rows(part.rows)) for name, part in parts], clash)
    return Results(
        title=title,
        code="; ".join(dict.fromkeys(part.code for _, part in parts)),
        datasets=datasets,
        methods=methods,
        metrics=list(metrics.values()),
        main=list(dict.fromkeys(key for _, part in parts for key in part.main)),
        rows=check_rows(rows),
        sets=_sets([part.sets for _, part in parts], clash),
    )


def _same(kind: str, name: str, first: object, second: object, part: str) -> None:
    if first != second:
        raise ValueError(f"{kind} {name} of {part} is another than in the parts before it: {second} against {first}")


def _joined(dataset: str, first: DatasetInfo | None, second: DatasetInfo, part: str) -> DatasetInfo:
    if first is None:
        return second
    _same("judges of data set", dataset, first.judges, second.judges, part)
    return replace(
        first,
        expected=sorted({*first.expected, *second.expected}),
        excluded={**second.excluded, **first.excluded},
        floors=list(dict.fromkeys((*first.floors, *second.floors))),
    )


def _rows(parts: Sequence[tuple[str, pd.DataFrame]], clash: Clash) -> pd.DataFrame:
    whole = pd.concat([rows.assign(part=number) for number, (_, rows) in enumerate(parts)], ignore_index=True)
    valued = whole[whole["value"].notna()]
    differing = valued.groupby(KEY)["value"].nunique()
    differing = differing[differing > 1]
    if clash == "refuse" and len(differing):
        key = " / ".join(map(str, differing.index[0]))
        names = ", ".join(name for name, _ in parts)
        raise ValueError(
            f"{len(differing)} rows have two values in {names}, the first: {key}; "
            "give the methods names of their own, or say whose values count"
        )
    order = whole.assign(missing=whole["value"].isna(), rank=-whole["part"] if clash == "last" else whole["part"])
    order = order.sort_values([*KEY, "missing", "rank"], kind="stable")
    return order.drop_duplicates(KEY).drop(columns=["part", "missing", "rank"])


def _sets(parts: Sequence[pd.DataFrame], clash: Clash) -> pd.DataFrame:
    """Return one line per data set, method and metric; one measured on other clips keeps its line, without a value."""
    whole = pd.concat(list(parts if clash != "last" else parts[::-1]), ignore_index=True)
    first = whole[whole["mean"].notna()].drop_duplicates(["dataset", "metric"]).set_index(["dataset", "metric"])
    lines = []
    for line in whole.drop_duplicates(SET_KEY).to_dict("records"):
        key = (line["dataset"], line["metric"])
        if not math.isnan(line["mean"]) and line["clips"] != first.loc[key, "clips"]:
            line |= {"mean": math.nan, "low": math.nan, "high": math.nan, "draws": [], "reason": OTHER_CLIPS}
        lines.append(line)
    frame = pd.DataFrame(lines, columns=list(whole.columns))
    return frame.sort_values(SET_KEY, ignore_index=True)
