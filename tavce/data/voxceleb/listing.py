"""VoxCeleb's folders, listed and never opened: ``<identity>/<upload>/<utterance>`` as videos or as text files."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tavce.errors import InputError

PARTS = ("", "dev", "test")
IDENTITY = re.compile(r"id[0-9]{5}", re.ASCII)
UPLOAD = re.compile(r"[A-Za-z0-9_-]{11}")
NAME = {"mp4": re.compile(r"([0-9]{1,9})\.mp4"), "txt": re.compile(r"([0-9]{1,9})\.txt")}

Kind = Literal["mp4", "txt"]


@dataclass(frozen=True, slots=True)
class Utterance:
    """One file.

    Attributes:
        identity, upload: the person, and the YouTube id, as the folders are named.
        name: of the file, digits.
        file: path relative to the root, forward slashes.
    """

    identity: str
    upload: str
    name: str
    file: str


def list_utterances(root: Path, kind: Kind, wanted: Callable[[str], bool]) -> Iterator[Utterance]:
    """Yield the files below `root`, sorted by identity, upload and name; one identity is listed at a time.

    The identities lie in ``<root>/{dev,test}/<kind>``, ``<root>/{dev,test}``, ``<root>/<kind>`` or in `root`, also in
    several of these. Folders and files with names that VoxCeleb does not give (``id00017``, 11 letters of a YouTube id,
    digits) are no part of it, and are not listed.

    Args:
        root: the folder.
        kind: suffix of the files.
        wanted: of an identity, whether it is listed; the folders of others are not looked into.

    Raises:
        InputError: no such folder, nothing of VoxCeleb in it, an identity in two places, or a folder that cannot be
            read.
    """
    for identity, place in sorted(_identities(root, kind).items()):
        if not wanted(identity):
            continue
        for upload in _names(root / place / identity, folders=True):
            if not UPLOAD.fullmatch(upload):
                continue
            folder = f"{place}{identity}/{upload}"
            for file in _names(root / folder, folders=False):
                match = NAME[kind].fullmatch(file)
                if match:
                    yield Utterance(identity, upload, match[1], f"{folder}/{file}")


def _identities(root: Path, kind: Kind) -> dict[str, str]:
    # Each with the place that holds it, relative to the root: "" or with a slash at its end.
    if not root.is_dir():
        raise InputError(root, "there is no such folder", "check the path")
    found: dict[str, str] = {}
    for part in PARTS:
        for inner in ("", kind):
            place = "".join(f"{name}/" for name in (part, inner) if name)
            for name in _names(root / place, folders=True) if (root / place).is_dir() else ():
                if not IDENTITY.fullmatch(name):
                    continue
                if name in found:
                    problem = f"{name} is in {found[name] or './'} and in {place or './'}"
                    raise InputError(root, problem, "keep one of the two folders")
                found[name] = place
    if not found:
        problem = f"holds no folders id00000 of identities, neither directly nor in {{dev,test}}/{kind}"
        raise InputError(root, problem, "unpack the archives into it, or give another folder")
    return found


def _names(folder: Path, *, folders: bool) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir() == folders)
    except OSError as error:
        raise InputError(folder, f"cannot be listed ({error.strerror})", "check its permissions") from error
