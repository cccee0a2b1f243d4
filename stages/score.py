"""data/generate/<dataset>/<method> + data/features/<dataset> -> data/score: one row per clip and metric."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pandas as pd

from metrics import metric
from metrics.record import Metric
from metrics.signature import signature
from stages.arrays import load_array
from stages.entry import one_argument, run
from stages.evaluate import Evaluate, clips_to_make
from stages.measure import Score
from stages.params import read_section, workers
from stages.paths import crop_folder, features_folder, generated_folder, score_file
from stages.score_clip import Landmarks, Pair, Row, score_clip
from tavce.data.clips import FPS, Clip, read_clips
from tavce.data.crop.clip import CropSettings
from tavce.data.crop.detect import Detector, make_detector
from tavce.data.landmarks import video_landmarks
from tavce.errors import InputError
from tavce.media.video import decoder_version
from tavce.methods.contract import Outcome, read_manifest
from tavce.run.atomic import atomic_file
from tavce.run.pool import run_all

_detector = cache(make_detector)


@dataclass(frozen=True)
class Task:
    """One clip of one method to score, and where its files lie."""

    dataset: str
    method: str
    clip: Clip
    outcome: Outcome
    crops: Path
    features: Path
    generated: Path


def score_task(task: Task, score: Score, crop: CropSettings) -> list[Row]:
    """Return the rows of one clip, signed."""
    detector = _detector(crop.detector, crop.model, crop.det_size)
    video = task.generated / f"{task.clip.id}.mkv"
    reference = Landmarks(load_array(task.features / f"{task.clip.id}.npz", "seen"), "")
    needed = any(each.needs == "landmarks" for each in score.chosen) and task.outcome.status == "ok"
    pair = Pair(
        dataset=task.dataset,
        method=task.method,
        clip=task.clip.id,
        identity=task.clip.identity,
        generated=video,
        reference=task.crops / f"{task.clip.id}.mkv",
        generated_landmarks=generated_landmarks(video, detector) if needed else Landmarks(None, "not needed"),
        reference_landmarks=reference,
        failed=task.outcome.reason if task.outcome.status != "ok" else "",
    )
    seen_by = detector.name if detector else "annotation"
    rows = score_clip(pair, score.chosen)
    return [row | {"signature": sign(metric(str(row["metric"])), crop.policy, crop.size, seen_by)} for row in rows]


def generated_landmarks(video: Path, detector: Detector | None) -> Landmarks:
    """Return the landmarks of a generated video: detected, or, where no detector is set, those that came with it.

    Only a video whose frames are exact copies of annotated ones may bring landmarks along (the controls do); pixels
    that a method made would have to be looked at.
    """
    if detector is not None:
        try:
            return Landmarks(video_landmarks(video, detector), "")
        except InputError as error:  # an unreadable generated video is a row with a reason, like for the other metrics
            return Landmarks(None, f"{error.problem}; {error.remedy}")
    beside = video.with_suffix(".landmarks.npy")
    if beside.is_file():
        return Landmarks(load_array(beside), "")
    return Landmarks(None, "no landmarks: these pixels are no copies of annotated frames, and no detector is set")


def sign(each: Metric, policy: str, size: int | str, seen_by: str) -> str:
    """Return the signature of a metric's rows."""
    extra = [("landmarks", seen_by.replace(":", "-"))] if each.needs == "landmarks" else []
    return signature(each, crop=policy, size=size, fps=FPS, decoder=decoder_version(), mode="clean", extra=extra)


def table(rows: Sequence[Row]) -> pd.DataFrame:
    """Return rows in long format, sorted, with one type per column whether or not any value is null."""
    frame = pd.DataFrame(list(rows)).sort_values(["dataset", "method", "clip", "metric"], ignore_index=True)
    return frame.astype({"value": "float64", "reason": "string"})


def warn_of_lengths(rows: pd.DataFrame) -> None:
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
    score: Score = read_section(Score, "score")
    crop: CropSettings = read_section(CropSettings, "datasets", dataset, "crop")
    evaluate: Evaluate = read_section(Evaluate, "evaluate")
    crops, features, generated = crop_folder(dataset), features_folder(dataset), generated_folder(dataset, method)
    outcomes = read_manifest(generated)
    missing = Outcome("", "failed", "the method's manifest does not name this clip", 0)
    tasks = [
        Task(dataset, method, clip, outcomes.get(clip.id, missing), crops, features, generated)
        for clip in clips_to_make(read_clips(crops), evaluate.split)
    ]
    work = partial(score_task, score=score, crop=crop)
    per_clip = run_all(work, tasks, workers=workers(), label=f"score {dataset} {method}")
    rows = table([row for rows in per_clip for row in rows])
    warn_of_lengths(rows)
    with atomic_file(score_file(dataset, method)) as part:
        rows.to_parquet(part, index=False)


if __name__ == "__main__":
    run(main)
