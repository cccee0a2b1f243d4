"""Section `evaluate` of params.yaml: which clips are generated, scored and reported."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tavce.data.clips import Clip
from tavce.errors import InputError


@dataclass(frozen=True)
class Evaluate:
    """The split whose clips are generated, scored and reported."""

    split: Literal["train", "test"]


def clips_to_make(clips: Sequence[Clip], split: str) -> list[Clip]:
    """Return the usable clips of `split`: what every method is asked for, and what coverage is counted against.

    Raises:
        InputError: there is none; an empty set has no score.
    """
    wanted = [clip for clip in clips if clip.usable and clip.split == split]
    if not wanted:
        reasons = sorted({clip.reason for clip in clips if clip.split == split and not clip.usable})
        problem = f"no usable clip in split '{split}' of {len(clips)} clips; reasons: {reasons or 'none of that split'}"
        raise InputError(clips[0].dataset if clips else "clip table", problem, "mend the source or evaluate.split")
    return wanted
