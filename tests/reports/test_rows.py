"""What score rows may not hold."""

import math

import numpy as np
import pandas as pd
import pytest

from reports.rows import COLUMNS, check_rows


def test_good_rows_come_back_sorted_and_unchanged(rows):
    shuffled = rows.sample(frac=1, random_state=1)
    checked = check_rows(shuffled)
    assert list(checked.columns) == list(COLUMNS)
    pd.testing.assert_frame_equal(checked, check_rows(rows))
    assert checked["value"].isna().sum() == rows["value"].isna().sum()


def test_they_survive_parquet(rows, tmp_path):
    rows.to_parquet(tmp_path / "rows.parquet")
    read = check_rows(pd.read_parquet(tmp_path / "rows.parquet"))
    assert np.array_equal(read["value"], check_rows(rows)["value"], equal_nan=True)


def test_no_rows_are_an_error(rows):
    with pytest.raises(ValueError, match="no rows"):
        check_rows(rows.iloc[:0])


def test_columns_are_named(rows):
    with pytest.raises(ValueError, match=r"missing columns \['reason'\], unknown columns \['why'\]"):
        check_rows(rows.rename(columns={"reason": "why"}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": math.nan}, "no value and no reason"),
        ({"value": math.nan, "reason": ""}, "no value and no reason"),
        ({"reason": "lost"}, "both a value and a reason"),
        ({"value": -math.inf, "frames_used": 0}, "-inf"),
        ({"clip": None}, "null"),
        ({"frames_used": 76}, "do not fit"),
        ({"identical_frames": 1}, "do not fit"),
        ({"frames_used": -1}, "do not fit"),
    ],
)
def test_untrustworthy_rows_are_refused_by_name(make_row, changes, message):
    good = [make_row("own_a", f"clip_{k}") for k in range(3)]
    with pytest.raises(ValueError, match=rf"{message}.*1 rows.* own_a / "):
        check_rows(pd.DataFrame([*good, make_row("own_a", "clip_9") | changes]))


def test_the_same_row_twice_is_refused(rows):
    with pytest.raises(ValueError, match="twice in 2 rows, the first: talk / still / clip_0 / psnr"):
        check_rows(pd.concat([rows, rows.iloc[[2]].assign(value=21.0)]))


def test_two_signatures_in_one_column_need_force(rows):
    rows.loc[3, "signature"] = "lmd|v2|rgb|size:128|mode:clean"
    with pytest.raises(ValueError, match=r"lmd on talk .*\(lmd\|v1.*, lmd\|v2.*\).*force"):
        check_rows(rows)
    assert len(check_rows(rows, force=True)) == len(rows)


def test_two_data_sets_may_have_their_own_signatures(rows):
    other = rows.assign(dataset="other", signature=rows["signature"] + "|crop:hdtf")
    assert len(check_rows(pd.concat([rows, other]))) == 2 * len(rows)
