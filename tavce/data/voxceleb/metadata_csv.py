"""FOMM's list of VoxCeleb1 clips, ``vox-metadata.csv``: parts of uploads, each with one crop box.

One row per clip: ``video_id,start,end,bbox,fps,width,height,partition,person_id``; start and end are frames at 25 fps
(the end is not part of the clip), the box is left-top-right-bottom in pixels of a picture of width x height, joined by
hyphens (AliaksandrSiarohin/video-preprocessing@0cdd120). The boxes are not square, and the original's loader stretches
what is in them; policy hdtf_official pads to a square.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tavce.data.crop.policies import OfficialBox
from tavce.data.voxceleb.annotation import FPS
from tavce.data.voxceleb.listing import IDENTITY, UPLOAD
from tavce.errors import InputError

COLUMNS = ("video_id", "start", "end", "bbox", "fps", "width", "height", "partition", "person_id")
WHOLE = re.compile(r"[0-9]{1,6}")
BOX = re.compile(r"(-?[0-9]{1,6})-(-?[0-9]{1,6})-(-?[0-9]{1,6})-(-?[0-9]{1,6})")
EXTRA = "*"  # name of the fields beyond the last column
SQUARE_WITHIN = 0.1


@dataclass(frozen=True)
class MetadataRow:
    """One row.

    Attributes:
        line: number in the file.
        identity, upload: the person, and the YouTube id; "" where they are not of their form.
        start, end: frames at 25 fps on the whole upload; 0 where they cannot be read.
        width, height: of the picture that the box counts in, in pixels; 0 where they cannot be read.
        box: left, top, right, bottom as the row has them; None where they cannot be read, or are no box.
        partition: "train" or "test", as the row has it.
        problem: "", or why the row gives no clip.
    """

    line: int
    identity: str
    upload: str
    start: int
    end: int
    width: int
    height: int
    box: tuple[int, int, int, int] | None
    partition: str
    problem: str

    @property
    def start_s(self) -> float:
        """Where the clip starts on the upload's time line, in seconds."""
        return self.start / FPS

    @property
    def end_s(self) -> float:
        """Where it ends, in seconds."""
        return self.end / FPS

    def official_box(self) -> OfficialBox:
        """Return the box, cut at the picture's edges as the original's slices of the frame are.

        Raises:
            ValueError: the row has a problem.
        """
        if self.box is None or self.problem:
            raise ValueError(f"line {self.line} has no box: {self.problem}")
        left, top, right, bottom = map(float, _inside(self.box, self.width, self.height))
        return OfficialBox(left, right - left, top, bottom - top, float(self.height))


@dataclass(frozen=True)
class BoxReport:
    """What the rows of the list are like.

    Attributes:
        rows: all of them.
        by_partition: how many are said to be "train", "test", or anything else.
        uploads, identities: how many different ones.
        hours: of all clips together.
        malformed: rows that give no clip.
        repeated: rows whose upload, start and end were there before.
        boxes: rows with a box; the counts below are of these.
        non_square: width / height is more than 10 % from 1.
        over_edge: the box reaches beyond the picture.
        ratio: median of width / height; None without boxes.
    """

    rows: int
    by_partition: dict[str, int]
    uploads: int
    identities: int
    hours: float
    malformed: int
    repeated: int
    boxes: int
    non_square: int
    over_edge: int
    ratio: float | None


def read_metadata(path: Path) -> list[MetadataRow]:
    """Return the rows of the list in the file's order, malformed ones with their problem.

    Raises:
        InputError: the file cannot be read, or has other columns.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the path and its permissions") from error
    except UnicodeDecodeError as error:
        raise InputError(path, "is no text in UTF-8", "fetch the file again") from error
    return [_row(line, values) for line, values in _records(text, path)]


def _records(text: str, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey=EXTRA, restval="")
    try:
        header = reader.fieldnames or []
        if not set(COLUMNS) <= set(header):
            raise InputError(path, f"has columns {ascii(list(header))[:200]}", f"give it {', '.join(COLUMNS)}")
        for values in reader:
            yield reader.line_num, values
    except csv.Error as error:
        raise InputError(path, f"line {reader.line_num} is no CSV ({error})", "fetch the file again") from error


def _row(line: int, values: Mapping[str, str]) -> MetadataRow:
    number = {name: _whole(values[name]) for name in ("start", "end", "width", "height")}
    start, end, width, height = (value if value is not None else 0 for value in number.values())
    identity = values["person_id"] if IDENTITY.fullmatch(values["person_id"]) else ""
    upload = values["video_id"] if UPLOAD.fullmatch(values["video_id"]) else ""
    match = BOX.fullmatch(values["bbox"])
    box = (int(match[1]), int(match[2]), int(match[3]), int(match[4])) if match else None
    wrong = {
        "has more fields than columns": EXTRA in values,
        "has no identity id00000": not identity,
        "has no YouTube id": not upload,
        "has no whole numbers for its times": number["start"] is None or number["end"] is None,
        "ends before it starts": start >= end,
        f"counts frames at {values['fps'][:20]!a} per second and not at {FPS}": values["fps"] != str(FPS),
        "has no size of the picture": not width or not height,
        "has no box left-top-right-bottom": box is None,
        "has a box without any part in the picture": box is not None and _empty(box, width, height),
    }
    problem = next((f"line {line} of the list {what}" for what, is_so in wrong.items() if is_so), "")
    if box is not None and _empty(box, width, height):
        box = None
    return MetadataRow(line, identity, upload, start, end, width, height, box, values["partition"], problem)


def _whole(text: str) -> int | None:
    return int(text) if WHOLE.fullmatch(text) else None


def _inside(box: tuple[int, int, int, int], width: int, height: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    return max(left, 0), max(top, 0), min(right, width), min(bottom, height)


def _empty(box: tuple[int, int, int, int], width: int, height: int) -> bool:
    left, top, right, bottom = _inside(box, width, height)
    return left >= right or top >= bottom


def box_report(rows: Sequence[MetadataRow]) -> BoxReport:
    """Return what the rows of the list are like, for the data card and the log."""
    boxed = [(row, row.box) for row in rows if row.box is not None]
    ratios = [(box[2] - box[0]) / (box[3] - box[1]) for _, box in boxed]
    return BoxReport(
        rows=len(rows),
        by_partition=dict(sorted(Counter(row.partition for row in rows).items())),
        uploads=len({row.upload for row in rows} - {""}),
        identities=len({row.identity for row in rows} - {""}),
        hours=sum(max(0, row.end - row.start) for row in rows) / FPS / 3600,
        malformed=sum(row.problem != "" for row in rows),
        repeated=len(rows) - len({(row.upload, row.identity, row.start, row.end) for row in rows}),
        boxes=len(boxed),
        non_square=sum(abs(ratio - 1) > SQUARE_WITHIN for ratio in ratios),
        over_edge=sum(box != _inside(box, row.width, row.height) for row, box in boxed),
        ratio=median(ratios) if ratios else None,
    )
