"""A user's word that a long run may start: asked for by `tavce estimate`, looked at before anything is downloaded."""

import hashlib
import json
from pathlib import Path

import yaml

from stages.params import PARAMS
from stages.paths import DATA
from tavce.errors import InputError
from tavce.run.atomic import atomic_file

CONFIRMED = "confirmed.json"


def run_digest(path: Path = PARAMS) -> str:
    """Return the sha256 of all that params.yaml says beside `runtime`, which costs nothing to change."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    kept = {name: section for name, section in content.items() if name != "runtime"}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()


def confirm(digest: str, folder: Path = DATA) -> None:
    """Record that the run of this digest may start."""
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_file(folder / CONFIRMED) as part:
        part.write_text(json.dumps({"run": digest}) + "\n", encoding="utf-8")


def check_confirmed(path: Path = PARAMS, folder: Path = DATA) -> None:
    """Refuse a long run that nobody has agreed to.

    Raises:
        InputError: no word was given for these parameters.
    """
    record = folder / CONFIRMED
    agreed = json.loads(record.read_text(encoding="utf-8")).get("run") if record.is_file() else None
    if agreed != run_digest(path):
        problem = "this run downloads and computes for long, and nobody has agreed to it yet"
        raise InputError(path, problem, "see what it costs, and confirm: tavce estimate")
