"""Results, and where videos lie -> a folder with the rows, tables, plots, contact sheets, and both pages."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from metrics.lse import CONFIDENCE
from reports.aggregate import Mean, aggregate
from reports.correlation import correlation_table
from reports.describe import tracks
from reports.differences import Pairs, difference_frame
from reports.document import Block, Section, report_markdown
from reports.result_folder import Results, write_results
from reports.speed import COLUMNS as SPEED_COLUMNS
from reports.tables import Table, to_csv
from stages.arrays import load_arrays
from stages.code import commit_line
from stages.framewise import Curve, unnamed
from stages.pictures import Pictures
from stages.report_arms import Arms, write_arms
from stages.report_published import write_published
from stages.report_sensitivity import Changed, write_sensitivity
from stages.write_page import Videos, write_web_page
from stages.write_section import Part, Written, write_section
from stages.write_sheets import SheetLine, start_sheets
from tavce.errors import InputError
from tavce.methods.contract import TRUE_POSE
from tavce.run.cache import Cache
from tavce.run.pool import Pool


@dataclass(frozen=True)
class Material:
    """All that a report is made of.

    Attributes:
        results: what was measured.
        against: the method that the others are compared with, where a table has it.
        correlations: data set -> figures of its temporal correlation metrics.
        arms: the ablation arms, or None if there are none.
        sheets: (data set, method) -> clips to show.
        frames: number of frames of each clip on a sheet.
        videos: data set -> what the HTML page can play.
        sensitivity: data set -> scores of its ground truth under small changes.
        speed: see `reports.speed`.
        cache: keeps web copies of videos for the next report, or None.
    """

    results: Results
    against: str = ""
    correlations: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    arms: Arms | None = None
    sheets: Mapping[tuple[str, str], Sequence[SheetLine]] = field(default_factory=dict)
    frames: int = 8
    videos: Mapping[str, Videos] = field(default_factory=dict)
    sensitivity: Mapping[str, Changed] = field(default_factory=dict)
    speed: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SPEED_COLUMNS)))
    cache: Cache | None = None


def write_report(material: Material, folder: Path, pool: Pool) -> None:
    """Write the results themselves and everything that is made of them into `folder`, with the processes of `pool`.

    Raises:
        InputError: rows that do not fit together (see `reports.rows.check_rows`), or two methods of one label.
    """
    results = material.results
    labels = [info.label for info in results.methods.values()]
    if len(set(labels)) < len(labels):
        raise InputError("methods", f"labels {labels} name two alike", "give each method a label of its own")
    means = all_means(results)
    write_results(results, folder)
    (folder / "aggregate.csv").write_text(to_csv(means), encoding="utf-8")
    (folder / "summary.json").write_text(summary(means), encoding="utf-8")
    pictures = Pictures(folder, pool)
    sheets = start_sheets(material.sheets, results.methods, material.frames, folder, pool)
    sections: list[Section] = []
    tables: dict[str, list[Table]] = {}
    found: dict[str, list[Written]] = {}
    for dataset in sorted(results.datasets):
        curve = _curve(material.videos.get(dataset))
        pairs = Pairs(results, dataset)
        part = Part(results, dataset, means, pairs, material.against, material.speed, curve, folder, pictures)
        written = {track: write_section(part, track, sheets.names) for track in tracks(results.methods)}
        of_dataset = _of_dataset(material, dataset, means, folder, pictures)
        for track, each in written.items():
            extra = of_dataset if track == _beside(material) else []
            sections.append(Section(each.section.table, [*each.section.blocks, *extra], each.section.sheets))
            found.setdefault(track, []).append(each)
        tables[dataset] = [table for each in written.values() for table in each.tables]
    listed = {track: [line for each in parts for line in each.differences] for track, parts in found.items()}
    (folder / "differences.csv").write_text(to_csv(difference_frame(listed)), encoding="utf-8")
    excluded = {dataset: info.excluded for dataset, info in results.datasets.items()}
    page = report_markdown(results.title, excluded, sections, results.rows)
    (folder / "report.md").write_text(page, encoding="utf-8")
    write_web_page(results, tables, material.videos, commit_line(), folder, pool, material.cache)
    pictures.wait()
    sheets.wait()


def all_means(results: Results) -> pd.DataFrame:
    """Return the aggregate of the rows together with the lines of the metrics of sets.

    Raises:
        InputError: the rows cannot be trusted.
    """
    try:
        means = aggregate(results.rows, results.expected, methods=results.methods)
    except ValueError as error:
        raise InputError("score rows", str(error), "score all methods again: dvc repro") from error
    if results.sets.empty:
        return means
    joined = pd.concat([means, results.sets[list(Mean.__dataclass_fields__)]], ignore_index=True)
    return joined.sort_values(["dataset", "method", "metric"], ignore_index=True)


def summary(means: pd.DataFrame) -> str:
    """Return mean and interval by data set, method and metric, as JSON that `dvc metrics` reads.

    A value that is not finite is null: `dvc metrics diff` prints bare NaN otherwise, which is no JSON.
    """
    found: dict[str, dict[str, dict[str, dict[str, float | None]]]] = {}
    for line in means.to_dict("records"):
        values = {name: _finite(line[name]) for name in ("mean", "low", "high")}
        found.setdefault(line["dataset"], {}).setdefault(line["method"], {})[line["metric"]] = values
    return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _beside(material: Material) -> str:
    """Return the track beside which stands what belongs to the data set and not to a track: the arms', or the first."""
    shown = tracks(material.results.methods)
    return TRUE_POSE if TRUE_POSE in shown else shown[0]


def _of_dataset(material: Material, dataset: str, means: pd.DataFrame, folder: Path, pictures: Pictures) -> list[Block]:
    results, blocks = material.results, []
    figures = material.correlations.get(dataset, [])
    if figures:
        blocks.append(Block("Temporal correlation metrics", correlation_table(figures)))
    if material.arms is not None:
        text, plots = write_arms(
            dataset, material.arms, results.rows, results.datasets[dataset].judges, folder, pictures
        )
        blocks.append(Block("Ablation", text, plots))
    changed = material.sensitivity.get(dataset)
    if changed is not None:
        judges = results.datasets[dataset].judges
        blocks.append(write_sensitivity(dataset, changed, results.metrics, results.main, judges, folder, pictures))
    blocks.append(write_published(dataset, means, results.methods, folder))
    return blocks


def _curve(videos: Videos | None) -> tuple[str, dict[str, Curve]] | None:
    """Return the framewise confidence of the first clip that the page can play, by method; None without any."""
    if videos is None or not videos.clips:
        return None
    clip, found = videos.clips[0], {}
    for method, scores in videos.scores.items():
        path = scores / f"{clip}.npz"
        if path.is_file() and CONFIDENCE.key in (curves := unnamed(load_arrays(path))):
            found[method] = curves[CONFIDENCE.key]
    return (clip, found) if found else None
