"""Results -> who stands where, per data set and track: ranks with what noise leaves of them."""

import math

import pandas as pd

from reports.aggregate import Mean, means_of
from reports.describe import MetricInfo, of_track, tracks
from reports.differences import Pairs
from reports.markdown import escape
from reports.result_folder import Results

COLUMNS = ("dataset", "track", "method", "mean_rank", "metrics", "best_or_tied", "beaten_by_none", "coverage")


def leaderboard(results: Results, means: pd.DataFrame) -> pd.DataFrame:
    """Return a line per method that competes, best mean rank first within data set and track.

    Columns: ``mean_rank`` over the main metrics that every method of the track has (equal values share a rank), their
    number ``metrics``; in how many of them the method is ``best_or_tied``, which is not told from the best (see
    `reports.differences.Pairs.told`); ``beaten_by_none``: whether that holds for all; the least ``coverage``. Metrics
    whose better value is the one nearer to 0 have no rank.

    Args:
        results: of all.
        means: their aggregate with the metrics of sets.
    """
    lines = []
    for dataset in sorted(results.datasets):
        found, pairs = means_of(means, dataset), Pairs(results, dataset)
        for track in tracks(results.methods):
            names = [name for name in of_track(results.methods, track) if results.methods[name].kind != "control"]
            infos = [info for info in results.metrics if info.key in results.main and _ranked(info, names, found)]
            lines += [_line(dataset, track, name, names, infos, found, pairs) for name in names]
    frame = pd.DataFrame(lines, columns=list(COLUMNS))
    return frame.sort_values(["dataset", "track", "mean_rank", "method"], ignore_index=True)


def leaderboard_markdown(results: Results, board: pd.DataFrame) -> str:
    """Return a table per data set and track."""
    parts = ["# Leaderboard\n"]
    for (dataset, track), lines in board.groupby(["dataset", "track"], sort=False):
        parts.append(f"## {escape(str(dataset))}: {escape(str(track))}\n")
        parts.append(f"{escape(results.datasets[str(dataset)].judges)}\n")
        rows = ["| | Method | Mean rank | Best, or not told from it | Coverage |", "| --: | :-- | --: | --: | --: |"]
        for number, line in enumerate(lines.to_dict("records"), 1):
            label = escape(results.methods[line["method"]].label)
            rank = "-" if math.isnan(line["mean_rank"]) else f"{line['mean_rank']:.2f}"
            tied = f"{line['best_or_tied']} of {line['metrics']}"
            rows.append(f"| {number} | {label} | {rank} | {tied} | {line['coverage']:.0%} |")
        parts.append("\n".join(rows) + "\n")
    parts.append(
        "A mean rank weighs every metric alike and says nothing of distances; read the tables beside it. Not told from "
        "the best: the 95 % interval of the paired difference holds 0.\n"
    )
    return "\n".join(parts)


def _ranked(info: MetricInfo, names: list[str], found: dict[tuple[str, str], Mean]) -> bool:
    have = [name for name in names if (name, info.key) in found and not math.isnan(found[name, info.key].mean)]
    return info.better != "zero" and bool(names) and have == names


def _line(
    dataset: str,
    track: str,
    name: str,
    names: list[str],
    infos: list[MetricInfo],
    found: dict[tuple[str, str], Mean],
    pairs: Pairs,
) -> tuple[object, ...]:
    ranks, tied = [], 0
    for info in infos:
        values = {each: found[each, info.key].mean * (-1 if info.better == "higher" else 1) for each in names}
        ranks.append(1 + sum(value < values[name] for value in values.values()))
        best = min(values, key=lambda each: values[each])
        tied += values[name] == values[best] or not pairs.told(info.key, name, best)
    rank = sum(ranks) / len(ranks) if ranks else math.nan
    covered = min((mean.coverage for (method, _), mean in found.items() if method == name), default=0.0)
    return (dataset, track, name, rank, len(infos), tied, tied == len(infos), covered)
