"""One clip over time: a value per frame and method, with the seconds below."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from jaxtyping import Float32
from matplotlib.figure import Figure

from reports.describe import MethodInfo
from reports.figures import STYLE, WIDTH_IN
from reports.pair_plots import looks

FPS = 25


def curve_figure(
    curves: Mapping[str, Float32[np.ndarray, " _frames"]],
    names: Sequence[str],
    methods: Mapping[str, MethodInfo],
    title: str,
) -> Figure | None:
    """Return the figure of one clip and one framewise metric; None if no method has a curve.

    Args:
        curves: method -> value per frame, NaN where there is none.
        names: methods to show.
        methods: name -> how it is shown.
        title: metric and clip.
    """
    shown = [name for name in names if name in curves]
    if not shown:
        return None
    look = looks(names)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, 2.2), layout="constrained")
        axis = figure.subplots()
        for name in shown:
            colour, _, line = look[name]
            seconds = np.arange(len(curves[name])) / FPS
            axis.plot(seconds, curves[name], line, color=colour, lw=1.1, label=methods[name].label)
        axis.set(title=title, xlabel="seconds")
        axis.grid(color="#EEEEEE", lw=0.5)
        axis.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside right center", frameon=False, fontsize=6.5)
    return figure
