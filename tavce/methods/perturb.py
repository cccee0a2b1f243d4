"""Small known changes of the truth: what they do to a metric is what a reported gain must exceed to mean anything."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Int16, UInt8

from tavce.media.audio import fit_audio, read_audio, read_wav, write_wav
from tavce.media.video import probe, read_frames
from tavce.media.writer import write_aac, write_video
from tavce.methods.contract import Request
from tavce.methods.controls import reencode, shift_audio

Frame = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True)
class Unchanged:
    """The clip itself: the zero of all others."""

    name: Literal["unchanged"]

    @property
    def label(self) -> str:
        """Name in tables."""
        return "itself"


@dataclass(frozen=True)
class Encoded:
    """The pictures through H.264 or H.265, 4:2:0, at a rate factor."""

    name: Literal["h264", "h265"]
    crf: int

    def __post_init__(self) -> None:
        if not 0 <= self.crf <= 51:
            raise ValueError(f"crf {self.crf} must lie between 0 and 51")

    @property
    def label(self) -> str:
        """Name in tables."""
        return f"{'H.264' if self.name == 'h264' else 'H.265'} CRF {self.crf}"


@dataclass(frozen=True)
class Aac:
    """The sound through AAC at so many kilobits per second, its encoder's delay taken back."""

    name: Literal["aac"]
    kilobits: int

    def __post_init__(self) -> None:
        if not 8 <= self.kilobits <= 96:
            raise ValueError(f"{self.kilobits} kbit/s must lie between 8 and 96, for mono at 16 kHz")

    @property
    def label(self) -> str:
        """Name in tables."""
        return f"AAC {self.kilobits} kbit/s"


@dataclass(frozen=True)
class Moved:
    """The crop's window moved to the right and down: what it had not seen there repeats the edge."""

    name: Literal["moved"]
    pixels: float

    def __post_init__(self) -> None:
        if not 0 < abs(self.pixels) <= 32:
            raise ValueError(f"a move of {self.pixels} pixels must lie between 0 and 32")

    @property
    def label(self) -> str:
        """Name in tables."""
        return f"crop moved by {self.pixels:g} px"


@dataclass(frozen=True)
class Resized:
    """The pictures resized to a square side and back, bicubic, as a method of another size would deliver them."""

    name: Literal["resized"]
    side: int

    def __post_init__(self) -> None:
        if not 16 <= self.side <= 4096:
            raise ValueError(f"a side of {self.side} pixels must lie between 16 and 4096")

    @property
    def label(self) -> str:
        """Name in tables."""
        return f"{self.side} px and back"


@dataclass(frozen=True)
class Delayed:
    """The sound `frames` frames late, silence in front."""

    name: Literal["delayed"]
    frames: int

    def __post_init__(self) -> None:
        if not 1 <= self.frames <= 15:
            raise ValueError(f"a delay of {self.frames} frames must lie between 1 and 15")

    @property
    def label(self) -> str:
        """Name in tables."""
        return f"sound {self.frames} frame{'s' * (self.frames > 1)} late"


Change = Unchanged | Encoded | Aac | Moved | Resized | Delayed


def perturb(change: Change, request: Request, folder: Path) -> str:
    """Write ``<clip>.mkv`` and ``<clip>.wav`` into `folder`: the clip with one change.

    Returns:
        "" or the reason why it cannot be made for this clip; then no file is written.
    """
    if isinstance(change, Encoded):
        seen = probe(request.video)
        if seen.width % 2 or seen.height % 2:
            return f"4:2:0 chroma needs even sides, the clip is {seen.width}x{seen.height}"
    video = folder / f"{request.clip}.mkv"
    if isinstance(change, Encoded):
        reencode(request.video, video, crf=change.crf, codec="libx264" if change.name == "h264" else "libx265")
    elif isinstance(change, Moved | Resized):
        write_video(video, _changed(change, read_frames(request.video)))
    else:
        shutil.copyfile(request.video, video)
    write_wav(folder / f"{request.clip}.wav", _sound(change, request, folder), 16_000)
    return ""


def _changed(change: Moved | Resized, frames: Iterable[Frame]) -> Iterator[Frame]:
    for frame in frames:
        yield moved(frame, change.pixels) if isinstance(change, Moved) else resized(frame, change.side)


def moved(frame: Frame, pixels: float) -> Frame:
    """Return what a window sees that lies `pixels` further to the right and down; parts of pixels are bilinear."""
    height, width = frame.shape[:2]
    there = np.array([[1, 0, -pixels], [0, 1, -pixels]], np.float64)
    return np.asarray(
        cv2.warpAffine(frame, there, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


def resized(frame: Frame, side: int) -> Frame:
    """Return the frame resized to ``side x side`` and back, bicubic both ways."""
    height, width = frame.shape[:2]
    other = cv2.resize(frame, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.resize(other, (width, height), interpolation=cv2.INTER_CUBIC))


def _sound(change: Change, request: Request, folder: Path) -> Int16[np.ndarray, " samples"]:
    samples = fit_audio(read_wav(request.audio), request.frames)
    if isinstance(change, Delayed):
        return shift_audio(samples, -change.frames)
    if isinstance(change, Aac):
        lossy = folder / f"{request.clip}.mp4"
        write_aac(lossy, samples, kilobits=change.kilobits)
        heard = fit_audio(read_audio(lossy), request.frames)
        lossy.unlink()
        return heard
    return samples
