"""What the page is told: sizes, escapes, the same bytes, odd inputs."""

import json
import math
import re

import numpy as np
import pandas as pd
import pytest

from reports.describe import MethodInfo, MetricInfo
from reports.page.data import Page, PageSection, page_data, rounded
from reports.page.write import page_html, safe_json, write_page
from reports.tables import Cell, Line, Table


def embedded(html):
    return json.loads(re.search(r'id="data">(.*?)</script>', html, re.S)[1])


def test_no_name_can_leave_its_element(make_page):
    html = page_html(make_page())
    assert html.count("<script>") == 1
    assert html.count('<script type="application/json"') == 1
    assert html.count("</script>") == 2
    assert "onerror=" not in html.split('id="data">')[0]
    assert embedded(html)["title"].startswith("Demo </script>")


def test_json_as_it_is_would_let_it(make_page):
    """The plausible mistake: plain json.dumps inside of a script element."""
    assert "</script>" in json.dumps(page_data(make_page()))
    assert "</script>" not in safe_json(page_data(make_page()))


def test_the_marks_of_the_frame_are_not_looked_for_in_what_was_put_in(make_page):
    page = make_page()
    html = page_html(Page("@DATA@ @SCRIPT@", page.code, page.sections))
    assert html.count('"use strict"') == 1
    assert embedded(html)["title"] == "@DATA@ @SCRIPT@"


def test_the_same_page_gives_the_same_bytes(made, make_page, tmp_path):
    write_page(make_page(), tmp_path)
    first = (tmp_path / "index.html").read_bytes()
    write_page(make_page(), tmp_path)
    assert (tmp_path / "index.html").read_bytes() == first
    curve = (made.folder / "curves" / "talk" / "clip0.js").read_text()
    found = json.loads(curve.removeprefix("tavceCurve(").removesuffix(");\n"))
    assert found["curves"]["sync_confidence"]["good"][:4] == [None, None, 2.0, 3.0]


def test_values_have_six_digits_and_words_for_the_rest():
    assert rounded(0.123456789) == 0.123457
    assert rounded(math.inf) == "inf"
    assert rounded(-math.inf) == "-inf"
    assert rounded(math.nan) is None


def test_reasons_and_signatures_are_there(make_page):
    found = page_data(make_page())["datasets"][0]
    assert [line[:2] for line in found["failures"]] == [["poor", "lpips"], ["poor", "psnr"]]
    assert found["failures"][0][3] == ["clip5"]
    assert found["excluded"][0][0] == "bad"
    assert found["metrics"][0]["signatures"] == ["psnr|v1|rgb|size:128|mode:clean"]
    assert found["values"]["psnr"]["ground_truth"] == ["inf"] * 6


@pytest.fixture(scope="module")
def large():
    """20 methods, 200 clips, 23 metrics."""
    rng = np.random.default_rng(0)
    metrics = [MetricInfo(f"metric{k}", f"Metric {k}", "", "higher", 3) for k in range(23)]
    methods = {f"method{k}": MethodInfo(f"Method {k}", "own pose", "native") for k in range(20)}
    clips = [f"speaker_{k // 4:03d}_clip_{k:04d}" for k in range(200)]
    keys = pd.MultiIndex.from_product([methods, clips, [m.key for m in metrics]], names=["method", "clip", "metric"])
    rows = keys.to_frame(index=False).assign(value=rng.normal(size=len(keys)), reason=None, dataset="talk")
    rows["identity"] = rows["clip"].str.slice(0, 11)
    rows["signature"] = rows["metric"] + "|v1|" + "x" * 150
    cells = tuple(Cell(0.5, "0.500", low=0.1, high=0.9) for _ in metrics)
    lines = tuple(Line(name, info.label, False, cells, "200/200") for name, info in methods.items())
    table = Table("talk", "own pose", "judges: none", tuple(metrics), frozenset(), lines, ())
    return Page("Large", "code", [PageSection("talk", "judges: none", rows, [table], methods, metrics,
                [m.key for m in metrics[:9]], {}, {}, {}, {})])  # fmt: skip


def test_a_large_page_stays_small(large):
    assert len(page_html(large).encode()) < 5_000_000


def test_one_method_one_clip_no_value(make_row):
    rows = pd.DataFrame([make_row("only", "c", value=math.nan, reason="no face")])
    metric = MetricInfo("psnr", "PSNR", "dB", "higher", 2)
    cell = Cell(None, "", reason="no face (1)")
    table = Table("talk", "x", "j", (metric,), frozenset(), (Line("only", "Only", False, (cell,), "0/1"),), ())
    section = PageSection("talk", "j", rows, [table], {"only": MethodInfo("Only", "x", "videos")}, [metric], ["psnr"],
                          {}, {}, {}, {})  # fmt: skip
    found = page_data(Page("t", "c", [section]))["datasets"][0]
    assert found["values"] == {"psnr": {"only": [None]}}
    assert found["tracks"][0]["lines"]["only"]["cells"]["psnr"] == {
        "value": None,
        "number": "",
        "reason": "no face (1)",
    }
