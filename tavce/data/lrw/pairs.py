"""Wav2Lip's list of pairs: the pictures of one clip of LRW with the sound of another.

One pair per line, sound first, video second, as stems ``WORD_00001`` of clips of the test folders
(Rudrabha/Wav2Lip@cfc0580, evaluation/test_filelists/lrw.txt). The list is under the BBC's copyright: a user brings it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tavce.data.clips import safe_ids
from tavce.data.lrw.folder import word_row
from tavce.data.planned import Planned
from tavce.errors import InputError

STEM = re.compile(r"([A-Za-z][A-Za-z']{0,40})_[0-9]{1,9}")
SPLIT = "test"


@dataclass(frozen=True)
class Pair:
    """One line.

    Attributes:
        line: number in the file.
        sound, video: stems; "" where the line cannot be read.
        problem: "", or why it cannot.
    """

    line: int
    sound: str
    video: str
    problem: str


@dataclass(frozen=True)
class PairedClip:
    """A planned clip whose sound is another's.

    Attributes:
        planned: the clip; its source is the video, its id ``<video>--<sound>``.
        sound: file of the sound relative to the root, forward slashes; "" if the row is unusable.
    """

    planned: Planned
    sound: str


def read_pairs(path: Path) -> list[Pair]:
    """Return the pairs of the list in the file's order, lines that cannot be read with their problem.

    Blank lines are none.

    Raises:
        InputError: the file cannot be read, or no line of it is a pair.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the path and its permissions") from error
    except UnicodeDecodeError as error:
        raise InputError(path, "is no text in UTF-8", "give the list as text") from error
    lines = enumerate(re.split(r"\r\n|\r|\n", text), 1)
    pairs = [_pair(number, line.split()) for number, line in lines if line.strip()]
    if all(pair.problem for pair in pairs):
        raise InputError(path, "has no line WORD_00001 WORD_00002", "give a list of sound and video, one pair per line")
    return pairs


def _pair(line: int, fields: Sequence[str]) -> Pair:
    if len(fields) != 2 or not all(map(STEM.fullmatch, fields)):
        return Pair(line, "", "", f"line {line} of the list is no pair WORD_00001 WORD_00002")
    return Pair(line, fields[0], fields[1], "")


def plan_pairs(root: Path, pairs: Sequence[Pair], *, dataset: str) -> Iterator[PairedClip]:
    """Yield one clip per pair, sorted by id; one whose files are not there has the reason.

    A line that cannot be read is ``line-<number>``. A pair that comes again is unusable, with its line behind its id.

    Args:
        root: the folder ``lipread_mp4``; the clips are those of the test folders in it.
        pairs: of `read_pairs`.
        dataset: name of the data set, for the rows.
    """
    met: set[str] = set()
    repeated, names = [], []
    for pair in pairs:
        name = f"line-{pair.line:06d}" if pair.problem else f"{pair.video}--{pair.sound}"
        repeated.append(name in met)
        names.append(f"{name}-{pair.line:06d}" if name in met else name)
        met.add(name)
    rows = zip(safe_ids(names), pairs, repeated, strict=True)
    for name, pair, again in sorted(rows, key=lambda row: row[0]):
        yield _paired(root, name, pair, dataset, again)


def _paired(root: Path, name: str, pair: Pair, dataset: str, again: bool) -> PairedClip:
    video, sound = _file(pair.video), _file(pair.sound)
    row = word_row(name, dataset=dataset, split=SPLIT, identity=pair.video or name, source=video)
    reason = pair.problem or (f"line {pair.line} of the list repeats another" if again else "")
    if not reason:
        absent = [file for file in (video, sound) if not (root / file).is_file()]
        reason = f"there is no file {absent[0]}" if absent else ""
    return PairedClip(Planned(row.unusable(reason) if reason else row, None), "" if reason else sound)


def _file(stem: str) -> str:
    return f"{stem.rpartition('_')[0]}/{SPLIT}/{stem}.mp4" if stem else ""
