"""data/animator/<arm> + data/crop/<dataset> -> data/animate/<dataset>/<arm>/seed<k>: a video per clip and seed.

In the track of the true pose: the mouth follows the sound, all other coefficients are the clip's.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

from stages.arms import Arm, Shared, seed_clips
from stages.arrays import load_arrays
from stages.entry import one_argument
from stages.evaluate import Evaluate, clips_to_make
from stages.params import read_section, workers
from stages.paths import RECORD, animated_folder, animator_folder, crop_folder, features_folder, filter_folder
from tavce.data.clips import Clip, iterate_clips
from tavce.data.packed import clip_files
from tavce.media.mel import mel_windows
from tavce.media.writer import write_video
from tavce.methods.contract import Outcome, write_manifest
from tavce.methods.native.checkpoint import Native, load_checkpoint
from tavce.methods.native.clip import portrait_of, true_coefficients
from tavce.methods.native.render import render, spoken
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all


@dataclass(frozen=True)
class Task:
    """One clip to make with one checkpoint.

    Attributes:
        clip: its row.
        checkpoint: of one seed; None where the arm was not trained.
        reason: why it was not.
        crops, features: folders of the data set.
        folder: for the video and its sound.
    """

    clip: Clip
    checkpoint: Path | None
    reason: str
    crops: Path
    features: Path
    folder: Path


def make_clip(task: Task) -> Outcome:
    """Write ``<clip>.mkv`` and ``<clip>.wav``; or answer why they cannot be made."""
    clip = task.clip
    if task.checkpoint is None:
        return Outcome(clip.id, "failed", f"the animator was not trained: {task.reason}", 0)
    native = _native(task.checkpoint)
    with clip_files(task.features, clip.id) as features:
        known = load_arrays(features / f"{clip.id}.npz")
    truth = true_coefficients(known, native.about)
    if isinstance(truth, str):
        return Outcome(clip.id, "failed", truth, 0)
    mels = mel_windows(known["mel"], clip.frames, start=native.about.mel_start)
    with clip_files(task.crops, clip.id, only=(".mkv", ".wav")) as crops:
        portrait = portrait_of(crops / f"{clip.id}.mkv")
        frames = render(native, portrait, truth[0], spoken(native, truth, mels), mels)
        write_video(task.folder / f"{clip.id}.mkv", frames)
        shutil.copyfile(crops / f"{clip.id}.wav", task.folder / f"{clip.id}.wav")
    return Outcome(clip.id, "ok", "", clip.frames)


@cache
def _native(path: Path) -> Native:
    torch.set_num_threads(1)  # processes share the cores
    return load_checkpoint(path)


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set and one arm of params.yaml."""
    dataset, name = one_argument(arguments, "dataset", "arm")
    arm: Arm = read_section(Arm, "ablations", name)
    shared: Shared = read_section(Shared, "animator")
    evaluate: Evaluate = read_section(Evaluate, "evaluate")
    crops, features, trained = crop_folder(dataset), features_folder(dataset), animator_folder(name)
    clips = clips_to_make(iterate_clips(filter_folder(dataset)), evaluate.split)
    reason = str(json.loads((trained / RECORD).read_text(encoding="utf-8"))["reason"])
    with atomic_directory(animated_folder(dataset, name)) as part:
        tasks = []
        for number, seed in enumerate(shared.seeds):
            folder = part / f"seed{seed}"
            folder.mkdir()
            checkpoint = None if reason else trained / f"seed{seed}.pt"
            wanted = seed_clips(shared, arm, clips, number)
            tasks += [Task(clip, checkpoint, reason, crops, features, folder) for clip in wanted]
        outcomes = run_all(make_clip, tasks, workers=workers(), label=f"animate {dataset} {name}")
        for folder in sorted({task.folder for task in tasks}):
            made = [outcome for task, outcome in zip(tasks, outcomes, strict=True) if task.folder == folder]
            write_manifest(made, folder)
