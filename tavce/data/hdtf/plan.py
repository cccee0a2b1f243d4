"""HDTF's metadata and what was obtained of its uploads -> planned clips."""

from collections.abc import Iterator, Mapping, Sequence

from tavce.data.clips import FPS, Clip
from tavce.data.crop.policies import OfficialBox
from tavce.data.guide import Guide
from tavce.data.hdtf.metadata import HdtfClip, Metadata
from tavce.data.planned import Planned
from tavce.data.splits import Segment, SplitRow, by_key
from tavce.data.uploads.upload import Obtained, Upload
from tavce.errors import InputError

YOUTUBE = "https://www.youtube.com/watch?v={id}"
MISSING_END_S = 1.0  # times are whole seconds, and an upload may end within its last one

NOT_FETCHED = "its upload is not fetched yet"
NO_SOUND = "its upload has no sound, and sound drives the animation"
NOT_LISTED = "the list of splits does not name it"


def uploads(metadata: Metadata, address_template: str = YOUTUBE) -> list[Upload]:
    """Return what must be fetched, sorted by id: each upload once, those left out of which no clip can be used.

    Args:
        metadata: of the data set.
        address_template: with ``{id}`` in place of the id.

    Raises:
        InputError: the template has no ``{id}``.
    """
    if "{id}" not in address_template:
        raise InputError(address_template, "has no {id} in it", "write {id} where the id of an upload belongs")
    heights: dict[str, int] = {}
    for clip in metadata.clips:
        if not clip.problem:
            heights[clip.upload] = max(heights.get(clip.upload, 0), clip.reference_height)
    return [Upload(name, address_template.replace("{id}", name), tall) for name, tall in sorted(heights.items())]


def chosen(metadata: Metadata, first_seconds: float | None) -> list[tuple[HdtfClip, Segment]]:
    """Return the clips of a variant with the part of its upload that each one covers, sorted by id.

    Args:
        metadata: of the data set.
        first_seconds: of the first segment of each video, as many papers take 8; None for all segments whole.
    """
    clips = [clip for clip in metadata.clips if first_seconds is None or clip.number == 0]
    return [(clip, clip.segment(first_seconds)) for clip in clips]


def plan(
    metadata: Metadata,
    ledger: Mapping[str, Obtained],
    *,
    dataset: str,
    splits: Sequence[SplitRow],
    first_seconds: float | None,
) -> Iterator[Planned]:
    """Yield one planned clip per segment, sorted by id; one that cannot be used has its reason.

    The picture may have been obtained at another height than the annotators': the crop policy scales the box. An
    upload that ends less than a second before its clip gives a clip that is shorter by so much. Of a clip that the
    list of splits does not name, the split is "none".

    Args:
        metadata: of the data set.
        ledger: what became of the uploads, by id.
        dataset: name of the data set, for the rows.
        splits: of a list for the same `first_seconds`.
        first_seconds: as in `chosen`.

    Raises:
        InputError: the list names what the metadata do not have.
    """
    split_of = by_key(splits, dataset)
    clips = chosen(metadata, first_seconds)
    unknown = sorted(set(split_of) - {part.key for _, part in clips})
    if unknown:
        source, start, end = unknown[0]
        problem = f"the list of splits names {source} {start:g}-{end:g} s, which the metadata do not have"
        raise InputError(dataset, problem, "use the list that was made for these metadata and first_seconds")
    for clip, part in clips:
        yield _planned(clip, part, ledger.get(clip.upload), dataset, split_of.get(part.key))


def _planned(clip: HdtfClip, part: Segment, obtained: Obtained | None, dataset: str, split: str | None) -> Planned:
    reason = clip.problem or ("" if split else NOT_LISTED) or _unusable(clip, part, obtained)
    end_s = part.end_s if reason or obtained is None else min(part.end_s, obtained.seconds)
    row = Clip(
        id=clip.id,
        dataset=dataset,
        split=split or "none",
        identity=clip.identity,
        source=obtained.file if obtained is not None and obtained.usable else clip.upload,
        start_s=part.start_s,
        end_s=end_s,
        frames=int((end_s - part.start_s) * FPS + 1e-6),
        box=None,
        affine=None,
        video_sha256="",
        audio_sha256="",
        status="ok",
        reason="",
    )
    if reason:
        return Planned(row.unusable(reason), None)
    return Planned(row, Guide(official=clip.box, boxes=None, unit="height"))


def _unusable(clip: HdtfClip, part: Segment, obtained: Obtained | None) -> str:
    """Return why the upload does not give the clip, "" if it does."""
    if obtained is None:
        return NOT_FETCHED
    if not obtained.usable:
        return f"its upload is {obtained.status}: {obtained.reason}"
    if part.end_s > obtained.seconds + MISSING_END_S or part.start_s >= obtained.seconds:
        return f"it ends at {part.end_s:g} s, and its upload at {obtained.seconds:.2f} s"
    if not obtained.audio_codec:
        return NO_SOUND
    assert clip.box is not None  # a clip without one has a problem
    return _outside(clip.box, obtained)


def _outside(box: OfficialBox, obtained: Obtained) -> str:
    # Downwards it stays inside at any scale, as it does in the annotators' picture; of that the width is unknown.
    right = box.x + box.w
    if right * obtained.height <= obtained.width * box.reference_height:  # without a division, whose rounding decides
        return ""
    right *= obtained.height / box.reference_height
    picture = f"{obtained.width}x{obtained.height}"
    return f"its crop box reaches to x {right:.0f} in a picture of {picture}, which is not the one that was annotated"
