"""Any video -> the clip as it is scored: 25 fps, exact number of frames, the reference's size, the request's sound."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from tavce.errors import InputError
from tavce.media.audio import fit_audio, read_wav, write_wav
from tavce.media.video import probe, read_frames
from tavce.media.writer import write_video

LONGEST = 10  # times the frames asked for, and MARGIN more: what is longer is no answer to the request
MARGIN = 250
LARGEST_SIDE = 8192
SHAPE = 0.02  # relative difference of width / height from which a resized face would look stretched


@dataclass(frozen=True)
class Normalised:
    """What was done to a video.

    Attributes:
        made: frames that it had at 25 fps.
        repeated: how often its last frame was added at the end.
        cut: frames left out at the end.
        resized_from: its width and height where they were others than wanted, else None.
        fps: frames per second as the file declares them, or None.
    """

    made: int
    repeated: int
    cut: int
    resized_from: tuple[int, int] | None
    fps: float | None


def normalise(
    source: Path, clip: str, folder: Path, *, frames: int, size: tuple[int, int], audio: Path | None
) -> Normalised:
    """Write ``<clip>.mkv`` (lossless, 25 fps) and ``<clip>.wav`` into `folder`.

    A short video repeats its last frame, a longer one is cut at the end. Other sizes are resampled: by pixel area
    where they shrink, bicubic where they grow.

    Args:
        source: any video that FFmpeg reads; its own sound is not used.
        clip: id, and stem of both files.
        folder: where they go.
        frames: wanted number of frames.
        size: wanted width and height in pixels.
        audio: 16 kHz mono WAV, cut or filled with silence to 640 samples per frame; None writes no sound.

    Raises:
        InputError: the video cannot be read whole, is far longer or larger than any answer, or has another shape than
            wanted; or the audio cannot be read. Then neither file is written.
    """
    if frames < 1:
        raise ValueError(f"frames {frames} must be at least 1")
    seen = probe(source)
    given = (seen.width, seen.height)
    if max(given) > LARGEST_SIDE:
        raise InputError(source, f"is {given[0]}x{given[1]}", f"give sides of at most {LARGEST_SIDE} pixels")
    if abs(given[0] * size[1] / (given[1] * size[0]) - 1) > SHAPE:
        problem = f"is {given[0]}x{given[1]}, which has another shape than the {size[0]}x{size[1]} wanted"
        raise InputError(source, problem, "crop it to that shape first")
    samples = None if audio is None else fit_audio(read_wav(audio), frames)
    reader = _Reader(source, frames, size if size != given else None)
    video = folder / f"{clip}.mkv"
    write_video(video, reader.frames())
    if reader.made > LONGEST * frames + MARGIN:
        video.unlink()
        raise InputError(source, f"has over {reader.made - 1} frames, asked for were {frames}", "cut it first")
    if samples is not None:
        write_wav(folder / f"{clip}.wav", samples)
    repeated, cut = max(0, frames - reader.made), max(0, reader.made - frames)
    return Normalised(reader.made, repeated, cut, None if size == given else given, seen.frame_rate)


class _Reader:
    """The frames of a file brought to number and size, one at a time, and a count of those it had."""

    def __init__(self, source: Path, wanted: int, size: tuple[int, int] | None) -> None:
        self.made = 0
        self._source, self._wanted, self._size = source, wanted, size

    def frames(self) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
        """Yield exactly the wanted number of frames, then read what is left to its end, to count it."""
        last = None
        for frame in read_frames(self._source, max_frames=LONGEST * self._wanted + MARGIN + 1):
            self.made += 1
            if self.made <= self._wanted:
                last = frame if self._size is None else resized(frame, self._size)
                yield last
        for _ in range(self._wanted - self.made):
            assert last is not None  # a video without a frame is an error of its reader
            yield last


def resized(
    frame: UInt8[np.ndarray, "height width 3"], size: tuple[int, int]
) -> UInt8[np.ndarray, "new_height new_width 3"]:
    """Return a picture at another size (width, height): pixel areas where it shrinks, bicubic where it grows."""
    shrinks = size[0] < frame.shape[1]
    found: np.ndarray = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return found
