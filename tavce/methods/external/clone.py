"""The repository of a method at its pinned commit, with the patches of its folder."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tavce.errors import InputError
from tavce.methods.external.places import Record
from tavce.methods.external.process import call, program
from tavce.methods.external.spec import Spec

# Bytes as they were committed, no code of the repository run, nothing asked on the terminal.
SETTINGS = ("core.autocrlf=false", f"core.hooksPath={os.devnull}", "advice.detachedHead=false", "gc.auto=0")
WHOLE = 40  # digits of a commit
TIES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_NAMESPACE")


def make(spec: Spec, folder: Path, log: Path) -> Record:
    """Make `folder` the pinned commit with the patches applied; a clone of that commit that is there is used again.

    Returns:
        The whole commit, and the hash of all differences from it, for `is_as_found`.

    Raises:
        InputError: git is absent or fails, the repository has no such commit, or a patch does not apply.
    """
    if not _is(head(folder), spec.commit):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _git(folder, log, "init", "--quiet")
        _fetch(spec, folder, log)
        _check_out(spec, folder, log)
        if not _is(head(folder), spec.commit):
            problem = f"its HEAD is {head(folder) or 'unknown'}, wanted {spec.commit}"
            raise InputError(folder, problem, "delete the folder and prepare again")
    (folder / ".git" / "index.lock").unlink(missing_ok=True)  # of a git that was killed; no other works here
    _git(folder, log, "reset", "--quiet", "--hard", "HEAD")
    _git(folder, log, "clean", "--quiet", "-ffdx")
    for name in spec.patches:
        _apply((spec.folder / name).resolve(), spec, folder, log)
    return {"commit": head(folder), "difference": difference(folder)}


def is_as_found(folder: Path, found: Record) -> bool:
    """Whether the clone is at its commit and its files are those that `make` left, whatever lies beside them."""
    return head(folder) == found.get("commit") and difference(folder) == found.get("difference")


def head(folder: Path) -> str:
    """Return the commit of a clone, "" where there is none."""
    if not (folder / ".git").is_dir():
        return ""
    return (_said(folder, "rev-parse", "--verify", "--quiet", "HEAD") or b"").decode("utf-8", errors="replace").strip()


def difference(folder: Path) -> str:
    """Return a hash of how the clone's tracked files differ from its commit, "" where git cannot tell."""
    shown = _said(folder, "diff", "--binary", "--no-ext-diff", "--no-textconv", "HEAD")
    return "" if shown is None else hashlib.sha256(shown).hexdigest()


def _fetch(spec: Spec, folder: Path, log: Path) -> None:
    """Bring the commit alone; if it is abbreviated, or the server gives no single commits, all branches and tags."""
    address = ("--no-recurse-submodules", spec.repository)
    if len(spec.commit) == WHOLE:
        try:
            _git(folder, log, "fetch", "--quiet", "--depth", "1", *address, spec.commit)
        except InputError:
            pass  # said in the log; what follows fails for the same reason, if it was another one
        else:
            return
    try:
        _git(folder, log, "fetch", "--quiet", "--tags", *address, "+refs/heads/*:refs/remotes/origin/*")
    except InputError as error:
        problem = f"cannot be fetched (git {error.problem})"
        raise InputError(spec.repository, problem, f"check address and network, and repeat; {error.remedy}") from error


def _check_out(spec: Spec, folder: Path, log: Path) -> None:
    try:
        _git(folder, log, "checkout", "--quiet", "--force", "--detach", spec.commit)
    except InputError as error:
        problem = f"has no commit {spec.commit} on its branches and tags (git {error.problem})"
        raise InputError(spec.repository, problem, "correct `commit` in method.yaml") from error


def _is(whole: str, commit: str) -> bool:
    return bool(whole) and whole.startswith(commit)


def _apply(patch: Path, spec: Spec, folder: Path, log: Path) -> None:
    try:
        _git(folder, log, "apply", "--check", "--whitespace=nowarn", patch)
        _git(folder, log, "apply", "--whitespace=nowarn", patch)
    except InputError as error:
        problem = f"does not apply to {spec.repository} at {spec.commit[:12]} ({error.problem})"
        raise InputError(patch, problem, "make the patch anew from that commit") from error


def _git(folder: Path, log: Path, *words: str | Path) -> None:
    call(_command(words), folder=folder, environment=_environment(folder), log=log)


def _said(folder: Path, *words: str) -> bytes | None:
    """Return what git prints, or None where it fails."""
    done = subprocess.run(  # noqa: S603 - no shell
        _command(words),
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return None if done.returncode else done.stdout


def _command(words: Sequence[str | Path]) -> list[str]:
    settings = [part for setting in SETTINGS for part in ("-c", setting)]
    return [program("git"), *settings, *map(str, words)]


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment for git: bound to the clone, whatever repository this process was started in."""
    kept = {name: value for name, value in os.environ.items() if name not in TIES}
    ceiling = str(folder.resolve().parent)
    return kept | {
        "GIT_CEILING_DIRECTORIES": ceiling,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "LC_ALL": "C",
    }
