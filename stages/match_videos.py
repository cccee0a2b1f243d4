"""Generated and reference videos of two folders, matched by name."""

import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from tavce.data.folder import find_videos
from tavce.errors import InputError


@dataclass(frozen=True)
class Match:
    """Two folders side by side.

    Attributes:
        generated: name of each reference video (path below the folder without suffix) -> the generated one, or None.
        reference: the same names -> the reference video.
    """

    generated: dict[str, Path | None]
    reference: dict[str, Path]


def match(generated: Path, reference: Path, *, allow_missing: bool) -> Match:
    """Return the videos of both folders by the names of the reference.

    Raises:
        InputError: nothing matches, or something does not and `allow_missing` is not set.
    """
    ours, theirs = _by_name(generated), _by_name(reference)
    common, missing, extra = set(ours) & set(theirs), sorted(set(theirs) - set(ours)), sorted(set(ours) - set(theirs))
    if not common:
        raise InputError(
            generated,
            f"no name matches one in {reference}: {_few(list(ours))} against {_few(list(theirs))}",
            "give both sides the same file names",
        )
    if extra and allow_missing:
        print(f"warning: {len(extra)} generated videos have no reference and are not scored: {extra}", file=sys.stderr)
    if (missing or extra) and not allow_missing:
        problem = f"{len(missing)} reference videos have no generated one {_few(missing)}, "
        problem += f"{len(extra)} generated ones no reference {_few(extra)}"
        raise InputError(generated, problem, "mend the names, or add --allow-missing: missing ones count as failed")
    names = sorted(theirs)
    return Match({name: ours.get(name) for name in names}, {name: theirs[name] for name in names})


def _by_name(folder: Path) -> dict[str, Path]:
    named: dict[str, Path] = {}
    if not folder.is_dir():
        raise InputError(folder, "there is no such folder", "check the path")
    for file in find_videos(folder):
        # One spelling of accents: some file systems take them apart.
        name = unicodedata.normalize("NFC", Path(file).with_suffix("").as_posix())
        if name in named:
            raise InputError(folder / file, f"has the same name as {named[name].name}", "keep one of the two")
        named[name] = folder / file
    return named


def _few(names: list[str]) -> list[str]:
    return [*sorted(names)[:3], *(["..."] if len(names) > 3 else [])]
