"""68 landmarks per frame of a cropped video, by the detector of its data set: the same eye for truth and method."""

from pathlib import Path

import numpy as np
from jaxtyping import Float32

from tavce.data.crop.detect import Detector
from tavce.data.crop.faces import area
from tavce.errors import InputError
from tavce.media.video import read_frames


def video_landmarks(video: Path, detector: Detector) -> Float32[np.ndarray, "frames 68 2"]:
    """Return the landmarks of the largest face in each frame, in pixels; NaN in frames without a face.

    A crop shows one face; each frame is looked at by itself, so that no tracker hides a frame that lost its face.

    Raises:
        InputError: the video cannot be read, or the detector gives boxes without landmarks.
    """
    rows = []
    for frame in read_frames(video):
        faces = detector(frame)
        points = (
            max(faces, key=lambda face: area(face.box)).landmarks if faces else np.full((68, 2), np.nan, np.float32)
        )
        if points is None:
            raise InputError(video, f"{detector.name} gives no landmarks", "choose a detector that does")
        rows.append(points)
    return np.stack(rows).astype(np.float32)
