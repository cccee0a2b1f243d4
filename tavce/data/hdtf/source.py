"""Where HDTF's text files come from: their authors' repository at one commit, or a copy that is there already."""

import json
from pathlib import Path

from tavce.data.clips import file_sha256
from tavce.data.download import AddressError, Patience, download
from tavce.data.hdtf.metadata import FILES
from tavce.errors import InputError
from tavce.run.atomic import atomic_file

COMMIT = "bbde889bbab954c9a9ebcabe9962885c29f2165e"
BASE = f"https://raw.githubusercontent.com/MRzzm/HDTF/{COMMIT}/HDTF_dataset"
RECORD = "metadata.json"


def fetch_metadata(folder: Path, *, base: str = BASE, patience: Patience | None = None) -> Path:
    """Return `folder` with all fifteen text files in it; those that lack are fetched.

    A folder that has them all is taken as it is. What is fetched is recorded in ``metadata.json``: the address and the
    sha256 of each file, which every later call checks.

    Args:
        folder: made if absent.
        base: address of the folder that holds the files.
        patience: attempts and times; None means the usual ones.

    Raises:
        InputError: a file cannot be fetched or written, or is not what was fetched before.
    """
    known = _check(folder)
    absent = [name for name in FILES if not (folder / name).is_file()]
    for name in absent:
        known[name] = _fetch(f"{base.rstrip('/')}/{name}", folder / name, patience or Patience())
        with atomic_file(folder / RECORD) as part:  # after each file, so that a break loses the record of none
            text = json.dumps({"address": base, "sha256": known}, indent=2, sort_keys=True)
            part.write_text(f"{text}\n", encoding="utf-8")
    return folder


def _fetch(address: str, path: Path, patience: Patience) -> str:
    with atomic_file(path) as part:
        try:
            download(address, part, size=None, resume=False, patience=patience, progress=False)
        except AddressError as error:
            remedy = "try again later, or put the files of MRzzm/HDTF, HDTF_dataset, into the folder by hand"
            raise InputError(address, str(error), remedy) from error
        return file_sha256(part)


def _check(folder: Path) -> dict[str, str]:
    record = folder / RECORD
    if not record.is_file():
        return {}
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        known: dict[str, str] = {name: str(found) for name, found in content["sha256"].items()}
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise InputError(record, "is no record of fetched files", "delete the folder, to fetch it again") from error
    for name, expected in sorted(known.items()):
        if (folder / name).is_file() and file_sha256(folder / name) != expected:
            raise InputError(folder / name, "is not what was fetched", "delete it, to fetch it again")
    return {name: expected for name, expected in known.items() if (folder / name).is_file()}
