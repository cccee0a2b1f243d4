"""What an obtained file holds, whether it is whole, and how a file of pictures and one of sound become one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from heapq import merge
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Stream

from tavce.data.uploads.disk import refuse_full_disk
from tavce.data.uploads.verdict import MissedError, Verdict
from tavce.errors import InputError
from tavce.media.container import opened, picture_stream
from tavce.media.video import probe

SLACK_S = Fraction(1, 2)  # containers declare lengths roughly; the strict reader of `tavce.media` looks again, later
SUFFIXES = {
    "mp4": ".mp4",
    "matroska": ".mkv",
    "mpegts": ".ts",
    "avi": ".avi",
    "flv": ".flv",
    "ogg": ".ogv",
    "mpeg": ".mpg",
}
IN_MP4 = (("h264", "hevc", "vp9", "av1"), ("aac", "opus", "mp3"))
SIGNS = ((4, b"ftyp"), (4, b"moov"), (0, b"\x1a\x45\xdf\xa3"), (0, b"FLV"), (0, b"RIFF"), (0, b"OggS"), (0, b"G@"))


@dataclass(frozen=True)
class Contents:
    """What a video file holds: see `Obtained`. `suffix` is the usual end of the name of such a file."""

    width: int
    height: int
    fps: float
    seconds: float
    video_codec: str
    audio_codec: str
    suffix: str


def contents(path: Path) -> Contents:
    """Return what the file holds, after reading all of it; of its pictures only the first is decoded.

    Raises:
        MissedError: it is no video ("unusable"), or one that is damaged or cut short ("failed").
    """
    with _opened(path) as container:
        stream = _pictures(container, path)
        best = container.streams.best("audio")
        names = container.format.name.split(",")
        begin, end = _extent(container, stream)
    try:
        info = probe(path)
    except InputError as error:
        raise MissedError(Verdict("unusable", f"the file {error.problem}")) from error
    return Contents(
        width=info.width,
        height=info.height,
        fps=round(info.frame_rate or 0.0, 6),
        seconds=round(float(end - begin), 6),
        video_codec=info.codec,
        audio_codec=best.codec_context.name if isinstance(best, av.AudioStream) else "",
        suffix=next((SUFFIXES[name] for name in names if name in SUFFIXES), ".video"),
    )


def join(pictures: Path, sound: Path, out: Path) -> None:
    """Write the pictures of one file and the sound of another into `out`, packet by packet, nothing coded anew.

    MP4 keeps every timestamp, and by its edit list what a decoder must drop; Matroska, for codecs that MP4 does not
    know, rounds times to a millisecond. Same input, same bytes.

    Raises:
        MissedError: as for `contents`, or the two do not go into one file.
        InputError: the disk is full.
    """
    with _opened(pictures) as seen, _opened(sound) as heard:
        if not heard.streams.audio:
            raise MissedError(Verdict("unusable", "what came as its sound has no sound in it"))
        inputs = (_pictures(seen, pictures), heard.streams.audio[0])
        fits = all(stream.codec_context.name in known for stream, known in zip(inputs, IN_MP4, strict=True))
        try:
            with av.open(str(out), "w", format="mp4" if fits else "matroska", options={"fflags": "+bitexact"}) as to:
                outputs = [to.add_stream_from_template(stream) for stream in inputs]
                both = merge(_timed(seen, inputs[0], 0), _timed(heard, inputs[1], 1), key=lambda each: each[0])
                for _, number, packet in both:
                    packet.stream = outputs[number]
                    to.mux(packet)
        except av.FFmpegError as error:
            refuse_full_disk(error, out)
            problem = f"pictures and sound cannot be joined ({error.strerror})"
            raise MissedError(Verdict("failed", problem)) from error


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    try:
        with opened(path) as container:
            yield container
    except InputError as error:
        with path.open("rb") as file:
            head = file.read(16)
        if any(head[place:].startswith(sign) for place, sign in SIGNS):
            raise MissedError(Verdict("failed", "the file is damaged or was cut short before its end")) from error
        raise MissedError(Verdict("unusable", "what came is no video")) from error


def _pictures(container: InputContainer, path: Path) -> av.VideoStream:
    try:
        return picture_stream(container, path)
    except InputError as error:
        raise MissedError(Verdict("unusable", f"what came {error.problem}")) from error


def _whole_packets(container: InputContainer) -> Iterator["av.Packet[Stream]"]:
    """Yield all packets that hold data; afterwards compare their end with the declared one.

    Raises:
        MissedError: a packet is damaged, none is there, or the file ends more than `SLACK_S` before its declared end.
    """
    end = Fraction(0)
    try:
        for packet in container.demux():
            if packet.is_corrupt:
                raise MissedError(Verdict("failed", f"the file is damaged near {float(end):.2f} s"))
            if packet.size:
                end = max(end, _span(packet)[1])
                yield packet
    except (av.error.InvalidDataError, av.error.EOFError) as error:
        raise MissedError(Verdict("failed", f"the file is damaged near {float(end):.2f} s")) from error
    lengths = [
        stream.duration * stream.time_base for stream in container.streams if stream.duration and stream.time_base
    ]
    declared = max(lengths, default=Fraction(container.duration or 0, av.time_base))
    if not end or end < declared - SLACK_S:
        problem = f"the file ends at {float(end):.2f} s, but should last until {float(declared):.2f} s"
        raise MissedError(Verdict("failed", problem))


def _extent(container: InputContainer, stream: Stream) -> tuple[Fraction, Fraction]:
    """Return the times at which the stream's first frame appears and its last one goes, in seconds."""
    begin, end = Fraction(10**9), Fraction(0)
    for packet in _whole_packets(container):
        if packet.stream.index == stream.index:
            span = _span(packet)
            begin, end = min(begin, span[0]), max(end, span[1])
    if end <= begin:
        raise MissedError(Verdict("unusable", "what came has no pictures in it"))
    return begin, end


def _span(packet: "av.Packet[Stream]") -> tuple[Fraction, Fraction]:
    """Return when the packet's frame is shown, from and until, in seconds."""
    ticks = packet.pts if packet.pts is not None else packet.dts
    if ticks is None or packet.time_base is None:
        return Fraction(0), Fraction(0)
    return ticks * packet.time_base, (ticks + (packet.duration or 0)) * packet.time_base


def _timed(
    container: InputContainer, stream: Stream, number: int
) -> Iterator[tuple[Fraction, int, "av.Packet[Stream]"]]:
    """Yield time of decoding, `number` and packet for the packets of one stream, in the order of the file."""
    time = Fraction(0)
    for packet in _whole_packets(container):
        if packet.stream.index == stream.index:
            if packet.dts is not None and packet.time_base is not None:
                time = packet.dts * packet.time_base
            yield time, number, packet
