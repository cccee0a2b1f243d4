"""VoxCeleb2's official mp4 files, used as they are: cropped to the face, 25 fps, one utterance each."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from tavce.data.planned import Planned
from tavce.data.voxceleb.listing import Kind, Utterance, list_utterances
from tavce.data.voxceleb.selection import Selection, clip_row, shared_upload, upload_names


def plan_official(root: Path, *, dataset: str, selection: Selection) -> Iterator[Planned]:
    """Yield one planned clip per file, sorted by id; no file is opened.

    The files lie in ``<root>/{dev,test}/mp4/<identity>/<upload>/<utterance>.mp4`` (other places: `list_utterances`).

    Args:
        root: the folder.
        dataset: name of the data set, for the rows.
        selection: which clips.

    Raises:
        InputError: as `list_utterances`.
    """
    files = list_utterances(root, "mp4", selection.wants)
    yield from official_rows(
        files, dataset=dataset, selection=selection, held_out=held_out_uploads(root, "mp4", selection)
    )


def official_rows(
    utterances: Iterable[Utterance], *, dataset: str, selection: Selection, held_out: Mapping[str, str]
) -> Iterator[Planned]:
    """Yield one planned clip per utterance, sorted by id; memory holds one identity.

    How long a file is shows when it is opened: ``end_s`` is equal to ``start_s``, 0, which means to its end, and
    ``frames`` is 0.

    Args:
        utterances: sorted by identity, upload and name.
        dataset: name of the data set, for the rows.
        selection: which of them.
        held_out: as in `shared_upload`.
    """
    for name, each in named(utterances, selection):
        split = selection.split(each.identity)
        row = clip_row(
            name,
            dataset=dataset,
            split=split,
            identity=each.identity,
            source=each.file,
            start_s=0.0,
            end_s=0.0,
            frames=0,
        )
        reason = shared_upload(split, each.upload, held_out)
        yield Planned(row.unusable(reason) if reason else row, None)


def named(utterances: Iterable[Utterance], selection: Selection) -> Iterator[tuple[str, Utterance]]:
    """Yield the chosen utterances, each with its name in clip ids: ``<identity>-<upload>-<name>``.

    Args:
        utterances: sorted by identity, upload and name.
        selection: which of them.
    """
    for identity, group in groupby(utterances, key=lambda each: each.identity):
        files = list(group)
        if not selection.wants(identity):
            continue
        called = upload_names(each.upload for each in files)
        for each in selection.choose(files, lambda each: f"{each.identity}/{each.upload}/{each.name}"):
            yield f"{identity}-{called[each.upload]}-{each.name}", each


def held_out_uploads(root: Path, kind: Kind, selection: Selection) -> dict[str, str]:
    """Return the uploads below `root` of identities that are not in train, and who that is; the first of several.

    Nothing is listed where the selection wants test clips alone.
    """
    if selection.part not in ("all", "train"):
        return {}
    found: dict[str, str] = {}
    for each in list_utterances(root, kind, selection.held_out):
        found.setdefault(each.upload, each.identity)
    return found
