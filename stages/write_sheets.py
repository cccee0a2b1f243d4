"""Videos -> contact sheets: a few frames of a few clips, each method beside the reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from reports.contact_sheet import contact_sheet, evenly_spaced, save_sheet
from reports.describe import MethodInfo
from tavce.errors import InputError
from tavce.media.video import read_frames
from tavce.run.pool import progress

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


def write_sheets(
    sheets: Mapping[tuple[str, str], Sequence[SheetLine]],
    methods: Mapping[str, MethodInfo],
    columns: int,
    folder: Path,
) -> dict[tuple[str, str], str]:
    """Write ``sheets/<dataset>-<method>.png`` and return their paths relative to `folder`.

    Args:
        sheets: (data set, method) -> clips to show.
        methods: name -> how it is shown.
        columns: frames of each clip.
        folder: of the report.
    """
    written = {}
    if sheets:
        (folder / "sheets").mkdir()
    items = list(sheets.items())
    truth = cache(partial(_truth, columns=columns))  # all methods stand beside the same reference frames
    for (dataset, method), lines in progress(items, len(items), "contact sheets"):
        name = f"sheets/{dataset}-{method}.png"
        pairs = [_sheet_lines(line, methods[method].label, truth(line.reference)) for line in lines]
        widest = max(len(frames) for _, frames in chain.from_iterable(pairs))
        sheet = contact_sheet(
            list(chain.from_iterable(pairs)),
            group=2,
            heads=[f"{n + 1} of {widest}" for n in range(widest)],
            title=f"{dataset}: {methods[method].label}",
        )
        save_sheet(folder / name, sheet)
        written[dataset, method] = name
    return written


def _sheet_lines(line: SheetLine, label: str, truth: Frames) -> list[tuple[str, list]]:  # type: ignore[type-arg]
    try:
        made = _picked(line.generated, list(truth)) if line.generated else {}
    except InputError:
        made = {}  # drawn crossed out; its score rows say why it cannot be read
    return [
        (f"{line.clip}\nreference", list(truth.values())),
        (label.replace(", ", ",\n"), [made.get(k) for k in truth]),
    ]


def _truth(reference: Path, columns: int) -> Frames:
    return _picked(reference, evenly_spaced(sum(1 for _ in read_frames(reference)), columns))


def _picked(video: Path, at: Sequence[int]) -> Frames:
    """Return the frames at the indices `at` that the video has; the others are never held together."""
    wanted = set(at)
    return {k: frame for k, frame in enumerate(read_frames(video, max_frames=max(at) + 1)) if k in wanted}
