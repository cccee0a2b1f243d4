"""VoxCeleb's annotations and what was obtained of its uploads -> planned clips, sorted by id."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from tavce.data.crop.faces import UnusableError
from tavce.data.guide import Guide
from tavce.data.planned import Planned
from tavce.data.uploads.upload import Obtained, Upload
from tavce.data.voxceleb.annotation import Annotation, Version, read_annotation
from tavce.data.voxceleb.listing import IDENTITY, Utterance, list_utterances
from tavce.data.voxceleb.obtained import MISSING_END_S, listed, missing, too_late
from tavce.data.voxceleb.official import held_out_uploads, named
from tavce.data.voxceleb.selection import Selection, clip_row, frames_between, shared_upload
from tavce.data.voxceleb.tubes import MIN_FRAMES, Tube, tubes


def annotation_uploads(root: Path, selection: Selection, address_template: str) -> list[Upload]:
    """Return what must be fetched for the text files below `root`, sorted by id: each upload once.

    No file is opened. The height is 0: the annotations do not say what picture they were made on.

    Args:
        root: as in `plan_annotations`.
        selection: which utterances.
        address_template: with ``{id}`` in place of the upload's id.

    Raises:
        InputError: as `list_utterances`, or the template has no ``{id}``.
    """
    wanted = {each.upload for _, each in named(list_utterances(root, "txt", selection.wants), selection)}
    return listed(dict.fromkeys(wanted, 0), address_template)


def plan_annotations(
    root: Path, *, dataset: str, version: Version, ledger: Mapping[str, Obtained], selection: Selection
) -> Iterator[Planned]:
    """Yield one planned clip per tube of the wanted utterances, sorted by id; what cannot be used has its reason.

    Ids are ``<identity>-<upload>-<utterance>-<tube>``. An utterance whose file cannot be used gives one row, as tube 0.
    The guide's boxes lie inside the picture as obtained.

    Args:
        root: folder of the text files, ``<identity>/<upload>/<utterance>.txt`` (other places: `list_utterances`).
        dataset: name of the data set, for the rows.
        version: of VoxCeleb: the boxes of 1 are pixels, those of 2 fractions.
        ledger: what became of the uploads, by id.
        selection: which utterances.

    Raises:
        InputError: as `list_utterances`.
    """
    held_out = held_out_uploads(root, "txt", selection)
    for name, each in named(list_utterances(root, "txt", selection.wants), selection):
        split = selection.split(each.identity)
        obtained = ledger.get(each.upload)
        reason = shared_upload(split, each.upload, held_out) or missing(obtained)
        row = clip_row(
            f"{name}-000",
            dataset=dataset,
            split=split,
            identity=each.identity,
            source=obtained.file if obtained is not None and obtained.usable else each.upload,
            start_s=0.0,
            end_s=0.0,
            frames=0,
        )
        try:
            annotation = _read(root, each, version)
        except UnusableError as error:
            yield Planned(row.unusable(str(error)), None)
            continue
        for number, tube in sorted(enumerate(tubes(annotation)), key=lambda each: f"{each[0]:03d}"):
            clip = replace(
                row, id=f"{name}-{number:03d}", start_s=tube.start_s, end_s=tube.end_s, frames=len(tube.boxes)
            )
            if reason or tube.problem or obtained is None:
                yield Planned(clip.unusable(reason or tube.problem), None)
            else:
                yield _within(Planned(clip, Guide(None, tube.boxes, annotation.unit)), tube, obtained)


def _read(root: Path, each: Utterance, version: Version) -> Annotation:
    annotation = read_annotation(root / each.file, version)
    if annotation.reference != each.upload:
        other = ascii(annotation.reference[:40])
        raise UnusableError(f"its annotation is of upload {other}, and lies in the folder of {each.upload}")
    if IDENTITY.fullmatch(annotation.identity) and annotation.identity != each.identity:
        raise UnusableError(f"its annotation is of {annotation.identity}, and lies in the folder of {each.identity}")
    return annotation


def _within(planned: Planned, tube: Tube, obtained: Obtained) -> Planned:
    # The clip cut at the end of the upload, and its boxes at the right edge of the picture.
    clip = planned.clip
    if tube.end_s > obtained.seconds + MISSING_END_S:
        return Planned(clip.unusable(too_late(tube.end_s, obtained)), None)
    end_s = min(tube.end_s, obtained.seconds)
    frames = frames_between(tube.start_s, end_s)
    if frames < MIN_FRAMES:
        return Planned(clip.unusable(too_late(tube.end_s, obtained)), None)
    boxes = tube.boxes[:frames].copy()
    assert planned.guide is not None
    if planned.guide.unit == "height":
        boxes[:, 2] = np.minimum(boxes[:, 2], np.float32(obtained.width / obtained.height))
    if (boxes[:, 0] >= boxes[:, 2]).any():
        problem = f"its face is annotated to the right of the picture of {obtained.width}x{obtained.height}"
        return Planned(clip.unusable(f"{problem}, which is not the one that was annotated"), None)
    return Planned(replace(clip, end_s=end_s, frames=frames), replace(planned.guide, boxes=boxes))
