"""The number of frames and the rate of an MP4 file, read from its index (ISO/IEC 14496-12). Python 3.6 and newer."""

import struct
from pathlib import Path
from typing import BinaryIO, Iterator  # noqa: UP035 - Python 3.6


class Failed(Exception):  # noqa: N818 - the word of the manifest
    """A clip that cannot be made; its message is the reason that the manifest gives."""


def read_mp4(path: Path) -> "tuple[int, float]":
    """Return the number of frames of the first video track of an MP4 file, and its mean rate in frames per second.

    The index is written last, so a file that a crash cut short is refused too.

    Raises:
        Failed: the file is no complete MP4 with a video track.
    """
    with path.open("rb") as file:
        for start, end in _paths(file, (b"moov", b"trak", b"mdia"), 0, path.stat().st_size):
            parts = {name: (first, last) for name, first, last in _boxes(file, start, end)}
            if not {b"hdlr", b"mdhd", b"minf"} <= set(parts) or _read(file, parts[b"hdlr"][0] + 8, 4) != b"vide":
                continue
            scale = _time_scale(file, parts[b"mdhd"][0])
            for first, last in _paths(file, (b"stbl", b"stts"), *parts[b"minf"]):
                pairs = list(struct.iter_unpack(">II", _read(file, first + 8, (last - first - 8) // 8 * 8)))
                frames, ticks = sum(count for count, _ in pairs), sum(count * step for count, step in pairs)
                if frames and ticks:
                    return frames, frames * scale / ticks
    raise Failed("what upstream wrote is no complete MP4 with a video track")


def _time_scale(file: BinaryIO, start: int) -> int:
    """Return the ticks per second; version 1 of the header has 64-bit times before it."""
    wide = _read(file, start, 1) == b"\x01"
    return int(struct.unpack(">I", _read(file, start + (20 if wide else 12), 4))[0])


def _paths(file: BinaryIO, names: "tuple[bytes, ...]", start: int, end: int) -> "Iterator[tuple[int, int]]":
    """Yield where the contents of every box on that path begin and end."""
    for name, first, last in _boxes(file, start, end):
        if name == names[0] and len(names) == 1:
            yield first, last
        elif name == names[0]:
            yield from _paths(file, names[1:], first, last)


def _boxes(file: BinaryIO, start: int, end: int) -> "Iterator[tuple[bytes, int, int]]":
    """Yield the name of each box between two places, and where its contents begin and end."""
    while start + 8 <= end:
        size, name = struct.unpack(">I4s", _read(file, start, 8))
        head = 8
        if size == 1:
            size, head = struct.unpack(">Q", _read(file, start + 8, 8))[0], 16
        size = size or end - start
        if size < head or start + size > end:
            return
        yield name, start + head, start + size
        start += size


def _read(file: BinaryIO, start: int, count: int) -> bytes:
    file.seek(start)
    found = file.read(count)
    if len(found) < count:
        raise Failed("what upstream wrote ends in the middle of a box")
    return found
