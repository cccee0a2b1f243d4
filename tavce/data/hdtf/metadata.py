"""HDTF's fifteen text files -> clips, each usable or with the defect of the metadata that excludes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tavce.data.crop.policies import OfficialBox
from tavce.data.hdtf.lines import Record, Span, Square, height, ratio, read_records, spans, square, upload_id
from tavce.data.splits import Segment, united
from tavce.errors import InputError

SUBSETS = ("RD", "WDA", "WRA")
ANONYMOUS = "RD"  # radio and podcast hosts, whose names the authors left out
KINDS = ("video_url", "annotion_time", "resolution", "crop_wh", "crop_ratio")
FILES = tuple(f"{subset}_{kind}.txt" for subset in SUBSETS for kind in KINDS)

NO_ADDRESS = "the metadata give no address for its video"
NO_HEIGHT = "the metadata give no height for its video"
ZERO_HEIGHT = "the metadata give 0 for the height of its video, so that its crop box has no scale"
NO_BOX = "the metadata give no crop box for it"


@dataclass(frozen=True)
class HdtfClip:
    """One annotated segment.

    Attributes:
        id: ``{subset}_{name}_{number:03d}``, as universome/HDTF names its files and most papers their clips.
        subset: RD, WDA or WRA.
        name: of the video, unique in its subset.
        number: which of the video's segments, from 0.
        upload: YouTube id, "" where there is none. Two names may have the same.
        start_s, end_s: on the upload's time line, 0 <= start_s < end_s; both 0 where the times cannot be read.
        reference_height: of the picture that the annotators had, in pixels; 0 where it is unknown.
        box: the crop box, inside of the picture as far as its height says; None where `problem` says why.
        zoom: factor of the authors' other recipe, which crops by landmarks; None where there is none. No policy here
            asks for it, so that its absence excludes nothing.
        identity: who is seen: the name without its last digits, the same for all names that share an upload. In RD it
            is the name as it stands: who speaks there is unknown, and may be the same person in several videos.
        problem: "" where the metadata suffice, else why they do not.
    """

    id: str
    subset: str
    name: str
    number: int
    upload: str
    start_s: float
    end_s: float
    reference_height: int
    box: OfficialBox | None
    zoom: float | None
    identity: str
    problem: str

    def segment(self, first_seconds: float | None) -> Segment:
        """Return the segment, or its first seconds, as a split list has it."""
        end_s = self.end_s if first_seconds is None else min(self.end_s, self.start_s + first_seconds)
        return Segment(self.upload, self.start_s, end_s, self.identity)


@dataclass(frozen=True)
class Metadata:
    """What the files say.

    Attributes:
        clips: sorted by id.
        warnings: lines that gave nothing, each with its file and number or its name.
    """

    clips: tuple[HdtfClip, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Subset:
    # The five files of a subset: by video name, the last two by name and number.
    subset: str
    addresses: Mapping[str, Record[str]]
    times: Mapping[str, Record[tuple[Span, ...]]]
    heights: Mapping[str, Record[int]]
    boxes: Mapping[str, Record[Square]]
    zooms: Mapping[str, Record[float]]


def read_metadata(folder: Path) -> Metadata:
    """Return the clips of HDTF from the fifteen text files in `folder`.

    A segment that lacks something, or whose lines cannot be read, is a clip with a problem. What cannot be tied to a
    segment is a warning.

    Raises:
        InputError: no such folder, a file is missing, is not UTF-8, or has not one line of its form.
    """
    if not folder.is_dir():
        raise InputError(folder, "there is no such folder", "give the folder of HDTF's text files")
    absent = [name for name in FILES if not (folder / name).is_file()]
    if absent:
        problem = f"lacks {absent[0]}" + (f" and {len(absent) - 1} more of HDTF's text files" if absent[1:] else "")
        raise InputError(folder, problem, "give a folder with the fifteen files of MRzzm/HDTF, HDTF_dataset")
    clips: list[HdtfClip] = []
    warnings: list[str] = []
    for name in SUBSETS:
        subset, unread = _read_subset(folder, name)
        found = _clips(subset)
        clips += found
        warnings += unread + _unused(subset, found)
    return Metadata(tuple(sorted(_identified(clips), key=lambda clip: clip.id)), tuple(warnings))


def _read_subset(folder: Path, name: str) -> tuple[_Subset, list[str]]:
    addresses = read_records(folder / f"{name}_video_url.txt", upload_id)
    times = read_records(folder / f"{name}_annotion_time.txt", spans)
    heights = read_records(folder / f"{name}_resolution.txt", height)
    boxes = read_records(folder / f"{name}_crop_wh.txt", square)
    zooms = read_records(folder / f"{name}_crop_ratio.txt", ratio)
    unread = [warning for each in (addresses, times, heights, boxes, zooms) for warning in each.warnings]
    return _Subset(name, addresses.by_name, times.by_name, heights.by_name, boxes.by_name, zooms.by_name), unread


def _clips(subset: _Subset) -> list[HdtfClip]:
    return [
        _clip(subset, name, number, span)
        for name, record in subset.times.items()
        for number, span in enumerate(record.value or (Span(0.0, 0.0, record.problem),))
    ]


def _clip(subset: _Subset, name: str, number: int, span: Span) -> HdtfClip:
    address = subset.addresses.get(name, Record(None, NO_ADDRESS))
    tall = subset.heights.get(name, Record(None, NO_HEIGHT))
    box = subset.boxes.get(f"{name}_{number}", Record(None, NO_BOX))
    zoom = subset.zooms.get(f"{name}_{number}")
    problem = address.problem or span.problem or tall.problem or ("" if tall.value else ZERO_HEIGHT)
    problem = problem or box.problem or _outside(box.value, tall.value)
    return HdtfClip(
        id=f"{subset.subset}_{name}_{number:03d}",
        subset=subset.subset,
        name=name,
        number=number,
        upload=address.value or "",
        start_s=span.start_s,
        end_s=span.end_s,
        reference_height=tall.value or 0,
        box=None if problem else _official(box.value, tall.value),
        zoom=zoom.value if zoom else None,
        identity=name if subset.subset == ANONYMOUS else name.rstrip("0123456789") or name,
        problem=problem,
    )


def _outside(box: Square | None, tall: int | None) -> str:
    # The width of the annotators' picture is not stated; the plan looks at it once the upload is here.
    assert box is not None
    assert tall is not None
    if box.x < 0 or box.y < 0:
        return f"its crop box begins at x {box.x}, y {box.y}, outside of the picture"
    if box.y + box.side > tall:
        return f"its crop box reaches down to pixel {box.y + box.side}, and its picture is {tall} high"
    return ""


def _official(box: Square | None, tall: int | None) -> OfficialBox:
    assert box is not None
    assert tall is not None
    side = float(box.side)
    return OfficialBox(x=float(box.x), w=side, y=float(box.y), h=side, reference_height=float(tall))


def _identified(clips: Sequence[HdtfClip]) -> list[HdtfClip]:
    # A clip without an upload is tied to nobody: its own id keeps it apart.
    one = united((clip.identity, clip.upload or clip.id) for clip in clips)
    return [replace(clip, identity=one[clip.identity]) for clip in clips]


def _unused(subset: _Subset, clips: Sequence[HdtfClip]) -> list[str]:
    videos = sorted((set(subset.addresses) | set(subset.heights)) - set(subset.times))
    segments = {f"{clip.name}_{clip.number}" for clip in clips}
    boxes = sorted((set(subset.boxes) | set(subset.zooms)) - segments)
    return [f"{subset.subset}: {name} has no times, and gives no clip" for name in videos] + [
        f"{subset.subset}: {name} has a crop box or a zoom, but no times" for name in boxes
    ]
