"""`tavce gate`, `compare`, `merge` and `table`: what can be done with folders of results."""

import argparse
import sys
from pathlib import Path

from reports.gate import Verdict, gate
from reports.gate_text import compare_markdown, gate_json, gate_markdown
from reports.result_folder import ABOUT, Results, read_results
from tavce.errors import InputError
from tavce.run.atomic import atomic_directory, atomic_file
from tavce.run.pool import Pool

COMMANDS = ("gate", "compare", "merge", "table")
FOLDER = "a folder of results: reports/results after dvc repro, or OUT of tavce score"


def add_results(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    check = commands.add_parser(
        "gate",
        help="compare results before and after a change: fail if anything is worse beyond noise, or lost",
        description="Compare every method of BASELINE with itself in CURRENT, metric by metric, on the clips that both "
        "have. Exit code 0: passes. 1: something is worse beyond its margin and noise, or clips, metrics, methods or a "
        "protocol are lost or changed. 2: it cannot be judged, and the message says why.",
    )
    both = commands.add_parser(
        "compare",
        help="show all differences between two folders of results, with intervals",
        description="Print every paired difference, CURRENT minus BASELINE. The exit code is 0.",
    )
    for each in (check, both):
        each.add_argument("baseline", type=Path, metavar="BASELINE", help=FOLDER)
        each.add_argument("current", type=Path, metavar="CURRENT", help="the same, after the change")
    check.add_argument(
        "--margin",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="how much worse a metric may become, in its unit; may be given several times (default: 0, noise alone)",
    )
    check.add_argument("--json", type=Path, metavar="FILE", help="write findings and comparisons there")
    check.add_argument("--markdown", type=Path, metavar="FILE", help="write the summary there too")
    join = commands.add_parser(
        "merge",
        help="join folders of results of several people or machines into one, with tables and a leaderboard",
        description="Join folders of results. One metric of a data set under two signatures is refused.",
    )
    join.add_argument("folders", type=Path, nargs="+", metavar="RESULTS", help=FOLDER)
    join.add_argument("--out", type=Path, required=True, help="folder for the joined results; replaces earlier ones")
    join.add_argument("--title", default="Merged results", help="heading of the report (default: %(default)s)")
    join.add_argument(
        "--clash",
        choices=("refuse", "first", "last"),
        default="refuse",
        help="one method, clip and metric with two values: refuse, or take the first or last folder's "
        "(default: %(default)s)",
    )
    lay = commands.add_parser(
        "table",
        help="print the table of a paper's layout from a folder of results",
        description="Print columns and lines of RESULTS in the order that a layout file asks for (reports/layouts).",
    )
    lay.add_argument("results", type=Path, metavar="RESULTS", help=FOLDER)
    lay.add_argument("--layout", type=Path, required=True, metavar="FILE", help="such as reports/layouts/demo.yaml")
    lay.add_argument("--format", choices=("markdown", "latex"), default="markdown", help="(default: %(default)s)")


def run_results(given: argparse.Namespace) -> int:
    """Run one of the commands and return its exit code."""
    if given.command == "merge":
        return _merge(given)
    if given.command == "table":
        return _table(given)
    baseline, current = load(given.baseline), load(given.current)
    margins = dict(map(_margin, given.margin)) if given.command == "gate" else {}
    try:
        verdict = gate(baseline, current, margins)
    except ValueError as error:
        raise InputError("results", str(error), "mend or make the results again") from error
    if given.command == "compare":
        print(compare_markdown(verdict, baseline))
        return 0
    return _answer(given, verdict, baseline)


def load(folder: Path) -> Results:
    """Return the results of a folder.

    Raises:
        InputError: it holds none, or they cannot be read.
    """
    try:
        return read_results(folder)
    except ValueError as error:
        remedy = "name a folder that dvc repro or tavce score has written"
        raise InputError(folder, str(error), remedy) from error


def _answer(given: argparse.Namespace, verdict: Verdict, baseline: Results) -> int:
    summary = gate_markdown(verdict, baseline)
    print(summary)
    for path, text in ((given.json, gate_json(verdict)), (given.markdown, summary)):
        if path is not None:
            with atomic_file(path) as part:
                part.write_text(text, encoding="utf-8")
    return 0 if verdict.passes else 1


def _margin(text: str) -> tuple[str, float]:
    key, _, value = text.partition("=")
    try:
        return key, float(value)
    except ValueError as error:
        raise InputError("--margin", f"{text!r} is no KEY=VALUE", "write such as --margin lse_c=0.1") from error


def _merge(given: argparse.Namespace) -> int:
    from reports.leaderboard import leaderboard, leaderboard_markdown
    from reports.merge import merge
    from stages.write_report import Material, all_means, write_report  # torch comes with it

    if given.out.exists() and not (given.out / ABOUT).is_file() and any(given.out.iterdir()):
        raise InputError(given.out, "exists and holds no results", "choose a new folder for --out")
    parts = [(str(folder), load(folder)) for folder in given.folders]
    try:
        whole = merge(parts, title=given.title, clash=given.clash)
    except ValueError as error:
        raise InputError("results", str(error), "merge what was measured alike") from error
    with atomic_directory(given.out.resolve()) as part:
        write_report(Material(whole), part, Pool(1))
        board = leaderboard(whole, all_means(whole))
        text = leaderboard_markdown(whole, board)
        (part / "leaderboard.md").write_text(text, encoding="utf-8")
        (part / "leaderboard.csv").write_text(board.to_csv(index=False, lineterminator="\n"), encoding="utf-8")
    print(text)
    print(f"{len(given.folders)} folders, {len(whole.methods)} methods, {len(whole.rows)} rows; all in {given.out}")
    return 0


def _table(given: argparse.Namespace) -> int:
    from stages.layout_table import layout_table

    sys.stdout.write(layout_table(load(given.results), given.layout, latex=given.format == "latex"))
    return 0
