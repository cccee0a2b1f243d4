"""Files that are costly to make, kept under what they are made of: one made before is not made again."""

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tavce.errors import InputError


@dataclass(frozen=True)
class Cache:
    """A folder of made files, shared by runs and processes.

    An entry appears whole or not at all, and never changes: two processes that make one at the same time both put
    the same bytes there. What raises an error leaves no entry.

    Attributes:
        folder: where entries lie; made if it is not there, and may be deleted at any time between runs.

    Raises:
        InputError: the folder cannot be made.
    """

    folder: Path

    def __post_init__(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(self.folder, f"cannot be written ({error.strerror})", "choose another place") from error

    def get(self, ingredients: object, target: Path, make: Callable[[Path], None]) -> None:
        """Write `target`, from the entry of these ingredients if there is one; otherwise make it and keep it.

        Args:
            ingredients: all that the bytes depend on, as JSON can hold it.
            target: the file to write; its suffix is that of the entry.
            make: writes the file to a path with that suffix.

        Raises:
            OSError: the entry cannot be written. What `make` raises.
        """
        key = hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()
        entry = self.folder / key[:2] / f"{key}{target.suffix}"
        if not entry.is_file():
            self._add(entry, make)
        shutil.copyfile(entry, target)

    def _add(self, entry: Path, make: Callable[[Path], None]) -> None:
        part = entry.with_name(f".{uuid.uuid4().hex}{entry.suffix}")  # a name of its own: others may make the same
        entry.parent.mkdir(exist_ok=True)
        try:
            make(part)
            part.replace(entry)
        finally:
            part.unlink(missing_ok=True)
