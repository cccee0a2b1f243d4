"""VoxCeleb's text file of one utterance: which video, which frames, and where the face is in each of them.

The form is that of the official files: lines ``key : value`` (Identity, Reference, Offset, FV Conf, ASD Conf), a blank
line, the column names ``FRAME X Y W H`` (with blanks behind each), one row per frame. What the numbers count is read in
AliaksandrSiarohin/video-preprocessing@0cdd120, crop_vox.py (REF_FPS, REF_FRAME_SIZE); what the confidences are, in
joonson/yousaidthat#2.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32, Float64, Int64

from tavce.data.crop.faces import UnusableError

FPS = 25  # of FRAME, whatever the rate of the video
REFERENCE_HEIGHT = 360  # of the picture in which VoxCeleb1 counts its pixels
COLUMNS = ("frame", "x", "y", "w", "h")
LEAST_PIXELS = 2.0  # no face is so small in pixels, and none so large in fractions of the picture

INDEX = re.compile(r"[0-9]{1,7}")
NUMBER = re.compile(r"-?(?:[0-9]{1,6}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE]-[0-9]{1,3})?")
OFFSET = re.compile(r"-?[0-9]{1,4}")

Version = Literal[1, 2]


@dataclass(frozen=True)
class Annotation:
    """What the file says.

    Attributes:
        identity, reference: as the file names them: the person, and the YouTube id of the upload.
        offset: of the sound against the picture, in frames, by SyncNet; None where the file has none.
        face_confidence: of face verification ("FV Conf"); None as above.
        speaker_confidence: of active speaker detection ("ASD Conf"); None as above.
        frames: index of each frame at 25 fps on the whole upload, rising, with gaps where the file has them.
        boxes: x0, y0, x1, y1 of the face, 0 <= x0 < x1 and 0 <= y0 < y1 <= 1, in `unit`. x1 <= 1 where that is
            "frame"; where it is "height", how wide the picture is shows when the upload is there.
        unit: as in `Guide`: "height" for VoxCeleb1, "frame" for VoxCeleb2.
    """

    identity: str
    reference: str
    offset: int | None
    face_confidence: float | None
    speaker_confidence: float | None
    frames: Int64[np.ndarray, " frames"]
    boxes: Float32[np.ndarray, "frames 4"]
    unit: Literal["height", "frame"]


def read_annotation(source: str | Path, version: Version) -> Annotation:
    """Return what an utterance's file says.

    The boxes of VoxCeleb1 are pixels of a picture scaled to 360 lines, those of VoxCeleb2 fractions of the picture's
    width and height. A box is cut at the picture's edges; one without any part inside makes the file unusable.

    Args:
        source: the file, or its text.
        version: of VoxCeleb.

    Raises:
        UnusableError: the text is of another form, or of the other version; the message names the first line at fault.
    """
    text = _text(source) if isinstance(source, Path) else source
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    head = next((number for number, line in enumerate(lines) if sorted(line.lower().split()) == sorted(COLUMNS)), None)
    if head is None:
        raise UnusableError("its annotation has no line with the column names FRAME X Y W H")
    header = _header(lines[:head])
    for key in ("identity", "reference"):
        if not header.get(key):
            raise UnusableError(f"its annotation has no {key.capitalize()}")
    table = _table(lines, head)
    unit: Literal["height", "frame"] = "height" if version == 1 else "frame"
    return Annotation(
        identity=header["identity"],
        reference=header["reference"],
        offset=_offset(header),
        face_confidence=_confidence(header, "fv conf"),
        speaker_confidence=_confidence(header, "asd conf"),
        frames=_frames(table[:, 0]),
        boxes=_boxes(table[:, 1:], version),
        unit=unit,
    )


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UnusableError(f"its annotation cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UnusableError("its annotation is no text in UTF-8") from error


def _header(lines: Sequence[str]) -> dict[str, str]:
    # The first of equal keys holds.
    found: dict[str, str] = {}
    for line in lines:
        key, colon, value = line.partition(":")
        if colon:
            found.setdefault(" ".join(key.lower().split()), value.strip())
    return found


def _offset(header: Mapping[str, str]) -> int | None:
    text = header.get("offset", "")
    return int(text) if OFFSET.fullmatch(text) else None


def _confidence(header: Mapping[str, str], key: str) -> float | None:
    first = header.get(key, "").split()[:1]  # a count in brackets may follow
    return float(first[0]) if first and NUMBER.fullmatch(first[0]) else None


def _table(lines: Sequence[str], head: int) -> Float64[np.ndarray, "frames 5"]:
    names = lines[head].lower().split()
    order = [names.index(name) for name in COLUMNS]
    rows = []
    for number, line in enumerate(lines[head + 1 :], head + 2):
        fields = line.split()
        if not fields:
            continue
        values = [fields[place] for place in order] if len(fields) == len(COLUMNS) else []
        if not values or not INDEX.fullmatch(values[0]) or not all(map(NUMBER.fullmatch, values[1:])):
            raise UnusableError(f"line {number} of its annotation is no frame and box: {line[:60]!a}")
        rows.append([float(value) for value in values])
    if not rows:
        raise UnusableError("its annotation has no frames")
    return np.array(rows)


def _frames(column: Float64[np.ndarray, " frames"]) -> Int64[np.ndarray, " frames"]:
    frames: Int64[np.ndarray, " frames"] = column.astype(np.int64)
    back = np.flatnonzero(np.diff(frames) < 1)
    if len(back):
        before, after = frames[back[0]], frames[back[0] + 1]
        raise UnusableError(f"its annotation lists frame {after} behind frame {before}")
    return frames


def _boxes(values: Float64[np.ndarray, "frames 4"], version: Version) -> Float32[np.ndarray, "frames 4"]:
    in_pixels = float(np.median(np.abs(values[:, 2:]).max(axis=1))) > LEAST_PIXELS
    if in_pixels != (version == 1):
        other = "pixels, as those of VoxCeleb1" if in_pixels else "fractions of the picture, as those of VoxCeleb2"
        raise UnusableError(f"its annotation has boxes in {other}, and version {version} was asked for")
    corner, size = values[:, :2], values[:, 2:]
    edge = np.array([np.inf, 1.0]) if version == 1 else np.array([1.0, 1.0])
    scale = REFERENCE_HEIGHT if version == 1 else 1
    low = np.maximum(corner / scale, 0.0)
    high = np.minimum((corner + size) / scale, edge)
    boxes: Float32[np.ndarray, "frames 4"] = np.concatenate([low, high], axis=1).astype(np.float32)
    empty = np.flatnonzero((boxes[:, :2] >= boxes[:, 2:]).any(axis=1))
    if len(empty):
        x, y, w, h = values[empty[0]]
        raise UnusableError(
            f"its annotation has a box without any part in the picture: x {x:g} y {y:g} w {w:g} h {h:g}"
        )
    return boxes
