"""Figures of clips against clips: what is drawn is what the rows hold, and nothing where there is nothing."""

import math

import numpy as np
import pandas as pd
import pytest

from reports.aggregate import aggregate, means_of
from reports.describe import MethodInfo, MetricInfo
from reports.figures import save_figure
from reports.pair_plots import looks, offset_figure, radar_figure, scatter_figure, speed_figure
from reports.speed import COLUMNS, read_speed
from reports.sync_plot import curve_figure

METRICS = [MetricInfo(key, key.upper(), "", "higher", 2) for key in ("a", "b", "c")]
METHODS = {
    "ground_truth": MethodInfo("Truth", "", "control"),
    "still_frame": MethodInfo("Still", "", "control"),
    "one": MethodInfo("One", "own pose", "native"),
    "two": MethodInfo("Two", "own pose", "native"),
}
LEVEL = {"ground_truth": 10.0, "still_frame": 0.0, "one": 5.0, "two": 7.5}
CLIPS = [f"c{k}" for k in range(4)]


@pytest.fixture
def rows(make_row):
    lines = [
        make_row(method, clip, metric.key, level + k)
        for method, level in LEVEL.items()
        for k, clip in enumerate(CLIPS)
        for metric in METRICS
    ]
    lines += [make_row(name, clip, "av_offset", float(k - 2)) for name in LEVEL for k, clip in enumerate(CLIPS)]
    return pd.DataFrame(lines)


@pytest.fixture
def means(rows):
    return means_of(aggregate(rows, {"talk": CLIPS}), "talk")


def dots(axis):
    return [line.get_xydata().tolist() for line in axis.lines if line.get_marker() not in ("None", "", None)]


def test_the_scatter_pairs_clips_by_name(rows):
    shuffled = rows.sample(frac=1, random_state=0)
    figure = scatter_figure(shuffled, ["one", "two"], "one", METHODS, METRICS[:1])
    assert sorted(dots(figure.axes[0])[0]) == [[5.0 + k, 7.5 + k] for k in range(4)]


def test_no_pair_no_scatter(rows):
    assert scatter_figure(rows, ["one"], "one", METHODS, METRICS) is None


def test_infinite_values_are_no_dots(rows):
    rows.loc[(rows["method"] == "two") & (rows["clip"] == "c0"), "value"] = math.inf
    figure = scatter_figure(rows, ["one", "two"], "one", METHODS, METRICS[:1])
    assert len(dots(figure.axes[0])[0]) == 3


def test_offsets_are_counted_per_frame(rows):
    figure = offset_figure(rows, ["one", "two"], METHODS)
    heights = [patch.get_height() for patch in figure.axes[0].patches]
    assert sum(heights) == 4
    assert heights[13:17] == [1, 1, 1, 1]  # -2 to 1
    assert offset_figure(rows[rows["metric"] != "av_offset"], ["one"], METHODS) is None


def test_the_radar_runs_from_still_to_truth(means):
    figure = radar_figure(means, ["one", "two"], METHODS, METRICS, "still_frame")
    one, two = (line.get_ydata() for line in figure.axes[0].lines)
    assert one == pytest.approx([0.5] * 4)
    assert two == pytest.approx([0.75] * 4)
    assert radar_figure(means, ["one"], METHODS, METRICS[:2], "still_frame") is None


def test_a_metric_that_prefers_the_still_frame_is_no_spoke(means):
    lower = [*METRICS, MetricInfo("a", "A again", "", "lower", 2)]
    figure = radar_figure(means, ["one"], METHODS, lower, "still_frame")
    assert len(figure.axes[0].get_xticks()) == 3


def test_speed_needs_two_methods(means, tmp_path):
    path = tmp_path / "speed.csv"
    lines = ["one,10,75,128,cpu,x", "two,40,75,128,cpu,x", "gone,5,75,128,cpu,x"]
    path.write_text("\n".join([",".join(COLUMNS), *lines]) + "\n")
    figure = speed_figure(means, read_speed(path), METHODS, METRICS[0])
    assert dots(figure.axes[0]) == [[[10.0, 6.5]], [[40.0, 9.0]]]
    assert speed_figure(means, read_speed(tmp_path / "none.csv"), METHODS, METRICS[0]) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [("a,b\n", "columns"), (",".join(COLUMNS) + "\nx,1,1,1,c,m\nx,1,1,1,c,m\n", "twice"),
     (",".join(COLUMNS) + "\nx,0,1,1,c,m\n", "not above 0")],
)  # fmt: skip
def test_a_wrong_speed_file_is_named(tmp_path, text, said):
    (tmp_path / "speed.csv").write_text(text)
    with pytest.raises(ValueError, match=said):
        read_speed(tmp_path / "speed.csv")


def test_curves_keep_their_gaps():
    values = np.array([np.nan, np.nan, 1.0, 2.0], np.float32)
    figure = curve_figure({"one": values}, ["one", "two"], METHODS, "title")
    assert np.isnan(figure.axes[0].lines[0].get_ydata()[:2]).all()
    assert curve_figure({}, ["one"], METHODS, "title") is None


def test_many_methods_all_look_different():
    assert len(set(looks([f"m{k}" for k in range(32)]).values())) == 32


def test_a_figure_saved_twice_is_the_same_bytes(rows, tmp_path):
    saved = []
    for name in ("one", "two"):
        figure = scatter_figure(rows, ["one", "two"], "one", METHODS, METRICS)
        saved.append([path.read_bytes() for path in save_figure(figure, tmp_path / name)])
    assert saved[0] == saved[1]
