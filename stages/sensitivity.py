"""data/crop/<dataset> -> data/sensitivity/<dataset>: how the metrics move when ground truth is changed a little."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from reports.result_folder import SetMean, set_frame
from reports.rows import COLUMNS
from stages.entry import one_argument
from stages.params import read_section, workers
from stages.paths import ROWS, SET_VALUES, crop_folder, reference_folder, sensitivity_folder
from stages.score import Scoring, Task, score_task, scoring_of, table
from stages.set_scores import SetFiles, set_means
from stages.sign import sign
from stages.small_changes import Sensitivity
from stages.wanted import Wanted, wanted_of
from tavce.data.clips import Clip
from tavce.data.packed import clip_files
from tavce.methods.contract import Outcome
from tavce.methods.perturb import Change, perturb
from tavce.run.atomic import atomic_directory
from tavce.run.pool import Pool

WORK = "work"  # videos and features, removed at the end


@dataclass(frozen=True)
class Making:
    """One clip under one change, and where it goes."""

    wanted: Wanted
    change: Change
    folder: Path


def one_per_person(clips: Sequence[Clip], most: int) -> list[Clip]:
    """Return the first clip of each person, at most so many."""
    return list({clip.identity: clip for clip in reversed(clips)}.values())[::-1][:most]


def measure(dataset: str, asked: Sensitivity, scoring: Scoring, folder: Path, pool: Pool) -> None:
    """Write rows and metrics of sets of all changes into `folder`."""
    clips = one_per_person(scoring.clips, asked.clips)
    folders = {name: folder / WORK / str(number) for number, name in enumerate(asked.changes)}
    for each in folders.values():
        (each / "features").mkdir(parents=True)
    making = [Making(one, asked.changes[name], folders[name]) for name in folders for one in wanted_of(clips)]
    made = pool.start(partial(_make, crops=crop_folder(dataset)), making, label=f"change {dataset}")()
    outcomes = {(each.folder, each.wanted.clip.id): outcome for each, outcome in zip(making, made, strict=True)}
    tasks = [
        Task(dataset, name, one.clip, one.other, outcomes[place, one.clip.id], crop_folder(dataset),
             reference_folder(dataset), place)
        for name, place in folders.items()
        for one in wanted_of(clips)
    ]  # fmt: skip
    work = partial(_score, scoring=scoring)
    rows = pool.start(work, tasks, label=f"sensitivity {dataset}")()
    table([row for part in rows for row in part]).to_parquet(folder / ROWS, index=False)
    set_frame(_sets(dataset, clips, folders, scoring, pool)).to_parquet(folder / SET_VALUES, index=False)
    shutil.rmtree(folder / WORK)


def _make(making: Making, crops: Path) -> Outcome:
    with clip_files(crops, *making.wanted.ids, only=(".mkv", ".wav")) as files:
        request = making.wanted.request(files)
        reason = perturb(making.change, request, making.folder)
    return Outcome(request.clip, "failed" if reason else "ok", reason, 0 if reason else request.frames)


def _score(task: Task, scoring: Scoring) -> list[dict[str, object]]:
    return score_task(task, scoring.score, scoring.judges, scoring.crop, task.generated / "features")


def _sets(
    dataset: str, clips: Sequence[Clip], folders: Mapping[str, Path], scoring: Scoring, pool: Pool
) -> list[SetMean]:
    metrics = [each for each in scoring.score.chosen if each.scope == "set"]
    if not metrics:
        return []
    generated = {}
    for name, place in folders.items():
        paths = {clip.id: place / "features" / f"{clip.id}.npz" for clip in clips}
        generated[name] = {clip: path for clip, path in paths.items() if path.is_file()}
    files = SetFiles(
        reference={clip.id: reference_folder(dataset) / f"{clip.id}.npz" for clip in clips},
        generated=generated,
        identities={clip.id: clip.identity for clip in clips},
        expected=[clip.id for clip in clips],
    )
    signed = {each.key: sign(each, scoring.panel, scoring.crop.policy, scoring.crop.size) for each in metrics}
    return set_means(dataset, files, metrics, signed, pool)[0]


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set of params.yaml."""
    (dataset,) = one_argument(arguments, "dataset")
    asked: Sensitivity = read_section(Sensitivity, "sensitivity")
    with atomic_directory(sensitivity_folder(dataset)) as part:
        if asked.changes:
            with Pool(workers()) as pool:
                measure(dataset, asked, scoring_of(dataset), part, pool)
        else:
            pd.DataFrame(columns=list(COLUMNS)).to_parquet(part / ROWS, index=False)
            set_frame([]).to_parquet(part / SET_VALUES, index=False)
