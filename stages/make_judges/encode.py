"""Clips after H.264, in memory: what judges also learn from, and what known answers are asked on."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from stages.make_judges.corpus import Clips
from tavce.media.video import read_video
from tavce.media.writer import write_h264


@dataclass(frozen=True)
class Lossy:
    """Which training clips go through H.264.

    Attributes:
        every: one clip of so many.
        least, most: range of the rate factors, drawn evenly.
        seed: of the draw.
    """

    every: int
    least: int
    most: int
    seed: int


def some_encoded(lossy: Lossy, clips: Clips) -> Clips:
    """Return the clips, some of them after H.264; JPEG alone does not look like it."""
    rng = np.random.default_rng(lossy.seed)
    frames = clips.frames.copy()
    for k in range(0, len(frames), lossy.every):
        frames[k] = encode(frames[k], int(rng.integers(lossy.least, lossy.most + 1)))
    return replace(clips, frames=frames)


def encode(
    clip: UInt8[np.ndarray, "frames height width 3"], rate_factor: int
) -> UInt8[np.ndarray, "frames height width 3"]:
    """Return the clip as it comes back from H.264 of a rate factor.

    Raises:
        InputError: odd sides, or a rate factor out of range.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        write_h264(path, clip, crf=rate_factor)
        return read_video(path)
