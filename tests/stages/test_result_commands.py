"""`tavce gate`, `compare`, `merge` and `table` as a user calls them: exit codes, messages, files."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from reports.describe import MethodInfo, MetricInfo
from reports.result_folder import DatasetInfo, Results, set_frame, write_results
from stages.cli import main
from tavce.errors import InputError

CLIPS = [f"c{k}" for k in range(12)]
METRICS = [MetricInfo("psnr", "PSNR", "dB", "higher", 2), MetricInfo("lse_c", "LSE-C", "", "higher", 3)]
WICKED = "<script>alert(1)</script> & 100 % |"


def results(method, shift=0.0, metrics=METRICS, value=None):
    rng = np.random.default_rng(len(method))
    lines = []
    for metric in metrics:
        for k, clip in enumerate(CLIPS):
            made = float(20 + rng.normal() + shift) if value is None else value
            reason = "no face was found" if math.isnan(made) else None
            lines.append(
                {
                    "dataset": "talk", "method": method, "clip": clip, "identity": f"p{k % 6}", "metric": metric.key,
                    "value": made, "reason": reason, "frames_used": 0 if reason else 75, "frames_expected": 75,
                    "frames_generated": 75, "identical_frames": 0, "signature": f"{metric.key}|v1|x",
                }
            )  # fmt: skip
    info = {method: MethodInfo(f"{method} {WICKED}", "own pose", "videos")}
    dataset = {"talk": DatasetInfo(f"judges: {WICKED}", CLIPS)}
    return Results(WICKED, "code", dataset, info, metrics, ["psnr"], pd.DataFrame(lines), set_frame([]))


@pytest.fixture
def folder(tmp_path):
    def make(name, made):
        (tmp_path / name).mkdir()
        write_results(made, tmp_path / name)
        return str(tmp_path / name)

    return make


def test_the_gate_passes_and_fails_by_its_exit_code(folder, tmp_path, capsys):
    before, worse = folder("before", results("mine")), folder("worse", results("mine", -0.5))
    assert main(["gate", before, before]) == 0
    found, summary = tmp_path / "gate.json", tmp_path / "gate.md"
    assert main(["gate", before, worse, "--json", str(found), "--markdown", str(summary)]) == 1
    assert json.loads(found.read_text())["passes"] is False
    assert summary.read_text() in capsys.readouterr().out
    assert r"\<script\>" in summary.read_text()
    assert main(["gate", before, worse, "--margin", "psnr=1", "--margin", "lse_c=1"]) == 0


@pytest.mark.parametrize("margin", ["psnr", "psnr=much", "pnsr=1", "psnr=-1"])
def test_a_margin_that_makes_no_sense_is_named(folder, margin):
    before = folder("before", results("mine"))
    with pytest.raises(InputError, match="margin"):
        main(["gate", before, before, "--margin", margin])


def test_what_is_no_folder_of_results_cannot_be_judged(folder, tmp_path):
    before = folder("before", results("mine"))
    (tmp_path / "empty").mkdir()
    for other in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(InputError, match=r"results\.json: there is no such file"):
            main(["gate", before, str(other)])


def test_compare_shows_everything_and_judges_nothing(folder, capsys):
    before, worse = folder("before", results("mine")), folder("worse", results("mine", -0.5))
    assert main(["compare", before, worse]) == 0
    said = capsys.readouterr().out
    assert said.count("| -0.5") == 2
    assert "worse" in said


def test_two_folders_become_one_with_a_leaderboard(folder, tmp_path, capsys):
    one, two = folder("one", results("mine", 1.0)), folder("two", results("theirs"))
    out = tmp_path / "all"
    assert main(["merge", one, two, "--out", str(out), "--title", "Both"]) == 0
    for name in ("results.json", "rows.parquet", "report.md", "aggregate.csv", "differences.csv", "leaderboard.csv"):
        assert (out / name).is_file(), name
    assert (out / "page" / "index.html").is_file()
    assert "| 1 | mine" in (out / "leaderboard.md").read_text()
    assert "<script>alert" not in (out / "leaderboard.md").read_text()
    assert "<script>alert" not in (out / "page" / "index.html").read_text()
    assert main(["gate", one, str(out)]) == 0  # what was measured did not move
    assert "2 methods" in capsys.readouterr().out


def test_a_clash_is_refused_unless_a_rule_is_given(folder, tmp_path):
    one, two = folder("one", results("mine")), folder("two", results("mine", 1.0))
    out = str(tmp_path / "all")
    with pytest.raises(InputError, match="24 rows have two values"):
        main(["merge", one, two, "--out", out])
    assert not (tmp_path / "all").exists()
    assert main(["merge", one, two, "--out", out, "--clash", "last"]) == 0


def test_a_folder_of_something_else_is_not_overwritten(folder, tmp_path):
    one = folder("one", results("mine"))
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(InputError, match="holds no results"):
        main(["merge", one, "--out", str(tmp_path)])


def test_the_same_results_give_the_same_bytes(folder, tmp_path):
    one, two = folder("one", results("mine")), folder("two", results("theirs"))
    for out in ("first", "second"):
        assert main(["merge", one, two, "--out", str(tmp_path / out)]) == 0
    files = sorted(path.relative_to(tmp_path / "first") for path in (tmp_path / "first").rglob("*") if path.is_file())
    assert len(files) > 10
    for name in files:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_all_null_and_all_infinite_have_a_report(folder, tmp_path, value):
    one = folder("one", results("mine", value=value))
    assert main(["merge", one, "--out", str(tmp_path / "out")]) == 0
    text = (tmp_path / "out" / "report.md").read_text()
    assert ("no face was found" in text) == math.isnan(value)
    assert "nan" not in text.lower()


def test_one_clip_and_one_method_have_a_report(folder, tmp_path):
    whole = results("mine")
    one = replace(whole, rows=whole.rows[whole.rows["clip"] == "c0"], datasets={"talk": DatasetInfo("j", ["c0"])})
    assert main(["merge", folder("one", one), "--out", str(tmp_path / "out")]) == 0
    assert "[nan" not in (tmp_path / "out" / "report.md").read_text().lower()


def test_results_without_rows_are_refused(folder, tmp_path):
    empty = replace(results("mine"), rows=results("mine").rows.head(0))
    with pytest.raises(InputError, match="no rows"):
        main(["merge", folder("empty", empty), "--out", str(tmp_path / "out")])


def test_mixed_signatures_are_refused(folder, tmp_path):
    mixed = results("mine")
    mixed.rows.loc[0, "signature"] = "psnr|v2|x"
    with pytest.raises(InputError, match="several signatures"):
        main(["merge", folder("mixed", mixed), "--out", str(tmp_path / "out")])


def test_a_layout_orders_the_table(folder, tmp_path, capsys):
    one = folder("one", results("mine"))
    layout = tmp_path / "paper.yaml"
    layout.write_text(
        "title: Table 1\ndataset: talk\ncolumns: [lse_c, {metric: psnr, heading: P}]\n"
        "rows: [{method: mine, label: Ours}]\n"
    )
    assert main(["table", one, "--layout", str(layout)]) == 0
    head = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| Method"))
    assert head.index("LSE-C") < head.index("| P ")
    assert main(["table", one, "--layout", str(layout), "--format", "latex"]) == 0
    assert r"\toprule" in capsys.readouterr().out
    layout.write_text("title: x\ndataset: other\ncolumns: [psnr]\nrows: [{rest: true}]\n")
    with pytest.raises(InputError, match="the results hold: talk"):
        main(["table", one, "--layout", str(layout)])
