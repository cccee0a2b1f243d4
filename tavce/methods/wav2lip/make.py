"""Sound and a face -> frames by Wav2Lip: of a still portrait, or with new mouths in a video.

Source: Rudrabha/Wav2Lip@5c90fa9, inference.py: the network is shown the frame whole beside the same frame without its
lower half, and frame k hears the sound that begins with it.
"""

from collections.abc import Iterator
from itertools import chain

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8

from tavce.methods.wav2lip.faces import Boxes, cut_face, face_boxes, paste_face
from tavce.model.wav2lip.data import PEAK, generator_input, planes
from tavce.model.wav2lip.generator import Wav2Lip

MEL_START = 0  # of the windows, when videos are made
AT_ONCE = 32  # frames through the network

Pictures = UInt8[np.ndarray, "frames height width 3"]


def speak_still(
    network: Wav2Lip,
    portrait: UInt8[np.ndarray, "height width 3"],
    landmarks: Float[np.ndarray, "68 2"],
    mels: Float32[np.ndarray, "frames 80 16"],
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Return a frame per window of sound, made when it is asked for: the portrait, its face made anew.

    Args:
        network: in evaluation mode.
        portrait: RGB.
        landmarks: of the portrait, in pixels.
        mels: windows of the mel spectrogram that begin with their frames.

    Raises:
        InputError: the portrait shows no face, or too little of one.
    """
    box = face_boxes(landmarks[None], *portrait.shape[:2])
    return chain.from_iterable(_made(network, portrait[None], box, mels[part]) for part in _parts(len(mels)))


def speak_video(
    network: Wav2Lip,
    frames: Pictures,
    landmarks: Float[np.ndarray, "frames 68 2"],
    mels: Float32[np.ndarray, "frames 80 16"],
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Return the frames of a video with the face of each made anew; arguments and errors as for `speak_still`."""
    boxes = face_boxes(landmarks, *frames.shape[1:3])
    return chain.from_iterable(_made(network, frames[part], boxes[part], mels[part]) for part in _parts(len(mels)))


def _parts(frames: int) -> list[slice]:
    return [slice(first, first + AT_ONCE) for first in range(0, frames, AT_ONCE)]


@torch.inference_mode()
def _made(
    network: Wav2Lip, frames: Pictures, boxes: Boxes, mels: Float32[np.ndarray, "windows 80 16"]
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Yield a frame per window of sound with its face made anew; a single frame serves all windows."""
    side = network.config.side
    faces = planes(np.stack([cut_face(frame, box, side) for frame, box in zip(frames, boxes, strict=True)]))
    made = network(torch.from_numpy(mels)[:, None], generator_input(faces, faces))
    pixels = (made * PEAK).round().byte().flip(1).permute(0, 2, 3, 1).numpy()
    for number, face in enumerate(pixels):
        at = number % len(frames)
        yield paste_face(frames[at], face, boxes[at])
