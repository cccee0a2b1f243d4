"""`tavce profile`: full parameter sets in profiles/; `use` copies one over params.yaml, which stays the one truth."""

import shutil
from pathlib import Path

from stages.params import PARAMS
from tavce.errors import InputError
from tavce.run.atomic import atomic_file

PROFILES = Path("profiles")


def names() -> list[str]:
    """Return the names of the profiles.

    Raises:
        InputError: there is no folder of profiles here.
    """
    if not PROFILES.is_dir():
        raise InputError(PROFILES, "there is no such folder", "run tavce profile from the repository's root")
    return sorted(path.stem for path in PROFILES.glob("*.yaml"))


def current() -> str | None:
    """Return the name of the profile that params.yaml equals to the byte, or None."""
    if not PARAMS.is_file():
        return None
    text = PARAMS.read_bytes()
    return next((name for name in names() if (PROFILES / f"{name}.yaml").read_bytes() == text), None)


def use(name: str, *, force: bool) -> None:
    """Make params.yaml a copy of profile `name`.

    Raises:
        InputError: there is no such profile; or params.yaml has changes of its own, which would be lost, and `force`
            is not set.
    """
    if name not in names():
        raise InputError(PROFILES, f"has no profile {name!r}", f"choose one of {names()}")
    if PARAMS.is_file() and current() is None and not force:
        remedy = "save them as profiles/<name>.yaml first, or add --force"
        raise InputError(PARAMS, "has changes that no profile has, and they would be lost", remedy)
    with atomic_file(PARAMS) as part:
        shutil.copyfile(PROFILES / f"{name}.yaml", part)
