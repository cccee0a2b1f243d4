"""A layout file says how a paper's table looks: which columns and rows, in which order, under which names."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from reports import latex
from reports.describe import MetricInfo
from reports.marks import number
from reports.notes import Note
from reports.tables import Cell, Line, Table

LAYOUTS = Path(__file__).parent / "layouts"
ANY = "any"
KEYS = {"title", "dataset", "track", "columns", "rows", "caption"}
NEEDED = ("title", "dataset", "columns", "rows")
MOST_DECIMALS = 6


@dataclass(frozen=True)
class Column:
    """One metric: its key, its printed heading ("" for ours), its digits after the point (None for ours)."""

    metric: str
    heading: str = ""
    decimals: int | None = None


@dataclass(frozen=True)
class Row:
    """One method and its printed name ("" for ours), or no method: all the rest, or a rule.

    Attributes:
        method: our name; "" for the rest and for a rule.
        label: its printed name; "" for ours.
        rest: whether all methods of the table stand here that no other row names.
        rule: whether a rule stands here (in LaTeX; Markdown has none).
    """

    method: str = ""
    label: str = ""
    rest: bool = False
    rule: bool = False


@dataclass(frozen=True)
class Layout:
    """How one table looks; ``track`` may be "any"."""

    title: str
    dataset: str
    track: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: str = ""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Keys of the columns, in order."""
        return tuple(column.metric for column in self.columns)


class _Unmeasured(MetricInfo):
    """A metric that the table does not have: nobody says where a better value lies."""

    @property
    def arrow(self) -> str:
        return ""


def read_layout(path: Path, *, known: Collection[str] | None = None) -> Layout:
    """Return a checked layout.

    Args:
        path: a YAML file (docs/published.md says what it holds).
        known: keys of the metrics that exist; None does not check them.

    Raises:
        ValueError: naming the file and the entry: no YAML; unknown, missing or empty keys; an unknown metric; a metric
            or a method twice; no row of a method.
    """
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        layout = _layout(given)
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name}: no YAML ({' '.join(str(error).split())})") from error
    except _WrongEntryError as error:
        raise ValueError(f"{path.name}: {error}") from error
    strangers = [key for key in layout.metrics if known is not None and key not in known]
    if known is not None and strangers:
        raise ValueError(f"{path.name}: no metric is called {', '.join(strangers)}; allowed: {', '.join(known)}")
    return layout


class _WrongEntryError(Exception):
    """What is wrong with an entry; the reader knows the file."""


def _layout(given: object) -> Layout:
    found = _mapping(given, "the file", KEYS)
    missing = [key for key in NEEDED if key not in found]
    if missing:
        raise _WrongEntryError(f"{', '.join(missing)} is missing")
    columns = tuple(_column(entry, f"columns, entry {k}") for k, entry in enumerate(_list(found, "columns"), 1))
    rows = tuple(_row(entry, f"rows, entry {k}") for k, entry in enumerate(_list(found, "rows"), 1))
    _once([column.metric for column in columns], "columns")
    _once([row.method or "rest" for row in rows if not row.rule], "rows")
    if all(row.rule for row in rows):
        raise _WrongEntryError("rows: no row is of a method")
    texts = {key: _text(found[key], key) for key in ("title", "dataset", "track", "caption") if key in found}
    return Layout(texts["title"], texts["dataset"], texts.get("track", ANY), columns, rows, texts.get("caption", ""))


def _column(entry: object, where: str) -> Column:
    if isinstance(entry, str):
        return Column(_text(entry, where))
    found = _mapping(entry, where, {"metric", "heading", "decimals"})
    decimals = found.get("decimals")
    digits = isinstance(decimals, int) and not isinstance(decimals, bool) and 0 <= decimals <= MOST_DECIMALS
    if "decimals" in found and not digits:
        raise _WrongEntryError(f"{where}: decimals is {decimals!r}, and must be 0 to {MOST_DECIMALS}")
    heading = _text(found["heading"], f"{where}: heading") if "heading" in found else ""
    return Column(_text(found.get("metric"), f"{where}: metric"), heading, decimals)


def _row(entry: object, where: str) -> Row:
    if isinstance(entry, str):
        return Row(_text(entry, where))
    found = _mapping(entry, where, {"method", "label", "rest", "rule"})
    for word in ("rest", "rule"):
        if word in found:
            if found != {word: True}:
                raise _WrongEntryError(f"{where}: {word} stands alone, as `{word}: true`")
            return Row(rest=word == "rest", rule=word == "rule")
    label = _text(found["label"], f"{where}: label") if "label" in found else ""
    return Row(_text(found.get("method"), f"{where}: method"), label)


def _mapping(given: object, where: str, allowed: Collection[str]) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise _WrongEntryError(f"{where}: must be keys and values, allowed: {', '.join(sorted(allowed))}")
    unknown = [str(key) for key in given if key not in allowed]
    if unknown:
        raise _WrongEntryError(f"{where}: unknown {', '.join(unknown)}; allowed: {', '.join(sorted(allowed))}")
    return given


def _list(found: Mapping[str, Any], key: str) -> list[object]:
    if not isinstance(found[key], list) or not found[key]:
        raise _WrongEntryError(f"{key}: must be a list with at least one entry")
    return list(found[key])


def _text(given: object, where: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise _WrongEntryError(f"{where}: must be text, and is {given!r}; put it in quotes if it is a word of YAML")
    return given.strip()


def _once(names: list[str], where: str) -> None:
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise _WrongEntryError(f"{where}: {', '.join(twice)} twice")


def lay_out(layout: Layout, table: Table) -> Table:
    """Return the table with the layout's columns and rows, and notes that say what was renamed, lacks or left out.

    A metric or a method that the table lacks is shown as dashes. Controls stay on top, as in every table; within
    controls and within methods the order is the layout's. Best and second stay those of the whole table.

    Args:
        layout: result of ``read_layout``.
        table: of the layout's data set and track, with at least one of its methods.

    Raises:
        ValueError: if the table is of another data set or track.
    """
    if layout.dataset != table.dataset:
        raise ValueError(f"the layout {layout.title!r} is for {layout.dataset}, and the table is of {table.dataset}")
    if layout.track not in (ANY, table.track):
        raise ValueError(f"the layout {layout.title!r} is for track {layout.track!r}, the table is of {table.track!r}")
    places = {metric.key: k for k, metric in enumerate(table.metrics)}
    metrics = tuple(_heading(column, table, places) for column in layout.columns)
    lines = []
    for line, row in _chosen(layout, table):
        if line is None:
            nothing = Cell(None, "", reason="the table has no such method")
            lines.append(Line(row.method, row.label or row.method, False, (nothing,) * len(metrics), "-"))
            continue
        cells = tuple(_cell(column, line, places) for column in layout.columns)
        lines.append(replace(line, label=row.label or line.label, cells=cells))
    lines.sort(key=lambda line: not line.control)
    notes = (*_notes(layout, table, lines), *table.notes)
    return replace(
        table, metrics=metrics, mixed=table.mixed & set(layout.metrics), lines=tuple(lines), notes=tuple(notes)
    )


def layout_latex(layout: Layout, table: Table) -> str:
    """Return ``lay_out(layout, table)`` in LaTeX, with the layout's rules."""
    laid, ruled = lay_out(layout, table), _ruled(layout, table)
    k, lines = -1, []
    for written in latex.to_latex(laid).splitlines():
        if written.endswith(r"\\"):  # the heading, then one per line of the table
            # Controls end with a rule of their own, and nothing stands above the first line.
            if k > 0 and laid.lines[k].method in ruled and laid.lines[k - 1].control == laid.lines[k].control:
                lines.append(r"\midrule")
            k += 1
        lines.append(written)
    return "\n".join([*lines, ""])


def _ruled(layout: Layout, table: Table) -> set[str]:
    """Return the methods that a rule stands above."""
    ruled, waiting, chosen = set(), False, _chosen(layout, table)
    for row in layout.rows:
        names = [line.method if line else row.method for line, of in chosen if of is row]
        if waiting and names:
            ruled.add(names[0])
        waiting = row.rule or (waiting and not names)
    return ruled


def _chosen(layout: Layout, table: Table) -> list[tuple[Line | None, Row]]:
    by_name = {line.method: line for line in table.lines}
    named = {row.method for row in layout.rows}
    found: list[tuple[Line | None, Row]] = []
    for row in layout.rows:
        if row.rest:
            found += [(line, row) for name, line in by_name.items() if name not in named]
        elif not row.rule:
            found.append((by_name.get(row.method), row))
    return found


def _heading(column: Column, table: Table, places: Mapping[str, int]) -> MetricInfo:
    if column.metric not in places:
        return _Unmeasured(column.metric, column.heading or column.metric, "", "zero", column.decimals or 0)
    metric = table.metrics[places[column.metric]]
    if column.decimals is not None:
        metric = replace(metric, decimals=column.decimals)
    return replace(metric, label=column.heading, unit="") if column.heading else metric


def _cell(column: Column, line: Line, places: Mapping[str, int]) -> Cell:
    if column.metric not in places:
        return Cell(None, "", reason="the table has no such metric")
    cell = line.cells[places[column.metric]]
    if column.decimals is None or cell.value is None:
        return cell
    return replace(cell, number=number(cell.value, column.decimals))


def _notes(layout: Layout, table: Table, lines: list[Line]) -> list[Note]:
    ours, known = {line.method: line.label for line in table.lines}, {metric.key: metric for metric in table.metrics}
    shown = {line.method for line in lines}
    said = [f"{layout.title}. {layout.caption}".strip()]
    renamed = [
        f"{line.label} is {ours[line.method]}" for line in lines if ours.get(line.method, line.label) != line.label
    ]
    for column in layout.columns:
        if column.metric in known and column.heading not in ("", known[column.metric].label):
            renamed.append(f"{column.heading} is {known[column.metric].label}")
    said += [f"Names of this layout: {'; '.join(renamed)}."] if renamed else []
    lacking = [name for name in shown if name not in ours]
    said += [f"Methods that the table lacks: {', '.join(sorted(lacking))}."] if lacking else []
    unmeasured = [key for key in layout.metrics if key not in known]
    said += [f"Metrics that the table lacks: {', '.join(unmeasured)}."] if unmeasured else []
    left_out = [label for name, label in ours.items() if name not in shown]
    if left_out:
        said.append(f"Left out here, though best and second are among all methods: {', '.join(left_out)}.")
    if any(
        column.metric in known and column.decimals not in (None, known[column.metric].decimals)
        for column in layout.columns
    ):
        said.append("Best and second go by the digits of the full table, not by those of this layout.")
    return [Note(text) for text in said]
