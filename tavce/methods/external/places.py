"""Where methods of others lie on this machine, and what is recorded of their preparation."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tavce.errors import InputError
from tavce.methods.external.spec import COMMON, Spec, WeightFile
from tavce.run.atomic import atomic_file

VARIABLE = "TAVCE_BASELINES"
PREPARED = "prepared.json"
Record = dict[str, Any]


@dataclass(frozen=True)
class Places:
    """Folders and files of one method at one commit.

    Attributes:
        top: of all that follows.
        clone: upstream's files, patched; run.py runs in it.
        environment: with ``bin/python``.
        weights: tree of links to the model files.
        store: the model files themselves, shared by all commits.
        runs: what run.py made, by what made it.
    """

    top: Path
    clone: Path
    environment: Path
    weights: Path
    store: Path
    runs: Path

    @property
    def python(self) -> Path:
        """The interpreter that runs run.py."""
        return self.environment / "bin" / "python"

    @property
    def prepared(self) -> Path:
        """The record of the finished preparation."""
        return self.top / PREPARED


def baselines_folder() -> Path:
    """Return the folder of clones, environments and raw videos: TAVCE_BASELINES, else ``~/.cache/tavce/baselines``."""
    given = os.environ.get(VARIABLE)
    return (Path(given) if given else Path.home() / ".cache" / "tavce" / "baselines").absolute()


def places(spec: Spec) -> Places:
    """Return where the method lies, whether or not it is there."""
    method = baselines_folder() / spec.name
    top = method / spec.commit
    return Places(top, top / "clone", top / "environment", top / "weights", method / "files", method / "runs")


def stored(weight: WeightFile, where: Places) -> Path:
    """Return where a model file lies: another address or another hash is another place."""
    key = digest([weight.address, weight.sha256])[:16]
    return where.store / key / Path(weight.file).name


def wanted_clone(spec: Spec) -> Record:
    """Return what the clone is made of."""
    patches = [[name, hashlib.sha256((spec.folder / name).read_bytes()).hexdigest()] for name in spec.patches]
    return {"repository": spec.repository, "commit": spec.commit, "patches": patches}


def wanted_environment(spec: Spec) -> Record:
    """Return what the environment is made of."""
    made = spec.environment
    build = [[each.package, *each.needs] for each in made.build]
    return {"python": made.python, "requirements": list(made.requirements), "index": made.index, "build": build}


def wanted_weights(spec: Spec) -> Record:
    """Return which model files there are to be, and which bytes they should have as far as is known."""
    return {each.file: {"address": each.address, "sha256": each.sha256} for each in spec.weights}


def read_record(path: Path) -> Record:
    """Return a record as it was written, empty where there is none or half of one."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_record(path: Path, record: Record) -> None:
    """Write a record, whole or not at all."""
    with atomic_file(path) as part:
        part.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def layer(path: Path, wanted: Record, *, sound: Callable[[Record], bool], make: Callable[[], Record]) -> Record:
    """Return what one step of the preparation found, from its record if that fits, else by doing the step.

    The record is removed before the step begins and written when it has ended, so an interrupted step is done again.

    Args:
        path: of the record.
        wanted: what the step depends on.
        sound: whether what an earlier step made is still as it found it.
        make: the step.
    """
    record = read_record(path)
    if record.get("wanted") == wanted and isinstance(record.get("found"), dict) and sound(record["found"]):
        return dict(record["found"])
    path.unlink(missing_ok=True)
    found = make()
    write_record(path, {"wanted": wanted, "found": found})
    return found


def wanted_all(spec: Spec) -> Record:
    """Return all that the preparation depends on."""
    return {
        "clone": wanted_clone(spec),
        "environment": wanted_environment(spec),
        "weights": wanted_weights(spec),
    }


def state(spec: Spec) -> str:
    """Return "yes" if the method is prepared as its folder says now, "outdated" if as it said once, else "no"."""
    record = read_record(places(spec).prepared)
    if not record:
        return "no"
    return "yes" if record.get("wanted") == wanted_all(spec) else "outdated"


def prepared_record(spec: Spec) -> Record:
    """Return the record of the method's preparation.

    Raises:
        InputError: it is not prepared, or its folder has changed since.
    """
    now = state(spec)
    if now != "yes":
        problem = "is not prepared" if now == "no" else "has changed since it was prepared"
        flag = " --accept-non-commercial" if spec.restrictions else ""
        raise InputError(spec.name, problem, f"run: tavce baselines prepare {spec.name}{flag}")
    return read_record(places(spec).prepared)


def code_digest(spec: Spec) -> str:
    """Return a hash of the code of ours that runs the method: run.py and what lies beside it or in ``common``."""
    files = sorted([*spec.folder.glob("*.py"), *(spec.folder.parent / COMMON).glob("*.py")])
    return digest([[path.name, hashlib.sha256(path.read_bytes()).hexdigest()] for path in files])


def digest(value: object) -> str:
    """Return the sha256 of a value that JSON can write."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
