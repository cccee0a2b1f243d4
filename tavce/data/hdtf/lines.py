"""The lines of HDTF's text files: one record per line, fields between blanks, a name first, no header.

Formats: MRzzm/HDTF@bbde889, README.md, and what the files there hold beside it (a byte order mark, blanks at line
ends, hyphens in names, addresses with further parameters).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from tavce.errors import InputError

Value = TypeVar("Value")

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
ADDRESS = re.compile(
    r"(?:https?://)?(?:(?:www\.|m\.)?youtube(?:-nocookie)?\.com/(?:watch\?(?:[^#]*?&)?v=|embed/|shorts/|live/|v/)"
    r"|youtu\.be/)(?P<id>[A-Za-z0-9_-]{11})(?:[?&#/].*)?"
)
TIME = r"(?:([0-9]{1,2}):([0-5][0-9])|([0-9]{1,3})):([0-5][0-9])"
TIMES = re.compile(f"{TIME}-{TIME}")
PIXELS = re.compile(r"-?[0-9]{1,5}")
RATIO = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,4})?")


class LineError(Exception):
    """A line, or a part of it, that is not of its file's form: what is wrong with it, as a part of a sentence."""


@dataclass(frozen=True)
class Record(Generic[Value]):
    """What one line says of its name: a value, or why it says none (file, line number and problem)."""

    value: Value | None
    problem: str


@dataclass(frozen=True)
class Records(Generic[Value]):
    """What a file says: a record per name, and the lines from which no record came, as warnings."""

    by_name: dict[str, Record[Value]]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Span:
    """One range of times.

    Attributes:
        start_s, end_s: seconds, 0 <= start_s < end_s; both 0 where the range cannot be read.
        problem: "", or why it cannot be read.
    """

    start_s: float
    end_s: float
    problem: str


@dataclass(frozen=True)
class Square:
    """A crop box in whole pixels from the picture's upper left corner, not yet held against any picture."""

    x: int
    y: int
    side: int


def read_records(path: Path, read: Callable[[Sequence[str]], Value]) -> Records[Value]:
    """Return what the lines of `path` say.

    The first field of a line is a name, with or without ``.mp4``; `read` makes a value of the others, or raises
    LineError. Of lines with the same name the first holds.

    Raises:
        InputError: the file is not there, is not UTF-8, or has not one line of the form.
    """
    by_name: dict[str, Record[Value]] = {}
    warnings = []
    for number, fields in _fields(path):
        place = f"{path.name}:{number}"
        name = fields[0].removesuffix(".mp4")
        if not NAME.fullmatch(name):
            warnings.append(f"{place}: {_short(fields[0])} is no name of a video; the line is left out")
        elif name in by_name:
            warnings.append(f"{place}: {name} is listed before; the line is left out")
        else:
            by_name[name] = _record(place, fields[1:], read)
    if all(record.value is None for record in by_name.values()):
        problems = [record.problem for record in by_name.values()] + warnings
        problem = f"has no line of the form that HDTF's file has; {min(problems, default='it is empty')}"
        raise InputError(path, problem, "fetch the file again from the authors' repository")
    return Records(by_name, tuple(warnings))


def _record(place: str, fields: Sequence[str], read: Callable[[Sequence[str]], Value]) -> Record[Value]:
    try:
        return Record(read(fields), "")
    except LineError as error:
        return Record(None, f"{place}: {error}")


def _fields(path: Path) -> list[tuple[int, list[str]]]:
    # Line number and fields of each line that is not blank.
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the folder and its permissions") from error
    except UnicodeDecodeError as error:
        raise InputError(path, f"is no text in UTF-8 ({error.reason})", "fetch the file again") from error
    lines = re.split(r"\r\n|\r|\n", text)  # str.splitlines would also break at separators that no editor counts
    return [(number, line.split()) for number, line in enumerate(lines, 1) if line.strip()]


def upload_id(fields: Sequence[str]) -> str:
    """Return the YouTube id of an address, whatever parameters it carries beside it."""
    if len(fields) != 1:
        raise LineError(f"one address is expected, there are {len(fields)} fields")
    match = ADDRESS.fullmatch(fields[0])
    if match is None:
        raise LineError(f"{_short(fields[0])} is no address of a YouTube video")
    return match["id"]


def spans(fields: Sequence[str]) -> tuple[Span, ...]:
    """Return the ranges of times ``mm:ss-mm:ss`` or ``h:mm:ss-h:mm:ss`` in their order, malformed ones included.

    The k-th range is clip k, so that a malformed one must keep its place.
    """
    found = tuple(_span(field) for field in fields)
    if not found:
        raise LineError("no times are given")
    return found


def _span(text: str) -> Span:
    match = TIMES.fullmatch(text)
    if match is None:
        return Span(0.0, 0.0, f"{_short(text)} is no range of times mm:ss-mm:ss")
    start, end = (_seconds(match.groups()[part : part + 4]) for part in (0, 4))
    if start >= end:
        return Span(0.0, 0.0, f"its times {text} end before they start")
    return Span(start, end, "")


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, only_minutes, seconds = (int(part or 0) for part in parts)
    return float(3600 * hours + 60 * (minutes + only_minutes) + seconds)


def height(fields: Sequence[str]) -> int:
    """Return the height of the annotators' picture in pixels, 0 where they wrote 0."""
    if len(fields) != 1 or not PIXELS.fullmatch(fields[0]) or int(fields[0]) < 0:
        raise LineError(f"{_short(' '.join(fields))} is no height in pixels")
    return int(fields[0])


def square(fields: Sequence[str]) -> Square:
    """Return the crop box of a line ``x w y h``: width before the upper edge, other than one would expect.

    All boxes of HDTF are square. One that is not was likely written in the order x y w h, and is refused.
    """
    if len(fields) != 4 or not all(PIXELS.fullmatch(field) for field in fields):
        raise LineError(f"{_short(' '.join(fields))} is no crop box x w y h in whole pixels")
    x, width, y, tall = (int(field) for field in fields)
    if width < 1 or tall < 1:
        raise LineError(f"its crop box of {width}x{tall} px is empty")
    if width != tall:
        raise LineError(f"its crop box of {width}x{tall} px is not square, as HDTF's are; its order must be x w y h")
    return Square(x, y, width)


def ratio(fields: Sequence[str]) -> float:
    """Return the zoom factor of the authors' other recipe."""
    if len(fields) != 1 or not RATIO.fullmatch(fields[0]) or float(fields[0]) == 0:
        raise LineError(f"{_short(' '.join(fields))} is no zoom factor")
    return float(fields[0])


def _short(text: str) -> str:
    return ascii(text if len(text) <= 60 else f"{text[:57]}...")
