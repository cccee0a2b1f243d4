"""What the metrics on 68 iBUG landmarks share: the points by name, argument checks, which frames show a face."""

import math

import numpy as np
from jaxtyping import Bool, Float, Float64

POINTS = 68
MOUTH = slice(48, 68)
RIGHT_EYE = slice(36, 42)  # the person's right, left in the image
LEFT_EYE = slice(42, 48)
OUTER_EYE_CORNERS = (36, 45)


def check_landmarks(*sides: Float[np.ndarray, "_ 68 2"]) -> None:
    """Refuse landmarks that no metric can use.

    Raises:
        ValueError: a side is not (frames, 68, 2), or holds an infinite coordinate, or the sides differ in length.
    """
    shapes = [side.shape for side in sides]
    if any(shape[1:] != (POINTS, 2) or len(shape) != 3 for shape in shapes) or len(set(shapes)) > 1:
        raise ValueError(f"landmarks must be (frames, 68, 2) with equal frames, got {' and '.join(map(str, shapes))}")
    if any(np.isinf(side).any() for side in sides):
        raise ValueError("landmarks hold infinite coordinates; a frame without a face must be NaN")


def has_face(landmarks: Float[np.ndarray, "frames 68 2"]) -> Bool[np.ndarray, " frames"]:
    """Return which frames have all their landmarks."""
    return np.asarray(~np.isnan(landmarks).any(axis=(1, 2)))


def centred(points: Float64[np.ndarray, "frames points 2"]) -> Float64[np.ndarray, "frames points 2"]:
    """Return the points relative to their mean in each frame."""
    return np.asarray(points - points.mean(axis=1, keepdims=True))


def eye_distance(landmarks: Float[np.ndarray, "frames 68 2"]) -> float:
    """Return the distance between the outer eye corners (36, 45) in pixels, mean over the frames with a face.

    Raises:
        ValueError: no frame has a face, or the corners coincide in all of them.
    """
    seen = landmarks[has_face(landmarks)].astype(np.float64)
    right, left = (seen[:, corner] for corner in OUTER_EYE_CORNERS)
    distance = float(np.hypot(*(left - right).T).mean()) if len(seen) else 0.0
    if distance == 0:
        raise ValueError("the outer eye corners (36, 45) coincide or are never seen, so distances have no unit")
    return distance


def smoothed(values: Float[np.ndarray, "frames *rest"], frames: float) -> Float64[np.ndarray, "frames *rest"]:
    """Return a curve after a Gaussian over time whose standard deviation is `frames`.

    Frames that hold a NaN, and those beyond the ends, have no weight: the mean is over what is there. They are NaN in
    the result. The window ends at three standard deviations.
    """
    flat = values.reshape(len(values), math.prod(values.shape[1:])).astype(np.float64)
    known = ~np.isnan(flat).any(axis=1, keepdims=True)
    reach = int(np.ceil(3 * frames))
    padding = ((reach, reach), (0, 0))
    there, what = np.pad(known.astype(np.float64), padding), np.pad(np.where(known, flat, 0), padding)
    total, share = np.zeros(flat.shape), np.zeros(known.shape)
    for k, weight in enumerate(np.exp(-0.5 * (np.arange(-reach, reach + 1) / frames) ** 2)):
        total += weight * what[k : k + len(flat)]
        share += weight * there[k : k + len(flat)]
    return np.where(known, total / np.where(known, share, 1), np.nan).reshape(values.shape)
