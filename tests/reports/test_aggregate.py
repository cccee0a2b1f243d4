"""Means over common clips, worked out by hand."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.aggregate import NO_ROW, aggregate, finite_mean, means_of


def test_the_mean_is_over_the_common_clips(rows, expected):
    means = means_of(aggregate(rows, expected), "talk")
    own_a = means["own_a", "psnr"]
    assert (own_a.mean, own_a.mean_all) == (31.0, 31.5)  # own_b lacks clip_3
    assert (own_a.n_expected, own_a.n_scored, own_a.n_common, own_a.coverage) == (4, 4, 3, 1.0)
    own_b = means["own_b", "psnr"]
    assert (own_b.mean, own_b.n_scored, own_b.coverage) == (29.0, 3, 0.75)
    assert own_b.missing == "video has 0 frames (1)"
    assert own_b.reason == ""


def test_a_method_without_any_score_shows_why_and_takes_nothing_from_the_others(rows, expected):
    means = means_of(aggregate(rows, expected), "talk")
    broken = means["broken", "psnr"]
    assert math.isnan(broken.mean)
    assert (broken.n_scored, broken.coverage, broken.reason) == (0, 0.0, "no face found (4)")
    without = means_of(aggregate(rows[rows["method"] != "broken"], expected), "talk")
    assert str(without["own_a", "psnr"]) == str(means["own_a", "psnr"])  # in words, since NaN equals nothing


def test_identical_clips_are_counted_and_not_averaged(rows, expected):
    means = means_of(aggregate(rows, expected), "talk")
    assert means["ground_truth", "psnr"].mean == math.inf
    assert means["ground_truth", "psnr"].n_identical == 3
    assert (means["paint", "psnr"].mean, means["paint", "psnr"].n_identical) == (34.5, 1)


def test_lost_frames_are_counted_and_identical_ones_are_not_lost(rows, expected):
    means = means_of(aggregate(rows, expected), "talk")
    assert means["own_b", "lmd"].frames_lost == 3 * 5
    assert means["ground_truth", "psnr"].frames_lost == 0


def test_missing_rows_count_against_coverage(rows, expected):
    part = rows[~((rows["method"] == "own_a") & (rows["clip"] == "clip_0"))]
    own_a = means_of(aggregate(part, expected), "talk")["own_a", "psnr"]
    assert (own_a.coverage, own_a.missing) == (0.75, f"{NO_ROW} (1)")


def test_a_method_without_rows_still_gets_its_lines(rows, expected):
    means = means_of(aggregate(rows, expected, methods=["absent"]), "talk")
    assert means["absent", "psnr"].reason == f"{NO_ROW} (4)"
    assert means["own_a", "psnr"].n_common == 3


def test_no_common_clip_gives_no_mean_but_a_reason(make_row, expected):
    rows = pd.DataFrame([make_row("one", "clip_0"), make_row("two", "clip_1")])
    means = means_of(aggregate(rows, expected), "talk")
    assert math.isnan(means["one", "psnr"].mean)
    assert means["one", "psnr"].mean_all == 30.0
    assert means["one", "psnr"].reason == "no clip was scored by every method"


@given(order=st.permutations(range(44)))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_moves_no_bit(make_row, order):
    values = [0.1 * k + 1e9 * (k % 3) for k in range(44)]
    clips = [f"c{k}" for k in range(22)]
    rows = pd.DataFrame(
        [make_row(m, c, value=values[i * 22 + j]) for i, m in enumerate("ab") for j, c in enumerate(clips)]
    )
    one, other = aggregate(rows, {"talk": clips}), aggregate(rows.iloc[list(order)], {"talk": clips[::-1]})
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_shards_merge_to_the_same_bits(rows, expected):
    shards = pd.concat([rows.iloc[k::3] for k in (2, 0, 1)])
    pd.testing.assert_frame_equal(aggregate(rows, expected), aggregate(shards, expected), check_exact=True)


def test_an_exact_sum_differs_from_a_plain_one():
    values = [1e16, 1.0, -1e16]
    assert finite_mean(values) == 1 / 3
    assert sum(values) / 3 != 1 / 3


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        ({"talk": []}, "no clip is expected"),
        ({"talk": ["clip_0", "clip_0"]}, "expected twice"),
        ({"talk": ["clip_0", "clip_1", "clip_2"]}, "1 unexpected clips, such as clip_3"),
        ({"talk": ["clip_0"], "other": ["x"]}, "other: no score rows"),
        ({}, "score rows of data set talk"),
    ],
)
def test_what_is_expected_must_fit(rows, clips, message):
    with pytest.raises(ValueError, match=message):
        aggregate(rows, clips)


def test_forced_signatures_are_all_kept(rows, expected):
    rows.loc[rows["method"] == "paint", "signature"] += "|x:y"
    lines = aggregate(rows, expected, force=True)
    assert (lines["signature"].str.count(" ") == 1).all()
