"""Layouts: the shipped ones read, mistakes are named, nothing is renamed or left out in silence."""

import math
import re
from dataclasses import replace

import pandas as pd
import pytest
import yaml

from metrics import METRICS, VARIANTS
from reports import latex, markdown
from reports.aggregate import aggregate
from reports.describe import MethodInfo
from reports.layout import LAYOUTS, Column, Layout, Row, lay_out, layout_latex, read_layout
from reports.tables import build_table

KNOWN = {record.key for record in METRICS + VARIANTS}
SHIPPED = sorted(LAYOUTS.glob("*.yaml"))
WICKED = r"a_b%c&d <script> |x| *y* {z} \input"


def plain(**changes):
    """What a sound file holds."""
    return {
        "title": "A table",
        "dataset": "talk",
        "columns": ["lmd", {"metric": "psnr", "heading": "Peak", "decimals": 1}],
        "rows": [{"method": "own_b", "label": "B"}, "own_a", {"rest": True}],
    } | changes


@pytest.fixture
def write(tmp_path):
    def write(given):
        path = tmp_path / "own.yaml"
        path.write_text(given if isinstance(given, str) else yaml.safe_dump(given), encoding="utf-8")
        return path

    return write


@pytest.fixture
def table(rows, expected, methods, metrics, provenance):
    return build_table(aggregate(rows, expected), "talk", "own pose", methods, metrics, provenance)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_layouts_read_and_name_known_metrics(path):
    layout = read_layout(path, known=KNOWN)
    assert layout.track in ("one-shot with own pose", "one-shot with the true pose")


def test_all_shipped_layouts_are_there():
    assert [path.stem for path in SHIPPED] == ["dawn_hdtf", "demo", "float_hdtf", "sadtalker_hdtf"]
    metrics = read_layout(LAYOUTS / "sadtalker_hdtf.yaml").metrics
    assert metrics == ("lse_c", "lse_d", "head_motion_diversity", "beat_align", "fid", "csim")


def test_shipped_layouts_name_methods_of_the_profiles():
    profiles = LAYOUTS.parents[1] / "profiles"
    hdtf, demo = ((profiles / f"{name}.yaml").read_text(encoding="utf-8") for name in ("hdtf", "demo"))
    external = {path.name for path in (LAYOUTS.parents[1] / "baselines").iterdir()}
    strangers = set()
    for path in SHIPPED:
        text = demo if path.stem == "demo" else hdtf
        named = {row.method for row in read_layout(path).rows if row.method}
        strangers |= {name for name in named if not re.search(rf"^ *(# )?{name}:", text, re.M)} - external
    assert strangers == {"edtalk", "anitalker", "dawn"}  # the papers' own, which a user may bring as videos


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"colums": []}, "the file: unknown colums; allowed: caption, columns"),
        ({"columns": ["lse-c"]}, "no metric is called lse-c"),
        ({"columns": []}, "columns: must be a list"),
        ({"columns": ["psnr", {"metric": "psnr"}]}, "columns: psnr twice"),
        ({"columns": [{"metric": "psnr", "decimal": 2}]}, "columns, entry 1: unknown decimal"),
        ({"columns": [{"metric": "psnr", "decimals": True}]}, "columns, entry 1: decimals is True"),
        ({"columns": [{"metric": "psnr", "decimals": -1}]}, "columns, entry 1: decimals is -1"),
        ({"columns": [{"heading": "PSNR"}]}, "columns, entry 1: metric: must be text"),
        ({"rows": ["own_a", {"method": "own_a"}]}, "rows: own_a twice"),
        ({"rows": [{"rest": True}, {"rest": True}]}, "rows: rest twice"),
        ({"rows": [{"rest": False}]}, "rows, entry 1: rest stands alone"),
        ({"rows": [{"rule": True, "method": "own_a"}]}, "rows, entry 1: rule stands alone"),
        ({"rows": [{"rule": True}]}, "rows: no row is of a method"),
        ({"rows": [{"method": None}]}, "rows, entry 1: method: must be text, and is None"),
        ({"rows": [False]}, "rows, entry 1: must be keys and values"),
        ({"title": ""}, "title: must be text"),
        ({"dataset": 3}, "dataset: must be text, and is 3"),
    ],
)
def test_a_mistake_is_named(write, changes, said):
    with pytest.raises(ValueError, match=re.escape(f"own.yaml: {said}")):
        read_layout(write(plain(**changes)), known=KNOWN | {"lmd"})


def test_what_is_missing_or_no_yaml_is_named(write):
    with pytest.raises(ValueError, match=r"own\.yaml: dataset, rows is missing"):
        read_layout(write({"title": "x", "columns": ["psnr"]}))
    with pytest.raises(ValueError, match=r"own\.yaml: no YAML"):
        read_layout(write("title: [a"))
    with pytest.raises(ValueError, match=r"own\.yaml: the file: must be keys and values"):
        read_layout(write(""))


def test_columns_and_rows_in_the_layouts_order_and_names(write, table):
    laid = lay_out(read_layout(write(plain())), table)
    assert [metric.key for metric in laid.metrics] == ["lmd", "psnr"]
    assert [line.label for line in laid.lines] == ["Ground truth", "Still frame", "B", "Own A", "Broken"]
    of_b = laid.lines[2]
    assert [cell.number for cell in of_b.cells] == ["4.0", "29.0"]  # two decimals become one
    assert [cell.mark for cell in of_b.cells] == ["best", "second"]
    assert of_b.cells[1].low == table.lines[3].cells[0].low  # cells move with their column
    assert table.lines[3].label == "Own_B & co"


def test_renaming_is_said(write, table):
    text = markdown.to_markdown(lay_out(read_layout(write(plain(caption="Short."))), table))
    assert text.splitlines()[0] == table.judges
    assert "| Method | LMD (% IOD) ↓ | Peak ↑ | clips |" in text
    assert r"Names of this layout: B is Own\_B & co; Peak is PSNR." in text
    assert "- A table. Short." in text
    assert "go by the digits of the full table" in text
    assert "Left out" not in text


def test_what_the_table_lacks_is_a_dash_and_a_note(write, table):
    given = plain(columns=["fid", "psnr"], rows=[{"method": "absent", "label": "Absent"}, "own_a"])
    laid = lay_out(read_layout(write(given)), table)
    text = markdown.to_markdown(laid)
    assert re.search(r"^\| Absent \| - \| - \| - \|$", text, re.M)
    assert re.search(r"^\| Own A \| - \| \*\*31\.00\*\* \|", text, re.M)
    assert "| fid " in text
    assert "fid ↑" not in text  # nobody told which way is better
    assert "Methods that the table lacks: absent." in text
    assert "Metrics that the table lacks: fid." in text
    assert r"best and second are among all methods: Ground truth, Still frame, Own\_B & co, Broken." in text
    reasons = [cell.reason for cell in laid.lines[0].cells]
    assert reasons == ["the table has no such method"] * 2


def test_another_data_set_or_track_is_refused(write, table):
    with pytest.raises(ValueError, match=r"is for walk, and the table is of talk"):
        lay_out(read_layout(write(plain(dataset="walk"))), table)
    with pytest.raises(ValueError, match=r"is for track 'in-painting', the table is of 'own pose'"):
        lay_out(read_layout(write(plain(track="in-painting"))), table)
    assert lay_out(read_layout(write(plain(track="any"))), table).track == "own pose"


def body(text):
    """The LaTeX lines between the first and the last rule: R for a rule, else the line's label."""
    found = [line for line in text.splitlines() if line.endswith(r"\\") or line == r"\midrule"]
    return ["R" if line == r"\midrule" else line.split(" & ")[0] for line in found]


def test_rules_stand_in_latex(write, table):
    rule = {"rule": True}
    rows = ["ground_truth", rule, "still", rule, "own_a", "own_b", rule, {"rest": True}]
    text = layout_latex(read_layout(write(plain(rows=rows))), table)
    truth, still = r"\textit{Ground truth}", r"\textit{Still frame}"
    expected = ["Method", "R", truth, "R", still, "R", "Own A", r"Own\_B \& co", "R", "Broken"]
    assert body(text) == expected  # the rule below the controls stands once
    without = layout_latex(read_layout(write(plain(rows=[row for row in rows if row != rule]))), table)
    assert body(without) == [
        name for k, name in enumerate(expected) if not (name == "R" and expected[k - 1] in (truth, r"Own\_B \& co"))
    ]


def test_a_rule_at_an_end_is_no_rule(write, table):
    rows = [{"rule": True}, "own_a", "own_b", {"rule": True}]
    text = layout_latex(read_layout(write(plain(rows=rows))), table)
    assert body(text) == ["Method", "R", "Own A", r"Own\_B \& co"]


def test_identical_clips_and_infinite_values_survive_other_decimals(rows, expected, methods, metrics, provenance):
    table = build_table(aggregate(rows, expected), "talk", "in-painting", methods, metrics, provenance)
    layout = Layout("T", "talk", "any", (Column("psnr", decimals=1),), (Row(rest=True),))
    text = markdown.to_markdown(lay_out(layout, table))
    assert "34.5 (+1 ∞)" in text
    assert "| *Ground truth* | ∞ |" in text


def test_names_are_escaped(write, table):
    rows = [{"method": "own_a", "label": WICKED}, {"method": WICKED}]
    columns = [{"metric": "psnr", "heading": WICKED}, {"metric": "lmd", "heading": "plain"}]
    layout = read_layout(write(plain(title=WICKED, caption=WICKED, rows=rows, columns=columns)))
    text = markdown.to_markdown(lay_out(layout, table))
    assert "<script>" not in text
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {5}
    tex = layout_latex(layout, table)
    assert latex.escape(WICKED) in tex
    assert r"\input" not in tex
    assert {line.replace(r"\&", "").count("&") for line in tex.splitlines() if line.endswith(r"\\")} == {3}


def test_the_demo_layout_fits_a_table_of_the_demo(make_row, metrics, provenance):
    names = ["ground_truth", "still_frame", "tavce", "tavce_plus"]
    kinds = {"tavce": "native", "tavce_plus": "native"}
    methods = {name: MethodInfo(name, "one-shot with the true pose", kinds.get(name, "control")) for name in names}
    lines = [make_row(name, "c", value=math.inf if name == "ground_truth" else 20.0) for name in names]
    rows = pd.DataFrame(lines).assign(dataset="synthtalk")
    found = aggregate(rows, {"synthtalk": ["c"]})
    table = build_table(found, "synthtalk", "one-shot with the true pose", methods, metrics[:1], provenance)
    laid = lay_out(read_layout(LAYOUTS / "demo.yaml"), table)
    assert [line.label for line in laid.lines][-2:] == ["TAVCE", "TAVCE+"]
    assert [metric.key for metric in laid.metrics] == ["fid", "lse_c", "lse_d", "csim", "psnr", "ssim"]
    assert replace(laid, notes=()) != replace(table, notes=())
