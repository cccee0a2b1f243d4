"""Frames and landmarks -> faces of 112 x 112 pixels whose eyes, nose and mouth lie where ArcFace expects them.

Five points are mapped onto the template of deepinsight/insightface@7fadd42, python-package/insightface/utils/
face_align.py, by the similarity (rotation, scale, shift; no reflection) with the least squared error: Umeyama, PAMI
13(4), 1991, which has a closed form in the plane.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Complex128, Float, Float64, UInt8

SIDE = 112
# x, y of the eye on the left of the picture, the other eye, nose tip, left and right corner of the mouth.
TEMPLATE = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)
LEFT_EYE, RIGHT_EYE = slice(36, 42), slice(42, 48)
NOSE_TIP, LEFT_CORNER, RIGHT_CORNER = 30, 48, 54
LEAST_SPREAD = 1e-3  # pixels; below it five points are one point


@dataclass(frozen=True)
class AlignedFaces:
    """The faces of a clip, one per frame.

    Attributes:
        faces: RGB; black in frames without a face.
        found: whether the frame has a face.
    """

    faces: UInt8[np.ndarray, "frames 112 112 3"]
    found: Bool[np.ndarray, " frames"]


def five_points(landmarks: Float[np.ndarray, "frames 68 2"]) -> Float64[np.ndarray, "frames 5 2"]:
    """Return eye centres, nose tip and mouth corners of 68 iBUG points, in the order of the template.

    An eye's centre is the mean of its six points. A blink moves it by a pixel or so; a detector that looks for pupils
    gives slightly other points, and so another score.
    """
    points = landmarks.astype(np.float64)
    eyes = [points[:, eye].mean(axis=1) for eye in (LEFT_EYE, RIGHT_EYE)]
    return np.stack([*eyes, points[:, NOSE_TIP], points[:, LEFT_CORNER], points[:, RIGHT_CORNER]], axis=1)


def similarity_to_template(points: Float[np.ndarray, "frames 5 2"]) -> Float64[np.ndarray, "frames 2 3"]:
    """Return the matrix [sR | t] per frame that maps its points onto the template with the least squared error.

    As complex numbers, the similarities without reflection are q = a p + b, so a is a regression of one variable.
    Reading: x to the right, y down, (0, 0) the centre of the top-left pixel, on both sides.

    Raises:
        ValueError: the points of a frame coincide, are not finite, or fit no similarity; the message names the frames.
    """
    ours, target = _complex(points.astype(np.float64)), _complex(TEMPLATE)
    middle, goal = ours.mean(axis=1, keepdims=True), target.mean()
    spread = np.square(np.abs(ours - middle)).sum(axis=1)
    usable = np.isfinite(spread) & (spread > LEAST_SPREAD**2)
    _refuse(~usable, "coincide or are not finite")
    factor = (np.conj(ours - middle) * (target - goal)).sum(axis=1) / spread
    # For a factor of 0 the picture would shrink to a point: only for points as symmetric as no face is.
    _refuse(np.abs(factor) * np.sqrt(spread) < LEAST_SPREAD, "fit no similarity")
    shift = goal - factor * middle[:, 0]
    rows = [[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]]
    return np.moveaxis(np.array(rows), 2, 0)


def aligned_faces(
    frames: UInt8[np.ndarray, "frames height width 3"], landmarks: Float[np.ndarray, "frames 68 2"]
) -> AlignedFaces:
    """Return the aligned face of each frame, bilinear, black beyond the edge of the frame.

    Equal to insightface's ``norm_crop`` on the same five points, but for its order of channels: RGB in, RGB out.

    Args:
        frames: RGB.
        landmarks: of the face to compare, in pixels of these frames; all NaN where there is none. In frames with
            several faces the choice is the detector's: it must be the face that the reference shows.

    Raises:
        ValueError: other than one set of landmarks per frame, a frame with some NaN, infinite or coinciding points.
    """
    if frames.dtype != np.uint8 or len(frames) != len(landmarks):
        raise ValueError(f"need uint8 frames and as many landmarks, got {frames.dtype} {len(frames)}, {len(landmarks)}")
    missing = np.isnan(landmarks)
    found = ~missing.all(axis=(1, 2))
    if missing[found].any():
        raise ValueError("landmarks are NaN in part of a frame; a frame without a face must be NaN throughout")
    faces = np.zeros((len(frames), SIDE, SIDE, 3), np.uint8)
    places = np.flatnonzero(found)
    # Frames without a face get the template itself, so that messages count frames as the caller does.
    points = np.tile(TEMPLATE, (len(frames), 1, 1))
    points[places] = five_points(landmarks[places])
    for frame, matrix in zip(places, similarity_to_template(points)[places], strict=True):
        faces[frame] = cv2.warpAffine(frames[frame], matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderValue=0.0)
    return AlignedFaces(faces, found)


def _complex(points: Float64[np.ndarray, "*shape 2"]) -> Complex128[np.ndarray, "*shape"]:
    return np.asarray(points[..., 0] + 1j * points[..., 1])


def _refuse(wrong: Bool[np.ndarray, " frames"], problem: str) -> None:
    if wrong.any():
        numbers = ", ".join(str(frame) for frame in np.flatnonzero(wrong)[:6])
        raise ValueError(f"the five points of {int(wrong.sum())} frames {problem}; the first are frames {numbers}")
