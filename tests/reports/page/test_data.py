"""What the page holds: escaping, size, rounding, and every kind of thin data."""

import json
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from reports.describe import MethodInfo, MetricInfo
from reports.page.data import Page, page_data, rounded
from reports.page.write import SCRIPTS, page_html, write_page

METRICS = [MetricInfo("psnr", "PSNR", "dB", "higher", 2)]
METHODS = {"own": MethodInfo("Own", "own pose", "native")}
MEGABYTES = 1_000_000


def held(text):
    """The data of a page, read as its script reads it."""
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return json.loads(found, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.fixture
def thin(section_of, row_of):
    """Return what makes a page of one method from a value per clip; None stands for no value."""

    def make(*values):
        reasons = ["no face" if value is None else None for value in values]
        numbers = [math.nan if value is None else value for value in values]
        rows = [
            row_of("talk", "own", f"clip_{k}", "person", "psnr", number, reason)
            for k, (number, reason) in enumerate(zip(numbers, reasons, strict=True))
        ]
        return Page("Thin", "tavce", [section_of(pd.DataFrame(rows), METHODS, METRICS, 1)])

    return make


def test_nothing_that_is_named_can_leave_its_place(small):
    text = page_html(small)
    outside = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert len(re.findall("<script", text)) == len(re.findall("</script", text)) == 2
    assert "window.injected" in outside  # it is there, as data
    assert "<img" not in outside
    assert "</script><script>window" not in text
    assert "&lt;/script&gt;" in text.split("<style>")[0]  # the title
    (section, _) = held(text)["sections"]
    assert section["methods"][3]["label"].startswith("Own B <img")
    assert section["reasons"] == ["no face found", "video has 0 frames </script><script>window.injected = 1</script>"]


def test_line_separators_do_not_break_a_script(thin, tmp_path):
    (section,) = thin(1.0).sections
    section = replace(section, judges="a\u2028b\u2029c", curves={"clip_0": {"psnr": {"own": np.ones(3, np.float32)}}})
    write_page(Page("\u2028", "tavce", [section]), tmp_path)
    assert "\u2028" not in (tmp_path / "index.html").read_text(encoding="utf-8").split("<style>")[1]
    assert held((tmp_path / "index.html").read_text(encoding="utf-8"))["sections"][0]["judges"] == "a\u2028b\u2029c"


def test_the_policy_names_what_is_inline_and_forbids_networks(small):
    text = page_html(small)
    (policy,) = re.findall(r'Content-Security-Policy" content="(.*?)"', text)
    assert policy.startswith("default-src &#x27;none&#x27;")
    assert "http" not in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    other = page_html(replace(small, title="Another"))
    assert re.findall("sha256-[^&]+", other) == re.findall("sha256-[^&]+", text)  # of code, not of data


def test_the_largest_page_stays_small_and_is_rounded(large, large_text):
    assert len(large_text.encode()) < 5 * MEGABYTES
    (section,) = held(large_text)["sections"]
    values = [value for methods in section["values"].values() for column in methods for value in column]
    assert len(values) == 20 * 200 * 23
    assert max(len(str(value).replace(".", "").strip("-0")) for value in values) == 6
    exact = large.sections[0].rows
    first = exact[(exact["metric"] == "metric_0") & (exact["method"] == "method_0")].sort_values("clip")["value"]
    np.testing.assert_allclose(section["values"]["metric_0"][0], first, rtol=5e-6)


def test_the_same_page_gives_the_same_bytes_whatever_the_order_of_rows(small, tmp_path):
    first = small.sections[0]
    shuffled = replace(first, rows=first.rows.sample(frac=1, random_state=0))
    for name, page in (("a", small), ("b", replace(small, sections=[shuffled, *small.sections[1:]]))):
        (tmp_path / name).mkdir()
        write_page(page, tmp_path / name)
    names = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert [str(name) for name in names] == [*(f"curves/talk/clip_{k}.js" for k in range(4)), "index.html"]
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)
    changed = first.rows.assign(value=first.rows["value"] * 1.001)
    other = page_html(replace(small, sections=[replace(first, rows=changed), *small.sections[1:]]))
    assert other != page_html(small)


def test_values_per_frame_begin_at_the_first_and_keep_their_gaps(small, tmp_path):
    write_page(small, tmp_path)
    text = (tmp_path / "curves" / "talk" / "clip_0.js").read_text(encoding="utf-8")
    data = json.loads(text.removeprefix("tavceCurve(").removesuffix(");\n"))
    first, values = data["metrics"]["psnr"]["own_b"]
    assert (data["dataset"], data["clip"], first, len(values)) == ("talk", "clip_0", 3, 72)
    assert [k + first for k, value in enumerate(values) if value is None] == [40]
    assert values[0] == pytest.approx(math.sin(0.5) / 2, rel=1e-5)
    assert held((tmp_path / "index.html").read_text(encoding="utf-8"))["sections"][0]["curves"] == [0, 1, 2, 3]


def test_no_values_per_frame(thin, tmp_path):
    write_page(thin(1.0, 2.0), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    (section,) = thin(1.0).sections
    curves = {"clip_0": {"psnr": {"own": np.full(5, np.nan, np.float32)}}}
    write_page(Page("Thin", "tavce", [replace(section, curves=curves)]), tmp_path)
    text = (tmp_path / "curves" / "talk" / "clip_0.js").read_text(encoding="utf-8")
    assert '"metrics":{"psnr":{}}' in text


@pytest.mark.parametrize("values", [(3.0,), (None,), (math.inf,), (None, None), (math.inf, 2.0, None)])
def test_thin_data_is_kept_as_it_is(thin, values):
    (section,) = held(page_html(thin(*values)))["sections"]
    assert section["values"]["psnr"] == [["inf" if value == math.inf else value for value in values]]
    lost = [[k, 0] for k, value in enumerate(values) if value is None]
    assert section["missing"] == ({"psnr": {"0": lost}} if lost else {})
    assert section["reasons"] == (["no face"] if lost else [])
    (cell,) = section["tables"][0]["lines"][0]["cells"]
    finite = [value for value in values if value is not None and math.isfinite(value)]
    assert cell["value"] == (finite[0] if finite else "inf" if math.inf in values else None)
    assert ("reason" in cell) == (cell["value"] is None)


def test_cells_say_what_tables_say(small):
    tables = small.sections[0].tables
    for table, held_table in zip(tables, page_data(small)["sections"][0]["tables"], strict=True):
        for line, held_line in zip(table.lines, held_table["lines"], strict=True):
            for cell, found in zip(line.cells, held_line["cells"], strict=True):
                assert found["number"] == cell.number
                assert found.get("mark", "") == cell.mark
                assert found.get("tie", False) == cell.tie
                assert found.get("identical", 0) == cell.identical
                assert found.get("low") == (None if cell.low is None else rounded(cell.low))
    ends = [
        cell["low"]
        for table in page_data(small)["sections"][0]["tables"]
        for line in table["lines"]
        for cell in line["cells"]
        if "low" in cell
    ]
    assert 0 in ends  # an end that is 0 is an end


@pytest.mark.parametrize(
    ("value", "short"),
    [(1 / 3, 0.333333), (12345678.0, 12345700.0), (-0.0, 0), (5.0, 5), (math.inf, "inf"), (math.nan, None)],
)
def test_six_digits(value, short):
    assert rounded(value) == short


def test_what_is_not_described_is_named(thin):
    (section,) = thin(1.0).sections
    with pytest.raises(ValueError, match="data set talk: rows of a method that is not described: own"):
        page_html(Page("Thin", "tavce", [replace(section, methods={})]))
    with pytest.raises(ValueError, match="data set talk: rows of a metric that is not described: psnr"):
        page_html(Page("Thin", "tavce", [replace(section, metrics=[])]))
    with pytest.raises(ValueError, match="at least one data set"):
        page_html(Page("Thin", "tavce", []))


@pytest.mark.parametrize("name", ["../clip", "..", "a\\b", ""])
def test_no_file_is_written_elsewhere(thin, tmp_path, name):
    (section,) = thin(1.0).sections
    section = replace(section, curves={name: {"psnr": {"own": np.ones(2, np.float32)}}})
    with pytest.raises(ValueError, match="cannot be the name of a file"):
        write_page(Page("Thin", "tavce", [section]), tmp_path)


def test_every_script_is_part_of_the_page(small):
    text = page_html(small)
    assert len(SCRIPTS) == len(set(SCRIPTS))
    assert all(f"function {name}(" in text for name in ("start", "openClip", "makeClock", "meansOver", "curvePath"))
