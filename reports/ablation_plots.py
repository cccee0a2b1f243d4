"""A comparison of arms, their training and their correlation metrics -> figures, legends below the panels."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from reports.ablation import Ablation, Cell, Column
from reports.crossed import CrossedMean
from reports.figures import STYLE, WIDTH_IN, panel_grid, panel_title

ACROSS, LINE_IN, TWO_LINES_IN, HEAD_IN, LEGEND_IN, CURVE_IN = 3, 0.22, 0.29, 0.62, 0.3, 1.55
LEGEND_ACROSS, FIGURE_LETTERS, SAMPLE_LETTERS = 5, 120, 7
LABEL_LETTERS, LEGEND_LETTERS, BELOW = 22, 40, 0.27
FAR = 1.2  # a still frame farther from the arms than this many times their spread is named and not drawn
BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#707070"  # Okabe and Ito; shapes differ too, for grey print
ARM: dict[str, Any] = {"marker": "o", "color": BLUE, "ms": 5, "ls": "none"}
FULL: dict[str, Any] = {"marker": "D", "color": VERMILION, "ms": 4.5, "ls": "none"}
SEED: dict[str, Any] = {"marker": "o", "color": "#808080", "ms": 2.6, "mew": 0, "alpha": 0.6, "ls": "none"}
STILL: dict[str, Any] = {"color": "black", "lw": 0.9, "ls": (0, (4, 2))}
BETTER: dict[str, Any] = {"marker": "o", "color": BLUE, "ms": 5, "ls": "none"}
WORSE: dict[str, Any] = {"marker": "s", "color": VERMILION, "ms": 4.5, "ls": "none"}
NOISE: dict[str, Any] = {"marker": "o", "color": GREY, "mfc": "white", "mew": 1, "ms": 4.5, "ls": "none"}
COLOURS = (BLUE, VERMILION, "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "black")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (5, 1.5, 1, 1.5)), (0, (1, 1.3)))
POINTS, LOGARITHMIC = 40, 30.0
UNDRAWN = ("step", "seconds", "rate")


def level_figure(found: Ablation) -> Figure:
    """Return the means of all arms: a panel per metric, an arm per line, seeds faint behind mean and 95 % interval.

    The still frame is a dashed line on a line of its own; where it lies far off, an arrow and its value stand there
    instead, so that the arms are not crowded together.

    Args:
        found: the comparison.
    """
    labels = [*found.study.labels.values(), "Still frame"]
    figure, panels = _panels(len(found.columns), labels)
    with mpl.rc_context(STYLE):
        for panel, column in zip(panels, found.columns, strict=False):
            cells = [found.cells[arm, column.metric.key] for arm in found.study.labels]
            for row, (arm, cell) in enumerate(zip(found.study.labels, cells, strict=True)):
                panel.plot(cell.by_seed, np.full(len(cell.by_seed), row + BELOW), zorder=2, **SEED)
                _mean(panel, cell.level, row, FULL if arm == found.study.full else ARM)
            _still(panel, cells, column, len(cells))
            panel.set_title(panel_title(column.metric))
        looks = [("mean and 95 % interval", ARM), (f"{found.study.labels[found.study.full]}, the full model", FULL)]
        _legend(figure, [*looks, ("mean of one seed", SEED), ("still frame, or where it lies", STILL)])
    return figure


def difference_figure(found: Ablation) -> Figure:
    """Return the paired differences to the full model with their 95 % intervals; shape and colour are the verdict.

    Args:
        found: the comparison.
    """
    arms = [arm for arm in found.study.labels if arm != found.study.full]
    full = found.study.labels[found.study.full]
    figure, panels = _panels(len(found.columns), [found.study.labels[arm] for arm in arms])
    with mpl.rc_context(STYLE):
        for panel, column in zip(panels, found.columns, strict=False):
            for row, arm in enumerate(arms):
                cell = found.cells[arm, column.metric.key]
                _mean(panel, cell.difference, row, {"better": BETTER, "worse": WORSE}.get(cell.verdict, NOISE))
            panel.axvline(0, color="black", lw=0.8, zorder=1)
            panel.margins(x=0.08)
            panel.set_title(panel_title(column.metric))
        looks = [(f"better than {full}", BETTER), (f"worse than {full}", WORSE), ("within noise", NOISE)]
        _legend(figure, looks)
    return figure


def training_figure(curves: Mapping[str, Mapping[int, pd.DataFrame]], titles: Mapping[str, str]) -> Figure:
    """Return the training curves: a panel per quantity, a line per arm: the mean over seeds in the band of their range.

    Steps are averaged in at most 40 bins; a quantity whose values span more than a factor of 30 has a logarithmic axis.

    Args:
        curves: label of an arm -> seed -> a column ``step`` and one per quantity, NaN where it was not computed.
        titles: quantity -> title of its panel; its own name if it has none.

    Raises:
        ValueError: there is nothing to draw.
    """
    frames = [frame for seeds in curves.values() for frame in seeds.values()]
    names = dict.fromkeys(str(name) for frame in frames for name in frame.columns)
    shown = [name for name in names if name not in UNDRAWN]
    if not shown:
        raise ValueError("training curves: no quantity to draw")
    with mpl.rc_context(STYLE):
        down, across = -(-len(shown) // ACROSS), min(ACROSS, len(shown))
        rows = -(-len(curves) // _legend_columns(_legend_names(list(curves))))
        size = (WIDTH_IN, down * CURVE_IN + LEGEND_IN + 0.15 * (rows - 1))
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(down, across, squeeze=False)
        for panel in panels.flat[len(shown) :]:
            panel.set_visible(False)
        looks = {label: _look(k) for k, label in enumerate(curves)}
        for panel, name in zip(panels.flat, shown, strict=False):
            for label, seeds in curves.items():
                _curve(panel, [frame for frame in seeds.values() if name in frame], name, looks[label])
            panel.set_title(titles.get(name, name))
            panel.set_xlabel("step")
            _finish(panel)
            _logarithmic(panel)
        _legend(figure, [(label, {**look, "lw": 1.4}) for label, look in looks.items()])
    return figure


def correlation_figure(found: Sequence[Mapping[str, Any]]) -> Figure:
    """Return the figures of the correlation metrics, each beside random encoders and, where it has one, its control.

    Args:
        found: as for `reports.correlation.correlation_table`; metrics without figures are left out.

    Raises:
        ValueError: no metric has figures.
    """
    known = [metric for metric in found if not metric["reason"]]
    if not known:
        raise ValueError("correlation metrics: none has figures")
    trained, random = dict(ARM), {"marker": "x", "color": "black", "ms": 4.5, "mew": 1.1, "ls": "none"}
    shuffled = FULL | {"mfc": "white", "mew": 1.2}
    faster = {"marker": "^", "color": "#009E73", "ms": 5, "ls": "none"}
    drawn = {
        "Released AUC": (0.5, [("released_auc", trained), ("shuffled_auc", shuffled)], "released_auc"),
        "Audio AUC": (0.5, [("audio_auc", trained), ("audio_auc_faster", faster)], "audio_auc"),
        "Lag 0 found": (1 / 31, [("lag_found", trained)], "lag_found"),
    }
    figure, panels = _panels(len(drawn), [metric["label"] for metric in known], line=0.42)
    with mpl.rc_context(STYLE):
        for panel, (title, (chance, marks, floor)) in zip(panels, drawn.items(), strict=True):
            panel.axvline(chance, **STILL)
            for row, metric in enumerate(known):
                looks = [*((metric["trained"][name], look) for name, look in marks), (metric["random"][floor], random)]
                for k, (value, look) in enumerate(looks):  # one above the other: equal figures must both be seen
                    panel.plot(value, row + 0.2 * (k - (len(looks) - 1) / 2), zorder=3, **look)
            least = min(float(np.min(line.get_xdata())) for line in panel.lines)
            panel.set_xlim(min(least - 0.03, 0.4 if chance == 0.5 else -0.05), 1.04)
            panel.set_title(title)
        looks = [("trained", trained), ("trained, audio shuffled", shuffled), ("trained, faster half", faster)]
        _legend(figure, [*looks, ("random encoders", random), ("chance", STILL)])
    return figure


def _panels(count: int, labels: Sequence[str], line: float = LINE_IN) -> tuple[Figure, list[Axes]]:
    names = [_broken(label) for label in labels]
    line = max(line, TWO_LINES_IN if any("\n" in name for name in names) else 0.0)
    figure, panels = panel_grid(count, names, across=ACROSS, head=HEAD_IN, line=line, foot=LEGEND_IN)
    for panel in panels:
        panel.xaxis.set_major_locator(MaxNLocator(4))
    return figure, panels


def _finish(panel: Axes) -> None:
    panel.grid(color="#E6E6E6", lw=0.5)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)


def _mean(panel: Axes, found: CrossedMean | None, row: int, look: Mapping[str, Any]) -> None:
    if found is None:
        panel.text(0.5, row, "no value", va="center", ha="center", size=7, transform=panel.get_yaxis_transform())
        return
    panel.plot((found.low, found.high), (row, row), color="black", lw=1, zorder=2)  # nothing where it is NaN
    panel.plot(found.mean, row, zorder=3, **look)


def _still(panel: Axes, cells: Sequence[Cell], column: Column, row: int) -> None:
    """Set the limits of a panel and draw the still frame, or say where it lies."""
    ends = [end for cell in cells if cell.level for end in (cell.level.low, cell.level.high, *cell.by_seed)]
    shown = [end for end in ends if math.isfinite(end)] or ([column.still.mean] if column.still else [0.0])
    low, high = min(shown), max(shown)
    spread = (high - low) or 0.1 * abs(high) or 1.0
    still = column.still
    if still is None:
        panel.text(0.5, row, "no value", va="center", ha="center", size=7, transform=panel.get_yaxis_transform())
    elif low - FAR * spread <= still.mean <= high + FAR * spread:
        ends = [end for end in (still.low, still.mean, still.high) if math.isfinite(end)]
        low, high = min(low, *ends), max(high, *ends)
        panel.axvline(still.mean, zorder=1, **STILL)
        panel.plot((still.low, still.high), (row, row), color="black", lw=1, zorder=2)
    else:
        left, value = still.mean < low, f"{still.mean:.{column.metric.decimals}f}"
        text, place, side = (f"← {value}", 0.02, "left") if left else (f"{value} →", 0.98, "right")
        panel.text(place, row, text, va="center", ha=side, size=7, transform=panel.get_yaxis_transform())
    pad = 0.08 * (high - low) or spread
    panel.set_xlim(low - pad, high + pad)


def _curve(panel: Axes, frames: Sequence[pd.DataFrame], name: str, look: Mapping[str, Any]) -> None:
    known = [frame.loc[frame[name].notna(), ["step", name]] for frame in frames]
    if not any(len(frame) for frame in known):
        return
    last = max(float(frame["step"].max()) for frame in known if len(frame))
    points = max(len(frame) for frame in known)
    bins = np.linspace(0, last, min(POINTS, points) + 1)
    lines = np.array([_binned(frame, name, bins) for frame in known if len(frame)])
    there = np.isfinite(lines).all(axis=0)  # a training that ended early ends the mean, and does not bend it
    x, lines = ((bins[:-1] + bins[1:]) / 2)[there], lines[:, there]
    if lines.shape[1] == 0:
        return
    panel.fill_between(x, lines.min(axis=0), lines.max(axis=0), color=look["color"], alpha=0.15, lw=0)
    panel.plot(x, lines.mean(axis=0), lw=1.1, **look)


def _binned(frame: pd.DataFrame, name: str, bins: Float[np.ndarray, " _ends"]) -> Float[np.ndarray, " _bins"]:
    place = np.clip(np.digitize(frame["step"], bins, right=True) - 1, 0, len(bins) - 2)
    count = np.bincount(place, minlength=len(bins) - 1)
    total = np.bincount(place, weights=frame[name], minlength=len(bins) - 1)
    return np.asarray(np.divide(total, count, out=np.full(len(count), math.nan), where=count > 0))


def _logarithmic(panel: Axes) -> None:
    values = np.concatenate([np.asarray(line.get_ydata(), np.float64) for line in panel.lines] or [np.zeros(1)])
    if values.min() > 0 and values.max() > LOGARITHMIC * values.min():
        panel.set_yscale("log")
        panel.yaxis.set_major_locator(LogLocator(numticks=5))
        panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        panel.yaxis.set_minor_locator(NullLocator())


def _look(k: int) -> dict[str, Any]:
    return {"color": COLOURS[k % len(COLOURS)], "ls": DASHES[(k % len(COLOURS) + k // len(COLOURS)) % len(DASHES)]}


def _legend(figure: Figure, looks: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    handles: list[Artist] = [Line2D([], [], **look) for _, look in looks]
    names = _legend_names([name for name, _ in looks])
    columns = _legend_columns(names)
    figure.legend(handles, names, loc="outside lower center", ncols=columns, frameon=False, fontsize=7)


def _legend_names(names: Sequence[str]) -> list[str]:
    return [textwrap.shorten(name, LEGEND_LETTERS, placeholder="…") for name in names]


def _legend_columns(names: Sequence[str]) -> int:
    """Return the largest number of columns that fits the width of the figure."""
    for columns in range(min(len(names), LEGEND_ACROSS), 1, -1):
        widths = [max(map(len, part)) + SAMPLE_LETTERS for part in np.array_split(np.array(names), columns)]
        if sum(widths) <= FIGURE_LETTERS:
            return columns
    return 1


def _broken(label: str) -> str:
    return "\n".join(textwrap.wrap(label, LABEL_LETTERS, max_lines=2, placeholder="…"))
