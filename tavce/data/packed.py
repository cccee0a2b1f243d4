"""Files of many clips in few: an uncompressed tar per shard, with an index by which one clip is read by a seek.

A packed folder holds ``shard-00000.tar``, ``shard-00000.json`` (id -> suffix -> offset, size and CRC-32 of the file in
the tar) and so on, and ``shards.json`` (first id and size of each shard), by which the shard of a clip is found. The
tars are plain ones, for any other tool; here nothing is ever extracted by the names in them.
"""

import bisect
import json
import tarfile
import tempfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tavce.data.clips import SAFE_ID
from tavce.errors import InputError
from tavce.run.atomic import atomic_file
from tavce.run.shards import Record, Shard

SHARDS = "shards.json"
SUFFIXES = (".mkv", ".npz", ".png", ".wav")
HEADER = 512  # bytes before a file in a tar
NAME_IN_HEADER = 100  # characters; the rest of a longer name stands in a header of its own
BLOCK = 1 << 20
REMEDY = "delete the folder and run: dvc repro"


@contextmanager
def clip_files(folder: Path, *clips: str, only: Collection[str] = SUFFIXES) -> Iterator[Path]:
    """Yield a folder in which the files ``<id>.mkv``, ``.wav``, ``.png`` and ``.npz`` of clips lie.

    That is `folder` itself where it is not packed, with all other clips in it. Where it is packed, the files are copied
    to a temporary folder that ends with the block. What a clip has no file for is in neither.

    Args:
        folder: of a stage that writes files per clip.
        clips: ids.
        only: suffixes of the files to copy, where there is copying.

    Raises:
        InputError: a shard is damaged, cut short or not as its index says.
    """
    if not (folder / SHARDS).is_file():
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="tavce-clip-") as place:
        for clip in dict.fromkeys(clips):
            _extract(folder, clip, only, Path(place))
        yield Path(place)


def is_packed(folder: Path) -> bool:
    """Return whether the clips' files in `folder` lie in shards."""
    return (folder / SHARDS).is_file()


def pack_shard(loose: Path, ids: Sequence[str], stem: Path) -> list[Path]:
    """Write ``<stem>.tar`` and ``<stem>.json`` of the files of clips, and return both; same files, same bytes.

    Args:
        loose: folder of the files.
        ids: sorted; a clip without a file is not in the index.
        stem: where to write, without suffix.

    Raises:
        InputError: `loose` holds a file that is no clip's.
    """
    index: dict[str, dict[str, list[int]]] = {}
    packed, there = set[str](), {path.name for path in loose.iterdir()}
    tar_path, index_path = stem.with_name(f"{stem.name}.tar"), stem.with_name(f"{stem.name}.json")
    with atomic_file(tar_path) as part, tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as tar:
        for clip in ids:
            for suffix in SUFFIXES:
                name = f"{clip}{suffix}"
                if name in there:
                    index.setdefault(clip, {})[suffix] = _add(tar, loose / name)
                    packed.add(name)
    if alien := there - packed:
        raise InputError(loose, f"holds {min(alien)!r}, which is no clip's", "keep other files out of it")
    with atomic_file(index_path) as part:
        part.write_text(json.dumps(index, indent=0) + "\n", encoding="utf-8")
    return [tar_path, index_path]


def _add(tar: tarfile.TarFile, path: Path) -> list[int]:
    info = tarfile.TarInfo(path.name)  # mtime 0, owner 0, mode 0644: bytes that follow from the file alone
    info.size, crc = path.stat().st_size, 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            crc = zlib.crc32(block, crc)
        file.seek(0)
        tar.addfile(info, file)
    ends = tar.offset  # behind the file, filled up to whole blocks
    return [ends - -(-info.size // HEADER) * HEADER, info.size, crc]


def write_shards(shards: Iterable[Shard], records: Iterable[Record], folder: Path) -> None:
    """Write ``shards.json``: which shard holds which ids, and what its files are."""
    rows = []
    for shard, record in zip(shards, records, strict=True):
        (tar,) = (file for name, file in record.files.items() if Path(name).name == f"{shard.name}.tar")
        span = {"first": shard.first, "last": shard.last, "clips": shard.count}
        rows.append(span | {"bytes": tar.bytes, "sha256": tar.sha256})
    with atomic_file(folder / SHARDS) as part:
        part.write_text(json.dumps({"shards": rows}, indent=0) + "\n", encoding="utf-8")


def _extract(folder: Path, clip: str, only: Collection[str], out: Path) -> None:
    stem, size = _shard_of(folder, clip)
    tar_path, index_path = stem.with_name(f"{stem.name}.tar"), stem.with_name(f"{stem.name}.json")
    found = _loaded(index_path).get(clip, {})
    try:
        files = {str(suffix): (int(place[0]), int(place[1]), int(place[2])) for suffix, place in found.items()}
    except (AttributeError, ValueError, TypeError, IndexError) as error:
        raise InputError(index_path, f"is no index of a shard ({error})", REMEDY) from error
    if not set(files) <= set(SUFFIXES) or not SAFE_ID.fullmatch(clip):  # nothing may be written elsewhere
        raise InputError(index_path, f"names files of clip {clip!r} that no stage writes: {sorted(files)}", REMEDY)
    try:
        with tar_path.open("rb") as tar:
            if tar.seek(0, 2) != size:
                raise InputError(tar_path, f"has {tar.tell()} bytes, {SHARDS} says {size}: it is cut short", REMEDY)
            for suffix, place in files.items():
                if suffix in only:
                    _copy(tar, f"{clip}{suffix}", place, out, tar_path)
    except OSError as error:
        raise InputError(tar_path, f"cannot be read ({error.strerror})", REMEDY) from error


def _copy(tar: IO[bytes], name: str, place: tuple[int, int, int], out: Path, tar_path: Path) -> None:
    offset, size, crc = place
    tar.seek(max(0, offset - HEADER))
    try:
        info = tarfile.TarInfo.frombuf(tar.read(HEADER), "utf-8", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError) as error:
        raise InputError(tar_path, f"has no file where its index has {name} ({error})", REMEDY) from error
    if not info.isreg() or info.name != name[:NAME_IN_HEADER] or info.size != size:
        problem = f"holds {info.name!r} of {info.size} bytes where its index has {name} of {size}"
        raise InputError(tar_path, problem, REMEDY)
    left, found = size, 0
    with (out / name).open("wb") as file:
        while block := tar.read(min(left, BLOCK)):
            file.write(block)
            left, found = left - len(block), zlib.crc32(block, found)
    if left or found != crc:
        raise InputError(tar_path, f"is damaged: {name} in it is not what was packed", REMEDY)


def _shard_of(folder: Path, clip: str) -> tuple[Path, int]:
    # The shard whose span may hold a clip, by binary search, and the size of its tar.
    try:
        rows = _loaded(folder / SHARDS)["shards"]
        number = max(0, bisect.bisect_right(rows, clip, key=lambda row: row["first"]) - 1)
        return folder / f"shard-{number:05d}", int(rows[number]["bytes"])
    except (TypeError, KeyError, IndexError, ValueError) as error:
        raise InputError(folder / SHARDS, f"is no list of shards ({error})", REMEDY) from error


def _loaded(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(path, f"cannot be read ({error})", REMEDY) from error
    if not isinstance(found, dict):
        raise InputError(path, "is no JSON object", REMEDY)
    return found
