"""data/crop + data/features -> data/correlation/<dataset>/<name>: a temporal audio-visual correlation metric (step 1).

Trained on the train split, told by the figures of the test split, whose people it has never seen; nothing is chosen by
them.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float32, UInt8

from stages.arrays import load_arrays
from stages.correlation_start import fill_encoders, perceptual_distance
from stages.entry import one_argument
from stages.evaluate import Evaluate
from stages.params import read_section, workers
from stages.paths import correlation_folder, crop_folder, features_folder, filter_folder
from tavce.data.clips import Clip, iterate_clips
from tavce.data.packed import clip_files
from tavce.errors import InputError
from tavce.media.mel import mel_windows
from tavce.media.video import read_video
from tavce.model.correlation import reconstruction
from tavce.model.correlation.figures import CorrelationFigures, correlation_figures, mouth_speed
from tavce.model.correlation.metric import RELEASED, TINY, WIDE, CorrelationConfig, CorrelationMetric, embed_clips
from tavce.model.correlation.mouth_crop import mouth_crops
from tavce.model.correlation.objective import CorrelationData, Objective
from tavce.model.correlation.train import (
    CorrelationSettings,
    DivergedError,
    train_correlation,
    trained_metric,
    untrained_metric,
)
from tavce.run.atomic import atomic_directory
from tavce.run.pool import progress, run_all

MOUTH = slice(48, 68)
SIZES = {"tiny": TINY, "wide": WIDE, "released": RELEASED}
BRANCHES = {"none": None, "tiny": reconstruction.TINY, "released": reconstruction.RELEASED}
WEIGHTS, FIGURES, CURVE = "weights.pt", "figures.json", "curve.csv"
KEEP_EVERY = 50
TAU = 3  # frames from a moment to its negatives in the figures: as released, and the same for every metric


@dataclass(frozen=True)
class Correlation:
    """One temporal correlation metric.

    Attributes:
        label: what tables call it.
        size: of the encoders: "tiny" for a CPU, "wide" of twice its width, "released" as the paper's code has them.
        mouth: kind of the mouth encoder: "iresnet18" as released; "resnet18" as the paper's text says, whose width is
            the official one at each size.
        audio_start: weights that the audio encoder begins with, a path or a name in the registry: Wav2Lip's, or a whole
            correlation metric's; "" for random ones.
        mouth_start: the same of the mouth encoder: ArcFace's IResNet-18, torchvision's ResNet-18, or a metric's.
        reconstruction: size of the reconstruction branches; "released" needs LPIPS-VGG, "none" leaves them out.
        objective: what it is trained for.
        frames: clips are cut into pieces of this length; what is left over is not used.
        seed: of weights and draws.
        steps: of training.
        batch: pairs of moments per step, or stretches for "info_nce".
        rate: highest learning rate.
        schedule: "cosine" or "step" (as released).
        weight_decay: of filters and matrices.
        largest_gradient: norm to which a longer gradient is cut.
    """

    label: str
    size: Literal["tiny", "wide", "released"]
    mouth: Literal["iresnet18", "resnet18"]
    audio_start: str
    mouth_start: str
    reconstruction: Literal["none", "tiny", "released"]
    objective: Objective
    frames: int
    seed: int
    steps: int
    batch: int
    rate: float
    schedule: Literal["cosine", "step"]
    weight_decay: float
    largest_gradient: float

    @property
    def network(self) -> CorrelationConfig:
        """Kinds and sizes of both encoders."""
        sizes = SIZES[self.size]
        if self.mouth == "iresnet18":
            return sizes
        mouth = replace(RELEASED.mouth, kind=self.mouth, stem_stride=2, side=sizes.mouth.side)
        return replace(sizes, mouth=mouth)

    @property
    def settings(self) -> CorrelationSettings:
        """What the library trains by."""
        return CorrelationSettings(
            network=self.network,
            objective=self.objective,
            reconstruction=BRANCHES[self.reconstruction],
            reconstruction_weight=1.0,
            seed=self.seed,
            steps=self.steps,
            batch=self.batch,
            rate=self.rate,
            schedule=self.schedule,
            weight_decay=self.weight_decay,
            largest_gradient=self.largest_gradient,
            keep_every=KEEP_EVERY,
        )


@dataclass(frozen=True)
class Pieces:
    """Clips of one split, cut to one length.

    Attributes:
        data: mouths and mel windows.
        landmarks: of the mouths.
    """

    data: CorrelationData
    landmarks: Float32[np.ndarray, "pieces frames 20 2"]


def load_pieces(
    clips: Sequence[Clip], crops: Path, features: Path, *, frames: int, side: int, processes: int
) -> dict[str, Pieces]:
    """Return the clips cut to pieces of equal length, by split; a split without a clip that is long enough is absent.

    A piece in which a face is missing is left out: a mouth that nobody found cannot be learned from.
    """
    work = partial(_pieces_of, crops=crops, features=features, frames=frames, side=side)
    per_clip = run_all(work, clips, workers=processes, label="mouths")
    found: dict[str, list[tuple[np.ndarray, ...]]] = {}
    for clip, pieces in zip(clips, per_clip, strict=True):
        if pieces:
            found.setdefault(clip.split, []).extend(pieces)
    by_split = {split: [np.stack(column) for column in zip(*pieces, strict=True)] for split, pieces in found.items()}
    return {split: Pieces(CorrelationData(mouths, mels), points) for split, (mouths, mels, points) in by_split.items()}


def _pieces_of(
    clip: Clip, crops: Path, features: Path, frames: int, side: int
) -> list[tuple[UInt8[np.ndarray, "frames side side 3"], np.ndarray, np.ndarray]]:
    with clip_files(features, clip.id) as files:
        known = load_arrays(files / f"{clip.id}.npz")
    boxes, points = known["mouth_boxes"], known["landmarks"][:, MOUTH]
    mels = mel_windows(known["mel"], clip.frames, start=int(known["mel_start"]))
    with clip_files(crops, clip.id, only=(".mkv",)) as files:
        pictures = read_video(files / f"{clip.id}.mkv")
    starts = range(0, clip.frames - frames + 1, frames)
    parts = [slice(k, k + frames) for k in starts if np.isfinite(boxes[k : k + frames]).all()]
    return [(mouth_crops(pictures[part], boxes[part], side), mels[part], points[part]) for part in parts]


def figures_of(metric: CorrelationMetric, pieces: Pieces, objective: Objective, seed: int) -> CorrelationFigures:
    """Return the figures of a metric on clips that it has not learned from."""
    heard, seen = embed_clips(metric, pieces.data.mouths, pieces.data.mels)
    signed = objective.kind in ("signed", "info_nce")
    speed = mouth_speed(pieces.landmarks)
    return correlation_figures(heard, seen, speed, signed=signed, tau=TAU, seed=seed)


def train(chosen: Correlation, learned: Pieces, held_out: Pieces, folder: Path) -> None:
    """Train one metric and write its weights, its training curve and its figures beside those of random encoders."""
    torch.set_num_threads(1)  # the same sums in the same order on any machine of this kind
    settings, rows = chosen.settings, list[dict[str, float]]()
    floor, begun = untrained_metric(settings), untrained_metric(settings)
    fill_encoders(begun, chosen.audio_start, chosen.mouth_start)
    perceptual = None if chosen.reconstruction == "none" else perceptual_distance(chosen.reconstruction)
    bar = iter(progress(range(chosen.steps), chosen.steps, chosen.label))

    def log(step: int, named: dict[str, float]) -> None:
        next(bar, None)
        rows.append({"step": step, **named})

    try:
        state = train_correlation(settings, learned.data, start=begun.state_dict(), perceptual=perceptual, log=log)
    except DivergedError as error:
        torch.save(error.state.metric, folder.parent / f"{folder.name}.last-good.pt")
        raise InputError(
            chosen.label, str(error), "lower `rate`; the last good weights lie beside the output"
        ) from error
    torch.save(state.metric, folder / WEIGHTS)
    lines = [",".join(rows[0]), *(",".join(f"{value:.6g}" for value in row.values()) for row in rows)]
    (folder / CURVE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    metrics = {"trained": trained_metric(settings, state), "random": floor}
    figures: dict[str, Any] = {
        name: asdict(figures_of(metric, held_out, chosen.objective, chosen.seed)) for name, metric in metrics.items()
    }
    _write(figures | {"label": chosen.label, "reason": ""}, folder)


def _write(figures: dict[str, Any], folder: Path) -> None:
    (folder / FIGURES).write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set and one correlation metric of params.yaml."""
    dataset, name = one_argument(arguments, "dataset", "correlation")
    chosen: Correlation = read_section(Correlation, "correlations", name)
    evaluate: Evaluate = read_section(Evaluate, "evaluate")
    crops, features = crop_folder(dataset), features_folder(dataset)
    side, wanted = chosen.network.mouth.side, ("train", evaluate.split)
    pieces = load_pieces(
        [clip for clip in iterate_clips(filter_folder(dataset)) if clip.usable and clip.split in wanted],
        crops,
        features,
        frames=chosen.frames,
        side=side,
        processes=workers(),
    )
    learned, held_out = pieces.get("train"), pieces.get(evaluate.split) if evaluate.split != "train" else None
    with atomic_directory(correlation_folder(dataset, name)) as part:
        if learned is None or held_out is None:
            which = "train" if learned is None else "held-out"
            reason = f"no {which} clip of at least {chosen.frames} frames, so there is nothing to train or to test on"
            _write({"label": chosen.label, "reason": reason}, part)
        else:
            train(chosen, learned, held_out, part)
