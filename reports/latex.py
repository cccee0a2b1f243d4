"""A table in LaTeX (needs the package booktabs)."""

import re
from collections.abc import Sequence

from reports.tables import Cell, Line, Table

SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "∞": r"$\infty$", "‡": r"$\ddagger$", "↑": r"$\uparrow$", "↓": r"$\downarrow$",
    "≈": r"$\approx$", "→": r"$\rightarrow$", "±": r"$\pm$", "°": r"$^{\circ}$",
}  # fmt: skip
ANY_SPECIAL = re.compile("|".join(map(re.escape, SPECIAL)))


def escape(text: str) -> str:
    """Return text that LaTeX prints as it is."""
    return ANY_SPECIAL.sub(lambda found: SPECIAL[found[0]], " ".join(text.split()))


def to_latex(table: Table) -> str:
    """Return a ``table`` environment: judges line in the caption, controls in italics above a rule.

    The best value is bold, the second underlined.
    """
    heads = [
        escape(f"{metric.heading} {metric.arrow}") + (escape("‡") if metric.key in table.mixed else "")
        for metric in table.metrics
    ]
    controls = [_line(line) for line in table.lines if line.control]
    others = [_line(line) for line in table.lines if not line.control]
    caption = f"{table.judges.rstrip('.')}. Data set {table.dataset}, track {table.track}."
    between = [r"\midrule"] if controls and others else []
    notes = [f"{escape(note.text)}{_code(note.code)}" for note in table.notes]
    columns = f"l{'r' * (len(heads) + 1)}"
    return environment(caption, columns, ["Method", *heads, "clips"], [*controls, *between, *others], notes)


def environment(
    caption: str, columns: str, heads: Sequence[str], body: Sequence[str], notes: Sequence[str] = (), layout: str = ""
) -> str:
    """Return a ``table`` environment.

    Args:
        caption: plain text.
        columns: the argument of ``tabular``.
        heads: of the columns, in LaTeX, as are all that follow.
        body: the lines between the rules, each with its end.
        notes: below the table.
        layout: what follows ``centering``, such as a size.
    """
    below = [
        r"\par\smallskip",
        r"\begin{minipage}{\linewidth}\footnotesize\raggedright",
        *(rf"{note}\par" for note in notes),
        r"\end{minipage}",
    ]
    return "\n".join(
        [
            r"\begin{table}[t]",
            rf"\centering{layout}",
            rf"\caption{{{escape(caption)}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            row(heads),
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            *(below if notes else []),
            r"\end{table}",
            "",
        ]
    )


def row(cells: Sequence[str]) -> str:
    """Return one line of a table."""
    return rf"{' & '.join(cells)} \\"


def _code(text: str) -> str:
    # A signature is one long word: let it break after its separators.
    broken = escape(text).replace(r"\textbar{}", r"\textbar\allowbreak{}")
    return rf" \texttt{{{broken}}}" if text else ""


def _line(line: Line) -> str:
    label = rf"\textit{{{escape(line.label)}}}" if line.control else escape(line.label)
    return row([label, *map(_cell, line.cells), line.clips])


def _cell(cell: Cell) -> str:
    if cell.value is None:
        return "--"
    text = cell.number.replace("-", "$-$") or r"$\infty$"
    text = {"best": rf"\textbf{{{text}}}", "second": rf"\underline{{{text}}}", "": text}[cell.mark]
    text += r"$^{\approx}$" if cell.tie else ""
    return rf"{text} (+{cell.identical}\,$\infty$)" if cell.identical and cell.number else text
