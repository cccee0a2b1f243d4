"""Work on more clips than one folder should hold: shard by shard in a workshop, then moved into place as a whole.

The workshop outlives a kill and the removal of outputs before a stage runs; the next run makes what is missing. In it:
``parts`` (tars and indices, the output to be), ``rows`` (a table of the finished clips per shard) and ``records`` (what
is done). Nothing is deleted before the output is in place.
"""

import errno
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tavce.data.clips import (
    MOST,
    PARTS,
    TABLE_NAME,
    Clip,
    digest,
    file_sha256,
    iterate_clips,
    iterate_ids,
    read_rows,
    table_sha256,
    write_clips,
)
from tavce.data.packed import SHARDS, pack_shard, write_shards
from tavce.run.atomic import atomic_directory
from tavce.run.shards import SHARD_CLIPS, Shard, check_complete, finish, missing_shards, plan_shards

Work = Callable[[list[Clip], Path], list[Clip]]


@dataclass(frozen=True)
class Workshop:
    """Where and of what a packed output is made.

    Attributes:
        table: folder of the clip table.
        home: folder of the workshops of this output, one for each digest of what it is made of.
        made_of: text of all that the output follows from beside the clip table, such as settings and code.
        files: whether clips have files; an output of tables alone is not packed.
        size: clips of a shard.
        most: clips of a table in one file, and rows of a part of a longer one.
    """

    table: Path
    home: Path
    made_of: str
    files: bool = True
    size: int = SHARD_CLIPS
    most: int = MOST

    @property
    def settings(self) -> str:
        """Digest that a shard's record states: a change of the table, or of anything else, undoes it."""
        return digest(f"{table_sha256(self.table)}\n{self.made_of}".encode())

    def shards(self) -> Iterator[Shard]:
        """Yield the shards of the table."""
        return plan_shards(iterate_ids(self.table), self.size)


def make_by_shards(workshop: Workshop, work: Work, out: Path) -> None:
    """Let `work` make the files of all clips, shard by shard, and put them, packed, and the clip table into `out`.

    Args:
        workshop: what of.
        work: takes the clips of a shard and an empty folder, writes files of clips into it, and returns the clips'
            rows, of the same ids in the same order.
        out: folder that appears when all is made; one of that name is replaced.

    Raises:
        InputError: the disk is full, or the workshop holds what is not of it. What is finished stays.
    """
    settings = workshop.settings
    place = workshop.home / settings[:16]
    for shard in missing_shards(workshop.shards(), settings, place):
        _make(shard, workshop, work, place, settings)
    parts = place / "parts"
    _sweep(parts)
    found = check_complete(workshop.shards(), settings, place)
    write_clips(_rows(workshop.shards(), place), parts, most=workshop.most)
    if workshop.files:
        write_shards(workshop.shards(), found, parts)
    _move(parts, out)
    shutil.rmtree(workshop.home)


def _make(shard: Shard, workshop: Workshop, work: Work, place: Path, settings: str) -> None:
    clips = read_rows(workshop.table, shard.start, shard.count)
    ids = [clip.id for clip in clips]
    loose, rows = place / "loose", place / "rows" / shard.name
    with atomic_directory(loose) as part:
        made = work(clips, part)
        if [clip.id for clip in made] != ids:
            raise ValueError(f"{shard.name}: the rows that came back are not those of its clips")
        packed = pack_shard(part, ids, place / "parts" / shard.name) if workshop.files else []
        write_clips(made, rows, most=shard.count)
        counts = {"clips": shard.count, "usable": sum(clip.usable for clip in made)}
        finish(shard, settings, counts, [*packed, rows / TABLE_NAME], place)
    shutil.rmtree(loose)


def _rows(shards: Iterable[Shard], place: Path) -> Iterator[Clip]:
    for shard in shards:
        yield from iterate_clips(place / "rows" / shard.name)


def _sweep(parts: Path) -> None:
    # What a run left that was killed while it merged.
    for name in (SHARDS, TABLE_NAME, f".part.{SHARDS}", f".part.{TABLE_NAME}"):
        (parts / name).unlink(missing_ok=True)
    for name in (PARTS, f".{PARTS}.part"):
        shutil.rmtree(parts / name, ignore_errors=True)


def _move(parts: Path, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.exists():
        shutil.rmtree(out)
    try:
        parts.rename(out)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with atomic_directory(out) as part:  # on another disk
            shutil.copytree(parts, part, dirs_exist_ok=True)


def code_sha256(*folders: Path) -> str:
    """Return a digest of the Python files below folders: what was made by other code is no part of an output."""
    files = sorted(path for folder in folders for path in folder.rglob("*.py"))
    return digest("".join(f"{path.name} {file_sha256(path)}\n" for path in files).encode())
