"""Section `methods` of params.yaml: the compared methods."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tavce.methods.bounds import EnvelopeMouth, TrueMotion
from tavce.methods.contract import IN_PAINTING, OWN_POSE, TRUE_POSE, Track
from tavce.methods.controls import Control
from tavce.methods.external.spec import read_spec

BASELINES = Path("baselines")


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
class SadTalker:
    """The base animator, that is TAVCE's without attention and alignment, with head motion and blinks of its own.

    Attributes:
        seed: of head motion and blinks.
    """

    name: Literal["sadtalker"]
    seed: int


@dataclass(frozen=True)
class Wav2LipStill:
    """Wav2Lip on a still: the portrait's face made anew for every frame.

    Attributes:
        weights: an official file, or a name in the registry; "" for what the stage `wav2lip` trained.
    """

    name: Literal["wav2lip_still"]
    weights: str


@dataclass(frozen=True)
class Wav2LipVideo:
    """Wav2Lip as published: the lower half of each face of the true video made anew.

    Attributes:
        weights: as for `Wav2LipStill`.
    """

    name: Literal["wav2lip_video"]
    weights: str


TRACK_OF: dict[str, Track] = {
    "true_motion": TRUE_POSE,
    "envelope_mouth": TRUE_POSE,
    "sadtalker": OWN_POSE,
    "wav2lip_still": OWN_POSE,
    "wav2lip_video": IN_PAINTING,
}


@dataclass(frozen=True)
class NativeMethod:
    """A method of this project.

    Attributes:
        label: what tables call it.
        native: which one, and how.
    """

    kind: Literal["native"]
    label: str
    native: TrueMotion | EnvelopeMouth | SadTalker | Wav2LipStill | Wav2LipVideo

    @property
    def track(self) -> Track:
        """Where it stands."""
        return TRACK_OF[self.native.name]


@dataclass(frozen=True)
class ExternalMethod:
    """A method of others, run in an environment of its own; label and track are those of its method.yaml.

    Attributes:
        baseline: folder of baselines/; `tavce baselines list` shows them.
        device: "cpu" or "cuda:N".
        seed: of the whole run.
    """

    kind: Literal["external"]
    baseline: str
    device: str
    seed: int

    @property
    def label(self) -> str:
        """What tables call it."""
        return read_spec(BASELINES / self.baseline).label

    @property
    def track(self) -> Track:
        """Where it stands."""
        return read_spec(BASELINES / self.baseline).track


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


Method = ControlMethod | NativeMethod | ExternalMethod | VideosMethod
