"""A zip archive into one flat folder, with nothing in it able to write elsewhere or to fill the disk."""

import errno
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

from tavce.errors import InputError

MOST_FILES = 1000
REMEDY = "do not use this archive: it is not what the authors published"


def unpack(archive: Path, folder: Path, *, largest: int, label: str = "") -> None:
    """Write the files of `archive` into `folder` without the folders they lie in.

    Folders are dropped because programs look for the models in the folder itself, while some archives hold one folder
    more. Hidden files, which macOS adds, are left out: programs would take ``._model.onnx`` for a model.

    Args:
        archive: the zip file.
        folder: an existing, empty folder.
        largest: bound of all files together in bytes, unpacked.
        label: name of the archive in messages; its path if empty.

    Raises:
        InputError: it is no sound zip archive; a member is a link, is encrypted, or has a path that leads out of the
            folder; two members have the same name; it unpacks to more than `largest` bytes.
    """
    name = label or str(archive)
    try:
        with zipfile.ZipFile(archive) as opened:
            # Everything is looked at before anything is written. A member that holds more than its header says ends at
            # the size given there, and its checksum then fails.
            for target, member in _members(opened.infolist(), largest, name):
                with opened.open(member) as source, (folder / target).open("xb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise _unsound(name, error) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # zipfile seeks wherever a damaged directory points, even before the start
            raise
        raise _unsound(name, error) from error


def _unsound(name: str, error: Exception) -> InputError:
    return InputError(name, f"is no sound zip archive ({error})", "delete it and fetch it again")


def _members(infos: Iterable[zipfile.ZipInfo], largest: int, archive: str) -> list[tuple[str, zipfile.ZipInfo]]:
    targets: dict[str, tuple[str, zipfile.ZipInfo]] = {}
    total = 0
    for info in infos:
        problem = _problem(info)
        if problem:
            raise InputError(archive, f"member {info.filename!r} {problem}", REMEDY)
        target = PurePosixPath(info.filename).name
        if info.is_dir() or target.startswith("."):
            continue
        if target.casefold() in targets:  # for file systems that ignore letter case
            raise InputError(archive, f"two members are called {target!r}", REMEDY)
        targets[target.casefold()] = target, info
        total += info.file_size
        if total > largest:
            raise InputError(archive, f"unpacks to more than {largest} bytes", REMEDY)
        if len(targets) > MOST_FILES:
            raise InputError(archive, f"holds more than {MOST_FILES} files", REMEDY)
    if not targets:
        raise InputError(archive, "holds no file", REMEDY)
    return list(targets.values())


def _problem(info: zipfile.ZipInfo) -> str:
    """Return what is wrong with a member's entry, "" if nothing is."""
    # zipfile cuts a name at a NUL byte; the archive's own spelling stays in orig_filename.
    path, windows = PurePosixPath(info.filename), PureWindowsPath(info.filename)
    if "\0" in info.orig_filename or "\\" in info.orig_filename:
        return "has a character that no path should have"
    if path.is_absolute() or windows.drive or ".." in path.parts or not path.name:
        return "has a path that leads out of the folder"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device"
    if info.flag_bits & 0x1:
        return "is encrypted"
    return ""
