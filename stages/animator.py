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
from stages.correlation import WEIGHTS
from stages.devices import devices
from stages.entry import one_argument
from stages.heard import differences_of, mel_windows_of
from stages.params import Runtime, read_section
from stages.paths import BASE, PIECES, RECORD, SAMPLES, animator_folder, base_folder, correlation_folder
from stages.pieces import write_arrays
from stages.train_arm import Lesson, train_arm
from stages.trained_metric import trained_correlation
from tavce.data.clips import file_sha256
from tavce.errors import InputError
from tavce.media.audio import SAMPLES_PER_FRAME
from tavce.methods.native.checkpoint import About, Hearing, read_checkpoint
from tavce.methods.native.render import shuffled
from tavce.model.correlation.metric import CorrelationMetric
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all


def write_heard(arm: Arm, about: About, metric: CorrelationMetric, pieces: Path, folder: Path) -> None:
    """Write what an arm's alignment and attention are shown of the pieces' sound: the fields that others lack."""
    samples = np.load(pieces / SAMPLES, mmap_mode="r")
    mels = mel_windows_of(samples, samples.shape[1] // SAMPLES_PER_FRAME, about.mel_start)
    heard = differences_of(metric.audio_encoder, mels)
    if arm.gate_audio == "shuffled":
        gated = np.stack([shuffled(clip, number) for number, clip in enumerate(heard)])
    else:
        gated = heard
    differences = None if arm.alignment == "none" else heard
    write_arrays(folder, differences=differences, gated=None if arm.gate == "none" else gated)


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
    if isinstance(metric, str):
        return f"the correlation metric {arm.correlation} of {arm.dataset} was not trained: {metric}"
    about = read_checkpoint(base)[0]
    size: Hearing = read_section(Hearing, "correlations", arm.correlation, "size")
    weights = [base] if metric is None else [base, correlation_folder(arm.dataset, arm.correlation) / WEIGHTS]
    pieces, kept = base.with_name(PIECES), folder.parent / f"{name}.unfinished"
    with TemporaryDirectory() as heard:
        if metric is not None:
            write_heard(arm, about, metric, pieces, Path(heard))
        lesson = Lesson(
            arm=arm,
            shared=shared,
            about=about_arm(arm, shared, about, size),
            base=base,
            sources=tuple(file_sha256(path) for path in weights),
            arrays=(pieces, Path(heard)),
            folder=folder,
            kept=kept,
            gpus=runtime.gpus,
        )
        work, seeds = partial(train_arm, lesson=lesson), range(len(shared.seeds))
        # A process uses one core: half as many again leave none idle while an odd training is the last.
        run_all(work, seeds, workers=runtime.workers * 3 // 2, label=f"animator {name}")
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
