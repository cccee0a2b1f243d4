"""Where an upload's files lie in the store. Names are made here of the id's hash; nothing from the net names a file."""

import hashlib
import re
from pathlib import Path

FILES, WORK, WHOLE = "files", "work", "whole-"
LONGEST_SLUG = 40


def stem(upload_id: str) -> str:
    """Return a name for the upload: the start of its id's hash, then what is safe of the id, for people to read.

    Ids that differ in letter case alone, begin with a hyphen, climb out of a folder, or are no file name at all, get
    names that differ everywhere and stay inside.
    """
    digest = hashlib.sha256(upload_id.encode(errors="surrogatepass")).hexdigest()[:16]
    slug = re.sub(r"[^A-Za-z0-9_-]+", "_", upload_id)[:LONGEST_SLUG].strip("-_")
    return f"{digest}-{slug}" if slug else digest


def file_of(upload_id: str, suffix: str) -> str:
    """Return where the finished file lies, relative to the store; 256 folders, so that none grows long."""
    name = stem(upload_id)
    return f"{FILES}/{name[:2]}/{name}{suffix}"


def work_folder(upload_id: str, store: Path) -> Path:
    """Return the folder of what is unfinished of the upload."""
    return store / WORK / stem(upload_id)


def whole_files(folder: Path) -> list[Path]:
    """Return the files in a work folder that came whole, and whose record or last move a kill prevented."""
    return sorted(folder.glob(f"{WHOLE}*"))
