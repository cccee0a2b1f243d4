"""Printed numbers: the file is sound, mistakes in it are named by line, and what stands beside ours says its worth."""

import io
import math
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from metrics import METRICS, VARIANTS
from reports import published as module
from reports.aggregate import aggregate
from reports.published import COLUMNS, PUBLISHED, beside_ours, read_published, spread

DOCS = Path(__file__).parents[2] / "docs" / "published.md"
NOT_OURS = {"fvd_32", "e_fid", "p_fid", "cpbd", "fps", "blink_rate", "fid_or_fvd"}
WICKED = r"a_b%c&d#e$f{g}~^\<|>*`[x] <script>alert(1)</script>"


def line(**changes):
    """One sound row of the file."""
    plain = {
        "paper": "Some Paper", "arxiv": "2501.00001", "year": "2025", "table": "1", "dataset": "talk", "split": "",
        "method": "Other", "metric": "psnr", "value": "30.5", "source": "the paper", "protocol": "unknown",
        "comparable": "unknown", "why": "crop not known",
    }  # fmt: skip
    return plain | changes


@pytest.fixture
def write(tmp_path):
    def write(*lines):
        path = tmp_path / "numbers.csv"
        pd.DataFrame(lines, columns=list(COLUMNS)).to_csv(path, index=False, lineterminator="\n")
        return path

    return write


@pytest.fixture
def shipped():
    return read_published(PUBLISHED)


@pytest.fixture
def ours(rows, expected):
    return aggregate(rows, expected)


def test_the_shipped_file_reads_and_uses_our_keys(shipped):
    assert len(shipped) > 350
    strange = set(shipped["metric"]) - {record.key for record in METRICS + VARIANTS}
    assert strange == NOT_OURS
    assert set(shipped.loc[shipped["metric"].isin(NOT_OURS - {"fid_or_fvd"}), "comparable"]) == {"no"}
    assert not {name for name in shipped["dataset"] if name != name.lower()}


def test_tavce_has_a_row_for_every_main_metric_and_no_number(shipped):
    part = shipped[shipped["paper"] == "TAVCE"]
    assert set(part["dataset"]) == {"hdtf", "lrw", "voxceleb1", "voxceleb2"}
    assert part["value"].isna().all()
    assert set(part["why"]) == {"the printed tables could not be read"}
    assert shipped.loc[shipped["paper"] != "TAVCE", "value"].notna().all()


@pytest.mark.parametrize(
    ("paper", "dataset", "method", "metric", "value"),
    [
        ("SadTalker", "hdtf", "SadTalker", "lse_c", 7.290),
        ("DAWN", "hdtf", "DAWN", "beat_align", 0.281),
        ("DAWN", "crema", "SadTalker", "csim", 0.808),
        ("FLOAT", "ravdess", "EDTalk", "p_fid", 0.090),
        ("KDTalker", "hdtf", "AniPortrait", "fps", 1.555),
        ("ACTalker", "celebv-hq", "MEMO", "lse_d", 9.118),
        ("Teller", "hdtf", "AniPortrait", "fvd", 235.10),
        ("SoulX-FlashHead", "hdtf", "Ditto", "lse_d", 10.49),
    ],
)
def test_known_numbers_stand_where_they_belong(shipped, paper, dataset, method, metric, value):
    of = (shipped["paper"] == paper) & (shipped["dataset"] == dataset) & (shipped["method"] == method)
    assert shipped.loc[of & (shipped["metric"] == metric), "value"].tolist() == [value]


def test_hardly_any_number_compares(shipped):
    """Only what is 0 by definition."""
    assert set(shipped.loc[shipped["comparable"] == "yes", "value"]) == {0.0}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"comparable": "maybe"}, "comparable is 'maybe'; allowed: no, unknown, yes"),
        ({"value": "nan"}, "value is 'nan'"),
        ({"value": "inf"}, "value is 'inf'"),
        ({"value": "7,29"}, "value is '7,29'"),
        ({"source": " "}, "source is empty"),
        ({"protocol": ""}, "protocol is empty"),
        ({"why": ""}, "why is empty"),
        ({"year": "25"}, "year is '25'"),
        ({"arxiv": "arXiv:2501.1"}, "arxiv is 'arXiv:2501.1'"),
        ({"method": "Fine", "value": "31"}, "the same number as in line 2"),
    ],
)
def test_a_mistake_is_named_with_its_line(write, changes, said):
    path = write(line(method="Fine"), line(method="Second"), line(**changes))
    with pytest.raises(ValueError, match=re.escape(f"numbers.csv line 4: {said}")):
        read_published(path)


def test_other_columns_and_torn_lines_are_refused(write):
    path = write(line())
    text = path.read_text()
    path.write_text(text.replace("protocol,", ""))
    with pytest.raises(ValueError, match=r"line 1: the columns must be paper,arxiv"):
        read_published(path)
    path.write_text(text + "Paper,2501.00001\n")
    with pytest.raises(ValueError, match=r"line 3: 2 cells, and there are 13 columns"):
        read_published(path)
    path.write_text(text + '"torn\n')
    with pytest.raises(ValueError, match=r"line 3: no CSV"):
        read_published(path)


def test_an_empty_value_is_nan_and_lines_count_through_line_breaks(write):
    found = read_published(write(line(value="")))
    assert math.isnan(found["value"][0])
    with pytest.raises(ValueError, match=r"line 4: comparable"):
        read_published(write(line(why="two\nlines"), line(method="x", comparable="")))


def test_printed_numbers_stand_beside_ours(write, ours):
    path = write(line(), line(method="Unscored"), line(metric="fid", value="9"), line(dataset="else", value="1"))
    found = beside_ours(read_published(path), ours, "talk", {"own_a": "Other", "broken": "Unscored"})
    assert len(found) == 1  # `broken` has no mean, nobody scored FID, and another data set is another
    (only,) = found.to_dict("records")
    mean = ours[(ours["method"] == "own_a") & (ours["metric"] == "psnr")].iloc[0]
    assert (only["ours"], only["low"], only["high"]) == (mean["mean"], mean["low"], mean["high"])
    assert only["gap"] == 31.0 - 30.5  # not printed minus ours
    assert (only["printed"], only["comparable"], only["printed_as"]) == (30.5, "unknown", "Other")


def test_a_data_set_is_known_by_its_kind(write, ours):
    read = read_published(write(line(dataset="hdtf")))
    assert beside_ours(read, ours, "talk", {"own_a": "Other"}).empty
    assert beside_ours(read, ours, "talk", {"own_a": "Other"}, kind="hdtf")["dataset"].tolist() == ["talk"]
    nameless = read_published(write(line(dataset="")))
    assert beside_ours(nameless, ours, "talk", {"own_a": "Other"}).empty


def test_wrong_names_are_no_empty_result(write, ours):
    read = read_published(write(line()))
    with pytest.raises(ValueError, match=r"no printed number is of other; there are: Other"):
        beside_ours(read, ours, "talk", {"own_a": "other"})
    with pytest.raises(ValueError, match=r"no data set 'walk'"):
        beside_ours(read, ours, "walk", {"own_a": "Other"})


def test_the_text_says_what_a_gap_is_worth(write, ours):
    found = beside_ours(read_published(write(line())), ours, "talk", {"own_a": "Other", "ground_truth": "Other"})
    text = module.beside_markdown(found, "talk")
    assert "| +0.500 | Other | Some Paper | 1 | unknown | crop not known |" in text
    assert text.count("∞") == 2  # the ground truth and its gap
    assert "a gap is no error" in text
    assert "nan" not in text
    read = pd.read_csv(io.StringIO(module.to_csv(found)))
    assert read["gap"].tolist() == [0.5, math.inf]


def test_nothing_beside_ours_is_said(write, ours):
    unread = read_published(write(line(value=""), line(value="", metric="lmd")))
    for empty in (
        beside_ours(unread, ours, "talk", {}),
        beside_ours(unread, ours, "talk", {"own_a": "Other"}),
    ):
        for text in (module.beside_markdown(empty, "talk"), module.beside_latex(empty, "talk")):
            assert "no published number stands beside ours on talk" in text
            assert "a gap" not in text
            assert "tabular" not in text
    assert "own\\_a, Some Paper: crop not known (psnr, lmd)." in text


def test_some_read_and_some_not(write, ours):
    read = read_published(write(line(), line(value="", metric="lmd", why="torn page")))
    text = module.beside_markdown(beside_ours(read, ours, "talk", {"own_a": "Other"}), "talk")
    assert "torn page (lmd)" in text
    assert "no published number" not in text


def test_names_are_escaped(write, ours, tmp_path):
    read = read_published(write(line(paper=WICKED, method=WICKED, why=WICKED, table=WICKED)))
    found = beside_ours(read, ours, "talk", {"own_a": WICKED})
    text = module.beside_markdown(found, "talk")
    assert "<script>" not in text
    row = text.splitlines()[2]
    assert len(re.findall(r"(?<!\\)\|", row)) == 11
    tex = module.beside_latex(found, "talk")
    assert (
        r"a\_\allowbreak{}b\%c\&d\#e\$f\{g\}\textasciitilde{}\textasciicircum{}\textbackslash{}\textless{}\textbar{}"
        in tex
    )
    body = [each.replace(r"\&", "") for each in tex.splitlines() if each.endswith(r"\\")]
    assert {each.count("&") for each in body} == {6}
    if shutil.which("pdflatex"):
        head = "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{booktabs}\\begin{document}\n"
        (tmp_path / "t.tex").write_text(head + tex + "\\end{document}\n", encoding="utf-8")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120)
        assert done.returncode == 0, done.stdout[-1500:]


def test_the_latex_table_fits_a_page(write, ours, tmp_path):
    if not shutil.which("pdflatex"):
        pytest.skip("no pdflatex here (texlive-latex-recommended)")
    read = read_published(write(line(paper="SoulX-FlashHead", table="HDTF and RAVDESS", why="a long reason " * 9)))
    found = beside_ours(read, ours, "talk", {"own_a": "Other"})
    found = pd.concat([found, found.assign(method="sadtalker_upstream", metric="head_motion_diversity")])
    head = "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{booktabs}\\begin{document}\n"

    def too_wide(text):
        (tmp_path / "t.tex").write_text(head + text + "\\end{document}\n", encoding="utf-8")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120)
        assert done.returncode == 0, done.stdout[-1500:]
        return "Overfull" in done.stdout

    text = module.beside_latex(found.assign(gap=-3.25), "talk")
    assert "& $-$3.250 &" in text
    assert not too_wide(text)
    assert too_wide(text.replace(r"\scriptsize", r"\large"))


def test_metrics_stand_together(write, ours):
    both = [line(paper=paper, metric=metric) for paper in ("P", "Q") for metric in ("psnr", "lmd")]
    found = beside_ours(read_published(write(*both)), ours, "talk", {"own_a": "Other"})
    assert found[["metric", "paper"]].to_numpy().tolist() == [["psnr", "P"], ["psnr", "Q"], ["lmd", "P"], ["lmd", "Q"]]


def test_the_spread_of_sadtalker(shipped):
    found = spread(shipped).set_index(["dataset", "method", "metric"])
    fid, lse_c = (found.loc["hdtf", "SadTalker", metric] for metric in ("fid", "lse_c"))
    assert (fid["least"], fid["greatest"], fid["papers"]) == (12.701, 71.952, 7)
    assert (lse_c["least"], lse_c["greatest"]) == (4.60, 7.326)


def test_two_tables_of_one_paper_are_no_spread(write):
    same = [line(), line(table="2", value="31"), line(method="B", dataset=""), line(method="B", dataset="", paper="P")]
    assert spread(read_published(write(*same))).empty
    more = spread(read_published(write(*same, line(paper="P", value="29"), line(paper="Q", value=""))))
    assert more.to_numpy().tolist() == [["talk", "Other", "psnr", 29.0, 31.0, 2]]


def test_the_docs_show_the_spread_of_the_file(shipped):
    table = module.spread_markdown(spread(shipped))
    assert table in DOCS.read_text(encoding="utf-8"), "paste the output of `spread_markdown` into docs/published.md"
    changed = shipped.assign(value=shipped["value"] + 1)
    assert module.spread_markdown(spread(changed)) not in DOCS.read_text(encoding="utf-8")
