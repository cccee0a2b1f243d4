"""Model files from their authors into the weights folder: nothing gets its name before its bytes are checked."""

import errno
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from tavce.data.clips import file_sha256
from tavce.data.download import LARGEST, AddressError, Patience, download
from tavce.data.registry import Weights
from tavce.data.unpack import unpack
from tavce.data.weights import PINS_NAME, SHA256_DIGITS, check, check_file, read_pins
from tavce.errors import InputError
from tavce.run.atomic import atomic_directory, atomic_file

FULL = (errno.ENOSPC, errno.EDQUOT)


def fetch(
    entry: Weights,
    folder: Path,
    *,
    accept_non_commercial: bool = False,
    patience: Patience | None = None,
    progress: bool = False,
) -> Path:
    """Return the path of `entry` in `folder`, downloaded if it is not there, with its bytes checked.

    A file that is there already stays; if nothing is published or recorded about its bytes, its sha256 is recorded
    now. An archive that lies in `folder` under its own name is unpacked from there. Several processes may fetch one
    file at a time: one does, the others wait and find it.

    Args:
        entry: what to fetch.
        folder: the weights folder; made if absent.
        accept_non_commercial: the user's word that the use is allowed by a licence that forbids commercial use.
        patience: attempts and times; None means the usual ones.
        progress: whether to draw a bar on stderr.

    Raises:
        InputError: the licence is not accepted; what is there has other bytes; no address gives the right bytes; the
            disk is full; the archive is malformed.
    """
    if entry.non_commercial and not accept_non_commercial:
        problem = f"its licence is: {entry.licence}"
        raise InputError(entry.name, problem, "if your use is allowed by it, repeat with --accept-non-commercial")
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{entry.name}.lock"):
            if not _present(entry, folder):
                _bring(entry, folder, patience or Patience(), progress)
    return folder / entry.place


def partial_bytes(entry: Weights, folder: Path) -> int:
    """Return how many bytes of an unfinished download of `entry` are kept for the next attempt."""
    part = _part(entry, folder)
    return part.stat().st_size if part.is_file() else 0


def record_pins(folder: Path, found: dict[str, str]) -> None:
    """Add sha256 values by file to the record in `folder`; those already there stay."""
    with FileLock(folder / f".{PINS_NAME}.lock"):
        pins = {**found, **read_pins(folder)}
        with atomic_file(folder / PINS_NAME) as part:
            part.write_text(json.dumps(pins, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _part(entry: Weights, folder: Path) -> Path:
    return folder / f".{entry.file}.part"


def _present(entry: Weights, folder: Path) -> bool:
    """Whether all of `entry` is in `folder`; what nothing is known of is recorded."""
    rows = check(entry, folder)
    for row in rows:
        if row.state == "mismatch":
            raise InputError(folder / row.file, row.detail, "delete it and fetch it again")
    absent = [row.file for row in rows if row.state == "absent"]
    if absent and len(absent) < len(rows):
        inside = folder / entry.place
        raise InputError(inside, f"lacks {', '.join(absent)}", "delete the folder and fetch it again")
    unpinned = {row.file: row.sha256 for row in rows if row.state == "unpinned"}
    if unpinned:
        record_pins(folder, unpinned)
    return not absent


def _bring(entry: Weights, folder: Path, patience: Patience, progress: bool) -> None:
    given = folder / entry.file
    if entry.members and given.is_file():  # brought by hand, to a machine without network
        row = check_file(entry, given, entry.file, read_pins(folder))
        if row.state == "mismatch":
            raise InputError(given, row.detail, "delete it and fetch it again")
        _unpack(entry, given, folder)
        _pin(entry, folder, row.sha256)
        return
    part = _part(entry, folder)
    found = _from_any(entry, folder, part, patience, progress)
    if entry.members:
        _unpack(entry, part, folder)
    _pin(entry, folder, found)
    if entry.members:
        part.unlink()
    else:
        part.replace(folder / entry.file)


def _from_any(entry: Weights, folder: Path, part: Path, patience: Patience, progress: bool) -> str:
    """Download `entry` into `part` from the first address that gives the right bytes, and return their sha256."""
    expected = read_pins(folder).get(entry.file) or entry.sha256 or ""
    failures = []
    for address in entry.addresses:
        # The first byte comes from another address or another day: if the whole is wrong, once more from the start.
        for keep in (True, False) if part.is_file() else (True,):
            try:
                _enough_space(entry, folder, part)
                if not keep:
                    part.unlink(missing_ok=True)
                download(address, part, size=entry.bytes, resume=bool(expected), patience=patience, progress=progress)
            except AddressError as error:
                failures.append(f"{address} {error}")
                break
            found = file_sha256(part)
            if found.startswith(expected):
                return found
            part.unlink()
            wrong = f"{address} serves bytes with sha256 {found}, expected {expected}"
        else:
            failures.append(wrong)
    if not expected:
        part.unlink(missing_ok=True)
    kept = partial_bytes(entry, folder)
    remedy = f"try again later{f' (the {kept} bytes so far are kept)' if kept else ''}, or copy the file to this place"
    raise InputError(folder / entry.file, f"could not be fetched: {'; '.join(failures)}", remedy)


def _enough_space(entry: Weights, folder: Path, part: Path) -> None:
    held = part.stat().st_size if part.is_file() else 0
    needed = (entry.bytes or 0) - held + sum(member.bytes or 0 for member in entry.members)
    free = shutil.disk_usage(folder).free
    if free < needed:
        remedy = "free some space, or let TAVCE_WEIGHTS name a folder on another disk"
        raise InputError(folder, f"{needed} bytes are needed, {free} are free", remedy)


def _pin(entry: Weights, folder: Path, sha256: str) -> None:
    """Record what the registry does not know in full: of the file, or of an archive and its members."""
    found = {} if len(entry.sha256 or "") == SHA256_DIGITS else {entry.file: sha256}
    if entry.members:
        found |= {row.file: row.sha256 for row in check(entry, folder) if row.state == "unpinned"}
    if found:
        record_pins(folder, found)


def _unpack(entry: Weights, archive: Path, folder: Path) -> None:
    known = sum(member.bytes or 0 for member in entry.members)
    complete = all(member.bytes is not None for member in entry.members)
    with atomic_directory(folder / entry.name) as inside:
        unpack(archive, inside, largest=known if complete else LARGEST, label=entry.file)
        pins = read_pins(folder)
        for member in entry.members:
            row = check_file(member, inside / member.file, f"{entry.name}/{member.file}", pins)
            if row.state in ("absent", "mismatch"):
                problem = f"member {member.file} {row.detail or 'is not in it'}"
                raise InputError(entry.file, problem, "report this: the registry does not fit the archive")


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = error.filename or folder
        if error.errno in FULL:
            remedy = "free some space, or let TAVCE_WEIGHTS name a folder on another disk, and fetch again"
            raise InputError(folder, "the disk is full", remedy) from error
        problem = f"cannot be written ({error.strerror or error})"
        raise InputError(place, problem, "let TAVCE_WEIGHTS name a folder you may write to") from error
