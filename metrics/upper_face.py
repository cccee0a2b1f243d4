"""Upper-face dynamics: do brows and eyelids move as much, as fast and as often as a person's? (this project's own)."""

import numpy as np
from jaxtyping import Complex128, Float, Float64

from metrics.landmark_geometry import OUTER_EYE_CORNERS, check_landmarks, has_face, smoothed
from metrics.record import Metric, NoValueError

# The root of the nose and the eye corners; the tip stands out, so that nodding would move it against the brows.
RIGID_POINTS = (27, 36, 39, 42, 45)
UPPER_LIDS, LOWER_LIDS = ((37, 38), (43, 44)), ((40, 41), (46, 47))
# Inner brows rise in sorrow and sink in anger, outer ones rise in surprise: they are curves of their own.
BROWS = ((17, 18), (20, 21), (22, 23), (25, 26))
LID_CURVES, BROW_CURVES = slice(0, 2), slice(2, 6)
LAGS = (1, 2, 4, 8, 16)
LEAST_PAIRS = 25
# Trembling of the landmarks would pass for life; 40 ms take half of it and leave a blink nearly whole.
SMOOTHING_FRAMES = 1.0
STILL = 0.02


def upper_face_curves(landmarks: Float[np.ndarray, "frames 68 2"]) -> Float64[np.ndarray, "frames 6"]:
    """Return lid openings (right, left) and brow heights (right outer, right inner, left inner, left outer).

    In percent of the inter-ocular distance (36 to 45), upwards positive. Each frame is first laid on the clip's own
    mean shape by the closed-form similarity (shift, turn, scale) that fits the root of the nose (27) and the eye
    corners best, so what the head does is gone but for foreshortening. NaN in frames without a face.

    Raises:
        ValueError: the eye corners coincide in a frame, so it has no scale.
    """
    curves = np.full((len(landmarks), 6), np.nan)
    seen = has_face(landmarks)
    if not seen.any():
        return curves
    face = landmarks[seen].astype(np.float64)
    plane = _upright(face[..., 0] + 1j * face[..., 1])
    shape = _upright(plane[:1])
    for _ in range(2):  # the mean of frames laid on the first frame, then on that mean: no frame is special
        laid = _laid_on(plane, shape[0])
        shape = _upright(laid.mean(axis=0, keepdims=True))
    height = -100 * _laid_on(plane, shape[0]).imag
    lids = [
        height[:, upper].mean(axis=1) - height[:, lower].mean(axis=1)
        for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True)
    ]
    brows = [height[:, points].mean(axis=1) for points in BROWS]
    curves[seen] = np.stack([*lids, *brows], axis=1)
    return curves


def upper_face_distance(
    generated: Float[np.ndarray, "frames 68 2"], reference: Float[np.ndarray, "frames 68 2"]
) -> float:
    """Return how far apart the movements of brows and lids are as distributions; 0 equal, 1 as far as a still face.

    The curves of `upper_face_curves` pass a Gaussian of 1 frame. For each curve and each lag of 1, 2, 4, 8 and 16
    frames (0.04 to 0.64 s), the changes over that lag are collected from the clip; the two sides' collections are
    compared by the Wasserstein-1 distance. These distances, summed over curves and lags, are divided by the sum of both
    sides' mean absolute changes, which they cannot exceed. Lids and brows are two such ratios; their mean is the value.

    Range [0, 1], symmetric. Exactly 1 where one side does not move; 1/3 for the same movement at half or double
    amplitude. When a movement happens does not matter; how fast it is, how often and in which direction does.
    Movements below 0.02 % of the inter-ocular distance on both sides count as none and agree.

    Raises:
        NoValueError: a side has fewer than 25 pairs of frames with a face at some lag (a clip of 41 frames has them).
        ValueError: as `metrics.landmark_geometry.check_landmarks`, or the eye corners coincide in a frame.
    """
    check_landmarks(generated, reference)
    ours, theirs = (smoothed(upper_face_curves(side), SMOOTHING_FRAMES) for side in (generated, reference))
    apart, moved = np.zeros(6), np.zeros(6)
    for lag in LAGS:
        our_changes, their_changes = _changes(ours, lag, "generated clip"), _changes(theirs, lag, "reference")
        apart += [wasserstein(a, b) for a, b in zip(our_changes.T, their_changes.T, strict=True)]
        moved += np.abs(our_changes).mean(axis=0) + np.abs(their_changes).mean(axis=0)
    still = STILL * len(LAGS)
    ratios = [
        float(apart[curves].sum() / moved[curves].sum()) if moved[curves].mean() > still else 0.0
        for curves in (LID_CURVES, BROW_CURVES)
    ]
    return sum(ratios) / len(ratios)


def wasserstein(one: Float64[np.ndarray, " m"], other: Float64[np.ndarray, " n"]) -> float:
    """Return the Wasserstein-1 distance of two samples: the area between their distribution functions, exactly."""
    values = np.sort(np.concatenate([one, other]))
    share_one = np.searchsorted(np.sort(one), values[:-1], side="right") / len(one)
    share_other = np.searchsorted(np.sort(other), values[:-1], side="right") / len(other)
    return float(np.abs(share_one - share_other) @ np.diff(values))


def _changes(curves: Float64[np.ndarray, "frames 6"], lag: int, side: str) -> Float64[np.ndarray, "pairs 6"]:
    changes = curves[lag:] - curves[:-lag]
    changes = changes[~np.isnan(changes[:, 0])]
    if len(changes) < LEAST_PAIRS:
        raise NoValueError(
            f"the {side} has {len(changes)} pairs of frames with a face {lag} frames apart, too few to compare "
            f"movements, which takes {LEAST_PAIRS}"
        )
    return np.asarray(changes)


def _upright(plane: Complex128[np.ndarray, "frames 68"]) -> Complex128[np.ndarray, "frames 68"]:
    """Return the faces with the outer corner of the right eye at 0 and that of the left eye at 1."""
    right, left = (plane[:, corner, None] for corner in OUTER_EYE_CORNERS)
    if (right == left).any():
        raise ValueError("the outer eye corners (36, 45) coincide in a frame, which has no scale then")
    return np.asarray((plane - right) / (left - right))


def _laid_on(
    plane: Complex128[np.ndarray, "frames 68"], shape: Complex128[np.ndarray, " 68"]
) -> Complex128[np.ndarray, "frames 68"]:
    """Return the faces moved by the similarity that brings their rigid points nearest to those of `shape`."""
    ours, theirs = plane[:, RIGID_POINTS], shape[list(RIGID_POINTS)]
    centre, goal = ours.mean(axis=1, keepdims=True), theirs.mean()
    spread = ours - centre
    factor = (spread.conj() @ (theirs - goal)) / (np.abs(spread) ** 2).sum(axis=1)
    return np.asarray((plane - centre) * factor[:, None] + goal)


UPPER_FACE_DISTANCE = Metric(
    key="upper_face_distance",
    name="Upper-face dynamics",
    unit="",
    better="lower",
    version=1,
    protocol="w1-changes-lag1to16-gauss1-lids-brows",
    citation="this project",
    needs="landmarks",
    scope="clip",
    decimals=3,
    measure=upper_face_distance,
)
