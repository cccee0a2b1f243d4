"""Best, second, and what cannot be told from the best."""

import math

import numpy as np
import pandas as pd
import pytest

from reports.aggregate import aggregate
from reports.describe import MethodInfo, MetricInfo
from reports.differences import Pairs, against, difference_frame, difference_markdown, differences
from reports.markdown import to_markdown
from reports.result_folder import DatasetInfo, Results, set_frame
from reports.tables import build_table

PSNR = MetricInfo("psnr", "PSNR", "dB", "higher", 2)
NAMES = ("far", "near", "top")
METHODS = {name: MethodInfo(name.title(), "own pose", "native") for name in NAMES}


@pytest.fixture
def results(make_row):
    """Three methods on 20 people: `near` is a hair below `top` with noise, `far` clearly below."""
    rng = np.random.default_rng(1)
    base = rng.normal(30, 3, 20)
    gains = {"top": 0 * base, "near": rng.normal(-0.02, 0.4, 20), "far": rng.normal(-2, 0.4, 20)}
    rows = [
        make_row(name, f"c{k}", value=float(base[k] + gain[k]), identity=f"p{k}")
        for name, gain in gains.items()
        for k in range(20)
    ]
    info = DatasetInfo("judges: none", [f"c{k}" for k in range(20)])
    return Results("t", "code", {"talk": info}, METHODS, [PSNR], ["psnr"], pd.DataFrame(rows), set_frame([]))


@pytest.fixture
def table(results, provenance):
    means = aggregate(results.rows, results.expected)
    return build_table(means, "talk", "own pose", METHODS, [PSNR], provenance, Pairs(results, "talk").told)


def test_ties_within_noise_are_marked(table):
    marks = {line.method: (line.cells[0].mark, line.cells[0].tie) for line in table.lines}
    assert marks == {"top": ("best", False), "near": ("second", True), "far": ("", False)}
    text = to_markdown(table)
    assert "</ins>≈" in text
    assert "not told from the best" in text


def test_intervals_stand_in_the_cells(table):
    for line in table.lines:
        assert line.cells[0].low < line.cells[0].value < line.cells[0].high


def test_without_the_question_nothing_is_a_tie(results, provenance):
    table = build_table(aggregate(results.rows, results.expected), "talk", "own pose", METHODS, [PSNR], provenance)
    assert not any(line.cells[0].tie for line in table.lines)
    assert "≈" not in to_markdown(table)


def test_a_copy_is_told_from_a_method_that_makes_none(results):
    rows = results.rows.copy()
    rows.loc[(rows["method"] == "top") & (rows["clip"] == "c0"), "value"] = math.inf
    copied = Results(**{**results.__dict__, "rows": rows})
    assert Pairs(copied, "talk").told("psnr", "near", "top")


def test_all_are_compared_with_the_chosen_one(results):
    found = differences(Pairs(results, "talk"), METHODS, "own pose", [PSNR], "top")
    assert {each.method: each.against for each in found} == {"far": "top", "near": "top"}
    text = difference_markdown(found, METHODS, [PSNR])
    assert "| minus Top |" in text
    assert r"\* [" in text.splitlines()[2]  # far: a star
    assert r"\*" not in text.splitlines()[3]  # near: none
    frame = difference_frame({"own pose": found})
    assert list(frame["track"]) == ["own pose"] * 2


def test_a_method_that_the_table_has_not_gives_way_to_the_first():
    assert against(METHODS, "own pose", "nobody") == "far"
    assert against({"still": MethodInfo("Still", "", "control")}, "controls", "nobody") == "still"
