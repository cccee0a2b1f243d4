"""68 landmarks per frame of a cropped video, by the detector of its data set: the same eye for truth and method."""

import numpy as np
from jaxtyping import Float32, UInt8

from tavce.data.crop.detect import Detector
from tavce.data.crop.faces import area
from tavce.errors import InputError


def frame_landmarks(
    frames: UInt8[np.ndarray, "frames height width 3"], detector: Detector
) -> Float32[np.ndarray, "frames 68 2"]:
    """Return the landmarks of the largest face in each frame, in pixels; NaN in frames without a face.

    A crop shows one face; each frame is looked at by itself, so that no tracker hides a frame that lost its face.

    Raises:
        InputError: the detector gives boxes without landmarks.
    """
    rows = np.full((len(frames), 68, 2), np.nan, np.float32)
    for row, frame in zip(rows, frames, strict=True):
        faces = detector(frame)
        if faces:
            points = max(faces, key=lambda face: area(face.box)).landmarks
            if points is None:
                raise InputError(detector.name, "gives no landmarks", "choose a detector that does")
            row[:] = points
    return rows
