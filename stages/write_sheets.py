"""Videos -> contact sheets: a few frames of a few clips, each method beside the reference."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from reports.contact_sheet import contact_sheet, evenly_spaced, save_sheet
from reports.describe import MethodInfo
from tavce.errors import InputError
from tavce.media.video import read_frames
from tavce.run.pool import Pool

Frames = dict[int, UInt8[np.ndarray, "height width 3"]]  # index -> picture, in order


@dataclass(frozen=True)
class SheetLine:
    """One clip on a contact sheet.

    Attributes:
        clip: id, the label.
        reference: the true video.
        generated: the method's video, or None if there is none.
    """

    clip: str
    reference: Path
    generated: Path | None


@dataclass(frozen=True)
class Sheets:
    """Contact sheets that are being drawn.

    Attributes:
        names: (data set, method) -> file, relative to the report's folder.
        wait: returns when all are written.
    """

    names: Mapping[tuple[str, str], str]
    wait: Callable[[], object]


@dataclass(frozen=True)
class _Task:
    title: str
    label: str
    lines: Sequence[SheetLine]
    columns: int
    path: Path


def start_sheets(
    sheets: Mapping[tuple[str, str], Sequence[SheetLine]],
    methods: Mapping[str, MethodInfo],
    columns: int,
    folder: Path,
    pool: Pool,
) -> Sheets:
    """Begin to write ``sheets/<dataset>-<method>.png``.

    Args:
        sheets: (data set, method) -> clips to show.
        methods: name -> how it is shown.
        columns: frames of each clip.
        folder: of the report.
        pool: processes that draw.
    """
    if sheets:
        (folder / "sheets").mkdir()
    names = {(dataset, method): f"sheets/{dataset}-{method}.png" for dataset, method in sheets}
    tasks = [
        _Task(f"{key[0]}: {methods[key[1]].label}", methods[key[1]].label, lines, columns, folder / names[key])
        for key, lines in sheets.items()
    ]
    return Sheets(names, pool.start(_write, tasks, label="contact sheets"))


def _write(task: _Task) -> None:
    pairs = [_sheet_lines(line, task.label, task.columns) for line in task.lines]
    widest = max(len(frames) for _, frames in chain.from_iterable(pairs))
    heads = [f"{n + 1} of {widest}" for n in range(widest)]
    save_sheet(task.path, contact_sheet(list(chain.from_iterable(pairs)), group=2, heads=heads, title=task.title))


def _sheet_lines(line: SheetLine, label: str, columns: int) -> list[tuple[str, list]]:  # type: ignore[type-arg]
    truth = _truth(line.reference, line.reference.stat().st_mtime_ns, columns)
    try:
        made = _picked(line.generated, list(truth)) if line.generated else {}
    except InputError:
        made = {}  # drawn crossed out; its score rows say why it cannot be read
    return [
        (f"{line.clip}\nreference", list(truth.values())),
        (label.replace(", ", ",\n"), [made.get(k) for k in truth]),
    ]


@lru_cache(maxsize=16)  # all methods stand beside the same reference frames
def _truth(reference: Path, written_ns: int, columns: int) -> Frames:
    return _picked(reference, evenly_spaced(sum(1 for _ in read_frames(reference)), columns))


def _picked(video: Path, at: Sequence[int]) -> Frames:
    """Return the frames at the indices `at` that the video has; the others are never held together."""
    wanted = set(at)
    return {k: frame for k, frame in enumerate(read_frames(video, max_frames=max(at) + 1)) if k in wanted}
