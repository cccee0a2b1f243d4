"""What a process says it made -> one answer per clip that was asked for. Nothing that it says is taken on trust."""

import json
import math
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tavce.methods.contract import MANIFEST
from tavce.methods.external.process import one_line

KEYS = {"clip_id", "status", "reason", "frames", "fps", "wall_s", "peak_memory_mb"}
LINE_BYTES = 20_000
MANIFEST_BYTES = 64 << 20
REASON_CHARACTERS = 500
MOST_FRAMES = 10_000_000
ABSENT, EMPTY = "is not there", "is empty"


@dataclass(frozen=True)
class Answer:
    """What a process said of one clip, and whether that can be believed.

    Attributes:
        status: "ok" or "failed".
        reason: "" if ok, else one line.
        frames, fps: as stated for the file; 0 where it failed.
        wall_s: seconds that the clip took, as stated.
        peak_memory_mb: most memory that it used in MiB, as stated.
    """

    status: str
    reason: str
    frames: int = 0
    fps: float = 0.0
    wall_s: float | None = None
    peak_memory_mb: float | None = None


@dataclass(frozen=True)
class Said:
    """A manifest, or the end of one.

    Attributes:
        answers: by clip id, the last line of each; only of clips that were asked for.
        strange: what else stands there, one line each.
    """

    answers: dict[str, Answer]
    strange: tuple[str, ...]


def read_answers(out: Path, asked: Collection[str], *, start: int = 0) -> Said:
    """Return what the manifest in `out` says behind its first `start` bytes.

    A clip that was asked for and whose line is not as it must be has failed; lines of other clips are strange and
    their files are never looked at. An unfinished last line, which a crash leaves, says nothing.
    """
    path = out / MANIFEST
    problem = file_problem(path, MANIFEST_BYTES)
    if problem:
        return Said({}, () if problem in (ABSENT, EMPTY) else (f"the manifest {problem}",))
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(MANIFEST_BYTES)
    answers: dict[str, Answer] = {}
    strange = []
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        if not line.strip():
            continue
        name, answer = _answer(line)
        if name in asked:
            answers[name] = answer
        else:
            about = f"clip {one_line(name)[:100]!r}, which was not asked for" if name else answer.reason
            strange.append(f"line {number} of the manifest: {about}")
    return Said(answers, tuple(strange))


def end_torn_line(out: Path) -> int:
    """End the line that a crash may have torn, so that the next one stands alone, and return the manifest's length."""
    path = out / MANIFEST
    if file_problem(path, MANIFEST_BYTES):
        return 0
    with path.open("rb+") as file:
        size = file.seek(0, 2)
        if size:
            file.seek(size - 1)
            if file.read(1) != b"\n":
                file.write(b"\n")
                size += 1
    return size


def video_of(out: Path, name: str, largest: int) -> tuple[Path, str]:
    """Return the file of a clip, and why it cannot be read: "" if it can."""
    path = out / f"{name}.mp4"
    problem = file_problem(path, largest)
    return path, f"its video {problem}" if problem else ""


def file_problem(path: Path, largest: int) -> str:
    """Return why a file that another program wrote must not be opened, "" if it may: links lead anywhere."""
    try:
        found = path.lstat()
    except OSError:
        return ABSENT
    if stat.S_ISLNK(found.st_mode):
        return "is a link"
    if not stat.S_ISREG(found.st_mode):
        return "is no file"
    if found.st_nlink != 1:
        return "is a link"
    if not found.st_size:
        return EMPTY
    return f"has {found.st_size} bytes, more than the {largest} allowed" if found.st_size > largest else ""


def _answer(line: bytes) -> tuple[str, Answer]:
    """Return the clip id of a line, "" if it has none, and what it says."""
    try:
        if len(line) > LINE_BYTES:
            raise ValueError(f"a line of {len(line)} bytes")
        row = json.loads(line.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        return "", Answer("failed", f"not JSON as it should be ({one_line(str(error))[:200]})")
    if not isinstance(row, dict) or not isinstance(row.get("clip_id"), str):
        return "", Answer("failed", "no JSON object with a clip_id")
    return row["clip_id"], _checked(row)


def _checked(row: dict[str, Any]) -> Answer:
    if set(row) != KEYS:
        unknown, missing = sorted(set(row) - KEYS), sorted(KEYS - set(row))
        return _unfit(f"has unknown keys {unknown} and lacks {missing}")
    if row["status"] not in ("ok", "failed") or not isinstance(row["reason"], str):
        return _unfit("has a status or a reason that is none")
    wall, peak = _measured(row["wall_s"]), _measured(row["peak_memory_mb"])
    if row["status"] == "failed":
        said = one_line(row["reason"])[:REASON_CHARACTERS]
        return Answer("failed", said or "run.py gave no reason", wall_s=wall, peak_memory_mb=peak)
    frames, fps = row["frames"], _measured(row["fps"])
    if type(frames) is not int or not 0 < frames <= MOST_FRAMES:
        return _unfit(f"says that {one_line(repr(frames))[:50]} frames were made")
    if not fps:
        return _unfit(f"says that they come at {one_line(repr(row['fps']))[:50]} per second")
    return Answer("ok", "", frames, fps, wall, peak)


def _unfit(what: str) -> Answer:
    return Answer("failed", f"its line of the manifest {what}")


def _measured(value: object) -> float | None:
    """Return a number that a measurement can have, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e12 and math.isfinite(value) else None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise ValueError("a key stands there twice")
    return dict(pairs)


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is no number")
