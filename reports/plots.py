"""Score rows -> one figure: a panel per metric, a line per method, the mean over a dot for every clip."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from reports.aggregate import Mean, means_of
from reports.describe import MethodInfo, MetricInfo, of_track

# Okabe and Ito's blue and vermilion differ for every kind of colour vision and, with the shapes, in grey print too.
METHOD: dict[str, Any] = {"marker": "o", "color": "#0072B2", "ms": 5.5}
CONTROL: dict[str, Any] = {"marker": "D", "color": "#D55E00", "mfc": "white", "mew": 1.3, "ms": 4.5}
DOT_COLOUR = "#808080"
LABEL_BOX: dict[str, Any] = {"color": "white", "pad": 1}
WIDTH_IN, LINE_IN, PANELS_ACROSS = 7.0, 0.24, 4
VECTOR_DOTS = 2000
MAX_LABEL, TITLE_LETTERS = 32, 22
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.linewidth": 0.6,
    "axes.titlesize": 8.5,
    "xtick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.major.size": 0,
    "svg.hashsalt": "tavce-bench",
    "svg.fonttype": "path",
    "path.simplify": False,
    "text.parse_math": False,  # a label may hold dollar signs
}


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
    down = math.ceil(len(metrics) / PANELS_ACROSS)
    across = math.ceil(len(metrics) / down)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, down * (0.75 + LINE_IN * len(names))), layout="constrained")
        panels = figure.subplots(down, across, sharey=True, squeeze=False)
        for panel in panels.flat[len(metrics) :]:
            panel.set_visible(False)
        for panel, metric in zip(panels.flat, metrics, strict=False):
            part = rows[(rows["dataset"] == dataset) & (rows["metric"] == metric.key) & rows["value"].notna()]
            values = [np.sort(part.loc[part["method"] == name, "value"].to_numpy(np.float64)) for name in names]
            lines = [means.get((name, metric.key)) for name in names]
            _draw_panel(panel, values, lines, [methods[name].kind == "control" for name in names])
            panel.set_title(_title(metric))
        panels[0, 0].set_ylim(len(names) - 0.5, -0.5)
        for first in panels[:, 0]:
            first.set_yticks(range(len(names)), [_shortened(methods[name].label) for name in names])
    return figure


def _title(metric: MetricInfo) -> str:
    """Return name and arrow, and below them the unit, so that neighbours' titles do not touch."""
    lines = textwrap.wrap(f"{metric.label}\N{NO-BREAK SPACE}{metric.arrow}", TITLE_LETTERS)
    return "\n".join([*lines, f"({metric.unit})"] if metric.unit else lines)


def _draw_panel(
    panel: Axes, values: Sequence[Float[np.ndarray, " _clips"]], lines: Sequence[Mean | None], controls: Sequence[bool]
) -> None:
    centres = [line.mean if line else math.nan for line in lines]
    intervals = [(line.low, line.high) if line else (math.nan, math.nan) for line in lines]
    shown = np.array([*centres, *(end for interval in intervals for end in interval)])
    finite = np.concatenate([shown[np.isfinite(shown)], *(v[np.isfinite(v)] for v in values)])
    infinite = any(math.isinf(c) for c in centres) or any(np.isinf(v).any() for v in values)
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    pad = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    border, strip = high + 1.5 * pad, high + 3.5 * pad
    rasterized = sum(map(len, values)) > VECTOR_DOTS
    for row, (clips, centre, control) in enumerate(zip(values, centres, controls, strict=True)):
        alike = len(clips) > 0 and clips.min() == clips.max()  # a column of equal dots would look like an error bar
        x, y = np.where(np.isinf(clips), strip, clips), row + _spread(len(clips)) * (not alike)
        panel.plot(x, y, "o", ms=2.4, mew=0, color=DOT_COLOUR, alpha=0.55, rasterized=rasterized, zorder=2)
        panel.plot(intervals[row], (row, row), color="black", lw=1, zorder=2)  # nothing where it is NaN
        if math.isnan(centre):
            panel.text(low, row, "no mean" if len(clips) else "no value", va="center", size=7, bbox=LABEL_BOX)
        else:
            panel.plot(strip if math.isinf(centre) else centre, row, zorder=3, **(CONTROL if control else METHOD))
    _finish_axis(panel, low - pad, border, strip, infinite)
    if any(controls) and not all(controls):
        panel.axhline(sum(controls) - 0.5, color="black", lw=0.6)


def _finish_axis(panel: Axes, left: float, border: float, strip: float, infinite: bool) -> None:
    panel.grid(axis="y", color="#DDDDDD", lw=0.5)
    panel.grid(axis="x", color="#EEEEEE", lw=0.5)
    panel.set_axisbelow(True)
    panel.spines[["top", "right", "left"]].set_visible(False)
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


def _spread(count: int) -> Float[np.ndarray, " count"]:
    """Vertical places of sorted dots: neighbours in value lie apart (multiples of the golden ratio fill evenly)."""
    if count == 1:
        return np.zeros(1)
    return np.asarray(0.6 * (np.modf(np.arange(count) * 0.6180339887498949)[0] - 0.5))


def save_figure(figure: Figure, stem: Path) -> tuple[Path, Path]:
    """Write a figure as ``<stem>.svg`` and ``<stem>.png`` (200 dpi); the same figure gives the same bytes."""
    svg, png = stem.with_name(f"{stem.name}.svg"), stem.with_name(f"{stem.name}.png")
    with mpl.rc_context(STYLE):
        # The canvases themselves: savefig draws each figure twice, for a layout that the first draw has made here.
        FigureCanvasSVG(figure).print_svg(svg, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
        figure.set_layout_engine("none")
        figure.set_dpi(200)
        FigureCanvasAgg(figure).print_png(png, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return svg, png
