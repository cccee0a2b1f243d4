"""data/crop + data/features -> data/wav2lip/<dataset>: Wav2Lip, a rival, trained on the train split.

From the shipped networks, which know drawn people of their own, or from scratch: the expert first, then the generator.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from reports.curves import curves_figure
from reports.figures import save_figure
from stages.arrays import load_arrays
from stages.entry import one_argument
from stages.evaluate import Evaluate
from stages.make_base.wav2lip import EXPERT, GENERATOR, SMALL, make_wav2lip, tune
from stages.make_judges.descend import repeatable
from stages.params import read_section, workers
from stages.paths import RECORD, WAV2LIP, crop_folder, features_folder, filter_folder, wav2lip_folder
from tavce.data.clips import Clip, iterate_clips
from tavce.data.packed import clip_files
from tavce.errors import InputError
from tavce.media.audio import SAMPLES_PER_FRAME, read_wav
from tavce.media.video import read_video
from tavce.methods.wav2lip.checkpoint import SHIPPED, checkpoint_bytes, load_trained
from tavce.methods.wav2lip.learn import Lesson, joined, lesson_of
from tavce.model.descent import NotFiniteError
from tavce.model.wav2lip.data import Wav2LipData
from tavce.model.wav2lip.sync_expert import WINDOW
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all

NOTHING = "no {split} clip of at least {frames} frames has landmarks and a face in every frame"


@dataclass(frozen=True)
class Wav2LipParams:
    """Section `wav2lip` of params.yaml: how the rival is trained.

    Attributes:
        base: "shipped" goes on from the file of tavce/methods/wav2lip/base; "scratch" trains the expert first.
        seed: of weights and draws.
        frames: clips are cut into pieces of this length; what is left over is not used.
        expert_steps: optimiser steps of the expert, from scratch.
        steps: optimiser steps of the generator.
        windows: of five frames per step.
        rate: highest learning rate.
        mouth: weight of a pixel in the mouth's box against one outside it.
        sync: weight of the expert's loss; the picture's is what is left to 1.
    """

    base: Literal["shipped", "scratch"]
    seed: int
    frames: int
    expert_steps: int
    steps: int
    windows: int
    rate: float
    mouth: float
    sync: float

    def __post_init__(self) -> None:
        if self.frames < 2 * WINDOW:
            raise ValueError(f"frames {self.frames} must be at least {2 * WINDOW}: two windows")
        if min(self.steps, self.expert_steps, self.windows) < 1:
            raise ValueError("steps, expert_steps and windows must be at least 1")
        if not 0 <= self.sync < 1:
            raise ValueError(f"sync {self.sync} must be at least 0 and below 1")


def train(params: Wav2LipParams, learned: Wav2LipData, held_out: Wav2LipData) -> tuple[bytes, dict[str, Any]]:
    """Return the file of both networks, and the record of the training.

    Raises:
        NotFiniteError: a training diverged.
    """
    schedule = replace(GENERATOR.schedule, steps=params.steps, rate=params.rate, every=max(1, params.steps // 20))
    settings = replace(
        GENERATOR, schedule=schedule, seed=params.seed, windows=params.windows, mouth=params.mouth, sync=params.sync
    )
    if params.base == "scratch":
        clips = min(EXPERT.clips, len(learned.faces))
        steps = replace(EXPERT.schedule, steps=params.expert_steps, every=max(1, params.expert_steps // 20))
        return make_wav2lip(learned, held_out, replace(EXPERT, schedule=steps, seed=params.seed, clips=clips), settings)
    trained = load_trained(SHIPPED)
    # With the pieces of a small data set, statistics of a few people would take the place of those of many.
    kept = replace(settings, frozen_norms=True)
    with repeatable(params.seed):
        state, of_generator = tune(kept, trained.generator, trained.expert, learned, held_out, "generator")
    shipped = json.loads(SHIPPED.with_suffix(".json").read_text(encoding="utf-8"))
    record = {"reason": "", "generator": of_generator, "base": {"sha256": shipped["sha256"]}}
    return checkpoint_bytes(SMALL, state, trained.expert.state_dict()), record


def lessons(
    dataset: str, splits: Sequence[str], frames: int, processes: int
) -> dict[str, tuple[Wav2LipData | None, int]]:
    """Return each split's clips cut to one length, and how many pieces were left out for want of a face.

    The first is None where no clip is so long, with a face in each frame.
    """
    clips = [clip for clip in iterate_clips(filter_folder(dataset)) if clip.usable and clip.split in splits]
    work = partial(_lessons_of, crops=crop_folder(dataset), features=features_folder(dataset), frames=frames)
    made = run_all(work, clips, workers=processes, label="faces to learn from")
    found = {}
    for split in splits:
        pieces = [piece for clip, cut in zip(clips, made, strict=True) if clip.split == split for piece in cut]
        whole = [piece for piece in pieces if piece is not None]
        found[split] = (joined(whole) if whole else None, len(pieces) - len(whole))
    return found


def _lessons_of(clip: Clip, crops: Path, features: Path, frames: int) -> list[Lesson | None]:
    """Return a clip's pieces; None where a face is lost or too small, which teaches nothing."""
    with clip_files(features, clip.id) as files:
        landmarks = load_arrays(files / f"{clip.id}.npz")["landmarks"]
    with clip_files(crops, clip.id, only=(".mkv", ".wav")) as files:
        pictures, samples = read_video(files / f"{clip.id}.mkv"), read_wav(files / f"{clip.id}.wav")
    found: list[Lesson | None] = []
    for start in range(0, clip.frames - frames + 1, frames):
        part = slice(start, start + frames)
        sound = samples[start * SAMPLES_PER_FRAME : (start + frames) * SAMPLES_PER_FRAME]
        try:
            found.append(lesson_of(pictures[part], landmarks[part], sound, SMALL.side))
        except InputError:
            found.append(None)
    return found


def make(dataset: str, params: Wav2LipParams, split: str, folder: Path) -> dict[str, Any]:
    """Write networks and curves; return the record, whose ``reason`` is why there are none, or empty."""
    found = lessons(dataset, ("train", split), params.frames, workers())
    (learned, left_out), (held_out, _) = found["train"], found[split]
    if learned is None or held_out is None:
        return {"reason": NOTHING.format(split="train" if learned is None else split, frames=params.frames)}
    try:
        content, record = train(params, learned, held_out)
    except NotFiniteError as error:
        raise InputError("wav2lip", str(error), "lower wav2lip.rate in params.yaml") from error
    (folder / WAV2LIP).write_bytes(content)
    curves = {name.capitalize(): record[name]["curve"] for name in ("expert", "generator") if name in record}
    save_figure(curves_figure(curves), folder / "curves")
    return record | {"pieces": {"learned": len(learned.faces), "left_out": left_out}}


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set of params.yaml."""
    (dataset,) = one_argument(arguments, "dataset")
    params: Wav2LipParams = read_section(Wav2LipParams, "wav2lip")
    evaluate: Evaluate = read_section(Evaluate, "evaluate")
    with atomic_directory(wav2lip_folder(dataset)) as part:
        record = make(dataset, params, evaluate.split, part)
        (part / RECORD).write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
