"""Training curves -> one figure: a panel per network, a line per loss or figure, over the steps."""

from collections.abc import Mapping, Sequence
from itertools import chain

import matplotlib as mpl
from matplotlib.figure import Figure

from reports.figures import STYLE, WIDTH_IN

PANEL_IN, ACROSS = 1.7, 3
# Okabe and Ito; with the line styles they differ in grey print too.
LOOKS = (("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", "-."), ("#CC79A7", ":"), ("#56B4E9", "-"), ("#000000", "--"))

Curve = Sequence[Mapping[str, int | float]]


def curves_figure(curves: Mapping[str, Curve]) -> Figure:
    """Return the figure of several trainings.

    Args:
        curves: title -> points in order; each has a "step" and named values. Values are scaled by the largest of
            their line, so that all fit into one panel; the legend has the last ones as they are.
    """
    down = -(-len(curves) // ACROSS)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, down * PANEL_IN + 0.2), layout="constrained")
        panels = figure.subplots(down, ACROSS, squeeze=False)
        for panel in panels.flat[len(curves) :]:
            panel.set_visible(False)
        for panel, (title, points) in zip(panels.flat, curves.items(), strict=False):
            names = [name for name in dict.fromkeys(chain.from_iterable(points)) if name not in ("step", "seconds")]
            for name, (colour, line) in zip(names, LOOKS, strict=False):
                drawn = [(point["step"], point[name]) for point in points if name in point]
                unit = max(abs(value) for _, value in drawn) or 1.0
                panel.plot(
                    [step for step, _ in drawn],
                    [value / unit for _, value in drawn],
                    line,
                    color=colour,
                    lw=1,
                    label=f"{name} {drawn[-1][1]:.3g}",
                )
            panel.set_title(title)
            panel.set_xlabel("step")
            panel.spines[["top", "right"]].set_visible(False)
            panel.grid(color="#EEEEEE", lw=0.5)
            panel.legend(frameon=False, fontsize=6)
        for first in panels[:, 0]:
            first.set_ylabel("value / largest value")
    return figure
