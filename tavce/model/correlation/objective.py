"""One step's losses of the correlation metric: draw moments, embed them, compare their differences."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from tavce.model.correlation.losses import cosine_embedding_loss, signed_cosine_loss, signed_info_nce, triplet_loss
from tavce.model.correlation.metric import CorrelationMetric
from tavce.model.correlation.sampling import draw_moments, draw_stretches
from tavce.model.correlation.temporal import difference


@dataclass(frozen=True)
class Objective:
    """What the metric is trained for.

    Attributes:
        kind: "released" (TAVCE), "triplet" (the paper's text), "signed", or "info_nce" (TAVCE+).
        tau: smallest distance of a negative in frames; 3 as released.
        alpha: weight of the negatives of "released" and "signed"; 1 as released.
        margin: of the first three kinds; 0 as released.
        temperature: of "info_nce".
        stretch: frames of a clip that "info_nce" sees at once; each but the last begins a moment.
        other_clips: share of the audio's negatives of "signed" that are of another clip; for "info_nce", whether
            moments of other clips are negatives too (any value above 0).
    """

    kind: Literal["released", "triplet", "signed", "info_nce"]
    tau: int
    alpha: float
    margin: float
    temperature: float
    stretch: int
    other_clips: float


@dataclass(frozen=True)
class CorrelationData:
    """Clips of one length in memory.

    Attributes:
        mouths: RGB crops.
        mels: spectrogram around each frame, in [-4, 4].
    """

    mouths: UInt8[np.ndarray, "clips frames side side 3"]
    mels: Float32[np.ndarray, "clips frames 80 16"]

    def __post_init__(self) -> None:
        if self.mouths.shape[:2] != self.mels.shape[:2]:
            raise ValueError(f"mouths {self.mouths.shape} and mels {self.mels.shape} are not of the same frames")


@dataclass(frozen=True)
class Seen:
    """What the reconstruction branches take from a step: a difference of audio, and the frames on its two sides."""

    heard: Float[Tensor, "pairs channels"]
    earlier: UInt8[Tensor, "pairs side side 3"]
    later: UInt8[Tensor, "pairs side side 3"]


def correlation_loss(
    objective: Objective, metric: CorrelationMetric, data: CorrelationData, rng: np.random.Generator, batch: int
) -> tuple[Tensor, Seen]:
    """Return the loss of the next step, and what the reconstruction branches need.

    Args:
        objective: which loss.
        metric: in training mode.
        data: drawn from uniformly.
        rng: draws the moments.
        batch: pairs of moments, or stretches for "info_nce".

    Raises:
        ValueError: the clips are too short for tau or the stretch, or there is one only and others are asked for.
    """
    draw = _from_stretches if objective.kind == "info_nce" else _from_moments
    return draw(objective, metric, data, rng, batch)


def _from_moments(
    objective: Objective, metric: CorrelationMetric, data: CorrelationData, rng: np.random.Generator, batch: int
) -> tuple[Tensor, Seen]:
    clips, frames = data.mels.shape[:2]
    drawn = draw_moments(
        rng, clips=clips, frames=frames, batch=batch, tau=objective.tau, other_clips=objective.other_clips
    )
    device = next(metric.parameters()).device
    clip, i, j = drawn.clip[:, None], drawn.here, drawn.far
    crops = torch.from_numpy(data.mouths[clip, np.stack([i, i + 1, j], axis=1)]).to(device)
    windows = data.mels[clip, np.stack([i, i + 1], axis=1)]
    if objective.kind == "signed":
        pair = np.stack([drawn.elsewhere, drawn.elsewhere + 1], axis=1)
        windows = np.concatenate([windows, data.mels[drawn.other_clip[:, None], pair]], axis=1)
    v, a = metric.see(crops), metric.hear(torch.from_numpy(windows).to(device))
    heard, seen, far = difference(a[:, 0], a[:, 1]), difference(v[:, 0], v[:, 1]), difference(v[:, 0], v[:, 2])
    views = Seen(heard, crops[:, 0], crops[:, 1])
    if objective.kind == "signed":
        elsewhere = difference(a[:, 2], a[:, 3])
        loss = signed_cosine_loss(heard, seen, far, elsewhere, alpha=objective.alpha, margin=objective.margin)
    elif objective.kind == "triplet":
        loss = triplet_loss(heard, seen, far, margin=objective.margin)
    else:
        loss = cosine_embedding_loss(heard, seen, far, alpha=objective.alpha, margin=objective.margin)
    return loss, views


def _from_stretches(
    objective: Objective, metric: CorrelationMetric, data: CorrelationData, rng: np.random.Generator, batch: int
) -> tuple[Tensor, Seen]:
    clips, frames = data.mels.shape[:2]
    drawn = draw_stretches(rng, clips=clips, frames=frames, batch=batch, length=objective.stretch)
    device = next(metric.parameters()).device
    clip, moment = drawn.clip[:, None], drawn.first[:, None] + np.arange(objective.stretch)
    crops = torch.from_numpy(data.mouths[clip, moment]).to(device)
    v, a = metric.see(crops), metric.hear(torch.from_numpy(data.mels[clip, moment]).to(device))
    heard, seen = difference(a[:, :-1], a[:, 1:]), difference(v[:, :-1], v[:, 1:])
    loss = signed_info_nce(
        heard,
        seen,
        temperature=objective.temperature,
        tau=objective.tau,
        across_clips=objective.other_clips > 0,
    )
    return loss, Seen(heard[:, 0], crops[:, 0], crops[:, 1])
