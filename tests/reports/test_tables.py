"""Tables in every format: who competes, what is printed, what the notes say."""

import io
import math

import pandas as pd
import pytest

from reports import latex, markdown
from reports.aggregate import aggregate
from reports.describe import MethodInfo, in_order, tracks
from reports.tables import build_table, pivot, to_csv


@pytest.fixture
def table(rows, expected, methods, metrics, provenance):
    return build_table(aggregate(rows, expected), "talk", "own pose", methods, metrics, provenance)


def cells(text, label):
    """The cells of the Markdown line of one method."""
    (line,) = [line for line in text.splitlines() if line.startswith("|") and label in line]
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_tracks_never_share_a_table_and_controls_stand_on_top_of_each(table, methods):
    assert tracks(methods) == ["own pose", "in-painting"]
    assert [line.label for line in table.lines] == ["Ground truth", "Still frame", "Own A", "Own_B & co", "Broken"]
    assert in_order(methods)[:2] == ["ground_truth", "still"]


def test_controls_alone_make_one_table(rows, expected, methods, metrics, provenance):
    controls = {name: info for name, info in methods.items() if info.kind == "control"}
    assert tracks(controls) == ["controls"]
    table = build_table(aggregate(rows, expected), "talk", "controls", controls, metrics, provenance)
    assert len(table.lines) == 2
    assert not any(cell.mark for line in table.lines for cell in line.cells)


def test_only_methods_compete_and_direction_counts(table):
    best = {(line.label, k) for line in table.lines for k, cell in enumerate(line.cells) if cell.mark == "best"}
    assert best == {("Own A", 0), ("Own_B & co", 1)}


def test_nobody_is_best_alone(rows, expected, methods, metrics, provenance):
    table = build_table(aggregate(rows, expected), "talk", "in-painting", methods, metrics, provenance)
    assert not any(cell.mark for line in table.lines for cell in line.cells)


def test_equal_prints_are_equally_good(make_row, expected, methods, metrics, provenance):
    values = {"own_a": 30.001, "own_b": 30.004, "still": 1.0, "ground_truth": math.inf, "broken": 29.0}
    rows = pd.DataFrame([make_row(m, clip, value=v) for m, v in values.items() for clip in expected["talk"]])
    own = {name: methods[name] for name in values}
    table = build_table(aggregate(rows, expected), "talk", "own pose", own, metrics[:1], provenance)
    assert [line.cells[0].mark == "best" for line in table.lines] == [False, False, True, True, False]


def test_a_control_that_ties_with_the_best_is_not_marked(make_row, expected, methods, metrics, provenance):
    values = {"still": 30.0, "own_a": 30.0, "own_b": 29.0}
    rows = pd.DataFrame([make_row(m, clip, value=v) for m, v in values.items() for clip in expected["talk"]])
    some = {name: methods[name] for name in values}
    table = build_table(aggregate(rows, expected), "talk", "own pose", some, metrics[:1], provenance)
    assert [line.cells[0].mark == "best" for line in table.lines] == [False, True, False]


def test_zero_has_no_sign(make_row, expected, methods, metrics, provenance):
    rows = pd.DataFrame([make_row("own_a", clip, value=-0.001) for clip in expected["talk"]])
    table = build_table(
        aggregate(rows, expected), "talk", "own pose", {"own_a": methods["own_a"]}, metrics[:1], provenance
    )
    assert table.lines[0].cells[0].number == "0.00"


def test_markdown(table):
    text = markdown.to_markdown(table)
    assert text.splitlines()[0] == "judges: stand-ins (1234abcd)"
    assert cells(text, "Method") == ["Method", "PSNR (dB) ↑", "LMD (% IOD) ↓", "clips"]
    assert cells(text, "Ground truth") == ["*Ground truth*", "∞", "0.0", "4/4"]
    assert cells(text, "Own A") == ["Own A", "**31.00**", "<ins>5.0</ins>", "4/4"]
    assert cells(text, "B & co") == [r"Own\_B & co", "<ins>29.00</ins>", "**4.0**", "3/4"]
    assert cells(text, "Broken") == ["Broken", "-", "-", "0/4"]
    assert "nan" not in text.lower()


def test_the_notes_account_for_everything(table):
    text = markdown.to_markdown(table)
    for part in (
        "n = 3, of 4 expected",
        "B & co, all metrics: 1 of 4 clips not scored: video has 0 frames (1).",
        "Broken, all metrics: 4 of 4 clips not scored: no face found (4).",
        "B & co: frames of scored clips without a value: 15 (LMD).",
        r"expected of no method: no\_face (2).",
        "PSNR: `psnr|v1|rgb|size:128|mode:clean`",
        "Code: `0fedcba`",
    ):
        assert part in text


def test_identical_clips_stand_beside_the_mean(rows, expected, methods, metrics, provenance):
    table = build_table(aggregate(rows, expected), "talk", "in-painting", methods, metrics, provenance)
    assert cells(markdown.to_markdown(table), "Paint")[1] == "34.50 (+1 ∞)"
    assert r"Paint & 34.50 (+1\,$\infty$) & 2.0 & 4/4 \\" in latex.to_latex(table)
    assert "equal their reference exactly" in markdown.to_markdown(table)


def test_latex(table):
    text = latex.to_latex(table)
    assert r"Method & PSNR (dB) $\uparrow$ & LMD (\% IOD) $\downarrow$ & clips \\" in text
    assert r"\textit{Ground truth} & $\infty$ & 0.0 & 4/4 \\" in text
    assert r"Own A & \textbf{31.00} & \underline{5.0} & 4/4 \\" in text
    assert r"Own\_B \& co & \underline{29.00} & \textbf{4.0} & 3/4 \\" in text
    assert r"Broken & -- & -- & 0/4 \\" in text
    assert text.count("{") == text.count("}")
    assert text.count(r"\midrule") == 2
    assert text.isascii()
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {line.replace(r"\&", "").count("&") for line in body} == {3}
    assert "nan" not in text.lower()


def test_every_special_character_is_escaped():
    assert latex.escape("a_b%c&d#e$f{g}~^\\<|>") == (
        r"a\_b\%c\&d\#e\$f\{g\}\textasciitilde{}\textasciicircum{}\textbackslash{}\textless{}\textbar{}\textgreater{}"
    )
    assert markdown.escape("a|b*c_d`e<f>\n[g]") == r"a\|b\*c\_d\`e\<f\> \[g\]"


def test_forced_columns_are_marked(rows, expected, methods, metrics, provenance):
    rows.loc[(rows["method"] == "own_a") & (rows["metric"] == "psnr"), "signature"] = "psnr|v2|rgb|size:128|mode:clean"
    table = build_table(aggregate(rows, expected, force=True), "talk", "own pose", methods, metrics, provenance)
    text = markdown.to_markdown(table)
    assert cells(text, "Method")[1:3] == ["PSNR (dB) ↑‡", "LMD (% IOD) ↓"]
    assert text.count("‡ several signatures") == 2
    assert r"PSNR (dB) $\uparrow$$\ddagger$" in latex.to_latex(table)


def test_csv_keeps_every_bit(rows, expected):
    lines = aggregate(rows.assign(value=rows["value"] / 3), expected)
    text = to_csv(lines)
    read = pd.read_csv(io.StringIO(text), keep_default_na=False, na_values={"mean": [""], "mean_all": [""]})
    pd.testing.assert_series_equal(read["mean"], lines["mean"], check_exact=True)
    assert ",inf," in text
    assert "nan" not in text.lower()


def test_pivot(rows, expected):
    means = pivot(aggregate(rows, expected), "talk")
    assert means.loc["own_a", "psnr"] == 31.0
    assert list(means.columns) == ["lmd", "psnr"]


def test_what_is_not_there_is_named(rows, expected, methods, metrics, provenance):
    more = methods | {"absent": MethodInfo("Absent", "own pose", "native")}
    with pytest.raises(ValueError, match=r"no line for absent/psnr, absent/lmd"):
        build_table(aggregate(rows, expected), "talk", "own pose", more, metrics, provenance)
    with pytest.raises(ValueError, match=r"track 'x'; tracks: own pose, in-painting"):
        build_table(aggregate(rows, expected), "talk", "x", methods, metrics, provenance)
