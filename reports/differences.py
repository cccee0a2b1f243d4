"""Results -> paired differences of all methods of a table to one of them: for tables, and for who is told from whom."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache

import pandas as pd

from reports.describe import MethodInfo, MetricInfo, of_track
from reports.markdown import escape, table
from reports.paired import Difference, adjusted, difference, set_difference
from reports.result_folder import Results

ALPHA = 0.05


class Pairs:
    """Differences between any two methods of one data set, each computed once."""

    def __init__(self, results: Results, dataset: str) -> None:
        rows = results.rows[results.rows["dataset"] == dataset]
        self.of = pairs_of(rows, results.sets[results.sets["dataset"] == dataset])

    def told(self, metric: str, method: str, best: str) -> bool:
        """Return whether two methods differ beyond noise: the 95 % interval of their difference leaves 0 out.

        Copies of the reference on one side only tell them apart too; where there is no interval, equal means do not.
        """
        found = self.of(metric, method, best)
        if found.copies_lost != found.copies_gained:
            return True
        if math.isnan(found.low):
            return found.difference != 0
        return not found.low <= 0 <= found.high


def pairs_of(rows: pd.DataFrame, sets: pd.DataFrame) -> Callable[[str, str, str], Difference]:
    """Return a function of (metric, method, other method) that gives their difference, each computed once.

    Args:
        rows: score rows of one data set.
        sets: its metrics of sets (see `reports.result_folder`).
    """
    by_rows = {(str(method), str(metric)): part for (method, metric), part in rows.groupby(["method", "metric"])}
    by_sets = {(str(line["method"]), str(line["metric"])): line for line in sets.to_dict("records")}

    @cache
    def pair(metric: str, method: str, against: str) -> Difference:
        names = Difference(str(rows["dataset"].iloc[0]) if len(rows) else "", metric, method, against)
        ours, theirs = ((name, metric) for name in (method, against))
        if ours in by_rows and theirs in by_rows:
            return difference(by_rows[ours], by_rows[theirs], names)
        if ours in by_sets and theirs in by_sets:
            return set_difference(by_sets[ours], by_sets[theirs], names)
        return replace(names, reason="one of the two was not measured")

    return pair


def against(methods: Mapping[str, MethodInfo], track: str, chosen: str) -> str:
    """Return the method that the others of a track's table are compared with.

    It is the chosen one if the table has it, otherwise the first that is no control, otherwise the last.
    """
    names = of_track(methods, track)
    competing = [name for name in names if methods[name].kind != "control"]
    if chosen in names:
        return chosen
    return competing[0] if competing else names[-1]


def differences(
    pairs: Pairs, methods: Mapping[str, MethodInfo], track: str, metrics: Sequence[MetricInfo], chosen: str
) -> list[Difference]:
    """Return every method of a track against one of them, each method's p-values after Holm over the metrics."""
    other = against(methods, track, chosen)
    found = []
    for name in of_track(methods, track):
        if name != other:
            found += adjusted([pairs.of(info.key, name, other) for info in metrics])
    return found


def difference_frame(found: Mapping[str, Sequence[Difference]]) -> pd.DataFrame:
    """Return the differences of all tracks as one table, a line per track, method and metric."""
    lines = [{"track": track} | asdict(each) for track, part in found.items() for each in part]
    first = ["dataset", "track", "method", "against", "metric"]
    columns = [*first, *(name for name in asdict(Difference("", "", "", "")) if name not in first)]
    return pd.DataFrame(lines, columns=columns)


def difference_markdown(
    found: Sequence[Difference], methods: Mapping[str, MethodInfo], metrics: Sequence[MetricInfo]
) -> str:
    """Return one track's differences: methods down, metrics across, a star where Holm's p is below .05."""
    if not found:
        return "One method only: nothing to compare it with.\n"
    label = escape(methods[found[0].against].label)
    by_method = {(each.method, each.metric): each for each in found}
    lines = [[f"minus {label}", *(f"{escape(info.heading)} {info.arrow}" for info in metrics)]]
    lines.append([":--", *(["--:"] * len(metrics))])
    for name in dict.fromkeys(each.method for each in found):
        cells = [_cell(by_method[name, info.key], info) for info in metrics]
        lines.append([escape(methods[name].label), *cells])
    return (
        f"{table(lines)}\n- Mean differences on the clips that both have, in brackets the 95 % interval over people; "
        "for metrics of sets over clips. A star: p < .05 after Holm over the metrics of this table.\n"
        "- A dash: no clip has a value that can be subtracted on both sides (PSNR of a copy is infinite).\n"
    )


def _cell(each: Difference, info: MetricInfo) -> str:
    if math.isnan(each.difference):
        return "-"
    value, low, high = (
        f"{round(x, info.decimals) + 0.0:+.{info.decimals}f}" for x in (each.difference, each.low, each.high)
    )
    star = "\\*" if each.p_holm < ALPHA else ""
    return f"{value}{star} [{low}, {high}]" if math.isfinite(each.low) else f"{value}{star}"
