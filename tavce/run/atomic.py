"""Outputs that appear whole or not at all: written under a neighbour's name, renamed when complete."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tavce.errors import InputError


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _name_a_full_disk(error: BaseException, path: Path) -> None:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS):
        raise InputError(
            path, f"cannot be written ({error.strerror})", "free some space, or write elsewhere"
        ) from error


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `path` when the block ends well; a folder of that name is replaced.

    After an exception nothing is left. After a kill a `.name.part` folder may be left; the next run removes it.

    Raises:
        InputError: the parent folder cannot be written.
    """
    part = _part(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
    except OSError as error:
        raise InputError(path, f"cannot be written ({error.strerror})", "choose a folder you may write to") from error
    try:
        yield part
    except BaseException as error:
        shutil.rmtree(part, ignore_errors=True)
        _name_a_full_disk(error, path)
        raise
    if path.exists():
        shutil.rmtree(path)
    part.replace(path)


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a file name with the suffix of `path` that becomes `path` when the block ends well.

    Raises:
        InputError: the parent folder cannot be written.
    """
    part = path.with_name(f".part.{path.name}")  # the suffix stays: writers choose their format by it
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
    except OSError as error:
        raise InputError(path, f"cannot be written ({error.strerror})", "choose a folder you may write to") from error
    try:
        yield part
    except BaseException as error:
        part.unlink(missing_ok=True)
        _name_a_full_disk(error, path)
        raise
    os.replace(part, path)  # noqa: PTH105 - Path.replace hides that this is the atomic call
