"""A folder of videos that somebody brings -> which of them is which clip."""

import csv
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tavce.data.clips import Clip
from tavce.data.folder import find_videos
from tavce.errors import InputError

COLUMNS = ("clip", "video")


@dataclass(frozen=True)
class Found:
    """The clips of a split beside a folder.

    Attributes:
        videos: clip id -> its video; clips without one are absent.
        others: videos of the folder that are no clip's, relative to it.
    """

    videos: dict[str, Path]
    others: list[str]


def find(folder: Path, names: Path | None, clips: Sequence[Clip]) -> Found:
    """Return the videos of clips: by a table of names, or by the clip's id or the stem of its source.

    Args:
        folder: of the videos, nested or flat.
        names: CSV file with the columns ``clip`` (id) and ``video`` (path below the folder), or None.
        clips: that are wanted.

    Raises:
        InputError: no such folder or table, a table that names something that is not there, two videos for one clip,
            or no video for any.
    """
    if not folder.is_dir():
        raise InputError(folder, "there is no such folder", "check the method's `path`")
    files = find_videos(folder)
    named = by_table(folder, files, names, {clip.id for clip in clips}) if names else _by_name(folder, files, clips)
    if not named:
        shown = ", ".join([*sorted(files)[:3], *["..."] * (len(files) > 3)])
        problem = f"none of its {len(files)} videos is called as a clip ({shown}), such as {clips[0].id}"
        raise InputError(folder, problem, "call them <clip id>.mp4, or write a table of names (docs/your_videos.md)")
    others = sorted(set(files) - set(named.values()))
    return Found({clip: folder / file for clip, file in named.items()}, others)


def _by_name(folder: Path, files: Sequence[str], clips: Sequence[Clip]) -> dict[str, str]:
    sources = {clip.id: PurePosixPath(_plain(clip.source)) for clip in clips}
    stems = Counter(path.stem for path in sources.values())
    by_key = {path.stem: clip for clip, path in sources.items() if stems[path.stem] == 1}  # else it says too little
    by_key |= {path.with_suffix("").as_posix(): clip for clip, path in sources.items()}
    by_key |= {clip: clip for clip in sources}
    named: dict[str, str] = {}
    for file in files:
        path = PurePosixPath(file)
        keys = (_plain(path.with_suffix("").as_posix()), _plain(path.stem))
        clip_id = next((by_key[key] for key in keys if key in by_key), None)
        if clip_id is None:
            continue
        if clip_id in named:
            problem = f"{named[clip_id]} and {file} are both called as clip {clip_id}"
            raise InputError(folder, problem, "keep one of the two, or write a table of names")
        named[clip_id] = file
    return named


def by_table(folder: Path, files: Sequence[str], names: Path, known: Collection[str]) -> dict[str, str]:
    """Return the file of each known clip that a table names.

    Args:
        folder: of the videos.
        files: below it.
        names: CSV file with the columns ``clip`` and ``video``; it may name other clips too.
        known: clips that are wanted.

    Raises:
        InputError: no such table, or it names a video that is not there or two for one clip.
    """
    if not names.is_file():
        raise InputError(names, "there is no such file", "check the name of the table")
    with names.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
        if missing:
            raise InputError(names, f"has no column {missing[0]!r}", f"its columns are {', '.join(COLUMNS)}")
        rows = [(row["clip"] or "", row["video"] or "") for row in reader]
    there, named = set(files), dict[str, str]()
    for line, (clip, video) in enumerate(rows, 2):
        if video not in there:
            raise InputError(names, f"line {line}: {folder} has no video {video!r}", "paths are below the folder")
        if clip in named:
            raise InputError(names, f"line {line}: clip {clip} has a video already", "give each clip one")
        if clip in known:
            named[clip] = video
    return named


def _plain(name: str) -> str:
    # One spelling of accents: some file systems take them apart.
    return unicodedata.normalize("NFC", name)
