"""Paired differences: on common clips, with copies and losses counted and never averaged."""

import math

import numpy as np
import pandas as pd
import pytest

from reports.paired import NOT_SHARED, Difference, adjusted, difference, set_difference

NAMES = Difference("talk", "psnr", "ours", "theirs")


def rows(make_row, method, values, people=None):
    people = people or [f"p{k}" for k in range(len(values))]
    lines = [
        make_row(method, f"c{k}", value=value, identity=people[k], reason="lost" if math.isnan(value) else None)
        for k, value in enumerate(values)
    ]
    return pd.DataFrame(lines)


def test_the_difference_is_that_of_pairs(make_row):
    """Far apart clips with the same small gain: the pairs see it, two separate means do not."""
    base = np.linspace(10, 40, 30)
    gain = 0.2 + 0.05 * np.sin(np.arange(30))
    found = difference(rows(make_row, "a", list(base + gain)), rows(make_row, "b", list(base)), NAMES)
    assert found.difference == pytest.approx(gain.mean())
    assert 0 < found.low < found.high < 0.3
    assert found.p < 1e-6
    apart = math.sqrt(2 * base.var(ddof=1) / 30)
    assert apart > 2  # the standard error of unpaired means would hide it


def test_clips_are_matched_by_name_and_not_by_place(make_row):
    ours = rows(make_row, "a", [1.0, 2.0, 3.0]).iloc[::-1]
    found = difference(ours, rows(make_row, "b", [0.0, 1.0, 2.0]), NAMES)
    assert found.difference == 1.0
    assert found.error == pytest.approx(0.0)


def test_losses_and_copies_are_counted(make_row):
    ours = rows(make_row, "a", [math.inf, math.inf, 30.0, math.nan, 28.0, 25.0])
    theirs = rows(make_row, "b", [math.inf, 31.0, math.inf, 29.0, math.nan, 24.0])
    found = difference(ours, theirs, NAMES)
    assert (found.lost, found.gained) == (1, 1)
    assert (found.copies_lost, found.copies_gained) == (1, 1)
    assert found.clips == 2  # both copies differ by 0, and the last clip by 1
    assert found.difference == 0.5


def test_nothing_to_subtract_has_a_reason(make_row):
    found = difference(rows(make_row, "a", [math.inf]), rows(make_row, "b", [30.0]), NAMES)
    assert math.isnan(found.difference)
    assert "no clip" in found.reason


def test_signs_do_not_count_where_zero_is_best(make_row):
    ours, theirs = rows(make_row, "a", [-3.0, 3.0]), rows(make_row, "b", [-1.0, 1.0])
    assert difference(ours, theirs, NAMES).difference == 0
    assert difference(ours, theirs, NAMES, by_size=True).difference == 2


def line(value, draws, clips="x"):
    return {"mean": value, "draws": draws, "clips": clips, "n_common": len(draws), "reason": ""}


def test_sets_pair_draw_by_draw():
    rng = np.random.default_rng(0)
    shared = rng.normal(5.0, 1.0, 200)  # both move with the clips drawn
    found = set_difference(line(5.3, list(shared + 0.3 + 0.01 * rng.normal(size=200))), line(5.0, list(shared)), NAMES)
    assert found.difference == pytest.approx(0.3)
    assert 0.25 < found.low < found.high < 0.35
    crossed = set_difference(line(5.3, list(shared[::-1] + 0.3)), line(5.0, list(shared)), NAMES)
    assert crossed.high - crossed.low > 10 * (found.high - found.low)


def test_sets_of_other_clips_do_not_pair():
    found = set_difference(line(5.0, [1.0, 2.0]), line(5.0, [1.0, 2.0], clips="y"), NAMES)
    assert found.reason == NOT_SHARED
    assert math.isnan(found.difference)


def test_holm_leaves_out_what_has_no_test():
    family = [Difference("d", "m", "a", "b", p=p) for p in (0.01, math.nan, 0.04)]
    assert [each.p_holm for each in adjusted(family)] == pytest.approx([0.02, math.nan, 0.04], nan_ok=True)
