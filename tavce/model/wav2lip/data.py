"""Clips in memory -> what Wav2Lip's networks see: windows of five faces and the sound that belongs to them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64, UInt8
from torch import Tensor

from tavce.model.animator.data import box_mask
from tavce.model.wav2lip.blocks import lower_half
from tavce.model.wav2lip.sync_expert import WINDOW

PEAK = 255.0


@dataclass(frozen=True)
class Wav2LipData:
    """What Wav2Lip learns from: clips of one length.

    Attributes:
        faces: RGB, cut from the frames and brought to the networks' side.
        mouths: box of the mouth in each face: x0, y0, x1, y1 in its pixels, (0, 0) the centre of the top left one.
        mels: window of the mel spectrogram that begins with each frame (start 0 of `tavce.media.mel.mel_windows`).
        shapes: of the mouth in each frame, as far as it differs from the clip's mean, in standard deviations: how far
            it is open, how wide it is. Only a training with a lesson looks at them.
    """

    faces: UInt8[np.ndarray, "clips frames side side 3"]
    mouths: Float32[np.ndarray, "clips frames 4"]
    mels: Float32[np.ndarray, "clips frames 80 16"]
    shapes: Float32[np.ndarray, "clips frames 2"]

    @property
    def starts(self) -> int:
        """Number of frames of a clip that a window of five can begin with.

        Raises:
            ValueError: the clips are shorter than a window.
        """
        found: int = self.faces.shape[1] - WINDOW + 1
        if found < 1:
            raise ValueError(f"clips of {self.faces.shape[1]} frames are shorter than a window of {WINDOW}")
        return found


class FaceBatch(NamedTuple):
    """Windows of five frames for the generator.

    Attributes:
        target: the true faces; blue, green, red in [0, 1].
        reference: those of another window of the same clip.
        heard: the window of sound that each frame is made from.
        sound: the window of sound that the expert compares the five frames with; begins with the first of them.
        mouth: 1 in the box of the mouth, 0 elsewhere.
    """

    target: Float[Tensor, "windows 5 3 side side"]
    reference: Float[Tensor, "windows 5 3 side side"]
    heard: Float[Tensor, "windows 5 1 80 16"]
    sound: Float[Tensor, "windows 1 80 16"]
    mouth: Float[Tensor, "windows 5 1 side side"]


def draw_faces(rng: np.random.Generator, data: Wav2LipData, windows: int, *, mel_start: int) -> FaceBatch:
    """Return windows of clips, all drawn evenly.

    Args:
        rng: draws.
        data: the clips.
        windows: how many.
        mel_start: frame k hears the sound that begins with frame k + `mel_start`: -1 as the released code trains, 0 as
            it makes videos. No window begins so early that its sound would begin before the clip.

    Raises:
        ValueError: the clips are too short for two windows.
    """
    first = -mel_start
    if data.starts - first < 2:
        raise ValueError(f"clips of {data.faces.shape[1]} frames have no second window to refer to")
    clips = rng.integers(len(data.faces), size=windows)
    starts = rng.integers(first, data.starts, size=windows)
    others = (starts - first + rng.integers(1, data.starts - first, size=windows)) % (data.starts - first) + first
    moments = starts[:, None] + np.arange(WINDOW)
    rows = clips[:, None]
    return FaceBatch(
        target=planes(data.faces[rows, moments]),
        reference=planes(data.faces[rows, others[:, None] + np.arange(WINDOW)]),
        heard=torch.from_numpy(data.mels[rows, moments + mel_start])[:, :, None],
        sound=torch.from_numpy(data.mels[clips, starts])[:, None],
        mouth=box_mask(torch.from_numpy(data.mouths[rows, moments]), *data.faces.shape[2:4]),
    )


def draw_starts(
    rng: np.random.Generator, data: Wav2LipData, clips: int, windows: int
) -> tuple[Int64[np.ndarray, "clips 1"], Int64[np.ndarray, "clips windows"]]:
    """Return different clips, and different moments of each at which windows begin.

    Raises:
        ValueError: there are not so many clips or moments.
    """
    if clips > len(data.faces) or windows > data.starts:
        there = f"{len(data.faces)} clips with {data.starts} windows each"
        raise ValueError(f"{windows} windows of each of {clips} clips cannot be drawn from {there}")
    chosen = rng.choice(len(data.faces), clips, replace=False)
    starts = np.stack([rng.choice(data.starts, windows, replace=False) for _ in chosen])
    return chosen[:, None], starts


def planes(faces: UInt8[np.ndarray, "*batch side side 3"]) -> Float[Tensor, "*batch 3 side side"]:
    """Return RGB faces in 0..255 as planes of blue, green, red in [0, 1]."""
    return torch.from_numpy(faces[..., ::-1].copy()).movedim(-1, -3).float() / PEAK


def generator_input(
    target: Float[Tensor, "*batch 3 side side"], reference: Float[Tensor, "*batch 3 side side"]
) -> Float[Tensor, "*batch 6 side side"]:
    """Return the target without its lower half, and the reference behind it."""
    masked = target.clone()
    lower_half(masked).zero_()
    return torch.cat([masked, reference], dim=-3)


def expert_input(faces: Float[Tensor, "batch 5 3 side side"]) -> Float[Tensor, "batch 15 half side"]:
    """Return the lower halves of five faces, one behind the other."""
    return lower_half(faces).flatten(1, 2)
