"""The gate: silent on noise, loud on a loss; every kind of finding; what it prints."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from reports.aggregate import Mean
from reports.describe import MethodInfo, MetricInfo
from reports.gate import gate
from reports.gate_text import compare_markdown, gate_json, gate_markdown
from reports.result_folder import DatasetInfo, Results, SetMean, set_frame

METRICS = [
    MetricInfo("psnr", "PSNR", "dB", "higher", 2),
    MetricInfo("lpips", "LPIPS", "", "lower", 4),
    MetricInfo("av_offset", "AV offset", "frames", "zero", 2),
    *(MetricInfo(f"other{k}", f"Other {k}", "", "higher", 2) for k in range(5)),
]
METHODS = {"mine": MethodInfo("Mine", "own pose", "native"), "theirs": MethodInfo("Theirs", "own pose", "native")}
CLIPS, PEOPLE = 100, 50
STEP = 0.43  # LSE-C of ground truth falls by this through H.264 at CRF 23 on the demo's corpus: one noise-floor step
SPREAD = 0.55  # and by how much clips differ in it


def frame(shifts=None, seed=0, jitter=0.0, clips=CLIPS):
    """Rows of all methods and metrics: fixed values, plus noise by `seed` and a shift of one method's metric."""
    base, noise = np.random.default_rng(99), np.random.default_rng(seed)
    lines = []
    for method in METHODS:
        for metric in METRICS:
            values = base.normal(0 if metric.better == "zero" else 20, 3, clips) + jitter * noise.normal(size=clips)
            values = values + (shifts or {}).get((method, metric.key), 0.0)
            for k, value in enumerate(values):
                lines.append(
                    {
                        "dataset": "talk", "method": method, "clip": f"c{k}", "identity": f"p{k % PEOPLE}",
                        "metric": metric.key, "value": float(value), "reason": None, "frames_used": 75,
                        "frames_expected": 75, "frames_generated": 75, "identical_frames": 0,
                        "signature": f"{metric.key}|v1|x",
                    }
                )  # fmt: skip
    return pd.DataFrame(lines)


def results(rows=None, sets=(), **changes):
    rows = frame() if rows is None else rows
    info = DatasetInfo("judges: none", [f"c{k}" for k in range(CLIPS)])
    plain = Results("t", "code", {"talk": info}, METHODS, METRICS, ["psnr"], rows, set_frame(list(sets)))
    return replace(plain, **changes)


BASE = results()


def of_set(value, draws, clips="abc"):
    mean = Mean("talk", "mine", "fid", 100, 100, 1.0, 100, value, math.nan, 0, 0, "", "", "fid|v1", 0.0, 9.0)
    return SetMean(mean, clips, draws)


def test_equal_results_pass():
    verdict = gate(BASE, BASE)
    assert verdict.passes
    assert len(verdict.compared) == len(METHODS) * len(METRICS)
    assert "passes" in gate_markdown(verdict, BASE)


def run(seed, shifts=None):
    """Return results as one run of a method with chance in it gives them: two runs differ by SPREAD, clip by clip."""
    return results(frame(shifts, seed=seed, jitter=SPREAD / math.sqrt(2)))


def test_no_change_but_noise_passes_97_times_of_100():
    passed = sum(gate(run(seed), run(1000 + seed)).passes for seed in range(100))
    assert passed >= 97, passed


def test_a_drop_of_one_noise_floor_step_is_caught_95_times_of_100():
    caught = 0
    for seed in range(100):
        found = gate(run(seed), run(1000 + seed, {("mine", "other0"): -STEP})).findings
        caught += any((each.kind, each.method, each.metric) == ("worse", "mine", "other0") for each in found)
    assert caught >= 95, caught


def test_the_plain_intervals_would_cry_wolf():
    """The plausible mistake: no correction for the number of comparisons."""
    alarms = 0
    for seed in range(40):
        for each in gate(run(seed), run(1000 + seed)).compared:
            low, high = each.difference.low, each.difference.high
            bad = high < 0 if each.difference.metric not in ("lpips", "av_offset") else low > 0
            if bad:
                alarms += 1
                break
    assert alarms > 6  # of 40: far above 3 in 100


def test_worse_is_worse_in_the_metric_s_own_direction():
    lower = results(frame({("mine", "lpips"): 1.0, ("theirs", "psnr"): 1.0, ("mine", "psnr"): -1.0}))
    verdict = gate(BASE, lower)
    assert {(each.kind, each.method, each.metric) for each in verdict.findings} == {
        ("worse", "mine", "lpips"),
        ("worse", "mine", "psnr"),
    }
    better = [each.difference.metric for each in verdict.compared if each.verdict == "better"]
    assert better == ["psnr"]
    assert gate_markdown(verdict, BASE).startswith("## Quality gate fails: 2 findings")


def test_away_from_zero_is_worse_on_both_sides():
    rows = frame()
    offset = rows["metric"] == "av_offset"
    wide = rows.assign(value=rows["value"].where(~offset, rows["value"] * 2))
    assert {each.metric for each in gate(BASE, results(wide)).findings} == {"av_offset"}
    assert gate(results(wide), BASE).passes


def test_a_margin_lets_a_known_loss_pass():
    lower = results(frame({("mine", "psnr"): -0.5}))
    assert not gate(BASE, lower, {"psnr": 0.4}).passes
    assert gate(BASE, lower, {"psnr": 0.6}).passes
    for wrong in ({"pnsr": 1.0}, {"psnr": -1.0}, {"psnr": math.nan}):
        with pytest.raises(ValueError, match="margin"):
            gate(BASE, lower, wrong)


def test_lost_clips_fail_with_their_reason():
    rows = frame()
    gone = (rows["clip"] == "c3") & (rows["method"] == "mine") & (rows["metric"] == "psnr")
    rows.loc[gone, "value"], rows.loc[gone, "reason"] = math.nan, "no face was found"
    found = gate(BASE, results(rows)).findings
    assert [each.kind for each in found] == ["clips lost"]
    assert "1 of 100 clips have no value any more: no face was found" in found[0].text
    dropped = gate(BASE, results(frame()[~gone])).findings
    assert "no score row" in dropped[0].text


def test_a_null_without_reason_fails():
    rows = frame()
    gone = (rows["clip"] == "c3") & (rows["method"] == "mine") & (rows["metric"] == "psnr")
    rows.loc[gone, "value"] = math.nan
    assert {each.kind for each in gate(BASE, results(rows)).findings} == {"no reason", "clips lost"}


def test_a_lost_copy_fails_though_it_is_in_no_mean():
    rows = frame()
    copy = (rows["clip"] == "c3") & (rows["method"] == "mine") & (rows["metric"] == "psnr")
    copied = rows.assign(value=rows["value"].where(~copy, math.inf))
    assert {each.kind for each in gate(results(copied), BASE).findings} == {"copies lost"}
    assert gate(BASE, results(copied)).passes


def test_what_is_not_there_any_more_fails():
    rows = frame()
    cases = {
        "missing data set": results(datasets={}),
        "missing method": results(methods={"mine": METHODS["mine"]}),
        "missing metric": results(rows[rows["metric"] != "lpips"]),
    }
    for kind, current in cases.items():
        assert {each.kind for each in gate(BASE, current).findings} == {kind}


def test_another_protocol_is_not_compared():
    rows = frame({("mine", "psnr"): -9.0})
    other = rows.assign(signature=rows["signature"].where(rows["metric"] != "psnr", "psnr|v2|x"))
    verdict = gate(BASE, results(other))
    assert {each.kind for each in verdict.findings} == {"signature"}
    assert not any(each.difference.metric == "psnr" for each in verdict.compared)


def test_metrics_of_sets_are_paired_draw_by_draw():
    fid = [*METRICS, MetricInfo("fid", "FID", "", "lower", 3)]
    draws = np.random.default_rng(0).normal(5, 1, 200)
    before = results(sets=[of_set(5.0, list(draws))], metrics=fid)
    worse = results(sets=[of_set(5.2, list(draws + 0.2))], metrics=fid)
    assert [each.metric for each in gate(before, worse).findings] == ["fid"]
    assert gate(before, before).passes
    other = results(sets=[of_set(5.2, list(draws), clips="other")], metrics=fid)
    assert [each.kind for each in gate(before, other).findings] == ["not comparable"]
    assert [each.kind for each in gate(before, BASE).findings] == ["missing metric"]


def test_rows_that_cannot_be_trusted_are_refused():
    with pytest.raises(ValueError, match="twice"):
        gate(BASE, results(pd.concat([frame(), frame().head(1)])))
    with pytest.raises(ValueError, match="no rows"):
        gate(BASE, results(frame().head(0)))


def test_one_clip_is_judged_without_noise():
    one = frame(clips=1)
    info = {"talk": DatasetInfo("judges: none", ["c0"])}
    less = one.assign(value=one["value"] - 0.01)
    found = gate(results(one, datasets=info), results(less, datasets=info)).findings
    assert {each.kind for each in found} == {"worse"}


def test_names_cannot_break_the_summary():
    bad = {"mine": MethodInfo("<script>|`x`", "own pose", "native"), "theirs": METHODS["theirs"]}
    verdict = gate(results(methods=bad), results(frame({("mine", "psnr"): -5.0}), methods=bad))
    line = next(line for line in gate_markdown(verdict, results(methods=bad)).splitlines() if "script" in line)
    assert r"\<script\>\|\`x\`" in line
    assert r"\<script\>" in compare_markdown(verdict, results(methods=bad))


def test_the_json_holds_everything_and_no_nan():
    verdict = gate(BASE, results(frame({("mine", "psnr"): -5.0})))
    found = json.loads(gate_json(verdict), parse_constant=lambda name: pytest.fail(name))
    assert found["passes"] is False
    assert found["findings"][0]["kind"] == "worse"
    assert len(found["compared"]) == len(METHODS) * len(METRICS)
    assert found["compared"][0]["difference"]["p_holm"] is None
