"""Score rows of several arms and seeds -> means, paired differences to the full model, and what they are worth.

All arms are compared on the same seeds and the same clips: those with a finite value from every arm, every seed and the
still frame. Clips of one person are averaged first; intervals then count seeds and persons as drawn by chance.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Float

from reports.crossed import CrossedMean, crossed_mean, holm
from reports.describe import MetricInfo
from reports.rows import check_rows

ALPHA = 0.05
Verdict = Literal["", "better", "worse", "within noise"]
Table = Float[np.ndarray, "seeds identities"]


@dataclass(frozen=True)
class Study:
    """Which arms there are, and what each is there for.

    Attributes:
        labels: arm -> name in tables, in their order.
        full: the arm that all others are compared with.
        null: the arm that must equal `bare`, since what it adds is multiplied by zero; "" if none was run.
        bare: the arm without attention and alignment; "" if none was run.
        still: the control that every arm must beat.
    """

    labels: Mapping[str, str]
    full: str
    null: str
    bare: str
    still: str = "still_frame"

    def __post_init__(self) -> None:
        for role, arm in (("full", self.full), ("null", self.null), ("bare", self.bare)):
            if arm not in self.labels and (arm or role == "full"):
                raise ValueError(f"the {role} arm {arm!r} is none of {', '.join(self.labels)}")


@dataclass(frozen=True)
class Cell:
    """One arm under one metric.

    Attributes:
        level: mean over seeds and persons; None without common clips.
        by_seed: its parts, in the order of the column's seeds.
        difference: arm minus full model, paired by seed and clip; None for the full model itself.
        verdict: on the difference, after Holm's correction over the metrics of this arm; "" without a difference.
        beats_still: whether its interval lies clear of the still frame's on the good side; None if it cannot be said.
        reason: why there is no level; "" if there is one.
    """

    level: CrossedMean | None
    by_seed: tuple[float, ...]
    difference: CrossedMean | None
    verdict: Verdict
    beats_still: bool | None
    reason: str


@dataclass(frozen=True)
class Column:
    """What the arms of one metric share.

    Attributes:
        metric: how it is shown; a metric that is best at 0 is shown by its distance from 0, clip by clip.
        seeds: those compared.
        clips, asked: clips compared, and clips that every arm has a row for under each of those seeds.
        still: the still frame on the same clips, over persons alone; None if it has no value.
        null: null arm minus bare arm, paired; None if one of them is not there.
        signature: of all values.
    """

    metric: MetricInfo
    seeds: tuple[int, ...]
    clips: int
    asked: int
    still: CrossedMean | None
    null: CrossedMean | None
    signature: str


@dataclass(frozen=True)
class Ablation:
    """Everything that tables, sentences and plots are made of.

    Attributes:
        study: the arms.
        columns: one per metric, in order.
        cells: (arm, metric) -> cell.
        scored: arm -> values of its worst metric, of its best, and how many it was asked for, all seeds together.
    """

    dataset: str
    study: Study
    columns: tuple[Column, ...]
    cells: Mapping[tuple[str, str], Cell]
    scored: Mapping[str, tuple[int, int, int]]


def ablation(rows: pd.DataFrame, controls: pd.DataFrame, metrics: Sequence[MetricInfo], study: Study) -> Ablation:
    """Return the comparison of the arms of one data set.

    Args:
        rows: score rows (see `reports.rows.check_rows`) whose method is the arm, and a column ``seed``; metrics
            beside the chosen ones are left out.
        controls: score rows of controls; of them the still frame is used, and may be absent.
        metrics: the columns, of clips and not of sets of clips.
        study: the arms; every one has rows.

    Raises:
        ValueError: rows that fail `check_rows`, of no or several data sets, of unknown arms, without a seed; an arm or
            a metric without rows; a clip of two persons.
    """
    keys = [metric.key for metric in metrics]
    rows = rows[rows["metric"].isin(keys)].astype({"value": "float64"})
    controls = controls[controls["metric"].isin(keys) & (controls["method"] == study.still)].astype(
        {"value": "float64"}
    )
    _check(rows, controls, keys, study)
    dataset = str(rows["dataset"].iloc[0])
    columns: list[Column] = []
    cells: dict[tuple[str, str], Cell] = {}
    for metric in metrics:
        shown = _shown(metric)
        part, still = (_distances(each[each["metric"] == metric.key], metric) for each in (rows, controls))
        column, found = _column(part, still, shown, study)
        columns.append(column)
        cells |= {(arm, metric.key): cell for arm, cell in found.items()}
    for arm in study.labels:
        cells |= _judged(arm, cells, columns)
    asked = rows.drop_duplicates(["method", "seed", "clip"]).groupby("method").size()
    values = rows[rows["value"].notna()].groupby(["method", "metric"]).size()
    counts = {arm: [int(values.get((arm, key), 0)) for key in keys] for arm in study.labels}
    scored = {arm: (min(found), max(found), int(asked[arm])) for arm, found in counts.items()}
    return Ablation(dataset, study, tuple(columns), cells, scored)


def _check(rows: pd.DataFrame, controls: pd.DataFrame, keys: Sequence[str], study: Study) -> None:
    if rows["seed"].isna().any():
        raise ValueError("score rows of arms: a row has no seed")
    seeds = rows["method"].astype(str) + ", seed " + rows["seed"].astype(int).astype(str)
    both = [rows.assign(method=seeds), controls]
    check_rows(pd.concat([each.drop(columns="seed", errors="ignore") for each in both if len(each)] or [rows]))
    if len(set(rows["dataset"]) | set(controls["dataset"])) > 1:
        raise ValueError("score rows of arms: several data sets; compare one at a time")
    for name, found, wanted in (("method", rows, study.labels), ("metric", rows, keys)):
        strays, absent = set(found[name]) - set(wanted), set(wanted) - set(found[name])
        if strays or absent:
            raise ValueError(f"score rows of arms: {name} without rows {sorted(absent)}, unknown {sorted(strays)}")
    people = rows.groupby("clip")["identity"].nunique()
    if (people > 1).any():
        raise ValueError(f"score rows of arms: clip {people[people > 1].index[0]} has several identities")


def _shown(metric: MetricInfo) -> MetricInfo:
    return replace(metric, label=f"|{metric.label}|", better="lower") if metric.better == "zero" else metric


def _distances(rows: pd.DataFrame, metric: MetricInfo) -> pd.DataFrame:
    # The mean of signed values hides an arm that is far off on both sides, and a difference of such means has no sense.
    return rows.assign(value=rows["value"].abs()) if metric.better == "zero" else rows


def _column(
    rows: pd.DataFrame, controls: pd.DataFrame, metric: MetricInfo, study: Study
) -> tuple[Column, dict[str, Cell]]:
    """Return what the arms of a metric share, and their cells without a verdict."""
    finite = rows[np.isfinite(rows["value"])]
    able = [arm for arm in study.labels if (finite["method"] == arm).any()]
    having = {arm: set(finite.loc[finite["method"] == arm, "seed"]) for arm in able}
    seeds = tuple(sorted(map(int, set.intersection(*having.values())))) if able else ()
    still = controls[np.isfinite(controls["value"])].set_index("clip")["value"].sort_index()
    clips = _common(finite, able, seeds)
    if len(still):
        clips &= set(still.index)
    asked = _common(rows, able, seeds)
    signature = " ".join(sorted(set(rows["signature"])))
    tables = {arm: _table(finite, arm, seeds, clips) for arm in able} if clips else {}
    cells = {arm: _cell(arm, tables, rows, study) for arm in study.labels}
    standing = None
    if clips and len(still):
        people = rows.drop_duplicates("clip").set_index("clip")["identity"]
        means = still[still.index.isin(clips)].groupby(people).mean()
        standing = crossed_mean(means.to_numpy(np.float64)[None])
    null = None
    if study.null in tables and study.bare in tables:
        null = crossed_mean(tables[study.null] - tables[study.bare])
    return Column(metric, seeds, len(clips), len(asked), standing, null, signature), cells


def _common(rows: pd.DataFrame, arms: Sequence[str], seeds: Sequence[int]) -> set[str]:
    groups = rows.groupby(["method", "seed"])["clip"].agg(set)
    return set.intersection(*(groups.get((arm, seed), set()) for arm in arms for seed in seeds)) if seeds else set()


def _table(rows: pd.DataFrame, arm: str, seeds: Sequence[int], clips: set[str]) -> Table:
    """Return the mean over the clips of each person, seeds down, persons across in the order of their names."""
    part = rows[(rows["method"] == arm) & rows["seed"].isin(seeds) & rows["clip"].isin(clips)]
    means = part.sort_values("clip").pivot_table(index="seed", columns="identity", values="value", aggfunc="mean")
    return means.to_numpy(np.float64)


def _cell(arm: str, tables: Mapping[str, Table], rows: pd.DataFrame, study: Study) -> Cell:
    if arm not in tables:
        part = rows[(rows["method"] == arm) & rows["value"].isna()]
        said = "; ".join(sorted(set(part["reason"].astype(str))))
        none = not np.isfinite(rows.loc[rows["method"] == arm, "value"]).any()
        reason = said or "no finite value" if none else "no clip has a value of every arm and seed"
        return Cell(None, (), None, "", None, reason)
    table, full = tables[arm], tables.get(study.full)
    paired = None if full is None or arm == study.full else crossed_mean(table - full)
    return Cell(crossed_mean(table), tuple(map(float, table.mean(axis=1))), paired, "", None, "")


def _judged(arm: str, cells: Mapping[tuple[str, str], Cell], columns: Sequence[Column]) -> dict[tuple[str, str], Cell]:
    """Return the cells of an arm with their verdicts: Holm's family is the metrics of the arm."""
    own = {(arm, column.metric.key): (cells[arm, column.metric.key], column) for column in columns}
    tested = {key: cell.difference for key, (cell, _) in own.items() if cell.difference}
    tested = {key: difference for key, difference in tested.items() if not math.isnan(difference.p)}
    adjusted = dict(zip(tested, holm([difference.p for difference in tested.values()]), strict=True))
    judged = {}
    for key, (cell, column) in own.items():
        verdict: Verdict = ""
        if key in adjusted:
            verdict = _verdict(tested[key].mean, adjusted[key], column.metric)
        judged[key] = replace(cell, verdict=verdict, beats_still=_beats(cell.level, column.still, column.metric))
    return judged


def _verdict(difference: float, adjusted: float, metric: MetricInfo) -> Verdict:
    if adjusted >= ALPHA:
        return "within noise"
    return "better" if (difference > 0) == (metric.better == "higher") else "worse"


def _beats(level: CrossedMean | None, still: CrossedMean | None, metric: MetricInfo) -> bool | None:
    if level is None or still is None or math.isnan(level.half) or math.isnan(still.half):
        return None
    return level.low > still.high if metric.better == "higher" else level.high < still.low
