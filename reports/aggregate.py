"""Score rows -> one line per data set, method and metric, over the clips that all methods share."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from reports.rows import check_rows
from reports.statistics import estimate

NO_ROW = "no score row"


@dataclass(frozen=True)
class Mean:
    """One line of the aggregate: the mean of one metric, and the account of the clips behind it.

    Attributes:
        dataset, method, metric: the key.
        n_expected, n_scored, coverage: clips that the method owes, clips that have a value, and their ratio.
        n_common: clips with a value from every method that has any.
        mean: over the common clips with a finite value; inf if all are inf, NaN if there is none.
        mean_all: the same over all clips that this method has a value for.
        n_identical: common clips with value inf.
        frames_lost: frames of the scored clips that have no value.
        missing: why clips have no value, with their numbers; "" if none is missing.
        reason: why ``mean`` is NaN; "" if it is not.
        signature: of the values; several joined by a space if forced.
        low, high: 95 % interval of the mean, see `reports.statistics.estimate`; NaN where there is none.
    """

    dataset: str
    method: str
    metric: str
    n_expected: int
    n_scored: int
    coverage: float
    n_common: int
    mean: float
    mean_all: float
    n_identical: int
    frames_lost: int
    missing: str
    reason: str
    signature: str
    low: float = math.nan
    high: float = math.nan


def aggregate(
    rows: pd.DataFrame,
    expected_clips: Mapping[str, Sequence[str]],
    *,
    methods: Iterable[str] = (),
    force: bool = False,
) -> pd.DataFrame:
    """Return the means and the account of clips behind them, sorted by data set, method and metric.

    A method is compared on its data set's common clips: those with a value from every method that has any value for the
    metric. A method without any has no mean, and does not empty the common set for the others. Sums are exact
    (``math.fsum``), so the order of the rows can't move a bit.

    Args:
        rows: score rows (see ``check_rows``).
        expected_clips: data set -> the ids of its usable clips; every method owes a value for each.
        methods: methods to show for every data set even if they have no row at all.
        force: see ``check_rows``.

    Returns:
        One line per data set, method and metric; the columns are the attributes of ``Mean``.

    Raises:
        ValueError: on rows that fail ``check_rows``, rows of an unexpected data set or clip, a data set that expects no
            clips or has no rows.
    """
    rows = check_rows(rows, force=force)
    _check_expected(rows, expected_clips)
    lines: list[Mean] = []
    for dataset in sorted(expected_clips):
        part = rows[rows["dataset"] == dataset]
        names = sorted(set(part["method"]) | set(methods))
        for metric in sorted(set(part["metric"])):
            lines += _metric_lines(part[part["metric"] == metric], dataset, metric, names, expected_clips[dataset])
    frame = pd.DataFrame([asdict(line) for line in lines])
    return frame.sort_values(["dataset", "method", "metric"], ignore_index=True)


def means_of(aggregate: pd.DataFrame, dataset: str) -> dict[tuple[str, str], Mean]:
    """Return one data set's lines of an aggregate by (method, metric)."""
    records = aggregate[aggregate["dataset"] == dataset].to_dict("records")
    means = [Mean(**{str(name): value for name, value in record.items()}) for record in records]
    return {(mean.method, mean.metric): mean for mean in means}


def _check_expected(rows: pd.DataFrame, expected_clips: Mapping[str, Sequence[str]]) -> None:
    for dataset, clips in expected_clips.items():
        if not clips:
            raise ValueError(f"data set {dataset}: no clip is expected, so there is nothing to average")
        if len(set(clips)) < len(clips):
            raise ValueError(f"data set {dataset}: a clip is expected twice")
        if not (rows["dataset"] == dataset).any():
            raise ValueError(f"data set {dataset}: no score rows")
    for dataset in sorted(set(rows["dataset"])):
        if dataset not in expected_clips:
            raise ValueError(f"score rows of data set {dataset}; expected are {', '.join(sorted(expected_clips))}")
        strays = sorted(set(rows.loc[rows["dataset"] == dataset, "clip"]) - set(expected_clips[dataset]))
        if strays:
            raise ValueError(f"data set {dataset}: scores of {len(strays)} unexpected clips, such as {strays[0]}")


def _metric_lines(
    rows: pd.DataFrame, dataset: str, metric: str, methods: Sequence[str], expected: Sequence[str]
) -> list[Mean]:
    by_method = {name: rows[rows["method"] == name] for name in methods}
    scored = {name: part[part["value"].notna()] for name, part in by_method.items()}
    able = [name for name in methods if len(scored[name])]
    common = set(expected).intersection(*(set(scored[name]["clip"]) for name in able)) if able else set()
    signatures = " ".join(sorted(set(rows["signature"])))
    lines = []
    for name in methods:
        part = scored[name]
        of_common = part[part["clip"].isin(common)]
        shared = of_common["value"].tolist()
        finite = of_common[np.isfinite(of_common["value"])]
        found = estimate(finite["value"].to_numpy(np.float64), finite["identity"].astype(str).tolist())
        missing = _missing(by_method[name], len(expected))
        lost = part["frames_expected"] - part["frames_used"] - part["identical_frames"]
        lines.append(
            Mean(
                dataset=dataset,
                method=name,
                metric=metric,
                n_expected=len(expected),
                n_scored=len(part),
                coverage=len(part) / len(expected),
                n_common=len(common),
                mean=finite_mean(shared),
                mean_all=finite_mean(part["value"].tolist()),
                n_identical=sum(map(math.isinf, shared)),
                frames_lost=int(lost.sum()),
                missing=missing,
                reason=_no_mean(len(part), len(common), missing),
                signature=signatures,
                low=found.low,
                high=found.high,
            )
        )
    return lines


def finite_mean(values: Sequence[float]) -> float:
    """Return the exact mean of the finite values; inf if all values are inf; NaN if there are none."""
    finite = [value for value in values if math.isfinite(value)]
    if finite:
        return math.fsum(finite) / len(finite)
    return math.inf if values else math.nan


def _missing(rows: pd.DataFrame, expected: int) -> str:
    reasons = Counter(str(reason) for reason in rows.loc[rows["value"].isna(), "reason"])
    if expected > len(rows):
        reasons[NO_ROW] = expected - len(rows)
    return "; ".join(f"{reason} ({count})" for reason, count in sorted(reasons.items()))


def _no_mean(n_scored: int, n_common: int, missing: str) -> str:
    if n_scored and n_common:
        return ""
    return "no clip was scored by every method" if n_scored else missing
