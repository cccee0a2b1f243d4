"""Generated and reference videos of two folders, matched by name."""

import sys
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tavce.data.folder import find_videos
from tavce.errors import InputError
from tavce.methods.videos import by_table


@dataclass(frozen=True)
class Match:
    """Two folders side by side.

    Attributes:
        generated: name of each reference video (path below the folder without suffix) -> the generated one, or None.
        reference: the same names -> the reference video.
    """

    generated: dict[str, Path | None]
    reference: dict[str, Path]


def match(generated: Path, reference: Path, *, allow_missing: bool, names: Path | None = None) -> Match:
    """Return the videos of both folders by the names of the reference.

    Names are paths without suffix. Where these differ, file names without suffix match that stand once on either side.

    Args:
        generated: folder.
        reference: folder.
        allow_missing: whether unmatched names are counted instead of refused.
        names: CSV file with the columns ``clip`` (a name of the reference) and ``video`` (path below `generated`);
            then nothing else is matched.

    Raises:
        InputError: nothing matches, or something does not and `allow_missing` is not set; or the table is wrong.
    """
    theirs = _by_name(reference)
    if names is None:
        ours = _with_stems(_by_name(generated), theirs)
    else:
        files = find_videos(generated) if generated.is_dir() else []
        ours = {clip: generated / video for clip, video in by_table(generated, files, names, theirs).items()}
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
    owed = sorted(theirs)
    return Match({name: ours.get(name) for name in owed}, {name: theirs[name] for name in owed})


def _with_stems(ours: dict[str, Path], theirs: dict[str, Path]) -> dict[str, Path]:
    """Return ours, under their names where only the folders above differ."""
    stems, wanted = (_unique_stems(set(one) - set(other)) for one, other in ((ours, theirs), (theirs, ours)))
    renamed = {stems[stem]: wanted[stem] for stem in stems.keys() & wanted.keys()}
    return {renamed.get(name, name): path for name, path in ours.items()}


def _unique_stems(names: set[str]) -> dict[str, str]:
    counts = Counter(PurePosixPath(name).name for name in names)
    return {PurePosixPath(name).name: name for name in names if counts[PurePosixPath(name).name] == 1}


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
