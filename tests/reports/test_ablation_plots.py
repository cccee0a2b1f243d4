"""The figures of a comparison: what stands where, and the same bytes each time."""

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reports.ablation import Ablation, Cell, Column, Study
from reports.ablation_plots import correlation_figure, difference_figure, level_figure, training_figure
from reports.crossed import crossed_mean
from reports.describe import MetricInfo
from reports.figures import save_figure

LABELS = {"base": "Base", "both": "Both", "full": "Full", "lost": "Lost $a_b$ " + "long " * 20}
METRICS = [MetricInfo("up", "Up", "", "higher", 2), MetricInfo("down", "Down", "px", "lower", 2)]
VERDICTS = {"base": "worse", "both": "within noise", "full": "", "lost": ""}
FIGURES = {"released_auc": 0.7, "shuffled_auc": 0.7, "audio_auc": 0.8, "audio_auc_faster": 0.85, "lag_found": 1.0}
METRIC = {"label": "A", "reason": "", "trained": FIGURES, "random": dict.fromkeys(FIGURES, 0.49)}


def made(stills=(4.0, 0.1)):
    rng = np.random.default_rng(0)
    cells, columns = {}, []
    for metric, at in zip(METRICS, stills, strict=True):
        full = 5 + rng.normal(size=(3, 6))
        for k, arm in enumerate(LABELS):
            table = full + 0.5 * (2 - k) + 0.1 * rng.normal(size=(3, 6))
            difference = None if arm == "full" else crossed_mean(table - full)
            seeds = tuple(map(float, table.mean(axis=1)))
            cells[arm, metric.key] = Cell(crossed_mean(table), seeds, difference, VERDICTS[arm], None, "")
            if arm == "lost":
                cells[arm, metric.key] = Cell(None, (), None, "", None, "no face")
        still = crossed_mean(at + 0.1 * rng.normal(size=(1, 6)))
        columns.append(Column(metric, (0, 1, 2), 6, 6, still, None, "s"))
    return Ablation("talk", Study(LABELS, "full", "", ""), tuple(columns), cells, {})


def marks(panel, kind):
    return [line for line in panel.lines if line.get_marker() == kind]


def test_means_intervals_and_seeds_stand_at_their_values():
    found = made()
    panel = level_figure(found).axes[0]
    level = found.cells["base", "up"].level
    discs = [line for line in marks(panel, "o") if line.get_markersize() > 3]
    assert [tuple(line.get_xydata()[0]) for line in discs] == [
        (found.cells[arm, "up"].level.mean, row) for row, arm in enumerate(("base", "both"))
    ]
    assert tuple(marks(panel, "D")[0].get_xydata()[0]) == (found.cells["full", "up"].level.mean, 2)
    assert any(tuple(line.get_xdata()) == (level.low, level.high) for line in panel.lines)
    seeds = [line for line in marks(panel, "o") if line.get_markersize() < 3]
    assert list(seeds[0].get_xdata()) == list(found.cells["base", "up"].by_seed)
    assert 0 < seeds[0].get_ydata()[0] < 0.5  # below its mean, which would hide it
    assert [label.get_text() for label in panel.get_yticklabels()][:3] == ["Base", "Both", "Full"]


def test_the_still_frame_is_a_line_where_near_and_a_value_where_far():
    found = made(stills=(4.0, -90.0))
    near, far = level_figure(found).axes[:2]
    at = found.columns[0].still.mean
    assert any(tuple(line.get_xdata()) == (at, at) for line in near.lines)
    left, right = near.get_xlim()
    assert left < found.columns[0].still.low < found.columns[0].still.high < right
    assert f"← {found.columns[1].still.mean:.2f}" in [text.get_text() for text in far.texts]
    assert far.get_xlim()[0] > 0


def test_an_arm_without_a_value_says_so():
    for figure, row in ((level_figure(made()), 3), (difference_figure(made()), 2)):
        texts = [(text.get_text(), text.get_position()[1]) for text in figure.axes[0].texts]
        assert ("no value", row) in texts


def test_verdicts_have_shapes_of_their_own():
    found = made()
    panel = difference_figure(found).axes[0]
    assert [line.get_xdata()[0] for line in marks(panel, "s")] == [found.cells["base", "up"].difference.mean]
    (hollow,) = marks(panel, "o")
    assert hollow.get_xdata()[0] == found.cells["both", "up"].difference.mean
    assert hollow.get_markerfacecolor() == "white"


def curves(seeds=2, steps=100):
    step = np.arange(1, steps + 1)
    return {
        name: {
            k: pd.DataFrame({"step": step, "l1": k + 1.0 + 0 * step, "gradient": 10.0 ** (-step / 30), "rate": step})
            for k in range(seeds)
        }
        for name in ("Base", "Both")
    }


def test_curves_are_means_over_seeds_in_the_band_of_their_range():
    given = curves()
    given["Both"][0]["alignment"] = 0.5
    figure = training_figure(given, {"l1": "L1 loss"})
    l1, gradient, alignment = (axes for axes in figure.axes if axes.get_visible())
    assert (l1.get_title(), gradient.get_title()) == ("L1 loss", "gradient")
    assert len(l1.lines) == 2
    assert l1.lines[0].get_ydata() == pytest.approx(1.5)
    low, high = l1.collections[0].get_datalim(l1.transData).intervaly
    assert (low, high) == pytest.approx((1.0, 2.0))
    assert (l1.get_yscale(), gradient.get_yscale()) == ("linear", "log")
    assert len(alignment.lines) == 1  # the other arm never computed it


def test_a_training_that_stopped_ends_the_mean_and_does_not_bend_it():
    given = curves()
    given["Base"][1] = given["Base"][1][:50]
    base, both = training_figure(given, {}).axes[0].lines
    assert base.get_ydata() == pytest.approx(1.5)
    assert base.get_xdata().max() <= 51
    assert both.get_xdata().max() > 95


def test_many_arms_look_different():
    given = {f"arm {k}": curves(1)["Base"] for k in range(20)}
    lines = training_figure(given, {}).axes[0].lines
    assert len({(line.get_color(), str(line._unscaled_dash_pattern)) for line in lines}) == 20


def test_equal_figures_of_a_correlation_metric_are_both_seen():
    panel, audio, lag = correlation_figure([METRIC, {"label": "B", "reason": "no clip"}]).axes
    (trained,), (shuffled,), (random,) = (marks(panel, kind) for kind in ("o", "D", "x"))
    assert trained.get_xdata()[0] == shuffled.get_xdata()[0] == 0.7
    assert trained.get_ydata()[0] != shuffled.get_ydata()[0]
    assert random.get_xdata()[0] == 0.49
    assert marks(audio, "o")[0].get_xdata()[0] == 0.8
    assert lag.get_xlim()[0] < 0 < 1 < lag.get_xlim()[1]


def test_a_figure_below_chance_is_not_cut_off():
    low = METRIC | {"random": dict.fromkeys(FIGURES, 0.2)}
    assert all(panel.get_xlim()[0] < 0.2 for panel in correlation_figure([low]).axes)


def test_nothing_to_draw_is_an_error():
    with pytest.raises(ValueError, match="no quantity"):
        training_figure({}, {})
    with pytest.raises(ValueError, match="none has figures"):
        correlation_figure([{"label": "B", "reason": "no clip"}])


def test_one_seed_and_equal_values_can_be_drawn(tmp_path):
    level = crossed_mean(np.full((1, 1), 3.0))
    cells = {(arm, "up"): Cell(level, (3.0,), None, "", None, "") for arm in LABELS}
    column = Column(METRICS[0], (0,), 1, 1, None, None, "s")
    found = Ablation("talk", Study(LABELS, "full", "", ""), (column,), cells, {})
    save_figure(level_figure(found), tmp_path / "level")
    save_figure(difference_figure(found), tmp_path / "difference")
    assert math.isnan(level.half)


DRAWN = {
    "levels": lambda: level_figure(made()),
    "differences": lambda: difference_figure(made()),
    "training": lambda: training_figure(curves(), {}),
    "many long names": lambda: training_figure({f"{k} {'long ' * 20}": curves(1)["Base"] for k in range(20)}, {}),
    "correlation": lambda: correlation_figure([METRIC]),
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN.keys())
def test_legends_lie_below_the_panels_and_bytes_repeat(draw, tmp_path):
    figure = draw()
    one = save_figure(figure, tmp_path / "one")
    renderer = FigureCanvasAgg(figure).get_renderer()
    legend = figure.legends[0].get_window_extent(renderer)
    assert legend.x0 >= 0
    assert legend.x1 <= figure.bbox.width
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert all(axes.get_tightbbox(renderer).y0 >= legend.y1 - 1 for axes in shown)
    two = save_figure(draw(), tmp_path / "two")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
