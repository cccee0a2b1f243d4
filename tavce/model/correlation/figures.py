"""Whether a correlation metric listens: figures of held-out clips that are read together, never alone.

The released AUC alone misleads: its negatives are longer steps of the mouth, so it rises without any sound. Beside it
stand the same AUC with shuffled audio, the AUC of a mouth's own audio against that of other moments, and the share of
clips whose lag is found. Random encoders are the floor: the same figures of an untrained network.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

MAX_LAG = 15
STILL = 1e-6  # length of a difference that is rounding
GAPS = (3, 6, 11, 21, 41)  # each band of |i - j| begins here and ends before the next

Embeddings = Float[np.ndarray, "clips frames channels"]


@dataclass(frozen=True)
class CorrelationFigures:
    """Figures of a set of clips; AUCs in [0, 1], 0.5 is chance, pooled over all moments of all clips.

    Attributes:
        released_auc: of (i, i + 1) against (i, j) on the mouth's side, |i - j| at least tau.
        released_auc_by_gap: the same by bands of |i - j|, named "3-5" to "41-".
        shuffled_auc: `released_auc` with the audio of randomly drawn other moments.
        audio_auc: of a mouth pair with its own audio against audio of other moments of the clip, tau or more away.
        audio_auc_faster: the same over the half of all moments in which the mouth moves faster.
        lag_found: share of clips whose mean similarity over -15..15 frames of lag is largest at lag 0; chance is 1/31.
        clips: counted.
        moments: neighbouring pairs counted.
    """

    released_auc: float
    released_auc_by_gap: dict[str, float]
    shuffled_auc: float
    audio_auc: float
    audio_auc_faster: float
    lag_found: float
    clips: int
    moments: int


def correlation_figures(
    heard: Embeddings,
    seen: Embeddings,
    speed: Float[np.ndarray, "clips moments"],
    *,
    signed: bool,
    tau: int,
    seed: int,
) -> CorrelationFigures:
    """Return the figures of clips of one length.

    Args:
        heard: audio embeddings.
        seen: mouth embeddings.
        speed: of the mouth between frames i and i + 1, from something else than the encoders (`mouth_speed`).
        signed: whether the similarity is the cosine of differences (TAVCE+) or its square (TAVCE).
        tau: smallest |i - j| of a negative.
        seed: of the shuffled audio.

    Raises:
        ValueError: shapes that do not fit, clips too short for the lags, or embeddings that are not finite.
    """
    clips, frames, _ = heard.shape
    if heard.shape != seen.shape or speed.shape != (clips, frames - 1):
        raise ValueError(f"heard {heard.shape}, seen {seen.shape} and speed {speed.shape} do not fit together")
    if frames < 2 * MAX_LAG + 2 or tau < 1:
        raise ValueError(
            f"{2 * MAX_LAG + 1} lags need {2 * MAX_LAG + 2} frames and tau at least 1, got {frames} and {tau}"
        )
    if not (np.isfinite(heard).all() and np.isfinite(seen).all() and np.isfinite(speed).all()):
        raise ValueError("embeddings or speeds are not finite: the figures would say nothing")
    heard, seen = heard.astype(np.float64), seen.astype(np.float64)
    changes = directions(np.diff(heard, axis=1))
    others = np.random.default_rng(seed).permutation(clips * (frames - 1))
    shuffled = changes.reshape(len(others), -1)[others].reshape(changes.shape)
    steps, gap = step_similarities(changes, seen, signed=signed)
    moments = moment_similarities(changes, seen, signed=signed)
    faster = speed > np.median(speed)
    bands = {_band(k): _step_auc(steps, (gap >= low) & (gap < high)) for k, low, high in _bands(tau)}
    return CorrelationFigures(
        released_auc=_step_auc(steps, gap >= tau),
        released_auc_by_gap={name: value for name, value in bands.items() if np.isfinite(value)},
        shuffled_auc=_step_auc(step_similarities(shuffled, seen, signed=signed)[0], gap >= tau),
        audio_auc=_audio_auc(moments, np.ones_like(faster), tau),
        audio_auc_faster=_audio_auc(moments, faster, tau),
        lag_found=float(np.mean([_lag(clip) == 0 for clip in moments])),
        clips=clips,
        moments=clips * (frames - 1),
    )


def directions(differences: Float64[np.ndarray, "*batch channels"]) -> Float64[np.ndarray, "*batch channels"]:
    """Return vectors of unit length; those of no length become zero, hence similar to nothing."""
    length = np.linalg.norm(differences, axis=-1, keepdims=True)
    still = length <= STILL
    return np.asarray(np.where(still, 0, differences) / np.where(still, 1, length))


def step_similarities(
    changes: Float64[np.ndarray, "clips moments channels"],
    seen: Float64[np.ndarray, "clips frames channels"],
    *,
    signed: bool,
) -> tuple[Float64[np.ndarray, "clips moments frames"], np.ndarray]:
    """Return the similarity of d_a of moment i with the mouth's step from frame i to j, and |i - j|."""
    frames = seen.shape[1]
    found = np.empty((*changes.shape[:2], frames))
    for clip, (heard, mouth) in enumerate(zip(changes, seen, strict=True)):
        steps = directions(mouth[None] - mouth[:-1, None])
        found[clip] = np.einsum("ic,ijc->ij", heard, steps)
    gap = np.abs(np.arange(frames) - np.arange(frames - 1)[:, None])
    return found if signed else found**2, gap


def moment_similarities(
    changes: Float64[np.ndarray, "clips moments channels"],
    seen: Float64[np.ndarray, "clips frames channels"],
    *,
    signed: bool,
) -> Float64[np.ndarray, "clips moments moments"]:
    """Return the similarity of d_v of moment i (rows) with d_a of moment k (columns) of the same clip."""
    found: Float64[np.ndarray, "clips moments moments"]
    found = directions(np.diff(seen, axis=1)) @ changes.transpose(0, 2, 1)
    return found if signed else found**2


def auc(positive: Float64[np.ndarray, " positives"], negative: Float64[np.ndarray, " negatives"]) -> float:
    """Return the share of pairs in which the positive is larger; a tie is half a pair. NaN where a side is empty.

    `metrics.ranking` has the same for the judges: a model may import no judge, nor a judge a model.
    """
    if not (positive.size and negative.size):
        return float("nan")
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left") + np.searchsorted(ordered, positive, side="right")
    return float(below.mean() / 2 / len(ordered))


def mouth_speed(
    points: Float32[np.ndarray, "clips frames points 2"],
) -> Float64[np.ndarray, "clips moments"]:
    """Return how far the mouth's points move from each frame to the next relative to their centre, pixels, mean."""
    shape = points.astype(np.float64) - points.mean(axis=2, keepdims=True, dtype=np.float64)
    speed: Float64[np.ndarray, "clips moments"] = np.linalg.norm(np.diff(shape, axis=1), axis=3).mean(axis=2)
    return speed


def _step_auc(steps: Float64[np.ndarray, "clips moments frames"], far: Bool[np.ndarray, "moments frames"]) -> float:
    return auc(np.diagonal(steps, offset=1, axis1=1, axis2=2).ravel(), steps[:, far].ravel())


def _audio_auc(
    moments: Float64[np.ndarray, "clips moments moments"], kept: Bool[np.ndarray, "clips moments"], tau: int
) -> float:
    number = np.arange(moments.shape[1])
    far = np.abs(number[:, None] - number) >= tau
    own = np.diagonal(moments, axis1=1, axis2=2)[kept]
    return auc(own, moments[kept[:, :, None] & far])


def _lag(clip: Float64[np.ndarray, "moments moments"]) -> int:
    lags = range(-MAX_LAG, MAX_LAG + 1)
    return lags[int(np.argmax([np.diagonal(clip, lag).mean() for lag in lags]))]


def _bands(tau: int) -> list[tuple[int, int, int]]:
    ends = [*GAPS[1:], np.iinfo(np.int64).max]
    return [(k, max(low, tau), high) for k, (low, high) in enumerate(zip(GAPS, ends, strict=True))]


def _band(k: int) -> str:
    return f"{GAPS[k]}-{GAPS[k + 1] - 1}" if k + 1 < len(GAPS) else f"{GAPS[k]}-"
