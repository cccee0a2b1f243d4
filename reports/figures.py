"""What all figures share: their style, a grid of panels with named lines, and how they are written."""

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from reports.describe import MetricInfo

WIDTH_IN = 7.0  # both columns of a page
TITLE_LETTERS = 22
GUIDE, FAINT = "#DDDDDD", "#EEEEEE"
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


def panel_grid(
    count: int, names: Sequence[str], *, across: int, head: float, line: float, foot: float = 0.0
) -> tuple[Figure, list[Axes]]:
    """Return a figure and its panels, each with a line per name from top to bottom, named on the left.

    One collection draws the guide lines of a panel, and only the first of a row has ticks up its side: a tick of
    Matplotlib is five artists, and a report has hundreds of panels.

    Args:
        count: number of panels.
        names: of the lines.
        across: most panels in a row.
        head: inches of a panel beside its lines.
        line: inches of a line.
        foot: inches below all panels.
    """
    down = math.ceil(count / across)
    across = math.ceil(count / down)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, down * (head + line * len(names)) + foot), layout="constrained")
        panels = [figure.add_subplot(down, across, number + 1) for number in range(count)]
        for number, panel in enumerate(panels):
            named = names if number % across == 0 else ()
            panel.set_yticks(range(len(named)), named)
            panel.set_ylim(len(names) - 0.5, -0.5)
            side = panel.get_yaxis_transform()
            panel.hlines(range(len(names)), 0, 1, transform=side, color=GUIDE, lw=0.5, zorder=0.5)
            panel.grid(axis="x", color=FAINT, lw=0.5)
            panel.set_axisbelow(True)
            panel.spines[["top", "right", "left"]].set_visible(False)
    return figure, panels


def panel_title(metric: MetricInfo) -> str:
    """Return name and arrow, and below them the unit, so that neighbours' titles do not touch."""
    lines = textwrap.wrap(f"{metric.label}\N{NO-BREAK SPACE}{metric.arrow}", TITLE_LETTERS)
    return "\n".join([*lines, f"({metric.unit})"] if metric.unit else lines)


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
