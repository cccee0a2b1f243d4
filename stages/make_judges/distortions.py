"""Distortions of a frame that grow with one number: what the perceptual judges learn to rank and to name."""

from typing import Literal

import cv2
import numpy as np
from jaxtyping import UInt8

from stages.make_judges.augment import blur, jpeg, noise, shrink

Frame = UInt8[np.ndarray, "side side 3"]
Kind = Literal["shrink", "blur", "jpeg", "noise", "slide", "ghost"]
KINDS: tuple[Kind, ...] = ("shrink", "blur", "jpeg", "noise", "slide", "ghost")

# At strength 1. Half of the strength is clearly seen, a tenth hardly.
LEAST_SIDE = 0.25  # of the frame's, before it is blown up again
MOST_BLUR = 3.0  # pixels of deviation
BEST_QUALITY, WORST_QUALITY = 95, 8
MOST_NOISE = 25.0  # grey levels of deviation
MOST_SLIDE = 0.06  # of the frame's side


def distort(rng: np.random.Generator, kind: Kind, strength: float, frame: Frame, other: Frame) -> Frame:
    """Return the frame distorted; the same generator state draws the same noise or direction at any strength.

    Args:
        rng: draws grain and direction.
        kind: shrink (and blow up), blur, jpeg, noise, slide (all of the picture moves) or ghost (`other` shines
            through).
        strength: 0 leaves the frame nearly as it is, 1 is the most.
        frame: RGB.
        other: another frame of the same size; only "ghost" reads it.
    """
    if kind == "shrink":
        return shrink(frame, round(len(frame) * LEAST_SIDE**strength))
    if kind == "blur":
        return blur(frame, MOST_BLUR * strength)
    if kind == "jpeg":
        return jpeg(frame, round(BEST_QUALITY * (WORST_QUALITY / BEST_QUALITY) ** strength))
    if kind == "noise":
        return noise(rng, frame, MOST_NOISE * strength)
    if kind == "slide":
        angle, far = rng.uniform(0, 2 * np.pi), MOST_SLIDE * strength * len(frame)
        matrix = np.array([[1, 0, far * np.cos(angle)], [0, 1, far * np.sin(angle)]])
        size = frame.shape[1::-1]
        moved = cv2.warpAffine(frame, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        return np.asarray(moved)
    return np.asarray(cv2.addWeighted(frame, 1 - strength / 2, other, strength / 2, 0))
