"""data/generate/<dataset>/<method> + data/reference -> data/score: rows per clip and metric, and features of frames."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from metrics import metric
from stages.compare_clip import Pair
from stages.entry import one_argument
from stages.evaluate import Evaluate, clips_to_make, other_clip
from stages.framewise import named
from stages.judging import Judges
from stages.known_answers import check_judges
from stages.measure import Score
from stages.observe import load_observed
from stages.panel import Panel, crop_panel
from stages.params import read_section, workers
from stages.paths import (
    FEATURES,
    ROWS,
    SETS,
    crop_folder,
    filter_folder,
    generated_folder,
    reference_folder,
    score_folder,
)
from stages.score_clip import Row, score_clip
from stages.sign import sign
from tavce.data.clips import Clip, file_sha256, iterate_clips
from tavce.data.crop.clip import CropSettings
from tavce.data.packed import clip_files
from tavce.methods.contract import Outcome, read_manifest
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Task:
    """One clip of one method to score, and where its files lie.

    Attributes:
        other: the clip whose sound is the wrong one for this clip, or None.
    """

    dataset: str
    method: str
    clip: Clip
    other: Clip | None
    outcome: Outcome
    crops: Path
    reference: Path
    generated: Path


def tasks_of(dataset: str, method: str, generated: Path, clips: Sequence[Clip]) -> list[Task]:
    """Return one task per clip of a split, for the videos in folder `generated` with their manifest."""
    crops, reference, outcomes = crop_folder(dataset), reference_folder(dataset), read_manifest(generated)
    missing = Outcome("", "failed", "the method's manifest does not name this clip", 0)
    return [
        Task(
            dataset, method, clip, other_clip(clips, k, 2), outcomes.get(clip.id, missing), crops, reference, generated
        )
        for k, clip in enumerate(clips)
    ]


def score_task(task: Task, score: Score, judges: Judges, crop: CropSettings, folder: Path | None) -> list[Row]:
    """Write the features and values of one clip's frames into `folder`, if there is one; return its rows, signed."""
    ids = [clip.id for clip in (task.clip, task.other) if clip]
    with clip_files(task.crops, *ids, only=(".mkv", ".wav")) as crops:
        return _score_in(task, crops, score, judges, crop, folder)


def _score_in(
    task: Task, crops: Path, score: Score, judges: Judges, crop: CropSettings, folder: Path | None
) -> list[Row]:
    panel = crop_panel(judges, crop)
    clip, video = task.clip, task.generated / f"{task.clip.id}.mkv"
    failed = task.outcome.reason if task.outcome.status != "ok" else ""
    pair = Pair(
        dataset=task.dataset,
        method=task.method,
        clip=clip.id,
        identity=clip.identity,
        generated=video,
        reference=crops / f"{clip.id}.mkv",
        other_sound=crops / f"{task.other.id}.mkv" if task.other else None,
        seen=load_observed(task.reference / f"{clip.id}.npz"),
        copied=not failed and video.is_file() and file_sha256(video) == clip.video_sha256,
        failed=failed,
    )
    scored = score_clip(pair, score.chosen, panel)
    kept = scored.features | named(scored.curves)
    if folder is not None and kept:
        np.savez(folder / f"{clip.id}.npz", allow_pickle=False, **kept)
    return [row | {"signature": sign(metric(str(row["metric"])), panel, crop.policy, crop.size)} for row in scored.rows]


@dataclass(frozen=True)
class Scoring:
    """How the videos of a data set are scored: the sections of params.yaml that say so, and the judges, examined.

    Attributes:
        clips: of the split, in order; who stands beside whom in it decides on the wrong sound of a clip.
    """

    score: Score
    judges: Judges
    crop: CropSettings
    panel: Panel
    clips: list[Clip]


def scoring_of(dataset: str) -> Scoring:
    """Return how a data set is scored.

    Raises:
        InputError: a section is not as it should be, a judge does not know its known answers, or there is no clip.
    """
    score: Score = read_section(Score, "score")
    judges: Judges = read_section(Judges, "judges")
    crop: CropSettings = read_section(CropSettings, "datasets", dataset, "crop")
    evaluate: Evaluate = read_section(Evaluate, "evaluate")
    panel = crop_panel(judges, crop)
    check_judges(judges, panel)
    return Scoring(score, judges, crop, panel, clips_to_make(iterate_clips(filter_folder(dataset)), evaluate.split))


def write_scores(rows: "pd.DataFrame", scoring: Scoring, folder: Path) -> None:
    """Write the rows and the signatures of the metrics of sets; say on stderr whose lengths differ."""
    warn_of_lengths(rows)
    rows.to_parquet(folder / ROWS, index=False)
    crop, sets = scoring.crop, [each for each in scoring.score.chosen if each.scope == "set"]
    signed = {each.key: sign(each, scoring.panel, crop.policy, crop.size) for each in sets}
    (folder / SETS).write_text(json.dumps(signed, indent=1) + "\n", encoding="utf-8")


def table(rows: Sequence[Row]) -> "pd.DataFrame":
    """Return rows in long format, sorted, with one type per column whether or not any value is null."""
    import pandas as pd  # takes a second, and worker processes never touch a table

    frame = pd.DataFrame(list(rows)).sort_values(["dataset", "method", "clip", "metric"], ignore_index=True)
    return frame.astype({"value": "float64", "reason": "string"})


def warn_of_lengths(rows: "pd.DataFrame") -> None:
    """Say on stderr which clips were longer or shorter than their reference, and by how much."""
    made = rows[rows["frames_generated"] > 0].drop_duplicates(["dataset", "method", "clip"])
    for row in made[made["frames_generated"] != made["frames_expected"]].to_dict("records"):
        ours, theirs = row["frames_generated"], row["frames_expected"]
        print(
            f"warning: {row['method']}/{row['clip']}: {ours} frames against {theirs} of the reference; "
            f"the first {min(ours, theirs)} are compared",
            file=sys.stderr,
        )


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one method and one data set of params.yaml."""
    dataset, method = one_argument(arguments, "dataset", "method")
    scoring = scoring_of(dataset)
    tasks = tasks_of(dataset, method, generated_folder(dataset, method), scoring.clips)
    with atomic_directory(score_folder(dataset, method)) as part:
        (part / FEATURES).mkdir()
        work = partial(
            score_task, score=scoring.score, judges=scoring.judges, crop=scoring.crop, folder=part / FEATURES
        )
        per_clip = run_all(work, tasks, workers=workers(), label=f"score {dataset} {method}")
        write_scores(table([row for rows in per_clip for row in rows]), scoring, part)
