"""A folder of results: all that tables, plots, the page and the gate are made of, and nothing else.

`results.json` says what was measured and how it is shown, `rows.parquet` holds the score rows, `sets.parquet` the
metrics of sets of clips with their resamples. Everything else in the folder is made from these three.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import pandas as pd

from reports.aggregate import Mean
from reports.describe import MethodInfo, MetricInfo

FORMAT = 1
ABOUT, ROWS, SETS = "results.json", "rows.parquet", "sets.parquet"


@dataclass(frozen=True)
class DatasetInfo:
    """What must be known of a data set.

    Attributes:
        judges: first line of its tables: which networks judged, and whether the values compare with published ones.
        expected: clips that every method owes.
        excluded: clips that cannot be used -> why.
        floors: sentences on what metrics of sets say of ground truth against itself.
    """

    judges: str
    expected: Sequence[str]
    excluded: Mapping[str, str] = field(default_factory=dict)
    floors: Sequence[str] = ()


@dataclass(frozen=True)
class SetMean:
    """One metric of sets of one method: its line of the aggregate, and what a paired difference needs.

    Attributes:
        mean: value, interval and account.
        clips: digest of the clips behind it, in order.
        draws: values of clips drawn with replacement, draw k of the same clips for every method.
    """

    mean: Mean
    clips: str
    draws: Sequence[float]


@dataclass(frozen=True)
class Results:
    """What was measured.

    Attributes:
        title: heading of the report.
        code: name and version of the code that made the scores.
        datasets: name -> what must be known of it.
        methods: name -> how it is shown, in table order.
        metrics: columns in order.
        main: keys of those in the first table.
        rows: score rows, see `reports.rows.COLUMNS`.
        sets: columns of `Mean`, and `clips` and `draws` of `SetMean`.
    """

    title: str
    code: str
    datasets: Mapping[str, DatasetInfo]
    methods: Mapping[str, MethodInfo]
    metrics: Sequence[MetricInfo]
    main: Sequence[str]
    rows: pd.DataFrame
    sets: pd.DataFrame

    @property
    def expected(self) -> dict[str, Sequence[str]]:
        """Data set -> clips that every method owes."""
        return {name: info.expected for name, info in self.datasets.items()}

    @property
    def set_keys(self) -> set[str]:
        """Metrics of sets that have a line."""
        return set(self.sets["metric"])


def set_frame(sets: Sequence[SetMean]) -> pd.DataFrame:
    """Return the table of metrics of sets."""
    columns = [each.name for each in fields(Mean)]
    lines = [asdict(each.mean) | {"clips": each.clips, "draws": list(each.draws)} for each in sets]
    frame = pd.DataFrame(lines, columns=[*columns, "clips", "draws"])
    return frame.sort_values(["dataset", "method", "metric"], ignore_index=True)


def write_results(results: Results, folder: Path) -> None:
    """Write the three files into `folder`; the same results give the same bytes."""
    about = {
        "format": FORMAT,
        "title": results.title,
        "code": results.code,
        "datasets": {name: asdict(info) for name, info in results.datasets.items()},
        "methods": {name: asdict(info) for name, info in results.methods.items()},
        "metrics": [asdict(each) for each in results.metrics],
        "main": list(results.main),
    }
    (folder / ABOUT).write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    results.rows.to_parquet(folder / ROWS, index=False)
    results.sets.to_parquet(folder / SETS, index=False)


def read_results(folder: Path) -> Results:
    """Return what `write_results` wrote. The rows are as they are: `reports.rows.check_rows` says if they can be used.

    Raises:
        ValueError: a file is missing, damaged, or of another format; the message names it.
    """
    for name in (ABOUT, ROWS, SETS):
        if not (folder / name).is_file():
            raise ValueError(f"{name}: there is no such file, so this is no folder of results")
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if about.get("format") != FORMAT:
            raise ValueError(f"format {about.get('format')!r}, and this version reads {FORMAT}")
        return _results(about, folder)
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:  # pyarrow's errors are ValueErrors
        raise ValueError(f"cannot be read ({error})") from error


def _results(about: dict[str, Any], folder: Path) -> Results:
    return Results(
        title=about["title"],
        code=about["code"],
        datasets={name: DatasetInfo(**info) for name, info in about["datasets"].items()},
        methods={name: MethodInfo(**info) for name, info in about["methods"].items()},
        metrics=[MetricInfo(**each) for each in about["metrics"]],
        main=about["main"],
        rows=pd.read_parquet(folder / ROWS),
        sets=pd.read_parquet(folder / SETS),
    )
