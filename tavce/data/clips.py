"""The clip table: one row per clip of a data set, usable or not, kept as parquet with sorted ids."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from tavce.errors import InputError
from tavce.run.atomic import atomic_file

TABLE_NAME = "clips.parquet"
FPS = 25
SAMPLE_RATE_HZ = 16_000
SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


@dataclass(frozen=True)
class Clip:
    """One clip.

    Attributes:
        id: unique in the data set and safe as a file name (letters, digits, dot, underscore, hyphen).
        dataset: name of the data set.
        split: "train" or "test".
        identity: who is seen; clips of one identity never sit on both sides of a split.
        source: path of the source video relative to the data set's source folder.
        start_s, end_s: the part of the source that the clip covers, in seconds.
        frames: number of frames at 25 fps; 0 where the clip cannot be used.
        box: crop box x0, y0, x1, y1 in source pixels, or None before the crop.
        affine: source pixel -> crop pixel, the two rows of a 2x3 matrix joined, or None before the crop.
        video_sha256, audio_sha256: of the files of this stage, "" where there is none.
        status: "ok" or "unusable".
        reason: "" if ok, else one sentence.
    """

    id: str
    dataset: str
    split: str
    identity: str
    source: str
    start_s: float
    end_s: float
    frames: int
    box: tuple[float, float, float, float] | None
    affine: tuple[float, float, float, float, float, float] | None
    video_sha256: str
    audio_sha256: str
    status: str
    reason: str

    @property
    def usable(self) -> bool:
        """Whether later stages may read the clip's files."""
        return self.status == "ok"

    def unusable(self, reason: str) -> "Clip":
        """Return the same clip, marked as unusable for `reason`."""
        return replace(self, status="unusable", reason=" ".join(reason.split()), frames=0)


def safe_ids(names: Sequence[str]) -> list[str]:
    """Return one id per name, safe as a file name and unique, in the order given.

    Characters outside ``A-Za-z0-9._-`` become ``_``. A name that had to be changed, or that collides with another
    (letter case ignored, for file systems that ignore it), gets the first 8 hex digits of its sha256 appended, so an
    id depends on the set of names, never on their order.
    """
    plain = [re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._-")[:100] for name in names]
    count: dict[str, int] = {}
    for each in plain:
        count[each.lower()] = count.get(each.lower(), 0) + 1
    return [
        each
        if each == name and SAFE_ID.fullmatch(each) and count[each.lower()] == 1
        else f"{each or 'clip'}-{digest(name.encode(errors='surrogatepass'))[:8]}"
        for each, name in zip(plain, names, strict=True)
    ]


def digest(data: bytes) -> str:
    """Return the sha256 of `data` in hex."""
    return hashlib.sha256(data).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the sha256 of the file at `path` in hex, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_clips(clips: Iterable[Clip], folder: Path) -> None:
    """Write the clip table into `folder`, rows sorted by id.

    Raises:
        InputError: an id is unsafe as a file name, or appears twice.
    """
    import pandas as pd  # takes a second, and worker processes never touch a table

    rows = sorted(clips, key=lambda clip: clip.id)
    for clip in rows:
        if not SAFE_ID.fullmatch(clip.id):
            raise InputError(clip.source, f"id {clip.id!r} is not safe as a file name", "make ids with safe_ids()")
    ids = [clip.id for clip in rows]
    twice = sorted({name for name in ids if ids.count(name) > 1}) if len(set(ids)) < len(ids) else []
    if twice:
        raise InputError(folder, f"clip ids appear twice: {twice}", "give each clip an id of its own")
    table = pd.DataFrame([asdict(clip) for clip in rows], columns=[field.name for field in fields(Clip)])
    with atomic_file(folder / TABLE_NAME) as part:
        table.to_parquet(part, index=False)


def read_clips(folder: Path) -> list[Clip]:
    """Return the clips of the table in `folder`, sorted by id.

    Raises:
        InputError: there is no table, or its columns are not those of a clip.
    """
    import pandas as pd

    path = folder / TABLE_NAME
    if not path.is_file():
        raise InputError(path, "there is no clip table", "run the stage that makes it: dvc repro")
    try:
        table = pd.read_parquet(path)
    except (ValueError, OSError) as error:  # pyarrow's own errors are ValueErrors
        raise InputError(path, f"cannot be read ({error})", "delete it and run: dvc repro") from error
    expected = [field.name for field in fields(Clip)]
    if list(table.columns) != expected:
        raise InputError(path, f"columns are {list(table.columns)}, expected {expected}", "run dvc repro again")
    return [_clip({str(key): value for key, value in row.items()}) for row in table.to_dict("records")]


def _clip(row: dict[str, Any]) -> Clip:
    for name in ("box", "affine"):
        row[name] = None if row[name] is None else tuple(float(value) for value in row[name])
    return Clip(**row)
