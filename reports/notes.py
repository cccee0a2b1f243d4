"""The notes below a table: which clips the means cover, which are missing and why, and what the numbers are."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.aggregate import Mean
from reports.describe import MetricInfo, Provenance


@dataclass(frozen=True)
class Note:
    """One note: plain text, then text to be set as code."""

    text: str
    code: str = ""


def table_notes(
    means: Mapping[tuple[str, str], Mean],
    labels: Mapping[str, str],
    metrics: Sequence[MetricInfo],
    provenance: Provenance,
    dataset: str,
    *,
    ties: bool,
) -> tuple[Note, ...]:
    """Return the notes of one table.

    Args:
        means: by method and metric.
        labels: the table's methods in order, with their names.
        metrics: its columns.
        provenance: code and unusable clips.
        dataset: name of the data set.
        ties: whether a value is marked as one that cannot be told from the best.
    """
    lines = [(label, [means[name, metric.key] for metric in metrics]) for name, label in labels.items()]
    columns = lines[0][1]
    notes = [_common(columns, metrics)]
    if any(mean.n_identical and math.isfinite(mean.mean) for _, line in lines for mean in line):
        notes.append(Note("(+k ∞): k further clips equal their reference exactly; they are not in the mean."))
    if ties:
        notes.append(Note("≈: not told from the best; the 95 % interval of the paired difference to it holds 0."))
    for label, line in lines:
        notes += _missing(label, line, metrics) + _frames_lost(label, line, metrics)
    excluded = provenance.excluded.get(dataset, {})
    if excluded:
        reasons = "; ".join(f"{reason} ({count})" for reason, count in sorted(Counter(excluded.values()).items()))
        notes.append(Note(f"Clips that cannot be used and are expected of no method: {reasons}."))
    for mean, metric in zip(columns, metrics, strict=True):
        signatures = mean.signature.split(" ")
        mark = "‡ several signatures, so its values do not compare: " if len(signatures) > 1 else ""
        notes += [Note(f"{mark}{metric.label}:", signature) for signature in signatures]
    return (*notes, Note("Code:", provenance.code))


def _common(columns: Sequence[Mean], metrics: Sequence[MetricInfo]) -> Note:
    groups: dict[int, list[str]] = {}
    for mean, metric in zip(columns, metrics, strict=True):
        groups.setdefault(mean.n_common, []).append(metric.label)
    counts = [f"n = {n}" + (f" for {', '.join(names)}" if len(groups) > 1 else "") for n, names in groups.items()]
    text = f"{'; '.join(counts)}, of {columns[0].n_expected} expected"
    return Note(
        f"Means are over the clips that every method with any value has scored: {text}. "
        "Column clips: scored (worst to best metric) / expected."
    )


def _missing(label: str, line: Sequence[Mean], metrics: Sequence[MetricInfo]) -> list[Note]:
    found: dict[str, list[str]] = {}
    for mean, metric in zip(line, metrics, strict=True):
        absent = mean.n_expected - mean.n_scored
        text = f"{absent} of {mean.n_expected} clips not scored: {mean.missing}" if absent else mean.reason
        if text:
            found.setdefault(text, []).append(metric.label)
    return [Note(f"{label}, {_names(names, metrics)}: {text}.") for text, names in found.items()]


def _frames_lost(label: str, line: Sequence[Mean], metrics: Sequence[MetricInfo]) -> list[Note]:
    found: dict[int, list[str]] = {}
    for mean, metric in zip(line, metrics, strict=True):
        found.setdefault(mean.frames_lost, []).append(metric.label)
    lost = [f"{count} ({_names(names, metrics)})" for count, names in found.items() if count]
    return [Note(f"{label}: frames of scored clips without a value: {'; '.join(lost)}.")] if lost else []


def _names(labels: Sequence[str], metrics: Sequence[MetricInfo]) -> str:
    return "all metrics" if len(labels) == len(metrics) > 1 else ", ".join(labels)
