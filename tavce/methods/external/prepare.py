"""A method's folder -> clone at the pinned commit, patches, environment and model files, each step done once."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import requests
from filelock import FileLock

from tavce.data.clips import file_sha256
from tavce.data.download import Patience
from tavce.data.fetch import fetch
from tavce.data.registry import Weights
from tavce.data.weights import WEIGHTS_VARIABLE
from tavce.errors import InputError
from tavce.methods.external import clone
from tavce.methods.external.places import (
    VARIABLE,
    Places,
    Record,
    layer,
    places,
    read_record,
    stored,
    wanted_all,
    wanted_clone,
    wanted_environment,
    wanted_weights,
    write_record,
)
from tavce.methods.external.process import call, program
from tavce.methods.external.spec import Spec, WeightFile

LOG = "prepare.log"
LARGEST_MODEL = 64 << 30  # bytes
# Settings of this process's own Python or environment that must not reach another one's.
OURS = (
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
)
Say = Callable[[str], None]
WEB_PAGE = (b"<!doctype html", b"<html", b"version https://git-lfs")


def prepare(
    spec: Spec,
    *,
    accept_non_commercial: bool = False,
    patience: Patience | None = None,
    progress: bool = False,
    say: Say = lambda step: None,
) -> Places:
    """Return where the method lies, after doing what of its preparation is not yet done.

    May be interrupted at any point: a step that has ended is not repeated, and a download goes on where it stopped
    if its hash is known.

    Args:
        spec: the method.
        accept_non_commercial: the user's word that the use is allowed by licences that forbid commercial use.
        patience: attempts and times of downloads; None means the usual ones.
        progress: whether to draw a bar on stderr while downloading.
        say: gets a line at the beginning of each step that has to be done.

    Raises:
        InputError: a licence is not accepted; git or uv are absent or fail; a patch does not apply; a model file
            cannot be fetched or has other bytes than expected.
    """
    if spec.restrictions and not accept_non_commercial:
        problem = f"its licences restrict the use ({'; '.join(spec.restrictions)})"
        raise InputError(spec.name, problem, "if your use is allowed by them, repeat with --accept-non-commercial")
    where = places(spec)
    _make_folder(where.top)
    with FileLock(where.top / ".lock"):
        wanted, log = wanted_all(spec), where.top / LOG
        found = {
            "clone": _clone(spec, where, log, say),
            "environment": _environment(spec, where, log, say),
            "weights": layer(
                where.top / "weights.json",
                wanted_weights(spec),
                sound=lambda found: where.weights.is_dir() and _linked(spec, where, found),
                make=lambda: _make_weights(spec, where, patience, progress, say),
            ),
        }
        record = {"wanted": wanted, "found": found}
        if read_record(where.prepared) != record:
            write_record(where.prepared, record)
    return where


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "let TAVCE_BASELINES name a folder you may write to"
        raise InputError(folder, f"cannot be made ({error.strerror})", remedy) from error


def _clone(spec: Spec, where: Places, log: Path, say: Say) -> Record:
    """Return what the clone is, made where it has to be."""

    def make() -> Record:
        say(f"clone {spec.repository} at {spec.commit}, patches: {', '.join(spec.patches) or 'none'}")
        return clone.make(spec, where.clone, log)

    wanted = wanted_clone(spec)
    return layer(where.top / "clone.json", wanted, sound=lambda found: clone.is_as_found(where.clone, found), make=make)


def _environment(spec: Spec, where: Places, log: Path, say: Say) -> Record:
    """Return what is installed in the environment, made where it has to be."""

    def make() -> Record:
        made = spec.environment
        say(f"environment with Python {made.python} and {len(made.requirements)} packages, and what these require")
        try:
            return _make_environment(spec, where, log)
        except InputError as error:
            problem = f"its environment cannot be made ({error.subject} {error.problem})"
            raise InputError(spec.name, problem, error.remedy) from error

    wanted = wanted_environment(spec)
    return layer(where.top / "environment.json", wanted, sound=lambda found: where.python.exists(), make=make)


def _make_environment(spec: Spec, where: Places, log: Path) -> Record:
    """Make the environment anew and return what is installed in it."""
    uv, variables = program("uv"), {name: value for name, value in os.environ.items() if name not in OURS}
    shutil.rmtree(where.environment, ignore_errors=True)

    def run(*words: str | Path, to: Path = log) -> None:
        call([uv, *words], folder=where.top, environment=variables, log=to)

    # Beside uv's working folder, so that settings of folders above do not reach it; those of the user do.
    needs = [f"{json.dumps(each.package)} = {json.dumps(each.needs)}\n" for each in spec.environment.build]
    (where.top / "uv.toml").write_text("".join(["[extra-build-dependencies]\n", *needs]), encoding="utf-8")
    run("venv", "--no-project", "--python", spec.environment.python, where.environment)
    if spec.environment.requirements:
        lines = where.top / "requirements.txt"
        lines.write_text("".join(f"{line}\n" for line in spec.environment.requirements), encoding="utf-8")
        # A further index holds old copies of common packages too; without the strategy these would hide all others.
        further = ("--index", spec.environment.index, "--index-strategy", "unsafe-best-match")
        run("pip", "install", "--python", where.python, "-r", lines, *(further if spec.environment.index else ()))
    frozen = where.top / "packages.txt"
    frozen.unlink(missing_ok=True)
    run("pip", "freeze", "--python", where.python, to=frozen)
    packages = [line for line in frozen.read_text(encoding="utf-8").splitlines() if not line.startswith("$")]
    return {"python": _version(where), "packages": [line for line in packages if "==" in line or " @ " in line]}


def _version(where: Places) -> str:
    """Return the whole version of the interpreter, as the environment states it."""
    lines = (where.environment / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    found = [line.partition("=")[2].strip() for line in lines if line.startswith("version_info")]
    return found[0] if found else ""


def _make_weights(spec: Spec, where: Places, patience: Patience | None, progress: bool, say: Say) -> Record:
    """Make the tree of links anew, and return hash and size of each file."""
    shutil.rmtree(where.weights, ignore_errors=True)
    _make_folder(where.weights)
    try:
        found = {}
        for number, each in enumerate(spec.weights, 1):
            say(f"model file {number} of {len(spec.weights)}: {each.file}")
            found[each.file] = _bring(each, where, patience, progress)
        return found
    except InputError as error:  # `fetch` speaks of its own folder
        raise InputError(error.subject, error.problem, error.remedy.replace(WEIGHTS_VARIABLE, VARIABLE)) from error


def _bring(weight: WeightFile, where: Places, patience: Patience | None, progress: bool) -> Record:
    """Fetch a model file, link to it from the tree that run.py gets, and return its hash and size."""
    store = stored(weight, where)
    size = weight.bytes or (None if store.is_file() else stated_size(weight.address, patience or Patience()))
    entry = Weights(
        name=store.name,
        file=store.name,
        addresses=(weight.address,),
        bytes=size,
        sha256=weight.sha256,
        licence=weight.licence,
        used_by="",
        non_commercial=weight.non_commercial,
    )
    path = fetch(entry, store.parent, accept_non_commercial=True, patience=patience, progress=progress)
    if weight.sha256 is None:
        _refuse_web_page(path, weight)
    link = where.weights / weight.file
    _make_folder(link.parent)
    link.symlink_to(path)
    return {"sha256": file_sha256(path), "bytes": path.stat().st_size}


def stated_size(address: str, patience: Patience) -> int | None:
    """Return how many bytes a server says the file has, None if it does not: space is checked before the first byte.

    Without a size `fetch` takes at most 2 GiB, which some models exceed.

    Raises:
        InputError: it is more than any model has.
    """
    try:
        times = (patience.connect_s, patience.silence_s)
        # identity: the length of a compressed answer is not the file's
        headers = {"Accept-Encoding": "identity", "User-Agent": "tavce-bench"}
        with requests.head(address, headers=headers, allow_redirects=True, timeout=times) as answer:
            length = answer.headers.get("Content-Length", "") if answer.ok else ""
    except requests.RequestException:
        return None  # `fetch` asks again, with patience, and says what is wrong
    size = int(length) if length.isdecimal() else 0
    if size > LARGEST_MODEL:
        raise InputError(address, f"states {size} bytes, more than the {LARGEST_MODEL} allowed", "check the address")
    return size or None


def _refuse_web_page(path: Path, weight: WeightFile) -> None:
    """Refuse a page that asks to confirm a download, or the pointer to a file, where nobody published a hash."""
    with path.open("rb") as file:
        start = file.read(64).lstrip().lower()
    if start.startswith(WEB_PAGE):
        shutil.rmtree(path.parent)  # with its record of the sha256: it would hold for ever
        problem = f"{weight.address} serves a page or a pointer, not the file"
        raise InputError(weight.file, problem, "fetch it by hand and give its sha256 and an address of the file itself")


def _linked(spec: Spec, where: Places, found: Record) -> bool:
    """Whether every model file is where its link points, with the size that it had; unread, for it may be large."""
    for each in spec.weights:
        path = where.weights / each.file
        if not path.is_file() or path.resolve() != stored(each, where).resolve():
            return False
        if path.stat().st_size != found.get(each.file, {}).get("bytes"):
            return False
    return True
