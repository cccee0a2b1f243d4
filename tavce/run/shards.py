"""Shards: sorted ids cut into runs of fixed length, a record of each that is done, and which are still missing.

A shard's record is written last and appears whole: a shard with a record is done. What is done follows from records
and sizes of files, so that going on after a kill opens no part.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from tavce.errors import InputError
from tavce.run.atomic import atomic_file

SHARD_CLIPS = 1000
RECORDS = "records"  # folder of the records, below that of the parts
REMEDY = "run the stage again: it makes what is missing"
REMEDY_ALIEN = "delete that file, and run the stage again"
Item = TypeVar("Item")


@dataclass(frozen=True)
class Shard:
    """Successive ids.

    Attributes:
        number: from 0 on.
        start: place of its first id among all, from 0 on.
        count: how many ids.
        first, last: ids.
        digest: sha256 of its ids, each with a line feed behind it.
    """

    number: int
    start: int
    count: int
    first: str
    last: str
    digest: str

    @property
    def name(self) -> str:
        """Stem of its files."""
        return f"shard-{self.number:05d}"


@dataclass(frozen=True)
class File:
    """A file of a shard's part: its size and sha256."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Record:
    """That a shard is done.

    Attributes:
        number: of the shard.
        ids: digest of its ids.
        settings: digest of all that its part follows from beside them.
        counts: what was counted on the way, such as clips and usable ones.
        files: name -> file of its part.
    """

    number: int
    ids: str
    settings: str
    counts: Mapping[str, int]
    files: Mapping[str, File]


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items in lists of `size`, the last one shorter.

    Raises:
        ValueError: `size` is below 1.
    """
    if size < 1:
        raise ValueError(f"size {size} must be at least 1")
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def plan_shards(ids: Iterable[str], size: int = SHARD_CLIPS) -> Iterator[Shard]:
    """Yield the shards of sorted ids; the same ids give the same shards.

    Raises:
        ValueError: an id is not behind the one before it, so it is out of order or there twice.
    """
    before, start = "", 0
    for number, batch in enumerate(batches(ids, size)):
        for name in batch:
            if name <= before:
                raise ValueError(f"id {name!r} comes behind {before!r}: ids must be sorted, each there once")
            before = name
        text = "".join(f"{name}\n" for name in batch)
        yield Shard(number, start, len(batch), batch[0], batch[-1], hashlib.sha256(text.encode()).hexdigest())
        start += len(batch)


def finish(shard: Shard, settings: str, counts: Mapping[str, int], files: Iterable[Path], base: Path) -> Record:
    """Write the record of a shard, all files of which are complete and lie below `base`, and return it."""
    found = {}
    for path in files:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        found[path.relative_to(base).as_posix()] = File(path.stat().st_size, sha256)
    record = Record(shard.number, shard.digest, settings, dict(counts), found)
    with atomic_file(base / RECORDS / f"{shard.name}.json") as part:
        part.write_text(json.dumps(asdict(record), sort_keys=True) + "\n", encoding="utf-8")
    return record


def read_record(shard: Shard, settings: str, base: Path) -> Record | None:
    """Return the record of a shard; None where it is not done, or done of other ids or under other settings.

    Args:
        shard: as planned now.
        settings: digest that holds now.
        base: folder of the parts' files; one that is missing or of another size undoes the shard. None is opened.
    """
    try:
        found = json.loads((base / RECORDS / f"{shard.name}.json").read_text(encoding="utf-8"))
        files = {str(name): File(**file) for name, file in found.pop("files").items()}
        record = Record(**found, files=files)
    except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):  # absent, or no record
        return None
    if (record.number, record.ids, record.settings) != (shard.number, shard.digest, settings):
        return None
    return record if all(_size(base / name) == file.bytes for name, file in files.items()) else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def missing_shards(shards: Iterable[Shard], settings: str, base: Path) -> Iterator[Shard]:
    """Yield the shards that are not done; see `read_record`."""
    return (shard for shard in shards if read_record(shard, settings, base) is None)


def check_complete(shards: Iterable[Shard], settings: str, base: Path) -> list[Record]:
    """Return the records of all shards, in order: each is there once, of these ids and under these settings.

    Raises:
        InputError: a shard is missing, a file belongs to two, or a file below `base` to none.
    """
    found, owners = list[Record](), dict[str, str]()
    for shard in shards:
        record, name = read_record(shard, settings, base), f"{RECORDS}/{shard.name}.json"
        if record is None:
            raise InputError(base / name, "is no record of a complete shard of this plan", REMEDY)
        for file in (name, *record.files):
            if owners.setdefault(file, shard.name) != shard.name:
                raise InputError(base / file, f"belongs to {owners[file]} and to {shard.name}", REMEDY_ALIEN)
        found.append(record)
    alien = {path.relative_to(base).as_posix() for path in base.rglob("*") if path.is_file()} - owners.keys()
    if alien:
        raise InputError(base, f"{len(alien)} files are of no shard of this plan, such as {min(alien)}", REMEDY_ALIEN)
    return found
