"""A comparison of arms -> sentences. What they say follows from the figures alone, whichever way these come out."""

import math
from collections.abc import Sequence

from reports.ablation import ALPHA, Ablation, Column, Verdict
from reports.crossed import CrossedMean, holm
from reports.describe import MetricInfo


def signed(difference: CrossedMean, metric: MetricInfo) -> str:
    """Return a difference and half of its interval, with one digit more than the metric's values have."""
    digits = metric.decimals + 1
    mean = round(difference.mean, digits) + 0.0  # + 0.0: no minus before a zero
    return f"{mean:+.{digits}f}" + (f" ± {difference.half:.{digits}f}" if math.isfinite(difference.half) else "")


def findings(found: Ablation) -> list[str]:
    """Return what the comparison says: of the null arm, of each other arm, and of the still frame."""
    arms = [arm for arm in found.study.labels if arm != found.study.full]
    return [*_one_seed(found), _null(found), *(_arm(found, arm) for arm in arms), *_still(found)]


def excludes_zero(difference: CrossedMean) -> bool:
    """Return whether the interval of a difference leaves 0 out; not if there is no interval."""
    return difference.low > 0 or difference.high < 0


def _one_seed(found: Ablation) -> list[str]:
    one = [column for column in found.columns if len(column.seeds) == 1]
    if not one:
        return []
    which = "" if len(one) == len(found.columns) else f" for {_names(one)}"
    return [f"One seed{which}: intervals are over persons alone, and any difference may be one between two trainings."]


def _null(found: Ablation) -> str:
    study = found.study
    tested = [(column, column.null) for column in found.columns if column.null and math.isfinite(column.null.p)]
    if not tested:
        return "Null check: not made, since the null arm and the arm it must equal have no values to compare."
    pair = f"{study.labels[study.null]} minus {study.labels[study.bare]}"
    out = [(column, null) for column, null in tested if excludes_zero(null)]
    if out:
        kept = holm([null.p for _, null in tested])
        strict = [column for (column, _), p in zip(tested, kept, strict=True) if p < ALPHA]
        said = ", ".join(f"{column.metric.label} ({signed(null, column.metric)})" for column, null in out)
        return (
            f"Null check: failed. {pair} must be 0 and is not on {said}, of {_count(tested)}, of which chance alone "
            f"excludes {ALPHA * len(tested):.2g}; after Holm's correction on {_names(strict) or 'none'}. "
            "Differences of this size between other arms mean nothing."
        )
    if all(null.low == null.high == 0 for _, null in tested):
        return f"Null check: passed. {pair} is exactly 0 on {_all(tested)}."
    column, null = max(tested, key=lambda each: abs(each[1].mean) / each[1].half if each[1].half else 0.0)
    return (
        f"Null check: passed. The interval of {pair} includes 0 on {_all(tested)}; the farthest from it is "
        f"{column.metric.label} ({signed(null, column.metric)})."
    )


def _arm(found: Ablation, arm: str) -> str:
    label, full = found.study.labels[arm], found.study.labels[found.study.full]
    verdicts: dict[Verdict, list[Column]] = {}
    for column in found.columns:
        verdicts.setdefault(found.cells[arm, column.metric.key].verdict, []).append(column)
    silent = verdicts.pop("", [])
    untested = f" Not compared: {_names(silent)}." if silent else ""
    if not verdicts:
        return f"Arm {label}: cannot be compared with {full}.{untested}"
    if set(verdicts) == {"within noise"}:
        on = "the only metric" if len(verdicts["within noise"]) == 1 else f"any of {_count(verdicts['within noise'])}"
        return f"Arm {label}: no difference to {full} beyond noise on {on}.{untested}"
    kinds: tuple[Verdict, Verdict] = ("better", "worse")
    parts = []
    for kind in kinds:
        said = []
        for column in verdicts.get(kind, []):
            difference = found.cells[arm, column.metric.key].difference
            if difference is not None:
                said.append(f"{column.metric.label} ({signed(difference, column.metric)})")
        parts += [f"{kind} than {full} on {', '.join(said)}"] if said else []
    noise = verdicts.get("within noise", [])
    parts += [f"within noise on {_names(noise)}"] if noise else []
    return f"Arm {label}: {'; '.join(parts)}.{untested}"


def _still(found: Ablation) -> list[str]:
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for arm, label in found.study.labels.items():
        beats = {column.metric.label: found.cells[arm, column.metric.key].beats_still for column in found.columns}
        won = tuple(name for name, beaten in beats.items() if beaten)
        lost = tuple(name for name, beaten in beats.items() if beaten is False)
        groups.setdefault((won, lost), []).append(label)
    sentences = []
    for (won, lost), group in groups.items():
        names = "Still frame against all arms" if len(groups) == 1 else f"Still frame against {', '.join(group)}"
        if not won and not lost:
            sentences.append(f"{names}: not compared, for want of values.")
        elif not lost:
            sentences.append(f"{names}: beaten on {_all(won)}, intervals apart.")
        else:
            on = f"beaten on {', '.join(won)}, intervals apart, but not on" if won else "not beaten on"
            sentences.append(f"{names}: {on} {', '.join(lost)}.")
    return sentences


def _names(columns: Sequence[Column]) -> str:
    return ", ".join(column.metric.label for column in columns)


def _count(several: Sequence[object]) -> str:
    return "1 metric" if len(several) == 1 else f"{len(several)} metrics"


def _all(several: Sequence[object]) -> str:
    return "the only metric" if len(several) == 1 else f"all {len(several)} metrics"
