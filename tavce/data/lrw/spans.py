"""LRW's text file beside each clip: when the word is spoken.

Five lines ``key: value``, of which one gives the word's duration in seconds. The word is spoken in the middle of the
clip: 29 frames at 25 fps.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tavce.data.clips import FPS, Clip
from tavce.data.crop.faces import UnusableError

CLIP_FRAMES = 29
CLIP_S = CLIP_FRAMES / FPS
DURATION = re.compile(r"([0-9]{1,3}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?: ?s(?:ec(?:onds?)?\.?)?)?", re.IGNORECASE)


@dataclass(frozen=True)
class WordSpan:
    """When the word of a clip is spoken.

    Attributes:
        id: of the clip.
        start_s, end_s: seconds from the clip's start, 0 <= start_s < end_s <= 1.16; both 0 where nothing is known.
        problem: "", or why nothing is known.
    """

    id: str
    start_s: float
    end_s: float
    problem: str


def read_span(source: str | Path) -> tuple[float, float]:
    """Return start and end of the word in seconds from the clip's start: the middle, half of its duration each way.

    A word longer than the clip fills it.

    Args:
        source: the text file, or its text.

    Raises:
        UnusableError: there is no file, or no duration above 0 in it.
    """
    text = _text(source) if isinstance(source, Path) else source
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    found = [line for line in lines if "duration" in line.partition(":")[0].lower()]
    if not found:
        raise UnusableError("its text file gives no duration")
    match = DURATION.fullmatch(found[0].partition(":")[2].strip())
    half = float(match[1]) / 2 if match else 0.0
    start, end = max(0.0, CLIP_S / 2 - half), min(CLIP_S, CLIP_S / 2 + half)
    if start >= end:
        raise UnusableError(f"its text file says {found[0].strip()[:60]!a}, which is no duration above 0 s")
    return start, end


def word_spans(root: Path, clips: Iterable[Clip]) -> Iterator[WordSpan]:
    """Yield for each clip when its word is spoken, from the text file beside its video.

    Args:
        root: folder that the clips' sources are relative to.
        clips: of `plan_folder`.
    """
    for clip in clips:
        try:
            start, end = read_span((root / clip.source).with_suffix(".txt"))
        except UnusableError as error:
            yield WordSpan(clip.id, 0.0, 0.0, str(error))
        else:
            yield WordSpan(clip.id, start, end, "")


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UnusableError(f"its text file cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UnusableError("its text file is no text in UTF-8") from error
