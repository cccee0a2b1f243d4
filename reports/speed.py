"""How fast methods make videos: measured on request, kept in a file with its machine, shown beside quality."""

from pathlib import Path

import pandas as pd

COLUMNS = ("method", "frames_per_second", "frames", "size", "device", "machine")


def read_speed(path: Path) -> pd.DataFrame:
    """Return the measured speeds, one line per method; without a file no line.

    Raises:
        ValueError: another set of columns, a method twice, or a speed that is not above 0; the message names the file.
    """
    if not path.is_file():
        return pd.DataFrame(columns=list(COLUMNS))
    speeds = pd.read_csv(path)
    if tuple(speeds.columns) != COLUMNS:
        raise ValueError(f"{path}: columns are {list(speeds.columns)}, and must be {list(COLUMNS)}")
    if speeds["method"].duplicated().any():
        raise ValueError(f"{path}: method {speeds.loc[speeds['method'].duplicated(), 'method'].iloc[0]} twice")
    if not (speeds["frames_per_second"] > 0).all():
        raise ValueError(f"{path}: a speed is not above 0")
    return speeds
