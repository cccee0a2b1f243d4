"""Eyelids: eye aspect ratio, blinks, and how two clips differ in them.

The eye aspect ratio is Soukupova and Cech's; the rule for blinks and both metrics are this project's own.
"""

import numpy as np
from jaxtyping import Float, Float64

from metrics.landmark_geometry import LEFT_EYE, RIGHT_EYE, check_landmarks, has_face
from metrics.record import Metric, NoValueError

FRAMES_PER_MINUTE = 25 * 60
OPEN_QUANTILE = 0.75
# How closed the eyes are at least once in a blink, and throughout; noise and glances down stay below.
BLINK_DEPTH, BLINK_EDGE = 0.5, 0.3
BLINK_FRAMES = (2, 15)
# Below this aspect ratio nobody's eyes are open, and noise would look like blinks.
LEAST_OPEN = 0.1
LEAST_FRAMES_FOR_LEVEL = 25
LEAST_FRAMES_FOR_RATE = 50


def eye_aspect_ratio(landmarks: Float[np.ndarray, "frames 68 2"]) -> Float64[np.ndarray, "frames 2"]:
    """Return height over width of the person's right and left eye in each frame; about 0.2 to 0.5 where they are open.

    With the points p0 to p5 of an eye, one corner first and then around it: (|p1 - p5| + |p2 - p4|) / (2 |p0 - p3|).
    Independent of place, scale and tilt of the face; turning the head narrows the eye and raises the ratio. NaN in
    frames without a face, and where an eye has no width.

    Source: Soukupova and Cech, Computer Vision Winter Workshop 2016.
    """
    eyes = np.stack([landmarks[:, RIGHT_EYE], landmarks[:, LEFT_EYE]], axis=1).astype(np.float64)

    def apart(one: int, other: int) -> Float64[np.ndarray, "frames 2"]:
        difference = eyes[:, :, one] - eyes[:, :, other]
        return np.asarray(np.hypot(difference[..., 0], difference[..., 1]))

    width = apart(0, 3)
    width[width == 0] = np.nan
    return np.asarray((apart(1, 5) + apart(2, 4)) / (2 * width))


def open_level(landmarks: Float[np.ndarray, "frames 68 2"]) -> float:
    """Return the aspect ratio of this clip's open eyes: the upper quartile over its frames of the mean of both eyes.

    A person's eyes are open in at least a quarter of any clip, and blinks, which take less than a fifth of the time,
    do not reach it.

    Raises:
        NoValueError: fewer than 25 frames have a face.
    """
    ratios = eye_aspect_ratio(landmarks).mean(axis=1)
    ratios = ratios[~np.isnan(ratios)]
    if len(ratios) < LEAST_FRAMES_FOR_LEVEL:
        raise NoValueError(
            f"{len(ratios)} frames with a face are too few to tell how open the eyes are, "
            f"which takes {LEAST_FRAMES_FOR_LEVEL}"
        )
    return float(np.quantile(ratios, OPEN_QUANTILE))


def eyelid_closure(landmarks: Float[np.ndarray, "frames 68 2"], level: float) -> Float64[np.ndarray, " frames"]:
    """Return how closed the eyes are, mean of both, 0 at the open level or above .. 1 shut; NaN without a face."""
    ratios = eye_aspect_ratio(landmarks).mean(axis=1)
    return np.asarray(np.clip(1 - ratios / level, 0, 1))


def blinks(landmarks: Float[np.ndarray, "frames 68 2"]) -> list[tuple[int, int]]:
    """Return the first and last frame of each blink.

    A blink is a run of 2 to 15 frames (0.08 to 0.6 s) whose closure is at least 0.3 throughout and at least 0.5 once,
    relative to the clip's own open level. Frames without a face are passed over: what stands before and after them
    belongs to one run. A blink that is cut by an end of the clip counts if what is left of it fulfils this. Eyes whose
    open level is below 0.1 are shut, and shut eyes do not blink.

    Raises:
        NoValueError: as `open_level`.
    """
    level = open_level(landmarks)
    if level < LEAST_OPEN:
        return []
    closure = eyelid_closure(landmarks, level)
    frames = np.flatnonzero(~np.isnan(closure))
    low = np.concatenate([[False], closure[frames] >= BLINK_EDGE, [False]])
    edges = np.flatnonzero(low[1:] != low[:-1])
    found = []
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        run = frames[first:end]
        begin, last = int(run[0]), int(run[-1])
        if closure[run].max() >= BLINK_DEPTH and BLINK_FRAMES[0] <= last - begin + 1 <= BLINK_FRAMES[1]:
            found.append((begin, last))
    return found


def blink_rate(landmarks: Float[np.ndarray, "frames 68 2"]) -> float:
    """Return the blinks per minute of the time with a face. People who talk to a camera blink about 10 to 30 times.

    Raises:
        NoValueError: fewer than 50 frames (2 s) have a face.
    """
    seen = int(has_face(landmarks).sum())
    if seen < LEAST_FRAMES_FOR_RATE:
        raise NoValueError(
            f"{seen} frames with a face are too few for a blink rate, which takes {LEAST_FRAMES_FOR_RATE} (2 s)"
        )
    return len(blinks(landmarks)) * FRAMES_PER_MINUTE / seen


def blink_rate_error(generated: Float[np.ndarray, "frames 68 2"], reference: Float[np.ndarray, "frames 68 2"]) -> float:
    """Return the absolute difference of the blinks per minute. Range [0, inf); blinks need not coincide.

    One blink more or less moves it by 60 / (clip length in seconds).

    Raises:
        NoValueError: fewer than 50 frames (2 s) of a side have a face.
        ValueError: as `metrics.landmark_geometry.check_landmarks`.
    """
    check_landmarks(generated, reference)
    return abs(blink_rate(generated) - blink_rate(reference))


def eyelid_distance(
    generated: Float[np.ndarray, "frames 68 2"], reference: Float[np.ndarray, "frames 68 2"]
) -> Float64[np.ndarray, " frames"]:
    """Return the absolute difference of the eyelid closures in each frame. Range [0, 1].

    Both sides are measured by the reference's open level, so eyes that stay half closed cost, and so does a blink at
    another moment. A frame where either side has no face is NaN.

    Raises:
        NoValueError: fewer than 25 frames of the reference have a face, or its eyes are shut in most of the clip.
        ValueError: as `metrics.landmark_geometry.check_landmarks`.
    """
    check_landmarks(generated, reference)
    level = open_level(reference)
    if level < LEAST_OPEN:
        raise NoValueError(f"the reference's eyes are shut (aspect ratio {level:.2f}), so there is no open level")
    return np.asarray(np.abs(eyelid_closure(generated, level) - eyelid_closure(reference, level)))


BLINK_RATE_ERROR = Metric(
    key="blink_rate_error",
    name="Blink rate error",
    unit="1/min",
    better="lower",
    version=1,
    protocol="ear-q75-depth0.5-edge0.3-2to15",
    citation="this project; eye aspect ratio of Soukupova and Cech, CVWW 2016",
    needs="landmarks",
    scope="clip",
    decimals=1,
    measure=blink_rate_error,
)
EYELID_DISTANCE = Metric(
    key="eyelid_distance",
    name="Eyelid distance",
    unit="",
    better="lower",
    version=1,
    protocol="ear-q75-of-reference",
    citation="this project; eye aspect ratio of Soukupova and Cech, CVWW 2016",
    needs="landmarks",
    scope="frame",
    decimals=3,
    measure=eyelid_distance,
)
