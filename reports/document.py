"""Tables, plots and sheets -> one Markdown page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import pandas as pd

from reports.markdown import escape, to_markdown
from reports.tables import Table

MAX_LISTED, MAX_NAMED = 100, 8


@dataclass(frozen=True)
class Block:
    """One part below a table.

    Attributes:
        heading: of the part; "" continues the one before.
        text: in Markdown.
        plots: title -> path relative to the page, shown as pictures below the text.
    """

    heading: str = ""
    text: str = ""
    plots: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """One table with what stands below it.

    Attributes:
        table: its data set and track give the heading.
        blocks: in the order in which they are shown.
        sheets: title -> path relative to the page, shown as links.
    """

    table: Table
    blocks: Sequence[Block] = ()
    sheets: Mapping[str, str] = field(default_factory=dict)


def report_markdown(
    title: str, excluded: Mapping[str, Mapping[str, str]], sections: Sequence[Section], rows: pd.DataFrame
) -> str:
    """Return the page: tables with their pictures, then the unusable and the unscored clips with their reasons.

    Args:
        title: heading of the page.
        excluded: data set -> {clip: why it cannot be used}.
        sections: in the order in which they are shown.
        rows: the score rows, for the clips without a score.

    Raises:
        ValueError: if there are no sections.
    """
    if not sections:
        raise ValueError("a report needs at least one table")
    parts = [f"# {escape(title)}\n"]
    for section in sections:
        parts += _section(section)
    parts += ["## Clips that cannot be used\n", _excluded(excluded)]
    parts += ["## Clips of another length\n", _lengths(rows)]
    parts += ["## Clips without a score\n", _unscored(rows)]
    return "\n".join(parts)


def _section(section: Section) -> list[str]:
    parts = [f"## {escape(section.table.dataset)}: {escape(section.table.track)}\n", to_markdown(section.table)]
    for block in section.blocks:
        parts += [f"### {escape(block.heading)}\n"] if block.heading else []
        parts += [block.text] if block.text else []
        parts += [f"![{escape(title)}]({quote(path)})\n" for title, path in block.plots.items()]
    if section.sheets:
        links = ", ".join(f"[{escape(title)}]({quote(path)})" for title, path in section.sheets.items())
        parts.append(f"Contact sheets, made by the run and not in git: {links}\n")
    return parts


def _excluded(excluded: Mapping[str, Mapping[str, str]]) -> str:
    lines = [
        f"{dataset} / {clip}: {reason}" for dataset in sorted(excluded) for clip, reason in excluded[dataset].items()
    ]
    return _listed(sorted(lines), "the clip table")


def _unscored(rows: pd.DataFrame) -> str:
    part = rows[rows["value"].isna()]
    columns = (part[name].astype(str) for name in ("dataset", "method", "clip", "reason", "metric"))
    metrics: dict[tuple[str, str, str], set[str]] = {}
    for dataset, method, clip, reason, metric in zip(*columns, strict=True):
        metrics.setdefault((f"{dataset} / {method}", reason, clip), set()).add(metric)
    alike: dict[str, list[str]] = {}  # what befell many clips is said once
    for (method, reason, clip), names in sorted(metrics.items()):
        alike.setdefault(f"{method} ({', '.join(sorted(names))}): {reason}", []).append(clip)
    return _listed([f"{what}. {_some(clips)}" for what, clips in alike.items()], "the score rows")


def _lengths(rows: pd.DataFrame) -> str:
    alike: dict[str, list[str]] = {}
    made = rows[rows["frames_generated"] > 0].drop_duplicates(["dataset", "method", "clip"])
    for row in made[made["frames_generated"] != made["frames_expected"]].to_dict("records"):
        counts = f"{row['clip']} {row['frames_generated']} frames against {row['frames_expected']}"
        alike.setdefault(f"{row['dataset']} / {row['method']}", []).append(counts)
    lines = [f"{what}, compared as far as both go. {_some(clips)}" for what, clips in sorted(alike.items())]
    return _listed(lines, "the score rows")


def _some(clips: Sequence[str]) -> str:
    named, rest = ", ".join(clips[:MAX_NAMED]), len(clips) - MAX_NAMED
    count = "1 clip" if len(clips) == 1 else f"{len(clips)} clips"
    return f"{count}: {named}" + (f" and {rest} more" if rest > 0 else "")


def _listed(lines: Sequence[str], elsewhere: str) -> str:
    if not lines:
        return "None.\n"
    shown = [f"- {escape(line)}" for line in lines[:MAX_LISTED]]
    if len(lines) > MAX_LISTED:
        shown.append(f"- and {len(lines) - MAX_LISTED} more, all in {elsewhere}")
    return "\n".join(shown) + "\n"
