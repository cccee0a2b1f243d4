"""Open a media file and decode one of its streams, strictly: what cannot be decoded whole is an error, never a gap."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition

from tavce.errors import InputError
from tavce.media.ffv1 import slices_intact

SLACK_STEPS = 2  # headers round lengths by a frame or two; a file that ends earlier was cut short
AUDIO_FRAME = 1024  # samples, where the codec states no frame size
DECLARE_LENGTH = ("matroska,webm", "flv")  # formats that state the length of the whole, not of each stream
REPAIR = "copy the file again from its source, or re-encode the good part with ffmpeg"


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Open `path` for reading; the file is closed when the block ends.

    Raises:
        InputError: there is no such file, or FFmpeg does not know it as a media file.
    """
    if not path.is_file():
        raise InputError(path, "there is no such file", "check the path")
    try:
        # The prefix keeps a name such as "a:b.mp4" from being taken for a network protocol.
        container = av.open(f"file:{path}", metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise InputError(path, f"cannot be opened as a video or sound file ({_said(error)})", REPAIR) from error
    with container:
        yield container


def picture_stream(container: InputContainer, path: Path) -> av.VideoStream:
    """Return the video stream FFmpeg takes as the best; cover pictures of sound files do not count.

    Raises:
        InputError: there is no video stream.
    """
    moving = moving_pictures(container)
    if not moving:
        raise InputError(path, "has no video stream", "give a video file")
    best = container.streams.best("video")
    stream = next((each for each in moving if best is not None and each.index == best.index), moving[0])
    # Frame threads leave the cores busy while a slice ends; a fixed number gives the same frames on every machine.
    stream.thread_type, stream.codec_context.thread_count = "FRAME", 6
    return stream


def moving_pictures(container: InputContainer) -> list[av.VideoStream]:
    """Return the video streams that are no cover pictures."""
    if container.format.name == "tty":  # FFmpeg shows text files as pictures of a terminal
        return []
    return [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]


def sound_stream(container: InputContainer, path: Path) -> av.AudioStream:
    """Return the audio stream FFmpeg takes as the best.

    Raises:
        InputError: there is no audio stream.
    """
    best = container.streams.best("audio")
    if not isinstance(best, av.AudioStream):
        raise InputError(path, "has no audio stream, and audio is needed here", "add sound, or leave the file out")
    return best


def decoded(
    container: InputContainer, stream: av.VideoStream | av.AudioStream, path: Path, *, whole: bool = True
) -> Iterator[av.VideoFrame | av.AudioFrame]:
    """Yield the frames of `stream` in the order they are shown.

    Args:
        container: open.
        stream: of it.
        path: of the file, for errors.
        whole: False behind a seek: frames that depend on ones before the seek are left out where they come first, and
            packets are not counted.

    Raises:
        InputError: a packet or frame is damaged, or the file ends before the end its header declares. The message
            says at which second.
    """
    end, latest, packets = Fraction(0), Fraction(0), 0
    checksums, sound = False, whole
    try:
        for packet in container.demux():  # all streams: a shorter one must not look like a file cut short
            packet_end = _end(packet.pts, packet.duration, packet.time_base)
            latest = max(latest, packet_end)
            if packet.stream.index != stream.index:
                continue
            if packet.is_corrupt:
                raise _damaged(path, end, "a packet is cut short")
            if stream.codec_context.name == "ffv1" and packet.size:
                intact = slices_intact(bytes(packet))
                if intact is False or (intact is None and checksums):
                    raise _damaged(path, end, "a checksum of FFV1 does not agree")
                checksums = intact is not None
            end, packets = max(end, packet_end), packets + (packet.size > 0)
            for frame in packet.decode():
                assert isinstance(frame, av.VideoFrame | av.AudioFrame)
                if frame.is_corrupt and sound:  # the decoder is some packets ahead of the frame that it hands out
                    raise _damaged(path, _end(frame.pts, 0, frame.time_base) or end, "a frame is damaged")
                if not frame.is_corrupt:
                    sound = True
                    yield frame
    except av.FFmpegError as error:
        raise _damaged(path, end, _said(error)) from error
    _check_end(container, stream, path, end, latest, packets if whole else stream.frames)


def _end(pts: int | None, duration: int | None, time_base: Fraction | None) -> Fraction:
    return Fraction(0) if pts is None or time_base is None else (pts + (duration or 0)) * time_base


def _check_end(
    container: InputContainer,
    stream: av.VideoStream | av.AudioStream,
    path: Path,
    end: Fraction,
    latest: Fraction,
    packets: int,
) -> None:
    """Compare where the stream and the file end with what their headers declare, as far as they do."""
    step = _step(stream)
    slack = SLACK_STEPS * step
    missing = False
    if stream.duration is not None and stream.time_base is not None:
        declared = (stream.duration + (stream.start_time or 0)) * stream.time_base
        # An edit list may leave packets out on purpose, so their number counts only together with the time.
        slack = step / 2 if packets < stream.frames else slack
        missing = end < declared - slack
    elif container.format.name in DECLARE_LENGTH and container.duration is not None:
        declared, end = Fraction(container.duration, av.time_base), latest
        missing = end < declared - slack
    if missing:
        raise InputError(path, f"ends at {float(end):.2f} s, but should last until {float(declared):.2f} s", REPAIR)


def _step(stream: av.VideoStream | av.AudioStream) -> Fraction:
    """Return the usual length of a frame in seconds."""
    if isinstance(stream, av.AudioStream):
        context = stream.codec_context
        return Fraction(context.frame_size or AUDIO_FRAME, context.sample_rate or 8000)
    rate = stream.average_rate or stream.guessed_rate
    return 1 / Fraction(rate) if rate else Fraction(1, 25)


def _damaged(path: Path, end: Fraction, said: str) -> InputError:
    return InputError(path, f"cannot be decoded near {float(end):.2f} s ({said})", REPAIR)


def _said(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).split("\n")[0]
