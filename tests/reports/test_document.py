"""The page: everything is on it, in order, with links that work."""

import math

import pandas as pd
import pytest

from reports.aggregate import aggregate
from reports.document import MAX_LISTED, MAX_NAMED, Block, Section, report_markdown
from reports.tables import build_table


@pytest.fixture
def section(rows, expected, methods, metrics, provenance):
    table = build_table(aggregate(rows, expected), "talk", "own pose", methods, metrics, provenance)
    return Section(table, [Block("", "", {"Scores": "plots/talk own.png"})], {"Own A": "sheets/own_a.png"})


def test_the_page_has_all_parts_in_order(section, rows, provenance):
    text = report_markdown("Results", provenance.excluded, [section], rows)
    parts = [
        "# Results", "## talk: own pose", "judges: stand-ins", "| Method |", "![Scores](plots/talk%20own.png)",
        "[Own A](sheets/own_a.png)", "## Clips that cannot be used", r"- talk / clip\_x: no\_face",
        "## Clips without a score", r"- talk / broken (lmd, psnr): no face found. ",
        r"- talk / own\_b (lmd, psnr): video has 0 frames. 1 clip: clip\_3",
    ]  # fmt: skip
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_nothing_missing_is_said_so(section, make_row):
    rows = pd.DataFrame([make_row("own_a", "clip_0")])
    text = report_markdown("Results", {}, [section], rows)
    assert text.count("None.") == 3


def test_long_lists_say_how_much_is_left_out(section, make_row, provenance):
    lost = [make_row("own_a", f"c{k:03d}", value=math.nan, reason=f"lost {k}") for k in range(MAX_LISTED + 7)]
    assert "- and 7 more" in report_markdown("Results", provenance.excluded, [section], pd.DataFrame(lost))


def test_clips_with_the_same_fate_share_a_line(section, make_row, provenance):
    lost = [make_row("own_a", f"c{k:03d}", value=math.nan, reason="lost") for k in range(MAX_NAMED + 5)]
    text = report_markdown("Results", provenance.excluded, [section], pd.DataFrame(lost))
    assert text.count("lost") == 1
    assert f"{MAX_NAMED + 5} clips: c000, c001" in text
    assert "and 5 more" in text


def test_clips_of_another_length_are_listed(section, make_row):
    row = make_row("own_a", "clip_0") | {"frames_generated": 90, "frames_expected": 75}
    text = report_markdown("Results", {}, [section], pd.DataFrame([row]))
    assert "talk / own\\_a, compared as far as both go. 1 clip: clip\\_0 90 frames against 75" in text


def test_an_empty_report_is_an_error(rows, provenance):
    with pytest.raises(ValueError, match="at least one table"):
        report_markdown("Results", provenance.excluded, [], rows)
