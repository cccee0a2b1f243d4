"""Section `methods` of params.yaml: the compared methods."""

from dataclasses import dataclass
from typing import Literal

from tavce.methods.controls import Control
from tavce.methods.native.bounds import EnvelopeMouth, TrueMotion

Track = Literal[
    "one-shot with own pose", "one-shot with the true pose", "in-painting on the true video", "video-driven"
]
TRUE_POSE: Track = "one-shot with the true pose"


@dataclass(frozen=True)
class ControlMethod:
    """A method whose scores are known beforehand; it stands in the table of every track.

    Attributes:
        label: what tables call it.
        control: which one.
    """

    kind: Literal["control"]
    label: str
    control: Control

    @property
    def track(self) -> str:
        """No track of its own."""
        return "controls"


@dataclass(frozen=True)
class NativeMethod:
    """A method of this project.

    Attributes:
        label: what tables call it.
        native: which one, and how.
    """

    kind: Literal["native"]
    label: str
    native: TrueMotion | EnvelopeMouth

    @property
    def track(self) -> Track:
        """Where it stands."""
        return TRUE_POSE


@dataclass(frozen=True)
class VideosMethod:
    """A folder of videos that a user brings.

    Attributes:
        label: what tables call it.
        track: whose table it stands in: only its author knows what it was given.
        path: folder of the videos, of any length, rate, size and codec that FFmpeg reads.
        names: CSV file with the columns ``clip`` and ``video`` (below `path`); "" matches by the clip's id, or by the
            stem of its source.
    """

    kind: Literal["videos"]
    label: str
    track: Track
    path: str
    names: str


Method = ControlMethod | NativeMethod | VideosMethod
