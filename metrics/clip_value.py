"""From values per frame to the value of a clip, with every frame accounted for."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class ClipValue:
    """The score of one clip.

    Attributes:
        value: mean over the frames with a finite value; inf if every frame that has a value equals the reference
            exactly; None if no frame has a value.
        frames_used: frames in the mean.
        identical_frames: frames whose value is inf (equal to the reference, bit for bit), which are not in the mean.
        reason: why there is no value; None where there is one.
    """

    value: float | None
    frames_used: int
    identical_frames: int
    reason: str | None


def reduce(per_frame: Float[np.ndarray, " frames"]) -> ClipValue:
    """Reduce a clip's values per frame to its score (docs/decisions/0001-identical-frames.md says why this way).

    Args:
        per_frame: one value per frame; inf where the frame equals the reference exactly, NaN where it has no value.

    Raises:
        ValueError: on -inf, which no metric gives.
    """
    if np.isneginf(per_frame).any():
        raise ValueError("a frame scored -inf, which no metric may give")
    finite = per_frame[np.isfinite(per_frame)]
    identical = int(np.isposinf(per_frame).sum())
    if len(finite):
        return ClipValue(math.fsum(finite.tolist()) / len(finite), len(finite), identical, None)
    if identical:
        return ClipValue(math.inf, 0, identical, None)
    return ClipValue(None, 0, 0, f"none of {len(per_frame)} frames has a value" if len(per_frame) else "no frames")
