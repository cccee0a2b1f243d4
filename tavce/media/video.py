"""Any video FFmpeg reads -> RGB frames at exactly 25 per second, upright, one at a time."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, dropwhile, islice, takewhile
from pathlib import Path

import av
import numpy as np
from jaxtyping import UInt8

from tavce.errors import InputError
from tavce.media.colour import Look, Painter, frame_look
from tavce.media.container import REPAIR, decoded, moving_pictures, opened, picture_stream
from tavce.media.interlace import FieldOrder, deinterlaced, field_order
from tavce.media.retime import HALF, resampled

FPS = 25
CONVERTERS = 1  # thread that turns YUV into RGB while the next frames are decoded; it never changes a byte
AHEAD = 6  # frames converted before they are asked for
MISSING = Fraction(1, 25)
BACK = (0, 2, 10, 60)  # seconds before the wanted one at which a file is entered, until a picture comes in time
NEIGHBOURS = 5  # frames before the wanted one that are decoded with it where pictures depend on the ones beside them


@dataclass(frozen=True)
class VideoInfo:
    """What a video file says about itself.

    Attributes:
        width, height: in pixels, after rotation. Pixels are taken as stored, whatever `pixel_aspect` says.
        frame_rate: average frames per second as declared, or None.
        duration_s: as declared for the pictures, in seconds, or None. Only reading tells the exact length.
        has_audio: whether there is an audio stream.
        rotation: degrees clockwise by which stored pictures are turned to stand upright: 0, 90, 180 or 270.
        mirrored: whether stored pictures are also mirrored left to right, after the turn.
        codec: FFmpeg's name of the video codec.
        pixel_format: FFmpeg's name of the pixel format.
        matrix: colour matrix used to read it: "rgb", "grey", "bt601", "bt709", ...
        full_range: whether the whole 0..255 is used.
        interlaced: whether the first frame is marked as interlaced. Lines are not merged or doubled.
        pixel_aspect: width of a pixel over its height, 1.0 if not declared.
    """

    width: int
    height: int
    frame_rate: float | None
    duration_s: float | None
    has_audio: bool
    rotation: int
    mirrored: bool
    codec: str
    pixel_format: str
    matrix: str
    full_range: bool
    interlaced: bool
    pixel_aspect: float


def decoder_version() -> str:
    """Return the versions of the decoding libraries, for signatures: ``pyav18.1.0-lavc62.28.102-lsws9.5.102``."""
    codec, scale = (".".join(map(str, av.library_versions[name])) for name in ("libavcodec", "libswscale"))
    return f"pyav{av.__version__}-lavc{codec}-lsws{scale}"


def probe(path: Path) -> VideoInfo:
    """Return what the file says about itself; only its first frame is decoded.

    Raises:
        InputError: not a video, no video stream, no frame, or colours or rotation that are not read.
    """
    with opened(path) as container:
        stream = picture_stream(container, path)
        frame = next(_pictures(container, stream, path), None)
        if frame is None:
            raise _empty(path)
        look = frame_look(frame, path)
        rate = stream.average_rate or stream.guessed_rate
        width, height = (frame.height, frame.width) if look.transposed else (frame.width, frame.height)
        return VideoInfo(
            width=width,
            height=height,
            frame_rate=float(rate) if rate else None,
            duration_s=_declared_duration(container, stream),
            has_audio=bool(container.streams.audio),
            rotation=_clockwise(look),
            mirrored=look.transposed ^ look.flipped_x ^ look.flipped_y,
            codec=stream.codec_context.name,
            pixel_format=frame.format.name,
            matrix=look.matrix,
            full_range=look.full_range,
            interlaced=frame.interlaced_frame,
            pixel_aspect=float(stream.sample_aspect_ratio or 1),
        )


@dataclass(frozen=True)
class _Entered:
    # A video opened at a moment: its look, time 0, how long a single picture is shown, and its pictures from there on.
    look: Look
    origin: Fraction
    alone: Fraction | None
    timed: Iterator[tuple[Fraction, av.VideoFrame]]


def read_frames(
    path: Path, *, first: int = 0, max_frames: int | None = None, fields: FieldOrder | None = None
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Yield the frames of the video at exactly 25 per second, upright RGB in [0, 255], each an array of its own.

    Time 0 is the timestamp of the first picture. Which picture becomes which frame: `tavce.media.retime`. Colours:
    `tavce.media.colour`. Pictures without a timestamp follow the one before at the declared frame rate. Memory stays
    the same whatever the length, and the file is closed when the iterator ends or is dropped.

    Args:
        path: any video that FFmpeg reads.
        first: the first frame that is yielded. Those before are not decoded where the file can be entered at a key
            picture; the result is the same. One exception: of a file of uneven rate, the last picture is shown for the
            usual interval of those that were decoded.
        max_frames: stop before that frame, counted from the video's start; what comes later is not looked at.
        fields: deinterlace, with this order of the lines (`read_field_order`). None: pictures as they are stored.

    Raises:
        InputError: not a video, no picture in it, a damaged or missing part (with the second), timestamps that go
            back, a picture size that changes, or colours or rotation that are not read.
    """
    with ExitStack() as files:
        entered = _at(files, path, max(0, first - NEIGHBOURS) if fields else first)
        timed = deinterlaced(entered.timed, fields) if fields else entered.timed
        shown = resampled(timed, fps=FPS, alone=entered.alone, origin=entered.origin if first else None, first=first)
        chosen = islice(shown, None if max_frames is None else max(0, max_frames - first))
        with ThreadPoolExecutor(CONVERTERS) as pool:
            yield from _ahead(pool, Painter(entered.look), chosen)


def read_field_order(path: Path, *, first: int = 0, max_frames: int | None = None) -> FieldOrder | None:
    """Return which lines come first where the video is interlaced from its frame `first` on; None where it is not.

    Some dozens of pictures are looked at, those shown from that frame on: `tavce.media.interlace`.

    Args:
        path: any video that FFmpeg reads.
        first: a frame of 25 per second.
        max_frames: what is shown from that frame on is not looked at.

    Raises:
        InputError: as for `read_frames`.
    """
    with ExitStack() as files:
        entered = _at(files, path, first)
        begin = entered.origin + Fraction(first, FPS)
        end = None if max_frames is None else entered.origin + Fraction(max_frames, FPS)
        part = dropwhile(lambda each: each[0] < begin, entered.timed)
        return field_order(frame for _, frame in takewhile(lambda each: end is None or each[0] < end, part))


def read_video(path: Path) -> UInt8[np.ndarray, "frames height width 3"]:
    """Return all frames of the video at exactly 25 per second, as `read_frames` yields them.

    Raises:
        InputError: as for `read_frames`.
    """
    return np.stack(list(read_frames(path)))


def first_picture_time(path: Path) -> Fraction | None:
    """Return the timestamp of the first picture in seconds, or None where the file has no moving pictures.

    Raises:
        InputError: the file cannot be opened, or its video stream holds no picture.
    """
    with opened(path) as container:
        if not moving_pictures(container):
            return None
        stream = picture_stream(container, path)
        frame = next(_pictures(container, stream, path), None)
        if frame is None:
            raise _empty(path)
        return next(_timed([frame], stream, path))[0]


def _at(files: ExitStack, path: Path, first: int) -> _Entered:
    """Open a video and enter it shortly before frame `first`, or at its start."""
    container = files.enter_context(opened(path))
    stream = picture_stream(container, path)
    pictures = _pictures(container, stream, path)
    opening = next(pictures, None)
    if opening is None:
        raise _empty(path)
    look = frame_look(opening, path)
    alone = opening.duration * opening.time_base if opening.duration and opening.time_base else None
    origin = next(_timed([opening], stream, path))[0]
    timed = None if first else _timed(chain([opening], pictures), stream, path)
    timed = timed or _entered(container, stream, path, origin + (first + HALF) / FPS)
    if timed is None:  # the container stands where the seek left it
        again = files.enter_context(opened(path))
        stream = picture_stream(again, path)
        timed = _timed(_pictures(again, stream, path), stream, path)
    return _Entered(look, origin, alone, timed)


def _entered(
    container: av.container.InputContainer, stream: av.VideoStream, path: Path, moment: Fraction
) -> Iterator[tuple[Fraction, av.VideoFrame]] | None:
    """Yield timed pictures from a key picture on that is shown before `moment`; None where no seek leads to one."""
    base = stream.time_base or Fraction(1, av.time_base)
    for back in BACK:
        place = moment - back
        if place <= 0:
            break
        try:
            container.seek(int(place / base), stream=stream)
        except av.FFmpegError:  # no index, or none to be made: then from the start
            break
        pictures = _pictures(container, stream, path, whole=False)
        head = next(pictures, None)
        if head is not None and head.pts is not None and head.pts * base < moment:
            return _timed(chain([head], pictures), stream, path)
    return None


def _pictures(
    container: av.container.InputContainer, stream: av.VideoStream, path: Path, *, whole: bool = True
) -> Iterator[av.VideoFrame]:
    for frame in decoded(container, stream, path, whole=whole):
        assert isinstance(frame, av.VideoFrame)
        yield frame


def _timed(
    frames: Iterable[av.VideoFrame], stream: av.VideoStream, path: Path
) -> Iterator[tuple[Fraction, av.VideoFrame]]:
    """Yield each frame with its time; check that time does not go back and that the size does not change."""
    rate = stream.average_rate or stream.guessed_rate
    step = 1 / Fraction(rate) if rate else MISSING
    size: tuple[int, int] | None = None
    time = -step
    for frame in frames:
        ticks = frame.pts if frame.pts is not None else frame.dts
        now = time + step if ticks is None or frame.time_base is None else ticks * frame.time_base
        if size is not None and now < time:
            raise InputError(path, f"timestamps go back from {float(time):.3f} to {float(now):.3f} s", REPAIR)
        if size is not None and size != (frame.width, frame.height):
            problem = (
                f"picture size changes from {size[0]}x{size[1]} to {frame.width}x{frame.height} at {float(now):.2f} s"
            )
            raise InputError(path, problem, "scale it to one size with ffmpeg")
        time, size = now, (frame.width, frame.height)
        yield time, frame


def _ahead(
    pool: ThreadPoolExecutor, paint: Painter, frames: Iterable[av.VideoFrame]
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Yield the painted frames, some of them painted before they are asked for; a repeated picture is painted once."""
    pending: deque[tuple[Future[UInt8[np.ndarray, "height width 3"]], bool]] = deque()
    before: av.VideoFrame | None = None
    for frame in frames:
        repeated = frame is before
        pending.append((pending[-1][0] if repeated else pool.submit(paint, frame), repeated))
        before = frame
        while len(pending) > AHEAD:
            yield _own(*pending.popleft())
    while pending:
        yield _own(*pending.popleft())


def _own(painted: "Future[UInt8[np.ndarray, 'height width 3']]", repeated: bool) -> UInt8[np.ndarray, "height width 3"]:
    return painted.result().copy() if repeated else painted.result()


def _declared_duration(container: av.container.InputContainer, stream: av.VideoStream) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration is not None else None


def _clockwise(look: Look) -> int:
    if look.transposed:
        return 270 if look.flipped_y else 90
    return 180 if look.flipped_y else 0


def _empty(path: Path) -> InputError:
    return InputError(path, "holds no picture that can be decoded", REPAIR)
