"""The documentation against the code: metrics and their pages, figures, links, commands."""

import argparse
import csv
import re
from pathlib import Path

import pytest

from metrics import METRICS, VARIANTS
from metrics.tavc import TAVC, TAVC_SIGNED
from stages.cli import parser

ROOT = Path(__file__).parents[1]
PARSER = parser()
PAGES = ROOT / "docs" / "metrics"
INDEX = PAGES / "README.md"
RECORDS = (*METRICS, *VARIANTS, TAVC, TAVC_SIGNED)
HEADINGS = [
    "What it measures", "Protocol", "Formula", "Range and direction",
    "What the controls say", "Pitfalls", "How it fails", "Source",
]  # fmt: skip
CONTROLS = {
    "ground_truth": "ground truth",
    "reencoded_crf23": "ground truth, H.264 CRF 23",
    "still_frame": "still frame",
    "audio_early_5": "audio 5 frames early",
    "other_audio": "audio of another clip",
}
# What a run writes, in part not in git; the pages of the report stage are no documentation.
MADE = (ROOT / "reports" / "results", ROOT / "data", ROOT / "build")
# Pages that no user reads on the way from README.md.
ASIDE = {
    ROOT / "tests" / "media" / "golden" / "README.md",
    ROOT / "docs" / "metrics.md",
}  # the second says where it went


def markdown_files() -> list[Path]:
    hidden = [path for path in ROOT.rglob("*.md") if not any(p.startswith(".") for p in path.relative_to(ROOT).parts)]
    return sorted(path for path in hidden if not any(path.is_relative_to(folder) for folder in MADE))


FILES = markdown_files()
EACH_FILE = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
EACH_PAGE = pytest.mark.parametrize("page", sorted(set(PAGES.glob("*.md")) - {INDEX}), ids=lambda page: page.stem)


def prose(text: str) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings as GitHub makes them."""
    found: dict[str, int] = {}
    names = set()
    for heading in re.findall(r"^#+ +(.+?) *$", prose(text), flags=re.M):
        slug = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()).replace(" ", "-")
        names.add(f"{slug}-{found[slug]}" if slug in found else slug)
        found[slug] = found.get(slug, 0) + 1
    return names


def links(text: str) -> list[str]:
    """Return the targets of a page's relative links and pictures."""
    plain = re.sub(r"`[^`\n]*`", "", prose(text))
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", plain) if not re.match(r"[a-z]+:", target)]


def broken(path: Path, text: str) -> list[str]:
    """Return the links of a page that lead nowhere."""
    wrong = []
    for target in links(text):
        file, _, anchor = target.partition("#")
        aim = (path.parent / file).resolve() if file else path
        there = text if aim == path else aim.read_text(encoding="utf-8") if aim in FILES else ""
        if not aim.exists() or (anchor and anchor not in anchors(there)):
            wrong.append(target)
    return wrong


def commands(text: str) -> list[list[str]]:
    """Return what follows `tavce` where it is called: in inline code, and at the beginning of a line of a block."""
    blocks = re.findall(r"^```.*?^```", text, flags=re.M | re.S)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", prose(text))
    calls = [re.split(r" #| \||&&", line)[0] for line in lines if re.match(r"(run: )?tavce [a-z]", line)]
    return [call.removeprefix("run: ").split()[1:] for call in calls]


def choices(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the commands of a parser by name."""
    actions = [action for action in top._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(actions[0].choices) if actions else {}


def unknown(call: list[str], top: argparse.ArgumentParser) -> str:
    """Return the first word of a call that the parser does not know: a command, an action or an option; "" if none."""
    inner = choices(top)
    if inner and call and re.fullmatch(r"[a-z]+", call[0]):
        return unknown(call[1:], inner[call[0]]) if call[0] in inner else call[0]
    options = [re.split(r"[=,;]", word)[0] for word in call if word.startswith("--")]
    return next((word for word in options if word not in top._option_string_actions), "")


def page_of(key: str) -> Path:
    """Return the page that the index names for a metric."""
    (name,) = re.findall(rf"^\| `{key}` \|.*\[[^]]+\]\((\w+\.md)\) \|$", INDEX.read_text(encoding="utf-8"), flags=re.M)
    return PAGES / name


def controls_table(keys: list[str]) -> str:
    """Return the table of a page: the controls' means of the demo, with the digits of the report's tables."""
    decimals = {record.key: record.decimals for record in RECORDS}
    with (ROOT / "reports" / "results" / "aggregate.csv").open(encoding="utf-8", newline="") as file:
        means = {(line["method"], line["metric"]): line["mean"] for line in csv.DictReader(file)}
    lines = [f"| control | {' | '.join(f'`{key}`' for key in keys)} |", f"|---|{'--:|' * len(keys)}"]
    for method, label in CONTROLS.items():
        cells = []
        for key in keys:
            text = means[method, key]
            number = f"{round(float(text or 0), decimals[key]) + 0.0:.{decimals[key]}f}"
            cells.append("none" if not text else number.replace("inf", "∞"))
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.key)
def test_every_metric_has_a_line_in_the_index_and_on_its_page(record):
    assert re.search(
        rf"^\| `{record.key}` \| {record.better} \| .+ \| `{re.escape(record.protocol)}` \| \[",
        INDEX.read_text(encoding="utf-8"),
        flags=re.M,
    )
    line = f"| `{record.key}` | {record.better} | {record.unit or '-'} | `{record.protocol}` | {record.scope} |"
    assert line in page_of(record.key).read_text(encoding="utf-8")


@EACH_PAGE
def test_a_page_has_all_parts(page):
    assert re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.M) == HEADINGS


@EACH_PAGE
def test_the_figures_of_the_controls_are_those_of_the_demo(page):
    text = page.read_text(encoding="utf-8")
    headers = re.findall(r"^\| control \| (.+) \|$", text, flags=re.M)
    if not headers:
        assert page.stem in ("fvd", "tavc"), "only what the demo does not measure has no figures"
        return
    wanted = controls_table([key.strip("`") for key in headers[0].split(" | ")])
    assert wanted in text, f"paste into {page.name}:\n{wanted}"


def test_a_figure_of_another_digit_would_be_found():
    page, table = (PAGES / "psnr.md").read_text(encoding="utf-8"), controls_table(["psnr"])
    assert "| ground truth | ∞ |" in table
    assert table in page
    assert table not in re.sub(r"(still frame \| \d+\.\d)\d", r"\g<1>x", page)
    assert "| still frame | none |" in controls_table(["beat_align"])


@EACH_FILE
def test_links_lead_somewhere(path):
    assert broken(path, path.read_text(encoding="utf-8")) == []


def test_a_wrong_link_would_be_found():
    text = "# Some `code`: a\n[a](#some-code-a) [b](#some-code) [c](none.md#d) [d](metrics/lse.md#none)\n`[e](f)`"
    assert broken(ROOT / "docs" / "judges.md", text) == ["#some-code", "none.md#d", "metrics/lse.md#none"]


def test_every_page_is_reached_from_the_readme():
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in seen or path.suffix != ".md" or not path.is_file():
            continue
        seen.add(path)
        targets = [target.partition("#")[0] for target in links(path.read_text(encoding="utf-8"))]
        waiting += [(path.parent / target).resolve() for target in targets if target]
    assert sorted(str(path.relative_to(ROOT)) for path in set(FILES) - seen - ASIDE) == []


@EACH_FILE
def test_commands_are_known(path):
    found = {unknown(call, PARSER): call for call in commands(path.read_text(encoding="utf-8"))}
    found.pop("", None)
    assert found == {}


def test_a_wrong_command_would_be_found():
    text = "`tavce gates a b`, `tavce gate a b --margins x=1`:\n```\ntavce weights fetsch  # no\ntavce gate a b\n```\n"
    assert [unknown(call, PARSER) for call in commands(text)] == ["fetsch", "", "gates", "--margins"]


def test_pages_that_code_names_are_there():
    places = [ROOT / name for name in ("metrics", "reports", "stages", "tavce", "baselines", "profiles", "tests")]
    files = [path for place in places for kind in ("*.py", "*.yaml") for path in place.rglob(kind)]
    files += [ROOT / name for name in ("params.yaml", "dvc.yaml", "CITATION.cff", "Makefile", "pyproject.toml")]
    named = {
        f"{path.relative_to(ROOT)}: {page}"
        for path in files
        if not any(path.is_relative_to(folder) for folder in MADE)
        for page in re.findall(r"\bdocs/[\w/.-]+\.md", path.read_text(encoding="utf-8"))
        if not (ROOT / page).is_file()
    }
    assert sorted(named) == []
