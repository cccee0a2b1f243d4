"""The figure: what stands where, and the same bytes each time."""

import math

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from reports.aggregate import aggregate
from reports.describe import MethodInfo
from reports.figures import save_figure
from reports.plots import metric_plot


@pytest.fixture
def draw(rows, expected, methods, metrics):
    return lambda track="own pose": metric_plot(aggregate(rows, expected), rows, "talk", track, methods, metrics)


def markers(panel, kind):
    (line,) = [line for line in panel.lines if line.get_marker() == kind and line.get_markersize() > 3]
    return [(x, y) for x, y in line.get_xydata().tolist() if not math.isnan(x)]


def test_a_panel_per_metric_and_a_line_per_method(draw):
    figure = draw()
    assert [panel.get_title() for panel in figure.axes] == ["PSNR\u00a0↑\n(dB)", "LMD\u00a0↓\n(% IOD)"]
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["Ground truth", "Still frame", "Own A", "Own_B & co", "Broken"]


def test_means_and_dots_stand_at_their_values(draw):
    panel = draw().axes[0]
    assert markers(panel, "o") == [(31.0, 2.0), (29.0, 3.0)]
    (dots,) = [line for line in panel.lines if line.get_markersize() < 3]
    x, y = dots.get_data()
    at = [x[np.round(y) == row].tolist() for row in (1, 2, 3)]
    assert at == [[20, 21, 22, 23], [30, 31, 32, 33], [28, 29, 30]]
    assert len(np.unique(y[np.round(y) == 2])) == 4  # each dot in a place of its own


def test_intervals_lie_under_their_means(draw, rows, expected, methods):
    panel = draw().axes[0]
    guides, intervals = panel.collections
    labels = [label.get_text() for label in panel.get_yticklabels()]
    drawn = {labels[round(segment[0, 1])]: tuple(segment[:, 0]) for segment in intervals.get_segments()}
    means = aggregate(rows, expected).set_index(["metric", "method"]).loc["psnr"]
    here = [methods[name].label in labels for name in means.index]
    finite = means[np.isfinite(means["low"]) & np.array(here)]
    assert len(finite)
    assert drawn == {methods[name].label: (line["low"], line["high"]) for name, line in finite.iterrows()}
    assert len(guides.get_segments()) == len(labels)


def test_infinite_values_have_a_place_inside_the_panel_and_a_sign(draw):
    panel = draw().axes[0]
    (ground_truth, still) = markers(panel, "D")
    assert math.isfinite(ground_truth[0])
    assert 33.0 < ground_truth[0] < panel.get_xlim()[1]
    assert still[0] == 21.0
    ticks = dict(zip(panel.get_xticks(), [label.get_text() for label in panel.get_xticklabels()], strict=True))
    assert ticks[ground_truth[0]] == "∞"
    assert "∞" not in [label.get_text() for label in draw().axes[1].get_xticklabels()]


def test_a_method_without_a_value_says_so(draw):
    assert [(text.get_text(), text.get_position()[1]) for text in draw().axes[0].texts] == [("no value", 4)]


@pytest.mark.parametrize("value", [math.inf, 0.0, 30.0])
def test_one_clip_and_odd_labels_can_be_drawn(make_row, metrics, value, tmp_path):
    rows = pd.DataFrame([make_row("ground_truth", "clip_0", value=value)])
    methods = {"ground_truth": MethodInfo("a_b$c$ " + "long " * 30, "", "control")}
    figure = metric_plot(aggregate(rows, {"talk": ["clip_0"]}), rows, "talk", "controls", methods, metrics[:1])
    save_figure(figure, tmp_path / "odd")
    (label,) = figure.axes[0].get_yticklabels()
    assert label.get_text() == "a_b$c$ long long long long long…"
    left, right = figure.axes[0].get_xlim()
    assert left < markers(figure.axes[0], "D")[0][0] < right


def test_saving_twice_gives_the_same_bytes(draw, tmp_path):
    before = dict(mpl.rcParams)
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        svg, png = save_figure(draw(), tmp_path / folder / "talk.own")
        assert (svg.name, png.name) == ("talk.own.svg", "talk.own.png")
    for name in ("talk.own.svg", "talk.own.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert b"<dc:date>" not in (tmp_path / "one" / "talk.own.svg").read_bytes()
    assert dict(mpl.rcParams) == before
