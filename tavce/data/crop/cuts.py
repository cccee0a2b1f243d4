"""Cuts between shots, from one small number per frame, so that a long video never sits in memory.

A hard cut is found; a slow dissolve is not, and a photographic flash may be taken for one. A cut between two shots
of one person on one background can be too small to see at this scale; then the face rules must decide.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

from tavce.data.crop.faces import Face, area, overlap

THUMBNAIL = 32
SURE = 20.0
LIKELY = 12.0
TIMES_USUAL = 5.0
NEIGHBOURS = 12
JUMP = 0.3


def thumbnail(frame: UInt8[np.ndarray, "height width 3"]) -> Float32[np.ndarray, "32 32 3"]:
    """Return the frame averaged down to 32 x 32, in [0, 255]."""
    small = cv2.resize(frame, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def change(a: Float32[np.ndarray, "32 32 3"], b: Float32[np.ndarray, "32 32 3"]) -> float:
    """Return the mean absolute difference of two thumbnails, in [0, 255]."""
    return float(np.abs(a - b).mean())


def first_cut(changes: Float[np.ndarray, " frames"], jumps: Bool[np.ndarray, " frames"]) -> int | None:
    """Return the first frame that starts a new shot, or None.

    Frame k starts one if its change is at least five times the median of the 12 frames before and after it (itself
    left out), and the change is at least 20, or at least 12 while the face jumps as well. A talker who gestures and
    sways before a still camera stays below 10; two shots of different scenes differ by 50 and more.

    Args:
        changes: difference of each frame from the one before; 0 for frame 0.
        jumps: whether the largest face overlaps that of the frame before by less than 0.3.
    """
    for k in np.flatnonzero((changes >= SURE) | ((changes >= LIKELY) & jumps)):
        around = np.concatenate([changes[max(k - NEIGHBOURS, 1) : k], changes[k + 1 : k + 1 + NEIGHBOURS]])
        if changes[k] >= TIMES_USUAL * (np.median(around) if around.size else 0.0):
            return int(k)
    return None


def face_jumped(before: Sequence[Face], now: Sequence[Face]) -> bool:
    """Return whether the largest faces of two neighbouring frames overlap by less than 0.3; False if one has none."""
    if not before or not now:
        return False
    a, b = (max(faces, key=lambda face: area(face.box)) for faces in (before, now))
    return overlap(a.box, b.box) < JUMP
