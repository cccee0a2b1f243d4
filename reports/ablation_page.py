"""A comparison of arms -> two tables in the form of `reports.tables`, a section of the page, and a CSV."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from reports.ablation import Ablation, Column
from reports.ablation_findings import excludes_zero, findings, signed
from reports.crossed import CrossedMean
from reports.describe import MetricInfo
from reports.markdown import escape, to_markdown
from reports.notes import Note
from reports.tables import Cell, Line, Table

STILL_LABEL = "Still frame"
NOTHING = Cell(None, "")
FEWER = "°"  # an interval that does not count both, seeds and persons


@dataclass(frozen=True)
class Setting:
    """What score rows cannot say.

    Attributes:
        judges: first line of the tables: which networks judged.
        track: what a method is given.
        training: how the arms were made: what they began with, and for how many steps.
        code: name and version of the code.
    """

    judges: str
    track: str
    training: str
    code: str


def level_table(found: Ablation, setting: Setting) -> Table:
    """Return the means of all arms, below those of the still frame; bold is what lies clear of it on the good side."""
    lines = []
    if any(column.still for column in found.columns):
        clips = sorted({column.clips for column in found.columns if column.still})
        cells = [_level(column.still, column.metric, beats=False) for column in found.columns]
        counts = "-".join(f"{n}" for n in dict.fromkeys((clips[0], clips[-1])))
        lines = [Line("", STILL_LABEL, True, tuple(cells), counts)]
    for arm in found.study.labels:
        cells = []
        for column in found.columns:
            cell = found.cells[arm, column.metric.key]
            cells.append(_level(cell.level, column.metric, beats=bool(cell.beats_still)))
        lines.append(_line(found, arm, cells))
    return _table(found, setting.judges, setting.track, lines, _level_notes(found, setting))


def difference_table(found: Ablation, setting: Setting) -> Table:
    """Return the paired differences to the full model; bold is better beyond noise, and worse is written out."""
    study = found.study
    lines = []
    if any(column.null for column in found.columns):
        cells = [_null(column) for column in found.columns]
        label = f"{study.labels[study.null]} minus {study.labels[study.bare]}"
        lines = [Line("", label, True, tuple(cells), _clips(found, study.null))]
    for arm in study.labels:
        if arm != study.full:
            lines.append(_line(found, arm, [_difference(found, arm, column) for column in found.columns]))
    judges = f"Difference to {study.labels[study.full]}; {setting.judges}"
    return _table(found, judges, setting.track, lines, _difference_notes(found))


def ablation_markdown(found: Ablation, setting: Setting) -> str:
    """Return the text of a section, without its heading: what was found, the means, the differences."""
    said = "".join(f"- {escape(sentence)}\n" for sentence in findings(found))
    tables = [to_markdown(table) for table in (level_table(found, setting), difference_table(found, setting))]
    return "\n".join([said, *tables])


def ablation_frame(found: Ablation) -> pd.DataFrame:
    """Return a line per arm and metric for a CSV: mean, difference to the full model, and what they are worth."""
    lines = []
    for arm in found.study.labels:
        for column in found.columns:
            cell = found.cells[arm, column.metric.key]
            line: dict[str, object] = {"dataset": found.dataset, "arm": arm, "metric": column.metric.key}
            line |= _ends("", cell.level) | _ends("difference_", cell.difference)
            line |= {"p": cell.difference.p if cell.difference else math.nan, "verdict": cell.verdict}
            line |= {"beats_still": cell.beats_still, "over": cell.level.over if cell.level else ""}
            line |= {"seeds": len(column.seeds), "clips": column.clips, "reason": cell.reason}
            lines.append(line | {"signature": column.signature})
    return pd.DataFrame(lines)


def _ends(prefix: str, found: CrossedMean | None) -> dict[str, float]:
    values = (found.mean, found.low, found.high) if found else (math.nan,) * 3
    return dict(zip((f"{prefix}mean", f"{prefix}low", f"{prefix}high"), values, strict=True))


def _table(found: Ablation, judges: str, track: str, lines: Sequence[Line], notes: Sequence[Note]) -> Table:
    metrics = tuple(column.metric for column in found.columns)
    return Table(found.dataset, track, judges, metrics, frozenset(), tuple(lines), tuple(notes))


def _line(found: Ablation, arm: str, cells: Sequence[Cell]) -> Line:
    return Line(arm, found.study.labels[arm], False, tuple(cells), _clips(found, arm))


def _clips(found: Ablation, arm: str) -> str:
    least, most, asked = found.scored[arm]
    return f"{least}/{asked}" if least == most else f"{least}-{most}/{asked}"


def _level(level: CrossedMean | None, metric: MetricInfo, *, beats: bool) -> Cell:
    if level is None:
        return NOTHING
    number = f"{round(level.mean, metric.decimals) + 0.0:.{metric.decimals}f}"  # + 0.0: no minus before a zero
    if math.isfinite(level.half):
        number += f" ± {level.half:.{metric.decimals}f}"
    return Cell(level.mean, number + _mark(level), mark="best" if beats else "")


def _difference(found: Ablation, arm: str, column: Column) -> Cell:
    cell = found.cells[arm, column.metric.key]
    if cell.difference is None:
        return NOTHING
    number = signed(cell.difference, column.metric) + _mark(cell.difference)
    number += " worse" if cell.verdict == "worse" else ""
    return Cell(cell.difference.mean, number, mark="best" if cell.verdict == "better" else "")


def _null(column: Column) -> Cell:
    if column.null is None:
        return NOTHING
    number = signed(column.null, column.metric) + _mark(column.null)
    return Cell(column.null.mean, number + (" not 0" if excludes_zero(column.null) else ""))


def _mark(found: CrossedMean) -> str:
    return "" if found.over == "seeds and identities" else FEWER


def _level_notes(found: Ablation, setting: Setting) -> list[Note]:
    several = any(len(column.seeds) > 1 for column in found.columns)
    notes = [
        Note("± is half of the 95 % interval of the mean over seeds and persons together (crossed random effects).")
        if several
        else Note("One seed: ± is half of the 95 % interval over persons alone.")
    ]
    fewer = [column.still for column in found.columns] + [cell.level for cell in found.cells.values()]
    if any(each and _mark(each) for each in fewer):
        notes.append(
            Note(f"{FEWER} over persons alone, where there is one seed or none (or seeds alone, of one person).")
        )
    notes.append(Note("Bold: the interval lies clear of the still frame's, on the good side."))
    notes.append(Note(f"{setting.training} {_compared(found)}"))
    notes.append(Note("Column clips: values (worst to best metric) / those asked for, over all seeds together."))
    if any(column.metric.label.startswith("|") for column in found.columns):
        notes.append(Note("|...|: distance from 0, taken clip by clip."))
    for arm, label in found.study.labels.items():
        for column in found.columns:
            reason = found.cells[arm, column.metric.key].reason
            notes += [Note(f"{label}, {column.metric.label}: {reason}.")] if reason else []
    notes += [Note(f"{column.metric.label}:", column.signature) for column in found.columns]
    return [*notes, Note("Code:", setting.code)]


def _compared(found: Ablation) -> str:
    groups: dict[str, list[str]] = {}
    for column in found.columns:
        levels = [found.cells[arm, column.metric.key].level for arm in found.study.labels]
        people = max((level.identities for level in levels if level), default=0)
        seeds = ", ".join(map(str, column.seeds)) or "none"
        text = f"{column.clips} clips of {people} persons, of {column.asked} with rows everywhere; seeds {seeds}"
        groups.setdefault(text, []).append(column.metric.label)
    said = [f"{text}" + (f" ({', '.join(names)})" if len(groups) > 1 else "") for text, names in groups.items()]
    return (
        "Compared are clips with a finite value of every arm, every seed and the still frame, averaged per person "
        f"first: {'; '.join(said)}."
    )


def _difference_notes(found: Ablation) -> list[Note]:
    study = found.study
    notes = [
        Note(f"Arm minus {study.labels[study.full]}, paired by seed and clip; ± is half of the 95 % interval."),
        Note(
            "Bold is better, and what is called worse is worse, after Holm's correction over the metrics of the row. "
            "All other differences are within noise, those too whose own interval leaves 0 out."
        ),
    ]
    if any(column.null for column in found.columns):
        notes.append(Note("The line in italics must be 0: the null arm's addition is multiplied by zero."))
    return notes
