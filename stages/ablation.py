"""data/animate/<dataset>/<arm> + data/reference -> data/ablation/<dataset>/<arm>: score rows of every seed.

What stands in the main table, the first seed's videos of all clips, is scored with all metrics; the other seeds with
those of the ablation table.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from stages.arms import Arm, Shared, seed_clips
from stages.entry import one_argument, run
from stages.evaluate import Evaluate, clips_to_make
from stages.judging import Judges
from stages.known_answers import check_judges
from stages.measure import Score
from stages.panel import crop_panel
from stages.params import read_section, workers
from stages.paths import FEATURES, ROWS, SETS, ablation_folder, animated_folder, crop_folder
from stages.score import Task, score_task, table, tasks_of, warn_of_lengths
from stages.score_clip import Row
from stages.sign import sign
from tavce.data.clips import read_clips
from tavce.data.crop.clip import CropSettings
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all


@dataclass(frozen=True)
class Asked:
    """One clip of one seed, and what is to be measured on it."""

    seed: int
    task: Task
    score: Score


def score_asked(asked: Asked, judges: Judges, crop: CropSettings, folder: Path) -> list[Row]:
    """Return the rows of one clip, with the seed of the animator that made it."""
    return [row | {"seed": asked.seed} for row in score_task(asked.task, asked.score, judges, crop, folder)]


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set and one arm of params.yaml."""
    dataset, name = one_argument(arguments, "dataset", "arm")
    arm: Arm = read_section(Arm, "ablations", name)
    shared: Shared = read_section(Shared, "animator")
    score: Score = read_section(Score, "score")
    judges: Judges = read_section(Judges, "judges")
    crop: CropSettings = read_section(CropSettings, "datasets", dataset, "crop")
    evaluate: Evaluate = read_section(Evaluate, "evaluate")
    panel = crop_panel(judges, crop)
    check_judges(judges, panel)
    clips = clips_to_make(read_clips(crop_folder(dataset)), evaluate.split)
    with atomic_directory(ablation_folder(dataset, name)) as part:
        (part / FEATURES).mkdir()
        asked = []
        for number, seed in enumerate(shared.seeds):
            full = arm.table and number == 0
            keys = tuple(dict.fromkeys(score.metrics + shared.metrics)) if full else shared.metrics
            generated = animated_folder(dataset, name) / f"seed{seed}"
            wanted = {clip.id for clip in seed_clips(shared, arm, clips, number)}
            tasks = [task for task in tasks_of(dataset, name, generated, clips) if task.clip.id in wanted]
            asked += [Asked(seed, task, Score(keys)) for task in tasks]
        work = partial(score_asked, judges=judges, crop=crop, folder=part / FEATURES)
        per_clip = run_all(work, asked, workers=workers(), label=f"ablation {dataset} {name}")
        rows = table([row for rows in per_clip for row in rows])
        rows = rows.sort_values(["seed", "clip", "metric"], ignore_index=True, kind="stable")
        warn_of_lengths(rows)
        rows.to_parquet(part / ROWS, index=False)
        sets = {each.key: sign(each, panel, crop.policy, crop.size) for each in score.chosen if each.scope == "set"}
        (part / SETS).write_text(json.dumps(sets, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(main)
