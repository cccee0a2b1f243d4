"""Rows -> figures that show clips against clips: paired scatter, offsets, quality beside speed, a radar."""

import math
from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import NullLocator, StrMethodFormatter

from reports.aggregate import Mean
from reports.describe import GROUND_TRUTH, MethodInfo, MetricInfo
from reports.figures import STYLE, WIDTH_IN

# Okabe and Ito, each with a mark of its own, so that grey print and every colour vision tell them apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")
LINES = ("-", "--", "-.", ":")
PANELS_ACROSS, PANEL_IN = 4, 1.75
BARS = np.arange(-15.5, 16)
SPOKES = 3  # fewer make no radar


def looks(names: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    """Return colour, mark and line style by name; beyond eight names they repeat in other combinations."""
    styles = [(colour, mark, line) for line in LINES for colour, mark in zip(COLOURS, MARKS, strict=True)]
    return dict(zip(names, cycle(styles), strict=False))


def scatter_figure(
    rows: pd.DataFrame,
    names: Sequence[str],
    other: str,
    methods: Mapping[str, MethodInfo],
    metrics: Sequence[MetricInfo],
) -> Figure | None:
    """Return a panel per metric: each clip's value with the method `other` across, with the others up.

    Dots above the diagonal are clips on which the other method has the greater value. None where there is no pair.

    Args:
        rows: score rows of one data set.
        names: methods to show.
        other: the one that they are compared with.
        methods: name -> how it is shown.
        metrics: of clips or frames.
    """
    values = {key: part.set_index("clip")["value"] for key, part in rows.groupby(["metric", "method"])}
    panels = []
    for metric in metrics:
        pairs = {}
        for name in names:
            if name != other and (metric.key, name) in values and (metric.key, other) in values:
                both = pd.concat([values[metric.key, other], values[metric.key, name]], axis=1).to_numpy(np.float64)
                pairs[name] = both[np.isfinite(both).all(axis=1)]
        if any(map(len, pairs.values())):
            panels.append((metric, pairs))
    if not panels:
        return None
    down = math.ceil(len(panels) / PANELS_ACROSS)
    look = looks(names)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, PANEL_IN * down + 0.5), layout="constrained")
        axes = figure.subplots(down, PANELS_ACROSS, squeeze=False)
        for axis in axes.flat[len(panels) :]:
            axis.set_visible(False)
        for axis, (metric, pairs) in zip(axes.flat, panels, strict=False):
            for name, both in pairs.items():
                colour, mark, _ = look[name]
                axis.plot(*both.T, mark, ms=2.6, mew=0, alpha=0.7, color=colour)
            _diagonal(axis)
            axis.set_title(f"{metric.heading} {metric.arrow}")
        _legend(figure, [name for name in names if name != other], methods, look)
        figure.supxlabel(methods[other].label, size=8)
    return figure


def _diagonal(axis: Axes) -> None:
    low, high = min(axis.get_xlim()[0], axis.get_ylim()[0]), max(axis.get_xlim()[1], axis.get_ylim()[1])
    axis.plot((low, high), (low, high), color="#888888", lw=0.7, zorder=0)
    axis.set(xlim=(low, high), ylim=(low, high), box_aspect=1)
    axis.locator_params(nbins=4)
    axis.spines[["top", "right"]].set_visible(False)


def _legend(
    figure: Figure, names: Sequence[str], methods: Mapping[str, MethodInfo], look: Mapping[str, tuple[str, str, str]]
) -> None:
    handles = [mpl.lines.Line2D([], [], color=look[n][0], marker=look[n][1], ls="", ms=4) for n in names]
    labels = [methods[name].label for name in names]
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False, fontsize=7)


def offset_figure(rows: pd.DataFrame, names: Sequence[str], methods: Mapping[str, MethodInfo]) -> Figure | None:
    """Return a histogram of AV offsets per method, all on one scale; None where no clip has one.

    Args:
        rows: score rows of one data set.
        names: methods to show, in order.
        methods: name -> how it is shown.
    """
    part = rows[(rows["metric"] == "av_offset") & rows["value"].notna()]
    if part.empty:
        return None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN / 2, 0.42 * len(names) + 0.8), layout="constrained")
        axes = figure.subplots(len(names), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
        for axis, name in zip(axes, names, strict=True):
            values = part.loc[part["method"] == name, "value"].to_numpy(np.float64)
            control = methods[name].kind == "control"
            axis.hist(values, bins=BARS.tolist(), color=COLOURS[1] if control else COLOURS[0])
            axis.axvline(0, color="#888888", lw=0.6, zorder=0)
            axis.set_ylabel(methods[name].label, rotation=0, ha="right", va="center", size=7)
            axis.set_yticks([])
            axis.spines[["top", "right", "left"]].set_visible(False)
        axes[-1].set_xlim(-15.5, 15.5)
        figure.supxlabel("AV offset of each clip (frames; positive: sound leads)", size=7.5)
    return figure


def speed_figure(
    means: Mapping[tuple[str, str], Mean], speeds: pd.DataFrame, methods: Mapping[str, MethodInfo], metric: MetricInfo
) -> Figure | None:
    """Return quality up, frames per second across, a mark per method; None unless two methods have both.

    Args:
        means: of one data set, by (method, metric).
        speeds: see `reports.speed`.
        methods: name -> how it is shown.
        metric: the quality.
    """
    fast = dict(zip(speeds["method"], speeds["frames_per_second"], strict=True))
    shown = [name for name in methods if name in fast and math.isfinite(_mean(means, name, metric))]
    if len(shown) < 2:
        return None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN / 2, 2.4), layout="constrained")
        axis = figure.subplots()
        for name, (colour, mark, _) in looks(shown).items():
            mean = means[name, metric.key]
            if math.isfinite(mean.low):
                axis.plot((fast[name],) * 2, (mean.low, mean.high), color=colour, lw=1)
            axis.plot(fast[name], mean.mean, mark, color=colour, ms=5, label=methods[name].label)
        axis.axvline(25, color="#888888", lw=0.7, ls=":")
        axis.set(
            xscale="log", xlabel="frames per second (dotted: real time)", ylabel=f"{metric.heading} {metric.arrow}"
        )
        low, high = axis.get_xlim()
        ticks = [step * 10.0**power for power in range(-3, 7) for step in (1, 2, 5)]  # the labels of log axes are TeX
        axis.set_xticks([each for each in ticks if low <= each <= high], minor=False)
        axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=6.5)
    return figure


def _mean(means: Mapping[tuple[str, str], Mean], name: str, metric: MetricInfo) -> float:
    return means[name, metric.key].mean if (name, metric.key) in means else math.nan


def radar_figure(
    means: Mapping[tuple[str, str], Mean],
    names: Sequence[str],
    methods: Mapping[str, MethodInfo],
    metrics: Sequence[MetricInfo],
    floor: str,
) -> Figure | None:
    """Return a radar whose centre is the control `floor` and whose rim is ground truth; None below three spokes.

    A value of 0 is as good as the floor, 1 as good as ground truth; beyond that it is cut. A metric that does not put
    ground truth before the floor, or has no finite value for both, has no spoke.

    Args:
        means: of one data set, by (method, metric).
        names: methods to show.
        methods: name -> how it is shown.
        metrics: candidates for spokes.
        floor: name of the control in the centre.
    """
    spokes = [metric for metric in metrics if _span(means, metric, floor)]
    if len(spokes) < SPOKES or not names:
        return None
    angles = [*np.linspace(0, 2 * np.pi, len(spokes), endpoint=False), 0.0]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN / 2, 3.3), layout="constrained")
        axis = figure.subplots(subplot_kw={"projection": "polar"})
        for name, (colour, mark, line) in looks(names).items():
            shares = [_share(means, name, metric, floor) for metric in spokes]
            axis.plot(
                angles, [*shares, shares[0]], line, marker=mark, ms=3, lw=1.2, color=colour, label=methods[name].label
            )
        axis.set_xticks(angles[:-1], [metric.label for metric in spokes], size=6.5)
        for label, angle in zip(axis.get_xticklabels(), angles, strict=False):
            across = math.cos(angle)
            label.set_horizontalalignment("left" if across > 0.1 else "right" if across < -0.1 else "center")
        axis.tick_params(axis="x", pad=0)
        axis.set_yticks([0.5, 1], ["", ""])
        axis.set_ylim(0, 1.1)
        centre = methods[floor].label if floor in methods else floor
        legend = figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=6.5)
        legend.set_title(f"centre: {centre}; outer ring: ground truth", prop=FontProperties(size=6.5))
    return figure


def _span(means: Mapping[tuple[str, str], Mean], metric: MetricInfo, floor: str) -> float:
    """Return how far ground truth is ahead of the floor, 0 if it is not or either has no finite value."""
    best, worst = (_mean(means, name, metric) for name in (GROUND_TRUTH, floor))
    ahead = best - worst if metric.better == "higher" else worst - best
    return ahead if math.isfinite(ahead) and ahead > 0 and metric.better != "zero" else 0.0


def _share(means: Mapping[tuple[str, str], Mean], name: str, metric: MetricInfo, floor: str) -> float:
    value, worst = _mean(means, name, metric), _mean(means, floor, metric)
    ahead = value - worst if metric.better == "higher" else worst - value
    return min(max(ahead / _span(means, metric, floor), 0.0), 1.1) if math.isfinite(ahead) else math.nan
