"""data/ablation + data/animator -> what the report says of the ablation arms: tables, sentences and figures."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from metrics import metric
from reports.ablation import Study, ablation
from reports.ablation_page import Setting, ablation_frame, ablation_markdown, difference_table, level_table
from reports.ablation_plots import difference_figure, level_figure, training_figure
from reports.describe import MetricInfo
from reports.latex import to_latex
from reports.tables import to_csv
from stages.arms import Arm, Shared
from stages.paths import RECORD, ROWS, ablation_folder, animator_folder
from stages.pictures import Pictures
from tavce.errors import InputError
from tavce.methods.contract import TRUE_POSE

CURVES = {
    "l1": "L1 (weighted)",
    "alignment": "alignment loss",
    "gradient": "gradient, whole",
    "gradient_decoder": "gradient of the decoder",
    "gradient_proj2": "gradient of proj2",
}


@dataclass(frozen=True)
class Arms:
    """The arms of a run.

    Attributes:
        shared: what all share.
        arms: name -> arm, in table order.
    """

    shared: Shared
    arms: Mapping[str, Arm]

    def __post_init__(self) -> None:
        labels = [arm.label for arm in self.arms.values()]
        if len(set(labels)) < len(labels):
            remedy = "give each arm a label of its own"
            raise InputError("params.yaml", f"the arms' labels {labels} name two alike", remedy)

    @property
    def shown(self) -> dict[str, Arm]:
        """Those that stand in the main table."""
        return {name: arm for name, arm in self.arms.items() if arm.table}

    @property
    def study(self) -> Study:
        """Which arm is there for what; a role whose arm is not among them is not played."""
        labels = {name: arm.label for name, arm in self.arms.items()}
        null, bare = (name if name in labels else "" for name in (self.shared.null_arm, self.shared.bare_arm))
        return Study(labels, self.shared.full_arm, null, bare)


def arm_rows(dataset: str, arm: str) -> pd.DataFrame:
    """Return the score rows of all seeds of an arm.

    Raises:
        InputError: there are none, or they cannot be read.
    """
    path = ablation_folder(dataset, arm) / ROWS
    if not path.is_file():
        raise InputError(path, "there are no scores", f"run: dvc repro ablation@{dataset}-{arm}")
    try:
        return pd.read_parquet(path)
    except (ValueError, OSError) as error:  # pyarrow's own errors are ValueErrors
        raise InputError(path, f"cannot be read ({error})", f"run: dvc repro -f ablation@{dataset}-{arm}") from error


def write_arms(
    dataset: str, arms: Arms, controls: pd.DataFrame, judges: str, folder: Path, pictures: Pictures
) -> tuple[str, dict[str, str]]:
    """Write tables and figures of the arms on one data set into `folder`.

    Args:
        dataset: name of the data set.
        arms: of the run.
        controls: score rows of the methods, the still frame among them.
        judges: first line of the tables.
        folder: of the report.
        pictures: where figures are left.

    Returns:
        The text of the section, and its pictures: title -> path relative to the page.
    """
    untrained = [reason for name in arms.arms if (reason := _reason(name))]
    if len(untrained) == len(arms.arms):
        return f"No arm was trained: {untrained[0]}.\n", {}
    rows = pd.concat([arm_rows(dataset, name) for name in arms.arms], ignore_index=True)
    chosen = [metric(key) for key in arms.shared.metrics]
    infos = [MetricInfo(each.key, each.name, each.unit, each.better, each.decimals) for each in chosen]
    found = ablation(rows, controls[controls["dataset"] == dataset], infos, arms.study)
    tuning = arms.shared.tuning
    base = "the shipped base" if arms.shared.base == "shipped" else "a base trained on the train split"
    batch = f"{tuning.sources} portraits x {tuning.frames} frames"
    training = f"All arms begin with {base} and take {tuning.steps} steps of {batch}."
    setting = Setting(judges, TRUE_POSE, training, f"tavce-bench {version('tavce-bench')}")
    stem = folder / f"{dataset}-ablation"
    stem.with_suffix(".csv").write_text(to_csv(ablation_frame(found)), encoding="utf-8")
    tables = {stem.name: level_table(found, setting), f"{stem.name}-differences": difference_table(found, setting)}
    for name, table in tables.items():
        stem.with_name(f"{name}.tex").write_text(to_latex(table), encoding="utf-8")
    figures = {
        "Means of the arms": (level_figure(found), stem.name),
        "Differences to the full model": (difference_figure(found), f"{stem.name}-differences"),
        "Training of the arms": (training_figure(_curves(arms), CURVES), f"{stem.name}-training"),
    }
    shown = {f"{title} on {dataset}": pictures.add(figure, name) for title, (figure, name) in figures.items()}
    return ablation_markdown(found, setting), shown


def _reason(arm: str) -> str:
    path = animator_folder(arm) / RECORD
    if not path.is_file():
        raise InputError(path, "there is no such file", f"run: dvc repro animator@{arm}")
    return str(json.loads(path.read_text(encoding="utf-8"))["reason"])


def _curves(arms: Arms) -> dict[str, dict[int, pd.DataFrame]]:
    found = {}
    for name, arm in arms.arms.items():
        if not _reason(name):
            live = animator_folder(name) / "live"
            found[arm.label] = {seed: _curve(live / f"seed{seed}", list(CURVES)) for seed in arms.shared.seeds}
    return found


def _curve(live: Path, names: Sequence[str]) -> pd.DataFrame:
    """Return what DVCLive logged of one training: a column per quantity, NaN where it was not computed."""
    paths = {name: live / "plots" / "metrics" / f"{name}.tsv" for name in names}
    columns = [
        pd.read_csv(path, sep="\t").set_index("step")[name] if path.is_file() else pd.Series(dtype=float, name=name)
        for name, path in paths.items()
    ]
    return pd.concat(columns, axis=1).rename_axis("step").sort_index().reset_index()
