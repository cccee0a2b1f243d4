"""Clips -> what Wav2Lip's networks learn from."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int16, UInt8

from tavce.media.mel import mel_spectrogram, mel_windows
from tavce.methods.wav2lip.faces import cut_face, face_boxes, points_in_face
from tavce.methods.wav2lip.make import MEL_START
from tavce.model.wav2lip.data import Wav2LipData

MOUTH = slice(48, 68)
CORNERS, LIPS = (48, 54), (62, 66)  # of the 68 landmarks: of the mouth; middles of the inner lips
AROUND = (0.12, 0.08)  # shares of the face's side by which the mouth's box exceeds its landmarks, across and down
LEAST_DEVIATION = 1e-6


class Lesson(NamedTuple):
    """One clip to learn from; fields as in `Wav2LipData`, shapes in shares of the face's side."""

    faces: UInt8[np.ndarray, "frames side side 3"]
    mouths: Float32[np.ndarray, "frames 4"]
    mels: Float32[np.ndarray, "frames 80 16"]
    shapes: Float32[np.ndarray, "frames 2"]


def lesson_of(
    frames: UInt8[np.ndarray, "frames height width 3"],
    landmarks: Float[np.ndarray, "frames 68 2"],
    samples: Int16[np.ndarray, " samples"],
    side: int,
) -> Lesson:
    """Return what is to be learned from a clip.

    Args:
        frames: RGB.
        landmarks: in pixels of the frames.
        samples: 16 kHz mono, 640 per frame.
        side: of the networks' face in pixels.

    Raises:
        InputError: a frame shows no face, or too little of one.
    """
    boxes = face_boxes(landmarks, *frames.shape[1:3])
    faces = np.stack([cut_face(frame, box, side) for frame, box in zip(frames, boxes, strict=True)])
    points = points_in_face(landmarks, boxes, side)
    mouth, margin = points[:, MOUTH], np.array(AROUND) * side
    mouths = np.concatenate([mouth.min(axis=1) - margin, mouth.max(axis=1) + margin], axis=1)
    pairs = [np.linalg.norm(points[:, a] - points[:, b], axis=1) / side for a, b in (LIPS, CORNERS)]
    shapes = np.stack(pairs, axis=1)
    shapes -= shapes.mean(axis=0)
    mels = mel_windows(mel_spectrogram(samples), len(frames), start=MEL_START)
    return Lesson(faces, mouths.astype(np.float32), mels, shapes.astype(np.float32))


def joined(lessons: Sequence[Lesson]) -> Wav2LipData:
    """Return clips of one length together, the mouths' shapes in standard deviations."""
    faces, mouths, mels, shapes = (np.stack(column) for column in zip(*lessons, strict=True))
    return Wav2LipData(faces, mouths, mels, shapes / np.maximum(shapes.std(axis=(0, 1)), LEAST_DEVIATION))
