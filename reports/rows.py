"""Score rows: one line per data set, method, clip and metric. The checks that every aggregate relies on."""

import numpy as np
import pandas as pd

COLUMNS = (
    "dataset",
    "method",
    "clip",
    "identity",
    "metric",
    "value",
    "reason",
    "frames_used",
    "frames_expected",
    "frames_generated",
    "identical_frames",
    "signature",
)
KEY = ["dataset", "method", "clip", "metric"]
COUNTS = ["frames_used", "frames_expected", "frames_generated", "identical_frames"]


def check_rows(rows: pd.DataFrame, *, force: bool = False) -> pd.DataFrame:
    """Return the rows sorted by data set, method, clip and metric, if they can be trusted.

    Args:
        rows: the columns of ``COLUMNS``. ``value`` is a float, inf for a clip equal to its reference, null for a clip
            that could not be scored; ``reason`` says why and is null elsewhere. ``frames_expected`` counts the
            reference's frames, ``frames_generated`` the method's, ``frames_used`` those in the mean,
            ``identical_frames`` those equal to the reference and therefore not in the mean.
        force: let values of different signatures stand in one column, which tables then mark.

    Raises:
        ValueError: naming the rows at fault: no rows; missing or unknown columns; a null in a name or a count; a null
            value without a reason, or a value with one; -inf; more frames than expected; the same row twice; two
            signatures of one metric in one data set.
    """
    if set(rows.columns) != set(COLUMNS):
        missing, unknown = set(COLUMNS) - set(rows.columns), {str(name) for name in rows.columns} - set(COLUMNS)
        raise ValueError(f"score rows: missing columns {sorted(missing)}, unknown columns {sorted(unknown)}")
    if rows.empty:
        raise ValueError("score rows: no rows")
    names = [*KEY, "identity", "signature"]
    _refuse(rows, rows[names + COUNTS].isna().any(axis=1), "a name, a signature or a count is null")
    values = rows["value"].astype("float64")
    unscored, explained = values.isna(), rows["reason"].notna() & (rows["reason"] != "")
    _refuse(rows, unscored & ~explained, "no value and no reason")
    _refuse(rows, ~unscored & explained, "both a value and a reason")
    _refuse(rows, values == -np.inf, "the value is -inf")
    counted = rows["frames_used"] + rows["identical_frames"]
    wrong_count = (rows[COUNTS] < 0).any(axis=1) | (counted > rows["frames_expected"])
    _refuse(rows, wrong_count, "frames used and identical frames do not fit into the frames expected")
    _refuse(rows, rows.duplicated(KEY, keep=False), "the same data set, method, clip and metric twice")
    if not force:
        _refuse_mixed_signatures(rows)
    return rows.assign(value=values)[list(COLUMNS)].sort_values(KEY, kind="stable", ignore_index=True)


def _refuse(rows: pd.DataFrame, wrong: "pd.Series[bool]", problem: str) -> None:
    if wrong.any():
        first = rows.loc[wrong, KEY].iloc[0]
        raise ValueError(f"score rows: {problem} in {int(wrong.sum())} rows, the first: {' / '.join(map(str, first))}")


def _refuse_mixed_signatures(rows: pd.DataFrame) -> None:
    distinct = rows[["dataset", "metric", "signature"]].drop_duplicates()
    mixed = distinct[distinct.duplicated(["dataset", "metric"], keep=False)]
    if not mixed.empty:
        dataset, metric = mixed.iloc[0]["dataset"], mixed.iloc[0]["metric"]
        same = mixed[(mixed["dataset"] == dataset) & (mixed["metric"] == metric)]
        listed = ", ".join(sorted(map(str, same["signature"])))
        raise ValueError(
            f"score rows: {metric} on {dataset} was scored under several signatures ({listed}); "
            "score them again under one, or force the table, which then marks the column"
        )
