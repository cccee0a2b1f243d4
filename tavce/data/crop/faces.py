"""Faces in a frame, one face through a clip, and the sizes and overlaps that the rules of the crop speak of."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32

FOREHEAD = 0.5

Box = tuple[float, float, float, float]


class UnusableError(Exception):
    """The clip at hand cannot be used; the message is the one sentence that its row in the clip table gets."""


@dataclass(frozen=True)
class Face:
    """One face in one frame.

    Attributes:
        box: head box x0, y0, x1, y1 in pixels, chin to hairline and ear to ear.
        score: the detector's confidence in [0, 1]; 1 where it gives none.
        landmarks: 68 iBUG points in pixels, or None where the detector gives none.
        coefficients: how the face moves (`motion.COEFFICIENTS`), or None where the detector does not tell.
    """

    box: Box
    score: float
    landmarks: Float32[np.ndarray, "68 2"] | None
    coefficients: Float32[np.ndarray, " coefficients"] | None = None


@dataclass(frozen=True)
class FaceTrack:
    """One face through all frames of a clip.

    Attributes:
        boxes: head boxes x0, y0, x1, y1 in pixels.
        landmarks: 68 iBUG points in pixels; all NaN where no detector gave landmarks.
        found: whether the face was detected in the frame; elsewhere all that is known of it is interpolated.
        coefficients: `Face.coefficients`, or None unless each frame that shows the face has them.
    """

    boxes: Float32[np.ndarray, "frames 4"]
    landmarks: Float32[np.ndarray, "frames 68 2"]
    found: Bool[np.ndarray, " frames"]
    coefficients: Float32[np.ndarray, "frames coefficients"] | None = None


def head_box(landmarks: Float[np.ndarray, "68 2"]) -> Box:
    """Return the head box of 68 landmarks: their bounding box, extended upwards to the hairline.

    The points end at the brows. The face splits into about equal thirds, hairline to brows to nose to chin, so the
    forehead adds half of the height that the points span.
    """
    x0, y0 = landmarks.min(axis=0)
    x1, y1 = landmarks.max(axis=0)
    return float(x0), float(y0 - FOREHEAD * (y1 - y0)), float(x1), float(y1)


def as_box(row: Float[np.ndarray, "4"]) -> Box:
    """Return one row of a track's boxes as plain numbers."""
    x0, y0, x1, y1 = row.tolist()
    return x0, y0, x1, y1


def area(box: Box) -> float:
    """Return the area of a box in square pixels; 0 where it is turned inside out."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def overlap(a: Box, b: Box) -> float:
    """Return the intersection over union of two boxes, in [0, 1]; 0 where both are empty."""
    common = area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))
    union = area(a) + area(b) - common
    return common / union if union > 0 else 0.0
