"""Results of several people: joined where they agree, refused where they do not; the leaderboard."""

import math
from dataclasses import replace

import pandas as pd
import pytest

from reports.aggregate import Mean, aggregate
from reports.describe import MethodInfo, MetricInfo
from reports.leaderboard import leaderboard, leaderboard_markdown
from reports.merge import OTHER_CLIPS, merge
from reports.result_folder import DatasetInfo, Results, SetMean, read_results, set_frame, write_results

PSNR, LMD = MetricInfo("psnr", "PSNR", "dB", "higher", 2), MetricInfo("lmd", "LMD", "%", "lower", 1)
FID = MetricInfo("fid", "FID", "", "lower", 3)
CLIPS = ["c0", "c1", "c2"]


@pytest.fixture
def part(make_row):
    def make(method, shift=0.0, clips=CLIPS, digest="x", **changes):
        lines = [make_row(method, clip, value=30.0 + k + shift) for k, clip in enumerate(clips)]
        lines += [make_row(method, clip, "lmd", 4.0 - shift) for clip in clips]
        n = len(clips)
        mean = Mean("talk", method, "fid", n, n, 1.0, n, 5.0 - shift, math.nan, 0, 0, "", "", "fid|v1", 4.0, 6.0)
        info = DatasetInfo("judges: stand-ins", list(clips), {"bad": "no sound"})
        plain = Results(
            "t", f"code {method}", {"talk": info}, {method: MethodInfo(method.title(), "own pose", "native")},
            [PSNR, LMD, FID], ["psnr", "lmd"], pd.DataFrame(lines), set_frame([SetMean(mean, digest, [4.0, 6.0])]),
        )  # fmt: skip
        return replace(plain, **changes)

    return make


def test_two_people_become_one_table(part):
    whole = merge([("mine", part("a")), ("theirs", part("b", 1.0))], title="both")
    assert list(whole.methods) == ["a", "b"]
    assert len(whole.rows) == 12
    assert whole.code == "code a; code b"
    assert sorted(whole.sets["mean"]) == [4.0, 5.0]


def test_the_order_of_the_parts_moves_no_row(part):
    one = merge([("a", part("a")), ("b", part("b"))], title="")
    other = merge([("b", part("b")), ("a", part("a"))], title="")
    pd.testing.assert_frame_equal(one.rows, other.rows)
    pd.testing.assert_frame_equal(one.sets, other.sets)


def test_shards_of_one_method_are_joined(part):
    whole = merge([("one", part("a", clips=CLIPS[:2])), ("two", part("a", clips=CLIPS[1:], shift=-1.0))], title="",
                  clash="first")  # fmt: skip
    assert list(whole.datasets["talk"].expected) == CLIPS
    values = whole.rows[whole.rows["metric"] == "psnr"].set_index("clip")["value"]
    assert list(values) == [30.0, 31.0, 30.0]


def test_two_values_of_one_row_are_refused_or_settled_by_a_rule(part):
    parts = [("one", part("a")), ("two", part("a", 0.5))]
    with pytest.raises(ValueError, match=r"6 rows have two values in one, two, the first: talk / a / c0 / lmd"):
        merge(parts, title="")
    first, last = (merge(parts, title="", clash=rule).rows for rule in ("first", "last"))
    assert list(first.loc[first["metric"] == "psnr", "value"]) == [30.0, 31.0, 32.0]
    assert list(last.loc[last["metric"] == "psnr", "value"]) == [30.5, 31.5, 32.5]
    assert len(merge([("one", part("a")), ("two", part("a"))], title="").rows) == 6  # equal rows are one


def test_a_value_goes_before_a_failure(part):
    good = part("a")
    failed = part("a").rows.assign(value=math.nan, reason="out of memory", frames_used=0)
    for parts in ([good, replace(good, rows=failed)], [replace(good, rows=failed), good]):
        whole = merge([(str(k), each) for k, each in enumerate(parts)], title="")
        assert whole.rows["value"].notna().all()


def test_other_protocols_are_refused(part):
    other = part("b")
    other.rows["signature"] = "psnr|v2"
    with pytest.raises(ValueError, match="several signatures"):
        merge([("a", part("a")), ("b", other)], title="")


def test_what_is_described_differently_is_refused(part):
    labelled = replace(part("a"), methods={"a": MethodInfo("Another", "own pose", "native")})
    with pytest.raises(ValueError, match="method a of two"):
        merge([("one", part("a")), ("two", labelled)], title="")
    judged = replace(part("b"), datasets={"talk": DatasetInfo("judges: official", CLIPS)})
    with pytest.raises(ValueError, match="judges of data set talk"):
        merge([("one", part("a")), ("two", judged)], title="")
    with pytest.raises(ValueError, match="nothing"):
        merge([], title="")


def test_distances_of_other_clips_lose_their_value_and_not_their_line(part):
    whole = merge([("a", part("a")), ("b", part("b", digest="y"))], title="")
    lines = whole.sets.set_index("method")
    assert lines.loc["a", "mean"] == 5.0
    assert math.isnan(lines.loc["b", "mean"])
    assert lines.loc["b", "reason"] == OTHER_CLIPS


def test_results_survive_their_folder(part, tmp_path):
    made = merge([("a", part("a")), ("b", part("b"))], title="<b> & co")
    write_results(made, tmp_path)
    read = read_results(tmp_path)
    assert (read.title, read.code, read.datasets, read.methods) == (made.title, made.code, made.datasets, made.methods)
    pd.testing.assert_frame_equal(read.rows.astype(made.rows.dtypes), made.rows)
    assert [list(draws) for draws in read.sets["draws"]] == [list(draws) for draws in made.sets["draws"]]
    again = tmp_path / "again"
    again.mkdir()
    write_results(read, again)
    assert (again / "results.json").read_bytes() == (tmp_path / "results.json").read_bytes()


def test_a_folder_that_holds_no_results_is_named(part, tmp_path):
    with pytest.raises(ValueError, match=r"results.json: there is no such file"):
        read_results(tmp_path)
    write_results(part("a"), tmp_path)
    (tmp_path / "rows.parquet").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="cannot be read"):
        read_results(tmp_path)
    (tmp_path / "results.json").write_text('{"format": 9}')
    with pytest.raises(ValueError, match="format 9"):
        read_results(tmp_path)


def test_the_leaderboard_ranks_and_says_what_noise_leaves(part):
    whole = merge([("a", part("a")), ("b", part("b", 1.0)), ("c", part("c", 1.0))], title="")
    board = leaderboard(whole, aggregate(whole.rows, whole.expected))
    assert list(board["method"]) == ["b", "c", "a"]
    assert list(board["mean_rank"]) == [1.0, 1.0, 3.0]
    assert list(board["best_or_tied"]) == [2, 2, 0]
    text = leaderboard_markdown(whole, board)
    assert "| 1 | B | 1.00 | 2 of 2 | 100% |" in text
