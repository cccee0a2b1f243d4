"""The store's record of what became of every upload: JSON lines that are only ever added to."""

import json
import math
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import get_args

from filelock import FileLock

from tavce.data.uploads.upload import Obtained, Status
from tavce.errors import InputError

LEDGER_NAME = "ledger.jsonl"
LOCK_NAME = ".ledger.lock"
REMEDY = "restore the file from a copy, or remove that line: its upload is then asked for again"

_FIELDS = {field.name: field.type for field in fields(Obtained)}
_TYPES = [kind if kind in (int, float) else str for kind in _FIELDS.values()]
_STATUSES = frozenset(get_args(Status))
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Ledger:
    """The record in the folder `store`; several processes may add to it at a time."""

    store: Path

    @property
    def path(self) -> Path:
        """The file of the record."""
        return self.store / LEDGER_NAME

    def append(self, row: Obtained) -> None:
        """Add `row`, on the disk when this returns; a line that a kill left unfinished is cut off first.

        Raises:
            OSError: the file cannot be written, such as on a full disk.
        """
        line = json.dumps(asdict(row), allow_nan=False).encode() + b"\n"
        with FileLock(self.store / LOCK_NAME), self.path.open("ab+", buffering=0) as file:
            _cut_torn_line(file.fileno())
            while line:  # a raw write may take a part only
                line = line[file.write(line) :]
            os.fsync(file.fileno())


def read_ledger(store: Path) -> dict[str, Obtained]:
    """Return the last word on each upload by id, in the order in which ids first came; {} where there is no record.

    A last line without its end (a kill in the middle of a write) is not counted.

    Raises:
        InputError: any other line is damaged; the message has its number.
    """
    path = store / LEDGER_NAME
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return {}
    rows: dict[str, Obtained] = {}
    for number, line in enumerate(lines, start=1):
        row = _parsed(line, path, number)
        rows[row.id] = row
    return rows


def _parsed(line: bytes, path: Path, number: int) -> Obtained:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(path, f"line {number} is no JSON", REMEDY) from error
    problem = _problem(values)
    if problem:
        raise InputError(path, f"line {number} {problem}", REMEDY)
    return Obtained(**values)


def _problem(values: object) -> str:
    """Return what is wrong with the values of a line, "" if nothing."""
    if not isinstance(values, dict) or values.keys() != _FIELDS.keys():
        return "has other fields than a record of an upload"
    if [type(values[name]) for name in _FIELDS] != _TYPES:
        return "has a value of another type than a record of an upload"
    if not math.isfinite(values["fps"]) or not math.isfinite(values["seconds"]):
        return "has a number that is not finite"
    if values["status"] not in _STATUSES:
        return f"has the unknown status {values['status']!r:.40}"
    file = values["file"]
    if file.startswith(("/", "\\")) or ".." in file or "\0" in file or ":" in file:
        return "names a file outside of the store"
    return "is obtained, but names no file" if values["status"] == "obtained" and not file else ""


def _cut_torn_line(file: int) -> None:
    """Shorten the open file to the end of its last whole line."""
    end = size = os.fstat(file).st_size
    while end:
        start = max(0, end - _BLOCK)
        kept = os.pread(file, end - start, start).rfind(b"\n")
        if kept >= 0:
            end = start + kept + 1
            break
        end = start
    if end < size:
        os.ftruncate(file, end)
