"""Two folders of results, before and after a change: is anything worse beyond noise, or lost?"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd
from scipy.special import stdtr

from reports.crossed import holm
from reports.describe import MetricInfo
from reports.paired import Difference, difference, set_difference
from reports.result_folder import Results
from reports.rows import check_rows

Kind = Literal[
    "worse", "clips lost", "copies lost", "signature", "missing data set", "missing method", "missing metric",
    "no reason", "not comparable",
]  # fmt: skip
ALPHA = 0.01  # one-sided: without any change, 99 of 100 gates pass
BEFORE, AFTER = "baseline", "current"
NO_REASON = "(no reason given)"


@dataclass(frozen=True)
class Finding:
    """One thing that fails the gate.

    Attributes:
        kind: what is wrong.
        dataset, method, metric: where; "" where it concerns all of them.
        text: one sentence.
    """

    kind: Kind
    dataset: str
    method: str
    metric: str
    text: str


@dataclass(frozen=True)
class Compared:
    """One difference with the gate's own test.

    Attributes:
        difference: current minus baseline.
        bad: how far it goes in the bad direction, in the metric's unit; negative where it is better.
        margin: how far it may go.
        p: after Holm over all that was compared, that it goes no further than the margin.
        verdict: "worse" or "better" beyond noise and margin, or "" for neither.
    """

    difference: Difference
    bad: float
    margin: float
    p: float = math.nan
    verdict: Literal["worse", "better", ""] = ""


@dataclass(frozen=True)
class Verdict:
    """The gate's answer: it passes if there is no finding."""

    findings: tuple[Finding, ...]
    compared: tuple[Compared, ...]

    @property
    def passes(self) -> bool:
        """Whether nothing is worse or lost."""
        return not self.findings


@dataclass
class _Look:
    """What is gathered on the way."""

    findings: list[Finding] = field(default_factory=list)
    compared: list[Compared] = field(default_factory=list)

    def fail(self, kind: Kind, dataset: str, method: str, metric: str, text: str) -> None:
        self.findings.append(Finding(kind, dataset, method, metric, text))


def gate(baseline: Results, current: Results, margins: Mapping[str, float] | None = None) -> Verdict:
    """Return whether `current` may follow `baseline`.

    Every method of the baseline is compared with itself, metric by metric, on the clips that both have. It is worse if
    the one-sided 99 % interval of the difference lies beyond the margin in the bad direction, after Holm over all
    comparisons: with hundreds of them some plain intervals always do. What the baseline has and `current` has not is
    lost: data sets, methods, metrics, clips, clips that equalled their reference. Values of two signatures are not
    compared, and fail.

    Args:
        baseline: results before the change.
        current: results after it.
        margins: metric -> how much worse it may become, in its unit; 0 where it is not named.

    Raises:
        ValueError: rows that cannot be trusted on either side (see `reports.rows.check_rows`; a null without a reason
            among the current ones is a finding), a margin that is negative or of a metric that there is not.
    """
    margins = dict(margins or {})
    known = {info.key for info in baseline.metrics}
    for key, margin in margins.items():
        if key not in known or not margin >= 0:
            raise ValueError(f"margin {key}={margin}: metrics of the baseline are {', '.join(sorted(known))}")
    look = _Look()
    current = replace(current, rows=_explained(current.rows, look))
    before, after = check_rows(baseline.rows), check_rows(current.rows)
    for dataset in baseline.datasets:
        if dataset not in current.datasets:
            look.fail("missing data set", dataset, "", "", "has no results any more")
            continue
        parts = [rows[rows["dataset"] == dataset] for rows in (before, after)]
        sets = [each.sets[each.sets["dataset"] == dataset] for each in (baseline, current)]
        for method in baseline.methods:
            if method not in current.methods:
                look.fail("missing method", dataset, method, "", "has no results any more")
                continue
            for metric in baseline.metrics:
                pick = [_of(frame, method, metric.key) for frame in (*parts, *sets)]
                _compare(look, Difference(dataset, metric.key, AFTER, BEFORE), method, metric, pick, margins)
    compared = _judged(look.compared)
    worse = [_worse(each, baseline.metrics) for each in compared if each.verdict == "worse"]
    return Verdict((*worse, *look.findings), tuple(compared))


def _explained(rows: pd.DataFrame, look: _Look) -> pd.DataFrame:
    """Note nulls without a reason, and give them one, so that the rest can be compared."""
    bare = rows["value"].isna() & (rows["reason"].isna() | (rows["reason"] == ""))
    found = rows[bare].groupby(["dataset", "method", "metric"]).size().reset_index(name="clips")
    for line in found.to_dict("records"):
        said = f"{line['clips']} clips have neither a value nor a reason"
        look.fail("no reason", str(line["dataset"]), str(line["method"]), str(line["metric"]), said)
    return rows.assign(reason=rows["reason"].where(~bare, NO_REASON))


def _of(frame: pd.DataFrame, method: str, metric: str) -> pd.DataFrame:
    return frame[(frame["method"] == method) & (frame["metric"] == metric)]


def _compare(
    look: _Look,
    names: Difference,
    method: str,
    metric: MetricInfo,
    pick: list[pd.DataFrame],
    margins: Mapping[str, float],
) -> None:
    old, new, old_set, new_set = pick
    if old.empty and old_set.empty:
        return
    where = (names.dataset, method, metric.key)
    if (new.empty and not old.empty) or (new_set.empty and not old_set.empty):
        look.fail("missing metric", *where, "is not measured any more")
        return
    ours, theirs = (new, old) if not old.empty else (new_set, old_set)
    if set(ours["signature"]) != set(theirs["signature"]):
        changed = f"{_one(theirs)} became {_one(ours)}: score both sides under one protocol"
        look.fail("signature", *where, changed)
        return
    if not old.empty:
        found = difference(ours, theirs, names, by_size=metric.better == "zero")
    else:
        found = set_difference(ours.iloc[0].to_dict(), theirs.iloc[0].to_dict(), names)
    found = replace(found, method=method)
    _losses(look, where, found, ours, theirs)
    if not math.isnan(found.difference):
        bad = -found.difference if metric.better == "higher" else found.difference
        look.compared.append(Compared(found, bad, margins.get(metric.key, 0.0)))


def _losses(
    look: _Look, where: tuple[str, str, str], found: Difference, ours: pd.DataFrame, theirs: pd.DataFrame
) -> None:
    if found.lost:
        had = set(theirs.loc[theirs["value"].notna(), "clip"])
        gone = had - set(ours.loc[ours["value"].notna(), "clip"])
        reasons = ours.loc[ours["clip"].isin(gone), "reason"].dropna().unique()
        why = "; ".join(sorted(map(str, reasons))) or "no score row"
        look.fail("clips lost", *where, f"{found.lost} of {len(had)} clips have no value any more: {why}")
    if found.copies_lost:
        look.fail("copies lost", *where, f"{found.copies_lost} clips equalled their reference and do not any more")
    if found.reason and theirs.get("mean", pd.Series(dtype=float)).notna().any():
        look.fail("not comparable", *where, found.reason)


def _one(rows: pd.DataFrame) -> str:
    return " and ".join(sorted(set(rows["signature"])))


def _judged(compared: list[Compared]) -> list[Compared]:
    worse = holm([_one_sided(each.bad - each.margin, each.difference) for each in compared])
    better = holm([_one_sided(-each.bad - each.margin, each.difference) for each in compared])
    judged = []
    for each, p, q in zip(compared, worse, better, strict=True):
        judged.append(replace(each, p=p, verdict="worse" if p < ALPHA else "better" if q < ALPHA else ""))
    return judged


def _one_sided(beyond: float, found: Difference) -> float:
    """Return the p of the test that a difference which goes `beyond` its bound does so by chance."""
    if math.isnan(found.error) or found.error == 0:  # one person, or all agree exactly: no noise to hide in
        return float(beyond <= 0)
    return float(stdtr(found.people - 1, -beyond / found.error))


def _worse(each: Compared, metrics: Iterable[MetricInfo]) -> Finding:
    info = next(metric for metric in metrics if metric.key == each.difference.metric)
    found, digits = each.difference, info.decimals + 1
    interval = f" [{found.low:+.{digits}f}, {found.high:+.{digits}f}]" if math.isfinite(found.low) else ""
    beyond = f", margin {each.margin:g}" if each.margin else ""
    text = f"{found.difference:+.{digits}f}{interval} on {found.clips} clips of {found.people} people{beyond}"
    return Finding("worse", found.dataset, found.method, info.key, text)
