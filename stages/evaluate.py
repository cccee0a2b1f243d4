"""Section `evaluate` of params.yaml: which clips are generated, scored and reported."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tavce.data.clips import Clip
from tavce.errors import InputError


@dataclass(frozen=True)
class Evaluate:
    """The split whose clips are generated, scored and reported."""

    split: Literal["train", "test"]


def clips_to_make(clips: Iterable[Clip], split: str) -> list[Clip]:
    """Return the usable clips of `split`: what every method is asked for, and what coverage is counted against.

    Raises:
        InputError: there is none; an empty set has no score.
    """
    wanted, reasons, count, dataset = list[Clip](), set[str](), 0, "clip table"
    for clip in clips:
        count, dataset = count + 1, clip.dataset
        if clip.split == split and clip.usable:
            wanted.append(clip)
        elif clip.split == split:
            reasons.add(clip.reason)
    if not wanted:
        said = sorted(reasons) or "none of that split"
        problem = f"no usable clip in split '{split}' of {count} clips; reasons: {said}"
        raise InputError(dataset, problem, "mend the source or evaluate.split")
    return wanted


def other_clip(clips: Sequence[Clip], number: int, turn: int) -> Clip | None:
    """Return the clip whose audio is the wrong one for clip `number`: of another person, the next in a circle.

    Args:
        clips: those of the split.
        number: index of the clip.
        turn: 1 for the next other person in the circle, 2 for the one after. What a control plays (1) and what scores
            compare with (2) must differ, or the control would be compared with itself.

    Returns:
        None if there are not so many people.
    """
    people = {clips[number].identity}
    for clip in [*clips[number + 1 :], *clips[:number]]:
        if clip.identity not in people:
            people.add(clip.identity)
            if len(people) > turn:
                return clip
    return None
