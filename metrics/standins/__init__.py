"""Stand-in judges: small networks of the architectures of the real ones, trained on synthtalk and frozen here.

They make the suite run where no published weights can be had. Their values compare with each other only: absolute LSE
values belong to a checkpoint, so two machines agree because the files are frozen, not because the recipe is.
`standins.json` records hash, recipe and known answers of each; `make judges` writes it anew.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
RECORD = FOLDER / "standins.json"
SHORT = 8


def record() -> dict[str, Any]:
    """Return what is recorded of each stand-in by name: ``files`` (name -> sha256), ``recipe``, ``answers``."""
    return dict(json.loads(RECORD.read_text(encoding="utf-8")))


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def standin_files(name: str) -> dict[str, Path]:
    """Return the frozen files of a stand-in by name, each checked against its hash.

    Raises:
        ValueError: a file is missing or not the recorded one, so that its scores would not be what they claim.
    """
    files = record()[name]["files"]
    for file, expected in files.items():
        path = FOLDER / file
        found = sha256_of(path) if path.is_file() else "missing"
        if found != expected:
            raise ValueError(f"{path}: sha256 is {found}, recorded is {expected}; restore the file from the repository")
    return {file: FOLDER / file for file in files}


def standin_tag(name: str) -> str:
    """Return what signatures call a stand-in: ``standin-`` and 8 hex digits over all of its files' hashes."""
    hashes = "".join(value for _, value in sorted(record()[name]["files"].items()))
    return f"standin-{hashlib.sha256(hashes.encode()).hexdigest()[:SHORT]}"
