"""How metrics move on ground truth: means of pairs, infinite truth, reasons, the table and the figure."""

import math

import numpy as np
import pandas as pd
import pytest

from reports.aggregate import Mean
from reports.describe import MetricInfo
from reports.result_folder import SetMean, set_frame
from reports.sensitivity import (
    sensitivity,
    sensitivity_figure,
    sensitivity_frame,
    sensitivity_latex,
    sensitivity_markdown,
)

METRICS = [MetricInfo("psnr", "PSNR", "dB", "higher", 2), MetricInfo("lmd", "LMD", "%", "lower", 2)]
METRICS.append(MetricInfo("fid", "FID", "", "lower", 3))
CHANGES = {"itself": "itself", "crf28": "H.264 CRF 28", "aac": "AAC 64 kbit/s"}


@pytest.fixture
def found(make_row):
    rng = np.random.default_rng(0)
    base, lines = rng.normal(5, 2, 12), []
    for k in range(12):
        who = {"identity": f"p{k}"}
        for name in ("itself", "aac"):
            lines += [make_row(name, f"c{k}", value=math.inf, **who), make_row(name, f"c{k}", "lmd", base[k], **who)]
        lines += [make_row("crf28", f"c{k}", value=34.0 + 0.1 * k, **who)]
        lines += [make_row("crf28", f"c{k}", "lmd", base[k] + 0.5 + 0.01 * k, **who)]
    draws = list(rng.normal(1, 0.1, 200))
    sets = [
        SetMean(Mean("talk", name, "fid", 12, 12, 1.0, 12, value, math.nan, 0, 0, "", "", "fid", 0.0, 1.0), "x", each)
        for name, value, each in (("itself", 0.0, [0.0] * 200), ("crf28", 1.0, draws), ("aac", 0.0, [0.0] * 200))
    ]
    return sensitivity(pd.DataFrame(lines), set_frame(sets), CHANGES, "itself", METRICS)


def test_changes_are_those_of_pairs(found):
    by_key = {(each.change, each.metric): each for each in found}
    moved = by_key["H.264 CRF 28", "lmd"]
    assert moved.mean == pytest.approx(0.555)
    assert 0.5 < moved.low < moved.high < 0.6  # clips differ by 2, pairs by .03
    assert by_key["H.264 CRF 28", "fid"].mean == 1.0
    assert by_key["AAC 64 kbit/s", "lmd"].mean == 0
    assert "itself" not in {each.change for each in found}


def test_an_infinite_truth_shows_the_value_itself(found):
    by_key = {(each.change, each.metric): each for each in found}
    assert by_key["H.264 CRF 28", "psnr"].itself
    assert by_key["H.264 CRF 28", "psnr"].mean == pytest.approx(34.55)
    text = sensitivity_markdown(found, METRICS)
    assert "| H.264 CRF 28 | 34.55 ± " in text
    assert "| AAC 64 kbit/s | ∞ | +0.00 ± 0.00 |" in text
    assert "PSNR: the value itself" in text


def test_latex_and_csv_hold_the_same(found):
    text = sensitivity_latex(found, METRICS, "judges: a_b")
    assert r"judges: a\_b" in text
    assert r"$\pm$" in text
    assert text.isascii()
    assert len(sensitivity_frame(found)) == 6


def test_a_change_that_could_not_be_made_says_why(make_row):
    lines = [make_row("itself", "c", "lmd", 1.0), make_row("odd", "c", "lmd", math.nan, reason="odd sides")]
    found = sensitivity(pd.DataFrame(lines), set_frame([]), {"itself": "i", "odd": "Odd"}, "itself", METRICS[1:2])
    text = sensitivity_markdown(found, METRICS[1:2])
    assert "| Odd | - |" in text
    assert "Odd, lmd: no clip has a value" in text


def test_the_figure_has_a_panel_per_metric(found):
    figure = sensitivity_figure(found, METRICS)
    assert [axis.get_title() for axis in figure.axes if axis.get_visible()][:2] == ["PSNR (dB) ↑", "LMD (%) ↓"]
