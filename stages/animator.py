"""data/base + data/correlation -> data/animator/<arm>: an ablation arm, trained once per seed (step 2 of TAVCE).

Trained on the train split; the people of the test split are not seen before their videos are made.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from stages.arms import Arm, Shared
from stages.devices import devices
from stages.entry import one_argument, run
from stages.heard import differences_of, mel_windows_of
from stages.make_base.renderer import animator_data
from stages.params import Runtime, read_section
from stages.paths import BASE, RECORD, animator_folder, base_folder, crop_folder, features_folder
from stages.pieces import load_pieces
from stages.train_arm import Lesson, train_arm, write_arrays
from stages.trained_metric import trained_correlation
from tavce.data.clips import read_clips
from tavce.errors import InputError
from tavce.methods.native.checkpoint import About, Hearing, read_checkpoint
from tavce.methods.native.render import shuffled
from tavce.model.animator_data import AnimatorData
from tavce.model.correlation_metric import CorrelationMetric
from tavce.model.make_animator import picture_side
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all


def data_of(
    arm: Arm, shared: Shared, about: About, metric: CorrelationMetric | None, processes: int
) -> AnimatorData | str:
    """Return what an arm learns from, or the reason why there is nothing."""
    crops, features = crop_folder(arm.dataset), features_folder(arm.dataset)
    clips = [clip for clip in read_clips(crops) if clip.usable and clip.split == "train"]
    side = picture_side(shared.size)
    pieces = load_pieces(clips, crops, features, frames=shared.frames, side=side, processes=processes)
    if pieces is None:
        return f"no train clip of at least {shared.frames} frames has motion coefficients"
    if pieces.coefficients.shape[2] != about.coefficients:
        found = pieces.coefficients.shape[2]
        return f"{arm.dataset} has {found} motion coefficients, the base {about.coefficients}: animator.base: scratch"
    data = animator_data(pieces)
    if metric is None:
        return data
    heard = differences_of(metric.audio_encoder, mel_windows_of(pieces.samples, shared.frames, about.mel_start))
    gated = (
        np.stack([shuffled(clip, number) for number, clip in enumerate(heard)])
        if arm.gate_audio == "shuffled"
        else heard
    )
    return replace(
        data,
        differences=None if arm.alignment == "none" else heard,
        gated=None if arm.gate == "none" else gated,
    )


def about_arm(arm: Arm, shared: Shared, base: About, size: Hearing) -> About:
    """Return what an arm's checkpoints say of themselves, save the seed; `size` is that of the metric's encoders."""
    return replace(
        base,
        label=arm.label,
        gate=arm.gate,
        gate_audio=arm.gate_audio,
        hearing="none" if arm.gate == "none" else size,
        steps=shared.tuning.steps,
    )


def train(name: str, arm: Arm, shared: Shared, runtime: Runtime, folder: Path) -> str:
    """Train an arm with all seeds and write checkpoints and curves; or return the reason why there is nothing to do."""
    devices(runtime.gpus)  # too few of them is said before anything is loaded
    base = base_folder(arm.dataset) / BASE
    if not base.is_file():
        return f"the data set {arm.dataset} has no base animator: {_reason_of(base.with_name(RECORD))}"
    metric = trained_correlation(arm.dataset, arm.correlation) if arm.listens else None
    if arm.listens and metric is None:
        return f"the correlation metric {arm.correlation} of {arm.dataset} had nothing to learn from"
    about = read_checkpoint(base)[0]
    data = data_of(arm, shared, about, metric, runtime.workers)
    if isinstance(data, str):
        return data
    size: Hearing = read_section(Hearing, "correlations", arm.correlation, "size")
    kept = folder.parent / f"{name}.unfinished"
    with TemporaryDirectory() as arrays:
        write_arrays(data, Path(arrays))
        lesson = Lesson(
            arm=arm,
            shared=shared,
            about=about_arm(arm, shared, about, size),
            base=base,
            arrays=Path(arrays),
            folder=folder,
            kept=kept,
            gpus=runtime.gpus,
        )
        work = partial(train_arm, lesson=lesson)
        run_all(work, range(len(shared.seeds)), workers=runtime.workers, label=f"animator {name}")
    shutil.rmtree(kept, ignore_errors=True)
    return ""


def _reason_of(record: Path) -> str:
    if not record.is_file():
        raise InputError(record, "there is no such file", "run the stages before: dvc repro")
    return str(json.loads(record.read_text(encoding="utf-8")).get("reason"))


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one arm of params.yaml."""
    (name,) = one_argument(arguments, "arm")
    arm: Arm = read_section(Arm, "ablations", name)
    shared: Shared = read_section(Shared, "animator")
    runtime: Runtime = read_section(Runtime, "runtime")
    with atomic_directory(animator_folder(name)) as part:
        reason = train(name, arm, shared, runtime, part)
        record = {"label": arm.label, "reason": reason}
        (part / RECORD).write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(main)
