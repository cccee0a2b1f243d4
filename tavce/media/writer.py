"""Frames -> video files: lossless for everything that is scored, H.264 for the re-encoding controls."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from jaxtyping import Int16, UInt8

from tavce.errors import InputError
from tavce.run.atomic import atomic_file

FPS = 25
SOUND_RATE_HZ = 16_000
EXACT = Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INP | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
ENCODERS = 2  # threads for the slices of a lossless picture, which hide half of it behind what makes the pictures
Codec = Literal["libx264", "libx265"]
QUIET: dict[Codec, dict[str, str]] = {
    "libx264": {},
    "libx265": {"x265-params": "log-level=none:pools=none:frame-threads=1"},
}
BT709 = 1  # the number of BT.709 in the tables of H.273 for matrix, primaries and transfer


def write_video(path: Path, frames: Iterable[UInt8[np.ndarray, "height width 3"]]) -> int:
    """Write RGB frames without loss at 25 fps (FFV1 level 3 in Matroska) and return their number.

    The file appears whole or not at all. Same frames, same bytes, at any number of threads.

    Args:
        path: where to write; ends in ``.mkv``.
        frames: RGB in [0, 255], all of one size; may be an iterator, and is then never held in memory.

    Raises:
        InputError: no frames, sizes that differ, another suffix, or a folder that cannot be written.
    """
    if path.suffix != ".mkv":
        raise InputError(path, "lossless video is written as Matroska", "choose a name that ends in .mkv")
    with atomic_file(path) as part, av.open(str(part), "w", options={"fflags": "+bitexact"}) as container:
        first, frames = _first(path, frames)
        stream = container.add_stream("ffv1", rate=FPS, options={"level": "3", "slices": "4", "flags": "+bitexact"})
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "bgr0"
        stream.codec_context.thread_type, stream.codec_context.thread_count = "SLICE", ENCODERS
        return _encode(path, container, stream, (_bgr0(each) for each in _same_size(path, frames)))


def write_h264(
    path: Path,
    frames: Iterable[UInt8[np.ndarray, "height width 3"]],
    *,
    crf: int,
    sound: Int16[np.ndarray, " samples"] | None = None,
    preset: str = "medium",
    codec: Codec = "libx264",
) -> int:
    """Write RGB frames as H.264 at 25 fps, as a user's encoder would, and return their number.

    Pixel format yuv420p, BT.709 in limited range and tagged so, one thread and no version strings in
    the container: same frames, same bytes with one build of x264. The file appears whole or not at all.

    Args:
        path: where to write; ends in ``.mp4``.
        frames: RGB in [0, 255], all of one size, width and height even.
        crf: constant rate factor of x264, 0 (best) to 51.
        sound: 16 kHz mono, stored as AAC; sample 0 is heard as frame 0 appears.
        preset: x264's, from ultrafast to placebo: the slower, the smaller.
        codec: libx265 writes H.265 instead, whose rate factors are another scale (28 is its default).

    Raises:
        InputError: no frames, sizes that differ or are odd, a rate factor out of range, another suffix, or a folder
            that cannot be written.
    """
    if path.suffix != ".mp4":
        raise InputError(path, "H.264 video is written as MP4", "choose a name that ends in .mp4")
    if not 0 <= crf <= 51:
        raise InputError(path, f"rate factor {crf} is not in 0..51", "23 is the encoder's default")
    with atomic_file(path) as part, av.open(str(part), "w", options={"fflags": "+bitexact"}) as container:
        first, frames = _first(path, frames)
        height, width = first.shape[:2]
        if height % 2 or width % 2:
            raise InputError(path, f"H.264 in yuv420p needs even sides, got {width}x{height}", "crop or pad the frames")
        options = {"crf": str(crf), "preset": preset, "threads": "1", "flags": "+bitexact"} | QUIET[codec]
        stream = container.add_stream(codec, rate=FPS, options=options)
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = ColorRange.MPEG
        heard = None if sound is None else container.add_stream("aac", rate=SOUND_RATE_HZ, layout="mono")
        reformatter = VideoReformatter()
        count = _encode(path, container, stream, (_limited(reformatter, each) for each in _same_size(path, frames)))
        if sound is not None and heard is not None:
            _encode_sound(container, heard, sound)
        return count


def write_aac(path: Path, sound: Int16[np.ndarray, " samples"], *, kilobits: int) -> None:
    """Write 16 kHz mono sound alone as AAC in MP4, which says how many samples the encoder put in front.

    Args:
        path: where to write; ends in ``.mp4``.
        sound: the samples.
        kilobits: per second.
    """
    with atomic_file(path) as part, av.open(str(part), "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("aac", rate=SOUND_RATE_HZ, layout="mono", options={"flags": "+bitexact"})
        stream.bit_rate = 1000 * kilobits
        _encode_sound(container, stream, sound)


def _encode(path: Path, container: OutputContainer, stream: av.VideoStream, frames: Iterator[av.VideoFrame]) -> int:
    count = 0
    try:
        for frame in frames:
            frame.pts, frame.time_base = count, Fraction(1, FPS)
            container.mux(stream.encode(frame))
            count += 1
        container.mux(stream.encode())
    except av.FFmpegError as error:
        remedy = "check the free space and that the frames are at least 16x16"
        raise InputError(path, f"frame {count} cannot be encoded ({error.strerror})", remedy) from error
    return count


def _encode_sound(container: OutputContainer, stream: av.AudioStream, sound: Int16[np.ndarray, " samples"]) -> None:
    frame = av.AudioFrame.from_ndarray(sound[None], format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE_HZ, 0, Fraction(1, SOUND_RATE_HZ)
    for part in (frame, None):
        container.mux(stream.encode(part))


def _bgr0(rgb: UInt8[np.ndarray, "height width 3"]) -> av.VideoFrame:
    # Four bytes a pixel, copied as they are: five times faster than FFmpeg's own way from three bytes to four.
    frame = av.VideoFrame(rgb.shape[1], rgb.shape[0], "bgr0")
    rows = np.zeros((rgb.shape[0], frame.planes[0].line_size), np.uint8)
    rows[:, : 4 * rgb.shape[1]] = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA).reshape(rgb.shape[0], -1)
    frame.planes[0].update(rows.tobytes())
    return frame


def _limited(reformatter: VideoReformatter, rgb: UInt8[np.ndarray, "height width 3"]) -> av.VideoFrame:
    return reformatter.reformat(
        av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24"),
        format="yuv420p",
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
        interpolation=EXACT,
        threads=1,
    )


def _first(
    path: Path, frames: Iterable[UInt8[np.ndarray, "height width 3"]]
) -> tuple[UInt8[np.ndarray, "height width 3"], Iterable[UInt8[np.ndarray, "height width 3"]]]:
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        raise InputError(path, "there are no frames to write", "give at least one frame")
    return first, chain([first], iterator)


def _same_size(
    path: Path, frames: Iterable[UInt8[np.ndarray, "height width 3"]]
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    shape: tuple[int, ...] | None = None
    for number, frame in enumerate(frames):
        if shape is not None and frame.shape != shape:
            problem = f"frame {number} is {frame.shape[1]}x{frame.shape[0]}, frame 0 is {shape[1]}x{shape[0]}"
            raise InputError(path, problem, "give all frames one size")
        shape = frame.shape
        yield frame
