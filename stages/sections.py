"""Sections of params.yaml that several stages read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from metrics import METRICS, metric
from metrics.record import Metric
from tavce.data.clips import Clip
from tavce.errors import InputError
from tavce.methods.controls import Control


@dataclass(frozen=True)
class Method:
    """A compared method; `control` says which one, `label` what tables call it."""

    kind: Literal["control"]
    label: str
    control: Control


@dataclass(frozen=True)
class Evaluate:
    """The split whose clips are generated, scored and reported."""

    split: Literal["train", "test"]


@dataclass(frozen=True)
class Score:
    """What is measured: keys of `metrics.METRICS`, in any order; tables keep the order of `METRICS`."""

    metrics: tuple[str, ...]

    def __post_init__(self) -> None:
        for key in self.metrics:
            metric(key)

    @property
    def chosen(self) -> tuple[Metric, ...]:
        """The metrics, in table order."""
        return tuple(each for each in METRICS if each.key in self.metrics)


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
