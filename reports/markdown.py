"""A table in Markdown (GitHub's dialect)."""

import re
from collections.abc import Iterable, Sequence

from reports.tables import Cell, Line, Table

SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def to_markdown(table: Table) -> str:
    """Return the judges line, the table and its notes; controls in italics, best value bold, second underlined."""
    heads = [
        f"{escape(metric.heading)} {metric.arrow}{'‡' if metric.key in table.mixed else ''}" for metric in table.metrics
    ]
    lines = [escape(table.judges), "", row(["Method", *heads, "clips"]), row([":--", *(["--:"] * (len(heads) + 1))])]
    lines += [row([_label(line), *(_cell(cell) for cell in line.cells), line.clips]) for line in table.lines]
    lines.append("")
    lines += [f"- {escape(note.text)}" + (f" `{note.code}`" if note.code else "") for note in table.notes]
    return "\n".join(lines) + "\n"


def table(lines: Iterable[Sequence[str]]) -> str:
    """Return lines of cells as a table; the second line is that of the sides, such as ``--:``."""
    return "".join(f"{row(cells)}\n" for cells in lines)


def row(cells: Sequence[str]) -> str:
    """Return one line of a table."""
    return f"| {' | '.join(cells)} |"


def _label(line: Line) -> str:
    return f"*{escape(line.label)}*" if line.control else escape(line.label)


def _cell(cell: Cell) -> str:
    if cell.value is None:
        return "-"
    text = cell.number or "∞"
    text = {"best": f"**{text}**", "second": f"<ins>{text}</ins>", "": text}[cell.mark] + ("≈" if cell.tie else "")
    return f"{text} (+{cell.identical} ∞)" if cell.identical and cell.number else text
