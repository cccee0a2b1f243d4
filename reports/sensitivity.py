"""Scores of ground truth under small known changes -> how far each metric moves: a table, a CSV, a figure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reports import latex
from reports.describe import MetricInfo
from reports.differences import pairs_of
from reports.figures import STYLE, panel_grid
from reports.markdown import escape, table
from reports.plots import METHOD
from reports.statistics import estimate

PANELS_ACROSS, LINE_IN = 3, 0.17


@dataclass(frozen=True)
class Moved:
    """How one change moves one metric.

    Attributes:
        change, metric: which; the change by its label.
        mean, low, high: mean change against the untouched clips with its 95 % interval; or the value itself, if
            `itself`; NaN where there is none.
        itself: whether the untouched clips have no finite value (PSNR of a copy), so that the value itself stands here.
        clips, people: behind it.
        reason: why there is none.
    """

    change: str
    metric: str
    mean: float
    low: float
    high: float
    itself: bool
    clips: int
    people: int
    reason: str


def sensitivity(
    rows: pd.DataFrame, sets: pd.DataFrame, changes: Mapping[str, str], zero: str, metrics: Sequence[MetricInfo]
) -> list[Moved]:
    """Return how far each change but the zero moves each metric.

    Args:
        rows: score rows of one data set, the changes in place of methods.
        sets: metrics of sets, likewise (see `reports.result_folder`).
        changes: name -> label, in order.
        zero: name of the untouched clips.
        metrics: in order.
    """
    pairs, found = pairs_of(rows, sets), []
    truth = rows[rows["method"] == zero].groupby("metric")["value"].max()
    infinite = set(truth.index[np.isinf(truth)])
    for change, label in changes.items():
        own = rows[rows["method"] == change]
        for metric in metrics if change != zero else ():
            each = pairs(metric.key, change, zero)
            if metric.key in infinite:
                found.append(_value(own[own["metric"] == metric.key], label, metric.key))
            else:
                numbers = (each.difference, each.low, each.high)
                found.append(Moved(label, metric.key, *numbers, False, each.clips, each.people, each.reason))
    return found


def _value(part: pd.DataFrame, change: str, metric: str) -> Moved:
    values = part["value"].to_numpy(np.float64)
    finite = np.isfinite(values)
    one = estimate(values[finite], part["identity"][finite].astype(str).tolist())
    if not one.clips and np.isinf(values).any():
        return Moved(change, metric, math.inf, math.nan, math.nan, True, int(np.isinf(values).sum()), 0, "")
    reason = "" if one.clips else "no clip has a value"
    return Moved(change, metric, one.mean, one.low, one.high, True, one.clips, one.people, reason)


def sensitivity_frame(found: Sequence[Moved]) -> pd.DataFrame:
    """Return a line per change and metric."""
    return pd.DataFrame([vars(each) for each in found], columns=list(Moved.__dataclass_fields__))


def sensitivity_markdown(found: Sequence[Moved], metrics: Sequence[MetricInfo]) -> str:
    """Return changes down, metrics across, each the mean change and half of its interval, and a sentence on it."""
    lines = [["Ground truth, and", *(f"{escape(info.heading)} {info.arrow}" for info in metrics)]]
    lines.append([":--", *(["--:"] * len(metrics))])
    lines += [[escape(name), *cells] for name, cells in _cells(found, metrics).items()]
    return table(lines) + "\n" + "".join(f"- {line}\n" for line in _notes(found, metrics))


def sensitivity_latex(found: Sequence[Moved], metrics: Sequence[MetricInfo], judges: str) -> str:
    """Return the same as a ``table`` environment (needs booktabs)."""
    heads = ["Ground truth, and", *(latex.escape(f"{info.heading} {info.arrow}") for info in metrics)]
    body = [
        latex.row([latex.escape(name), *map(latex.escape, cells)]) for name, cells in _cells(found, metrics).items()
    ]
    caption = f"{judges.rstrip('.')}. {' '.join(_notes(found, metrics))}"
    return latex.environment(caption, f"l{'r' * len(metrics)}", heads, body)


def _cells(found: Sequence[Moved], metrics: Sequence[MetricInfo]) -> dict[str, list[str]]:
    by_key = {(each.change, each.metric): each for each in found}
    names = dict.fromkeys(each.change for each in found)
    return {name: [_cell(by_key[name, info.key], info) for info in metrics] for name in names}


def _cell(each: Moved, info: MetricInfo) -> str:
    if math.isnan(each.mean):
        return "-"
    if math.isinf(each.mean):
        return "∞"
    sign = "" if each.itself else "+"
    text = f"{round(each.mean, info.decimals) + 0.0:{sign}.{info.decimals}f}"
    half = (each.high - each.low) / 2
    return f"{text} ± {half:.{info.decimals}f}" if math.isfinite(half) else text


def _notes(found: Sequence[Moved], metrics: Sequence[MetricInfo]) -> list[str]:
    people = sorted({each.people for each in found if each.people})
    notes = [
        "Mean change of each metric when nothing but this is done to ground truth, ± half of its 95 % interval. A gain "
        f"smaller than this may be storage or framing and no better method. Clips of {_range(people)} people."
    ]
    infinite = {info.key: info.label for info in metrics}
    named = [infinite[key] for key in dict.fromkeys(each.metric for each in found if each.itself) if key in infinite]
    if named:
        notes.append(f"{', '.join(named)}: the value itself, since ground truth's own is infinite.")
    reasons = dict.fromkeys(f"{each.change}, {each.metric}: {each.reason}." for each in found if each.reason)
    return [*notes, *reasons]


def _range(numbers: Sequence[int]) -> str:
    if not numbers:
        return "no"
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


def sensitivity_figure(found: Sequence[Moved], metrics: Sequence[MetricInfo]) -> Figure:
    """Return a panel per metric: changes down, mean change across with its interval, the zero as a line."""
    names = list(dict.fromkeys(each.change for each in found))
    by_key = {(each.change, each.metric): each for each in found}
    figure, panels = panel_grid(len(metrics), names, across=PANELS_ACROSS, head=0.6, line=LINE_IN)
    with mpl.rc_context(STYLE):
        for panel, info in zip(panels, metrics, strict=True):
            moved = [by_key[name, info.key] for name in names]
            panel.hlines(range(len(moved)), [m.low for m in moved], [m.high for m in moved], color="black", lw=1)
            panel.plot([m.mean for m in moved], range(len(moved)), ls="none", **METHOD | {"ms": 3.5})
            if not any(m.itself for m in moved):
                panel.axvline(0, color="#888888", lw=0.7, zorder=0)
            panel.set_title(f"{info.heading} {info.arrow}")
            panel.locator_params(axis="x", nbins=4)
    return figure
