"""data/sensitivity -> what the report says of how metrics move on ground truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reports.describe import MetricInfo
from reports.document import Block
from reports.sensitivity import (
    sensitivity,
    sensitivity_figure,
    sensitivity_frame,
    sensitivity_latex,
    sensitivity_markdown,
)
from reports.tables import to_csv
from stages.params import read_section
from stages.paths import ROWS, SET_VALUES, sensitivity_folder
from stages.pictures import Pictures
from stages.small_changes import Sensitivity
from tavce.errors import InputError


@dataclass(frozen=True)
class Changed:
    """Scores of ground truth under small changes.

    Attributes:
        rows, sets: as of methods, the changes in their place.
        changes: name -> label, in order.
        zero: the one that changes nothing.
    """

    rows: pd.DataFrame
    sets: pd.DataFrame
    changes: dict[str, str]
    zero: str


def read_sensitivity(dataset: str) -> Changed | None:
    """Return the scores of one data set; None where no change is asked for.

    Raises:
        InputError: they are not there, or cannot be read.
    """
    asked: Sensitivity = read_section(Sensitivity, "sensitivity")
    if not asked.changes:
        return None
    folder, remedy = sensitivity_folder(dataset), f"run: dvc repro sensitivity@{dataset}"
    try:
        rows, sets = (pd.read_parquet(folder / name) for name in (ROWS, SET_VALUES))
    except FileNotFoundError as error:
        raise InputError(folder, "there are no scores", remedy) from error
    except (ValueError, OSError) as error:  # pyarrow's own errors are ValueErrors
        raise InputError(folder, f"cannot be read ({error})", remedy) from error
    return Changed(rows, sets, {name: change.label for name, change in asked.changes.items()}, asked.zero)


def write_sensitivity(
    dataset: str,
    changed: Changed,
    metrics: Sequence[MetricInfo],
    main: Sequence[str],
    judges: str,
    folder: Path,
    pictures: Pictures,
) -> Block:
    """Write table, CSV and figure of one data set into `folder`, and return the part of the report.

    Args:
        dataset: name of the data set.
        changed: its scores.
        metrics: all that were measured, for the CSV and the figure.
        main: keys of those in the table; all if none of these was measured.
        judges: first line of the table.
        folder: of the report.
        pictures: where the figure is left.
    """
    found = sensitivity(changed.rows, changed.sets, changed.changes, changed.zero, metrics)
    shown = [info for info in metrics if info.key in main] or list(metrics)
    stem = folder / f"{dataset}-sensitivity"
    stem.with_name(f"{stem.name}.csv").write_text(to_csv(sensitivity_frame(found)), encoding="utf-8")
    stem.with_name(f"{stem.name}.tex").write_text(sensitivity_latex(found, shown, judges), encoding="utf-8")
    picture = pictures.add(sensitivity_figure(found, metrics), stem.name)
    return Block("Sensitivity", sensitivity_markdown(found, shown), {f"Sensitivity on {dataset}": picture})
