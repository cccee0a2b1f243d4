"""Controls: outputs whose scores are known beforehand, so that a table can be checked before it is believed.

Each control animates from the truth: it shows the frames of the reference clip, or one of them, with that clip's
audio, the same audio earlier, or another clip's.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Int16, UInt8

from tavce.media.audio import SAMPLES_PER_FRAME, fit_audio, read_wav, write_wav
from tavce.media.video import probe, read_frames
from tavce.media.writer import Codec, write_h264, write_video
from tavce.methods.contract import Request


@dataclass(frozen=True)
class GroundTruth:
    """The reference clip itself: the ceiling of every metric."""

    name: Literal["ground_truth"]


@dataclass(frozen=True)
class Reencoded:
    """The reference through H.264 4:2:0 at `crf`: the loss that storing a perfect result lossily would cost."""

    name: Literal["reencoded"]
    crf: int

    def __post_init__(self) -> None:
        if not 0 <= self.crf <= 51:
            raise ValueError(f"crf {self.crf} must lie between 0 and 51")


@dataclass(frozen=True)
class StillFrame:
    """Frame 0 held for the whole clip: what picture metrics give to a method that does nothing."""

    name: Literal["still_frame"]


@dataclass(frozen=True)
class ShiftedAudio:
    """The reference with its audio `frames` frames early (late if negative): a known AV offset of +`frames`."""

    name: Literal["shifted_audio"]
    frames: int


@dataclass(frozen=True)
class OtherAudio:
    """The reference with another clip's audio: true pictures, wrong words."""

    name: Literal["other_audio"]


Control = GroundTruth | Reencoded | StillFrame | ShiftedAudio | OtherAudio


def make(control: Control, request: Request, folder: Path) -> str:
    """Write ``<clip>.mkv`` and ``<clip>.wav`` into `folder`.

    Returns:
        "" or the reason why this control cannot be made for this clip; then no file is written.
    """
    if isinstance(control, OtherAudio) and request.other_audio is None:
        return "the data set has no clip of another identity to take audio from"
    if isinstance(control, Reencoded):
        seen = probe(request.video)
        if seen.width % 2 or seen.height % 2:
            return f"H.264 with 4:2:0 chroma needs even sides, the clip is {seen.width}x{seen.height}"
    _write_picture(control, request, folder)
    write_wav(folder / f"{request.clip}.wav", _audio(control, request), 16_000)
    return ""


def _write_picture(control: Control, request: Request, folder: Path) -> None:
    video = folder / f"{request.clip}.mkv"
    if isinstance(control, StillFrame):
        write_video(video, _hold(request))
    elif isinstance(control, Reencoded):
        reencode(request.video, video, crf=control.crf)
    else:
        shutil.copyfile(request.video, video)


def reencode(source: Path, video: Path, *, crf: int, codec: Codec = "libx264") -> None:
    """Write `video`, without loss, as `source` looks after it went through a codec at a rate factor."""
    lossy = video.with_suffix(".mp4")
    write_h264(lossy, read_frames(source), crf=crf, codec=codec)
    write_video(video, read_frames(lossy))
    lossy.unlink()


def _hold(request: Request) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    first = next(iter(read_frames(request.video, max_frames=1)))
    for _ in range(request.frames):
        yield first


def _audio(control: Control, request: Request) -> Int16[np.ndarray, " samples"]:
    if isinstance(control, OtherAudio) and request.other_audio is not None:
        return fit_audio(read_wav(request.other_audio), request.frames)
    samples = fit_audio(read_wav(request.audio), request.frames)
    return shift_audio(samples, control.frames) if isinstance(control, ShiftedAudio) else samples


def shift_audio(samples: Int16[np.ndarray, " samples"], frames: int) -> Int16[np.ndarray, " samples"]:
    """Return the audio `frames` video frames (40 ms each) earlier, silence where none is left; negative is later."""
    shift, silence = frames * SAMPLES_PER_FRAME, np.zeros_like(samples)
    if abs(shift) >= len(samples):
        return silence
    if shift >= 0:
        silence[: len(samples) - shift] = samples[shift:]
    else:
        silence[-shift:] = samples[:shift]
    return silence
