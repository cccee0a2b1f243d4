"""The clip table: one row per clip of a data set, usable or not, kept as parquet with sorted ids.

Up to 10,000 clips it is one file; beyond, parts of 10,000 rows in a folder with an index, written and read as a stream.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path
from typing import Any

from tavce.errors import InputError
from tavce.run.atomic import atomic_directory, atomic_file
from tavce.run.shards import batches

TABLE_NAME, PARTS, INDEX = "clips.parquet", "clips", "index.json"
MOST = 10_000  # clips of one file; beyond, rows of a part
FPS = 25
SAMPLE_RATE_HZ = 16_000
SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


@dataclass(frozen=True)
class Clip:
    """One clip.

    Attributes:
        id: unique in the data set and safe as a file name (letters, digits, dot, underscore, hyphen).
        dataset: name of the data set.
        split: "train", "val" or "test".
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


COLUMNS = [field.name for field in fields(Clip)]


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


def write_clips(clips: Iterable[Clip], folder: Path, *, most: int = MOST) -> None:
    """Write the clip table into `folder`, rows sorted by id.

    Up to `most` clips it is one file. Beyond, it is parts of `most` rows, and no more than these are held at a time:
    then clips that come as an iterator must come sorted. A sequence is sorted here.

    Raises:
        InputError: an id is unsafe as a file name, appears twice, or is out of order in a stream too long to sort.
    """
    rest = iter(sorted(clips, key=attrgetter("id")) if isinstance(clips, Sequence) else clips)
    first = list(islice(rest, most + 1))
    if len(first) > most:
        _write_parts(_in_order(chain(first, rest), folder), folder, most)
        (folder / TABLE_NAME).unlink(missing_ok=True)
        return
    _write_table(list(_in_order(sorted(first, key=attrgetter("id")), folder)), folder)
    if (folder / PARTS).is_dir():
        shutil.rmtree(folder / PARTS)


def _in_order(clips: Iterable[Clip], folder: Path) -> Iterator[Clip]:
    before = ""
    for clip in clips:
        if not SAFE_ID.fullmatch(clip.id):
            raise InputError(clip.source, f"id {clip.id!r} is not safe as a file name", "make ids with safe_ids()")
        if clip.id == before:
            raise InputError(folder, f"clip ids appear twice: {[clip.id]}", "give each clip an id of its own")
        if clip.id < before:
            raise InputError(folder, f"clip {clip.id} comes behind {before}", "hand over the clips sorted by id")
        before = clip.id
        yield clip


def _write_table(rows: list[Clip], folder: Path) -> None:
    import pandas as pd  # takes a second, and worker processes never touch a table

    table = pd.DataFrame([asdict(clip) for clip in rows], columns=COLUMNS)
    with atomic_file(folder / TABLE_NAME) as part:
        table.to_parquet(part, index=False)


def _write_parts(clips: Iterator[Clip], folder: Path, rows: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"start_s": pa.float64(), "end_s": pa.float64(), "frames": pa.int64()}
    types |= dict.fromkeys(("box", "affine"), pa.list_(pa.float64()))
    schema = pa.schema([(name, types.get(name, pa.string())) for name in COLUMNS])
    parts = []
    with atomic_directory(folder / PARTS) as place:
        for number, batch in enumerate(batches(clips, rows)):
            columns = [pa.array(map(attrgetter(name), batch), schema.field(name).type) for name in COLUMNS]
            path = place / _part_name(number)
            pq.write_table(pa.table(columns, schema=schema), path, compression="zstd")
            parts.append({"first": batch[0].id, "rows": len(batch), "sha256": file_sha256(path)})
        (place / INDEX).write_text(json.dumps({"parts": parts}, indent=0) + "\n", encoding="utf-8")


def _part_name(number: int) -> str:
    return f"part-{number:05d}.parquet"


def read_clips(folder: Path) -> list[Clip]:
    """Return the clips of the table in `folder`, sorted by id. A million take gigabytes: see `iterate_clips`.

    Raises:
        InputError: there is no table, or its columns are not those of a clip.
    """
    return list(iterate_clips(folder))


def iterate_clips(folder: Path) -> Iterator[Clip]:
    """Yield the clips of the table in `folder`, sorted by id; memory holds one part. Otherwise as `read_clips`."""
    for number in range(len(part_rows(folder))):
        yield from read_part(folder, number)


def iterate_ids(folder: Path) -> Iterator[str]:
    """Yield the ids of the clips, sorted, and read nothing else. Otherwise as `read_clips`."""
    for path in _paths(folder):
        yield from _columns(path, ["id"])[0]


def read_rows(folder: Path, start: int, count: int) -> list[Clip]:
    """Return `count` clips from place `start` of the table on; only parts that hold them are read.

    Raises:
        InputError: as for `read_clips`, or the table has no such rows.
    """
    found, offset = list[Clip](), 0
    for number, rows in enumerate(part_rows(folder)):
        if offset < start + count and start < offset + rows:
            found += read_part(folder, number)[max(0, start - offset) : start + count - offset]
        offset += rows
    if len(found) != count:
        raise InputError(folder, f"has {offset} clips, not {start + count}", "run the stage that makes it: dvc repro")
    return found


def read_part(folder: Path, number: int) -> list[Clip]:
    """Return the clips of one part, or of the whole of a table that has none. Otherwise as `read_clips`."""
    rows = zip(*_columns(_paths(folder)[number], COLUMNS), strict=True)
    return [_clip(dict(zip(COLUMNS, row, strict=True))) for row in rows]


def part_rows(folder: Path) -> list[int]:
    """Return the number of rows of each part, or of the whole of a table that has none.

    Raises:
        InputError: there is no table, or it cannot be read.
    """
    if (folder / PARTS).is_dir():
        return [int(each["rows"]) for each in _index(folder)]
    (path,) = _paths(folder)
    return [len(_columns(path, ["id"])[0])]


def count_clips(folder: Path) -> int:
    """Return the number of clips of the table in `folder`. Otherwise as `part_rows`."""
    return sum(part_rows(folder))


def table_sha256(folder: Path) -> str:
    """Return a digest of the whole table; of one in parts it follows from their digests, and none is opened."""
    parts = (folder / PARTS).is_dir()
    return file_sha256(folder / PARTS / INDEX if parts else _paths(folder)[0])


def _paths(folder: Path) -> list[Path]:
    if (folder / PARTS).is_dir():
        return [folder / PARTS / _part_name(number) for number in range(len(_index(folder)))]
    if not (folder / TABLE_NAME).is_file():
        raise InputError(folder / TABLE_NAME, "there is no clip table", "run the stage that makes it: dvc repro")
    return [folder / TABLE_NAME]


def _index(folder: Path) -> list[dict[str, Any]]:
    path = folder / PARTS / INDEX
    try:
        return list(json.loads(path.read_text(encoding="utf-8"))["parts"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(path, f"cannot be read ({error})", "delete its folder and run: dvc repro") from error


def _columns(path: Path, names: list[str]) -> list[list[Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            found = file.schema_arrow.names
            table = file.read(names) if found == COLUMNS else None
    except (pa.ArrowException, OSError) as error:
        raise InputError(path, f"cannot be read ({error})", "delete it and run: dvc repro") from error
    if table is None:
        raise InputError(path, f"columns are {found}, expected {COLUMNS}", "run dvc repro again")
    return [column.to_pylist() for column in table.columns]


def _clip(row: dict[str, Any]) -> Clip:
    for name in ("box", "affine"):
        row[name] = None if row[name] is None else tuple(float(value) for value in row[name])
    return Clip(**row)
