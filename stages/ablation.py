"""data/animate/<dataset>/<arm> + data/reference -> data/ablation/<dataset>/<arm>: score rows of every seed.

What stands in the main table, the first seed's videos of all clips, is scored with all metrics; the other seeds with
those of the ablation table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from stages.arms import Arm, Shared, seed_clips
from stages.entry import one_argument
from stages.judging import Judges
from stages.measure import Score
from stages.params import read_section, workers
from stages.paths import FEATURES, ablation_folder, animated_folder
from stages.score import Task, score_task, scoring_of, table, tasks_of, write_scores
from stages.score_clip import Row
from tavce.data.crop.clip import CropSettings
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all


@dataclass(frozen=True)
class Asked:
    """One clip of one seed, and what is to be measured on it; `shown` is what stands in the main table."""

    seed: int
    task: Task
    score: Score
    shown: bool


def score_asked(asked: Asked, judges: Judges, crop: CropSettings, folder: Path) -> list[Row]:
    """Return the rows of one clip, with the seed of the animator that made it."""
    kept = folder if asked.shown else None  # the seeds' clips have the same names
    return [row | {"seed": asked.seed} for row in score_task(asked.task, asked.score, judges, crop, kept)]


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set and one arm of params.yaml."""
    dataset, name = one_argument(arguments, "dataset", "arm")
    arm: Arm = read_section(Arm, "ablations", name)
    shared: Shared = read_section(Shared, "animator")
    scoring = scoring_of(dataset)
    with atomic_directory(ablation_folder(dataset, name)) as part:
        (part / FEATURES).mkdir()
        asked = []
        for number, seed in enumerate(shared.seeds):
            full = arm.table and number == 0
            keys = tuple(dict.fromkeys(scoring.score.metrics + shared.metrics)) if full else shared.metrics
            generated = animated_folder(dataset, name) / f"seed{seed}"
            wanted = {clip.id for clip in seed_clips(shared, arm, scoring.clips, number)}
            tasks = [task for task in tasks_of(dataset, name, generated, scoring.clips) if task.clip.id in wanted]
            asked += [Asked(seed, task, Score(keys), full) for task in tasks]
        work = partial(score_asked, judges=scoring.judges, crop=scoring.crop, folder=part / FEATURES)
        per_clip = run_all(work, asked, workers=workers(), label=f"ablation {dataset} {name}")
        rows = table([row for rows in per_clip for row in rows])
        write_scores(rows.sort_values(["seed", "clip", "metric"], ignore_index=True, kind="stable"), scoring, part)
