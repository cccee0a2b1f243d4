"""Model files: which there are, where they lie on this machine, and that they are the right bytes.

This module never opens a connection: it looks files up. `tavce.data.fetch` downloads them.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tavce.data.clips import file_sha256
from tavce.data.registry import REGISTRY, Entries, File, Weights
from tavce.errors import InputError

WEIGHTS_VARIABLE = "TAVCE_WEIGHTS"
PINS_NAME = "pins.json"
SHA256_DIGITS = 64


@dataclass(frozen=True)
class Check:
    """What was found of one file.

    Attributes:
        file: its path below the weights folder.
        state: "ok", "mismatch", "absent", or "unpinned": there, but nothing says which bytes it should have.
        detail: the values that differ, "" where none do.
        sha256: of the file in hex, "" if it was not read.
    """

    file: str
    state: str
    detail: str = ""
    sha256: str = ""


def weights_folder() -> Path:
    """Return the folder of model files: the variable TAVCE_WEIGHTS, else ``~/.cache/tavce/weights``."""
    return Path(os.environ.get(WEIGHTS_VARIABLE) or Path.home() / ".cache" / "tavce" / "weights")


def weights_path(name_or_path: str, *, entries: Entries = REGISTRY) -> Path:
    """Return the path of a model file, given as a path or as a name in the registry.

    An existing file is taken as it is, unchecked, so that own models can be tried. A registry name means that entry
    in the weights folder, and its bytes are checked; for an archive it is the folder of its members, and
    ``name/member`` is one of them.

    Raises:
        InputError: neither a file nor a name; the registered file is absent, its sha256 differs, or nothing says
            which sha256 it should have.
    """
    given = Path(name_or_path)
    if name_or_path and given.is_file():
        return given
    name, _, member = name_or_path.partition("/")
    entry = registered(name if name in entries else name_or_path, entries)
    folder = weights_folder()
    command = f"tavce weights fetch {name}{' --accept-non-commercial' if entry.non_commercial else ''}"
    for row in check(entry, folder, member):
        path = folder / row.file
        if row.state == "absent":
            remedy = f"run: {command}; without network see docs/weights.md, or set {WEIGHTS_VARIABLE}"
            raise InputError(path, f"model {name} is not there", remedy)
        if row.state == "mismatch":
            raise InputError(path, row.detail, f"delete it and run: {command}")
        if row.state == "unpinned":
            problem = f"its sha256 {row.sha256} is neither published nor recorded"
            raise InputError(path, problem, f"if it comes from a source you trust, record it with: {command}")
    return folder / entry.place / member


def registered(name: str, entries: Entries) -> Weights:
    """Return the entry called `name`.

    Raises:
        InputError: there is none.
    """
    if name not in entries:
        remedy = f"known names: {', '.join(entries)}"
        raise InputError(name or "model", "is neither a file nor a registered model", remedy)
    return entries[name]


def check(entry: Weights, folder: Path, member: str = "") -> list[Check]:
    """Read what `folder` holds of `entry` and compare it with what is published or was recorded at the first fetch.

    An archive has one row per member, or the row of `member` alone. A file that lies in its folder without being
    registered has a row as well, because programs load all models that they find there.
    """
    pins = read_pins(folder)
    if not entry.members:
        return [check_file(entry, folder / entry.file / member, f"{entry.file}/{member}".rstrip("/"), pins)]
    inside, known = folder / entry.place, {file.file: file for file in entry.members}
    files = [path.name for path in inside.iterdir() if path.is_file()] if inside.is_dir() else []
    others = sorted(name for name in files if not name.startswith("."))
    recorded = sorted(key.removeprefix(f"{entry.place}/") for key in pins if key.startswith(f"{entry.place}/"))
    for name in [member] if member else [*others, *recorded]:
        known.setdefault(name, File(name))
    wanted = [known[member]] if member else known.values()
    return [check_file(file, inside / file.file, f"{entry.place}/{file.file}", pins) for file in wanted]


def check_file(expected: File, path: Path, key: str, pins: Mapping[str, str]) -> Check:
    """Compare the file at `path` with what is published of it and with the recorded sha256 `pins[key]`."""
    if not path.is_file():
        return Check(key, "absent")
    size = path.stat().st_size
    if expected.bytes is not None and size != expected.bytes:
        return Check(key, "mismatch", f"has {size} bytes, expected {expected.bytes}")
    found, published = file_sha256(path), expected.sha256 or ""
    if not found.startswith(published):
        return Check(key, "mismatch", f"sha256 is {found}, expected {published}", found)
    if len(published) == SHA256_DIGITS:
        return Check(key, "ok", sha256=found)
    if key not in pins:
        return Check(key, "unpinned", sha256=found)
    if found != pins[key]:
        return Check(key, "mismatch", f"sha256 is {found}, recorded at the first fetch as {pins[key]}", found)
    return Check(key, "ok", sha256=found)


def read_pins(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file, by its path below `folder`, that was recorded at its first fetch.

    Raises:
        InputError: the record is damaged.
    """
    path = folder / PINS_NAME
    if not path.is_file():
        return {}
    try:
        pins = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(path, f"is no JSON ({error})", "delete it and fetch its files again") from error
    if not isinstance(pins, dict) or not all(isinstance(value, str) for value in pins.values()):
        raise InputError(path, "is not a table of sha256 by file", "delete it and fetch its files again")
    return pins
