"""Numbers that papers print: the file of them, what stands beside ours, and how far papers differ among themselves."""

import csv
import math
import re
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from reports import latex, markdown
from reports.aggregate import means_of

PUBLISHED = Path(__file__).with_name("published.csv")
KEY = ("paper", "table", "dataset", "split", "method", "metric")
COLUMNS = ("paper", "arxiv", "year", *KEY[1:], "value", "source", "protocol", "comparable", "why")
NEEDED = ("paper", "table", "method", "metric", "source", "protocol", "why")
COMPARABLE = ("no", "unknown", "yes")
BESIDE = (
    *("dataset", "method", "metric", "ours", "low", "high", "printed", "paper", "gap", "comparable", "why"),
    *("table", "printed_as"),
)
END = ("paper", "table", "comparable", "why")
SPREAD = ("dataset", "method", "metric", "least", "greatest", "papers")
MEANING = (
    "Comparable says whether the printed number and ours measure the same: yes, the protocol is known and nothing in "
    "it differs; unknown, not enough of it is known to say; no, something is known to differ. Gap is ours minus "
    "printed. Where comparable is not yes, a gap is no error on either side, and ranks nobody."
)


def read_published(path: Path) -> pd.DataFrame:
    """Return the printed numbers, one row each, in the order of the file.

    Args:
        path: a CSV file in UTF-8 with the columns of ``COLUMNS`` (docs/published.md says what they hold).

    Returns:
        The columns of ``COLUMNS``: text, but ``value``, a float that is NaN where the number could not be read.

    Raises:
        ValueError: naming the line: other columns; an empty paper, table, method, metric, source, protocol or why;
            a year or an arXiv number of another form; a value that is no finite number; an unknown ``comparable``;
            the same number twice.
    """
    rows: list[dict[str, object]] = []
    seen: dict[tuple[str, ...], int] = {}
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file, strict=True)
        try:
            if tuple(next(lines, ())) != COLUMNS:
                raise ValueError(f"{path.name} line 1: the columns must be {','.join(COLUMNS)}")
            for cells in lines:
                rows.append(_row(cells, seen, lines.line_num))
        except csv.Error as error:
            raise ValueError(f"{path.name} line {lines.line_num}: no CSV ({error})") from error
        except _WrongRowError as error:
            raise ValueError(f"{path.name} line {lines.line_num}: {error}") from error
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"value": "float64"})


class _WrongRowError(Exception):
    """What is wrong with a row; the reader knows its line."""


def _row(cells: Sequence[str], seen: dict[tuple[str, ...], int], line: int) -> dict[str, object]:
    if len(cells) != len(COLUMNS):
        raise _WrongRowError(f"{len(cells)} cells, and there are {len(COLUMNS)} columns")
    row = dict(zip(COLUMNS, cells, strict=True))
    for name in NEEDED:
        if not row[name].strip():
            raise _WrongRowError(f"{name} is empty")
    if row["comparable"] not in COMPARABLE:
        raise _WrongRowError(f"comparable is {row['comparable']!r}; allowed: {', '.join(COMPARABLE)}")
    for name, form in (("year", r"\d{4}"), ("arxiv", r"\d{4}\.\d{4,5}")):
        if row[name] and not re.fullmatch(form, row[name]):
            raise _WrongRowError(f"{name} is {row[name]!r}; leave it empty if it is not known")
    key = tuple(row[name] for name in KEY)
    if key in seen:
        raise _WrongRowError(f"the same number as in line {seen[key]}: {' / '.join(name for name in key if name)}")
    seen[key] = line
    return row | {"value": _value(row["value"])}


def _value(text: str) -> float:
    if not text:
        return math.nan
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):  # float() would take "nan", "inf" and "1_0" as well
        raise _WrongRowError(f"value is {text!r}, and must be a number such as 7.29, or empty if it could not be read")
    return float(text)


def beside_ours(
    published: pd.DataFrame, aggregate: pd.DataFrame, dataset: str, names: Mapping[str, str], *, kind: str = ""
) -> pd.DataFrame:
    """Return the printed numbers that stand beside ours on one data set.

    Args:
        published: result of ``read_published``.
        aggregate: result of ``reports.aggregate.aggregate``.
        dataset: one of its data sets.
        names: our method -> its name in the file, in the order of the result; methods without scores are left out.
        kind: what the file calls the data set, if that is not its name here: a data set "hdtf_8s" is of kind "hdtf".

    Returns:
        One line per printed number of a method and metric that has a mean here, metric by metric. ``low`` and ``high``:
        95 % interval of ours; ``gap``: ours minus printed. Both ``printed`` and ``gap`` are NaN where the print could
        not be read.

    Raises:
        ValueError: if the aggregate has no such data set, or the file no such method.
    """
    if not (aggregate["dataset"] == dataset).any():
        raise ValueError(f"the aggregate has no data set {dataset!r}")
    known = set(published["method"])
    strangers = sorted(set(names.values()) - known)
    if strangers:
        raise ValueError(f"no printed number is of {', '.join(strangers)}; there are: {', '.join(sorted(known))}")
    means = means_of(aggregate, dataset)
    part = published[published["dataset"].isin({dataset, kind} - {""})]
    order = {metric: k for k, metric in enumerate(dict.fromkeys(part["metric"]))}
    part = part.sort_values("metric", key=lambda metrics: metrics.map(order), kind="stable")
    lines: list[dict[str, object]] = []
    for ours, printed_as in names.items():
        for row in part[part["method"] == printed_as].to_dict("records"):
            mean = means.get((ours, str(row["metric"])))
            if mean is None or math.isnan(mean.mean):
                continue
            line = {"dataset": dataset, "method": ours, "ours": mean.mean, "low": mean.low, "high": mean.high}
            line |= {str(name): row[name] for name in ("metric", "paper", "comparable", "why", "table")}
            line |= {"printed": row["value"], "gap": mean.mean - row["value"], "printed_as": printed_as}
            lines.append(line)
    return pd.DataFrame(lines, columns=list(BESIDE))


def spread(published: pd.DataFrame) -> pd.DataFrame:
    """Return the least and the greatest value that papers print for one method, metric and data set.

    Returns:
        The columns of ``SPREAD``, sorted; only what at least two papers print, on a data set that is known.
    """
    lines = []
    read = published[published["value"].notna() & (published["dataset"] != "")]
    for key, group in read.groupby(["dataset", "method", "metric"], sort=True):
        papers = group["paper"].nunique()
        if papers > 1:
            lines.append((*key, group["value"].min(), group["value"].max(), papers))
    return pd.DataFrame(lines, columns=list(SPREAD))


def to_csv(frame: pd.DataFrame) -> str:
    """Return a frame of ``beside_ours`` or ``spread`` as CSV, in the shortest digits that give the same floats back."""
    return frame.to_csv(index=False, na_rep="", lineterminator="\n")


def spread_markdown(found: pd.DataFrame) -> str:
    """Return the result of ``spread`` as a Markdown table."""
    rows = [[*map(str, line[:3]), f"{line[3]:.6g}", f"{line[4]:.6g}", f"{line[5]}"] for line in found.to_numpy()]
    return _markdown(["Data set", "Method", "Metric", "Least", "Greatest", "Papers"], rows, "lllrrr")


def beside_markdown(found: pd.DataFrame, dataset: str) -> str:
    """Return the result of ``beside_ours`` in Markdown: the table, what its words mean, what could not be read."""
    rows = [[*_start(line), *(str(line[name]) for name in ("printed_as", *END))] for line in _printed(found)]
    head = ["Method", "Metric", "Ours", "Printed", "Gap", "Printed as", "Paper", "Table", "Comparable", "Why"]
    notes = "".join(f"- {markdown.escape(note)}\n" for note in _notes(found, dataset))
    return (_markdown(head, rows, "llrrrlllll") + "\n" if rows else "") + notes


def beside_latex(found: pd.DataFrame, dataset: str) -> str:
    """Return the result of ``beside_ours`` as a LaTeX ``table`` (needs booktabs), or its notes alone if it is empty.

    So that it fits a page's width, the reasons stand below, numbered.
    """
    lines, whys, rows = _printed(found), list[str](), []
    for line in lines:
        if line["why"] not in whys:
            whys.append(str(line["why"]))
        comparable = f"{line['comparable']} ({whys.index(str(line['why'])) + 1})"
        method, metric, *numbers = map(_breakable, _start(line))
        where = _breakable(f"{line['paper']}, {line['table']}")
        numbers = [cell.replace("-", "$-$") for cell in numbers]
        cells = [_ragged(method), _ragged(metric), *numbers, _ragged(where), comparable]
        rows.append(latex.row(cells))
    notes = [*_notes(found, dataset), *(f"({k}) {why}." for k, why in enumerate(whys, 1))]
    names = {str(line["method"]): str(line["printed_as"]) for line in lines}
    notes += [f"{ours} is printed as {theirs}." for ours, theirs in names.items()]
    written = [latex.escape(note) for note in notes]
    if not rows:
        return "".join(rf"{note}\par" + "\n" for note in written)
    return latex.environment(
        f"Ours beside printed numbers. Data set {dataset}.",
        r"@{}p{.15\linewidth}p{.11\linewidth}rrrp{.15\linewidth}l@{}",
        ["Method", "Metric", "Ours", "Printed", "Gap", "Paper, table", "Comparable"],
        rows,
        written,
        layout=r"\scriptsize\setlength{\tabcolsep}{2pt}",
    )


def _ragged(text: str) -> str:
    return rf"\raggedright {text}"


def _breakable(text: str) -> str:
    return latex.escape(text).replace(r"\_", r"\_\allowbreak{}")


def _printed(found: pd.DataFrame) -> list[dict[Hashable, Any]]:
    return found[found["printed"].notna()].to_dict("records")


def _start(line: Mapping[Hashable, Any]) -> list[str]:
    low, high = line["low"], line["high"]
    interval = f" [{low:.3f}, {high:.3f}]" if math.isfinite(low) and math.isfinite(high) else ""
    ours = f"{line['ours']:.3f}{interval}" if math.isfinite(line["ours"]) else "∞"
    gap = f"{line['gap']:+.3f}" if math.isfinite(line["gap"]) else "∞"
    return [str(line["method"]), str(line["metric"]), ours, f"{line['printed']:.6g}", gap]


def _notes(found: pd.DataFrame, dataset: str) -> list[str]:
    unread = found[found["printed"].isna()]
    notes = [f"no published number stands beside ours on {dataset}"] if len(unread) == len(found) else [MEANING]
    for (method, paper, why), group in unread.groupby(["method", "paper", "why"], sort=False):
        notes.append(f"{method}, {paper}: {why} ({', '.join(group['metric'])}).")
    return notes


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]], sides: str) -> str:
    rule = [{"l": ":--", "r": "--:"}[side] for side in sides]
    lines = [list(head), rule, *([markdown.escape(cell) for cell in row] for row in rows)]
    return markdown.table(lines)
