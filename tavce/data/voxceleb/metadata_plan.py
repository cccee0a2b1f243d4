"""FOMM's list of clips and what was obtained of its uploads -> planned clips, sorted by id."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from tavce.data.guide import Guide
from tavce.data.planned import Planned
from tavce.data.uploads.upload import Obtained, Upload
from tavce.data.voxceleb.metadata_csv import MetadataRow
from tavce.data.voxceleb.obtained import MISSING_END_S, listed, missing, too_late
from tavce.data.voxceleb.selection import Selection, clip_row, frames_between, shared_upload, upload_names

SAME_SHAPE = 0.02  # by how much width / height may differ from that of the annotated picture


def metadata_uploads(rows: Sequence[MetadataRow], selection: Selection, address_template: str) -> list[Upload]:
    """Return what must be fetched for rows of FOMM's list, sorted by id: each upload once, at the row's height.

    Args:
        rows: all of the list.
        selection: which of them.
        address_template: with ``{id}`` in place of the upload's id.

    Raises:
        InputError: the template has no ``{id}``.
    """
    heights: dict[str, int] = {}
    for _, row in _named_rows(rows, selection):
        if not row.problem:
            heights[row.upload] = max(heights.get(row.upload, 0), row.height)
    return listed(heights, address_template)


def plan_metadata(
    rows: Sequence[MetadataRow], *, dataset: str, ledger: Mapping[str, Obtained], selection: Selection
) -> Iterator[Planned]:
    """Yield one planned clip per wanted row of FOMM's list, sorted by id; what cannot be used has its reason.

    Ids are ``<identity>-<upload>-<start>-<end>``, in frames; a repeated row has ``-1``, ``-2`` ... behind, and a row
    without identity or upload is ``row-<line>``. The split is that of the identity, whatever the row's partition.

    Args:
        rows: all of the list.
        dataset: name of the data set, for the rows.
        ledger: what became of the uploads, by id.
        selection: which rows.
    """
    held_out = {row.upload: row.identity for row in rows if row.identity and selection.held_out(row.identity)}
    for name, row in _named_rows(rows, selection):
        obtained = ledger.get(row.upload)
        split = selection.split(row.identity)
        reason = (
            row.problem or shared_upload(split, row.upload, held_out) or missing(obtained) or _unlike(row, obtained)
        )
        end_s = row.end_s if reason or obtained is None else min(row.end_s, obtained.seconds)
        clip = clip_row(
            name,
            dataset=dataset,
            split=split,
            identity=row.identity or name,
            source=obtained.file if obtained is not None and obtained.usable else row.upload,
            start_s=row.start_s,
            end_s=end_s,
            frames=frames_between(row.start_s, end_s),
        )
        if reason:
            yield Planned(clip.unusable(reason), None)
        else:
            yield Planned(clip, Guide(row.official_box(), None, "height"))


def _named_rows(rows: Sequence[MetadataRow], selection: Selection) -> list[tuple[str, MetadataRow]]:
    # The chosen rows with their clip ids, sorted by id. Of repeated rows the first by box holds.
    nameless = [row for row in rows if not (row.identity and row.upload)]
    found = [(f"row-{row.line:06d}", row) for row in nameless if selection.wants(row.identity)]
    whole = sorted((row for row in rows if row.identity and row.upload), key=_order)
    for identity, group in groupby(whole, key=lambda row: row.identity):
        if not selection.wants(identity):
            continue
        items = list(group)
        called = upload_names(row.upload for row in items)
        different = [next(same) for _, same in groupby(items, key=_key)]
        chosen = {_key(row) for row in selection.choose(different, _key)}
        for key, same in groupby(items, key=_key):
            for number, row in enumerate(same if key in chosen else ()):
                name = f"{identity}-{called[row.upload]}-{row.start:06d}-{row.end:06d}"
                again = replace(row, problem=row.problem or f"line {row.line} of the list repeats another")
                found.append((f"{name}-{number}", again) if number else (name, row))
    return sorted(found, key=lambda each: each[0])


def _key(row: MetadataRow) -> str:
    return f"{row.identity}/{row.upload}/{row.start:06d}-{row.end:06d}"


def _order(row: MetadataRow) -> tuple[str, str, bool, tuple[int, int, int, int], int]:
    return row.identity, _key(row), row.problem != "", row.box or (0, 0, 0, 0), row.line


def _unlike(row: MetadataRow, obtained: Obtained | None) -> str:
    """Return why the upload is not what was annotated, "" if it may be."""
    assert obtained is not None
    if row.end_s > obtained.seconds + MISSING_END_S or row.start_s >= obtained.seconds:
        return too_late(row.end_s, obtained)
    if abs(obtained.width / obtained.height * row.height / row.width - 1) > SAME_SHAPE:
        shapes = f"{row.width}x{row.height}, and came as {obtained.width}x{obtained.height}"
        return f"its upload was annotated as {shapes}: another shape"
    return ""
