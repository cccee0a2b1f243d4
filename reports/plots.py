"""Score rows -> one figure: a panel per metric, a line per method, the mean over a dot for every clip."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.aggregate import Mean, means_of
from reports.describe import MethodInfo, MetricInfo, of_track
from reports.figures import STYLE, panel_grid, panel_title

# Okabe and Ito's blue and vermilion differ for every kind of colour vision and, with the shapes, in grey print too.
METHOD: dict[str, Any] = {"marker": "o", "color": "#0072B2", "ms": 5.5}
CONTROL: dict[str, Any] = {"marker": "D", "color": "#D55E00", "mfc": "white", "mew": 1.3, "ms": 4.5}
DOT_COLOUR = "#808080"
LABEL_BOX: dict[str, Any] = {"color": "white", "pad": 1}
LINE_IN, PANELS_ACROSS = 0.24, 4
VECTOR_DOTS = 2000
MAX_LABEL = 32
NONE = np.zeros(0)


def metric_plot(
    aggregate: pd.DataFrame,
    rows: pd.DataFrame,
    dataset: str,
    track: str,
    methods: Mapping[str, MethodInfo],
    metrics: Sequence[MetricInfo],
) -> Figure:
    """Return the figure of one data set and track, made to be printed at 7 in (both columns of a page).

    A grey dot is a clip (all that have a value), a marker the mean over the common clips: a blue disc for a method, a
    vermilion diamond with a white centre for a control. Infinite values lie in a shaded strip of their own on the
    right, under the infinity sign. Dots are spread vertically by their order, so the figure depends on its input alone.

    Args:
        aggregate: result of ``reports.aggregate.aggregate``.
        rows: the rows it was made of.
        dataset: one of its data sets.
        track: one of ``reports.describe.tracks(methods)``.
        methods: name -> how it is shown.
        metrics: the panels, in order.
    """
    names, means = of_track(methods, track), means_of(aggregate, dataset)
    labels = [_shortened(methods[name].label) for name in names]
    figure, panels = panel_grid(len(metrics), labels, across=PANELS_ACROSS, head=0.75, line=LINE_IN)
    with mpl.rc_context(STYLE):
        for panel, metric in zip(panels, metrics, strict=True):
            part = rows[(rows["dataset"] == dataset) & (rows["metric"] == metric.key) & rows["value"].notna()]
            by_method = dict(iter(part.groupby("method")["value"]))
            values = [np.sort(by_method[name].to_numpy(np.float64)) if name in by_method else NONE for name in names]
            lines = [means.get((name, metric.key)) for name in names]
            _draw_panel(panel, values, lines, np.array([methods[name].kind == "control" for name in names]))
            panel.set_title(panel_title(metric))
    return figure


def _draw_panel(
    panel: Axes,
    values: Sequence[Float[np.ndarray, " _clips"]],
    lines: Sequence[Mean | None],
    controls: Bool[np.ndarray, " _methods"],
) -> None:
    centres, lows, highs = (
        np.array([getattr(line, name) if line else math.nan for line in lines]) for name in ("mean", "low", "high")
    )
    shown = np.concatenate([centres, lows, highs, *values])
    finite, infinite = shown[np.isfinite(shown)], bool(np.isinf(np.concatenate([centres, *values])).any())
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    pad = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    border, strip = high + 1.5 * pad, high + 3.5 * pad
    x, y = np.concatenate(values), np.concatenate([row + _places(clips) for row, clips in enumerate(values)])
    look: dict[str, Any] = {"color": DOT_COLOUR, "alpha": 0.55, "rasterized": len(x) > VECTOR_DOTS, "zorder": 2}
    panel.plot(np.where(np.isinf(x), strip, x), y, "o", ms=2.4, mew=0, **look)
    known = np.flatnonzero(np.isfinite(lows))
    panel.hlines(known, lows[known], highs[known], color="black", lw=1, zorder=2)
    at, down = np.where(np.isinf(centres), strip, centres), np.arange(len(centres))
    for kind, mark in ((~controls, METHOD), (controls, CONTROL)):
        panel.plot(at[kind], down[kind], ls="none", zorder=3, **mark)  # nothing where it is NaN
    for row in np.flatnonzero(np.isnan(centres)).tolist():
        text = "no mean" if len(values[row]) else "no value"
        panel.text(low, row, text, va="center", size=7, bbox=LABEL_BOX)
    _finish_axis(panel, low - pad, border, strip, infinite)
    if controls.any() and not controls.all():
        panel.axhline(controls.sum() - 0.5, color="black", lw=0.6)


def _finish_axis(panel: Axes, left: float, border: float, strip: float, infinite: bool) -> None:
    panel.locator_params(axis="x", nbins=5)
    right = strip + (strip - border) if infinite else border
    panel.set_xlim(left, right)
    if infinite:
        panel.axvspan(border, right, color="#F0F0F0", lw=0, zorder=0)
        ticks = [tick for tick in panel.get_xticks() if left <= tick <= border]
        labels = panel.xaxis.get_major_formatter().format_ticks(ticks)
        panel.set_xticks([*ticks, strip], [*labels, "∞"])


def _shortened(label: str) -> str:
    return label if len(label) <= MAX_LABEL else f"{label[: MAX_LABEL - 1]}…"


def _places(clips: Float[np.ndarray, " count"]) -> Float[np.ndarray, " count"]:
    """Return how far sorted dots stand from their line: neighbours in value lie apart, equal ones on the line."""
    if len(clips) == 0 or clips[0] == clips[-1]:  # a column of equal dots would look like an error bar
        return np.zeros(len(clips))
    filled = np.modf(np.arange(len(clips)) * 0.6180339887498949)[0]  # multiples of the golden ratio fill evenly
    return np.asarray(0.6 * (filled - 0.5))
