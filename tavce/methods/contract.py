"""What every method is asked for and what it answers: a request per clip, an outcome per clip, a manifest."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from tavce.errors import InputError

MANIFEST = "manifest.jsonl"

# What a method is given decides whom it is compared with; no table holds two of these.
Track = Literal[
    "one-shot with own pose", "one-shot with the true pose", "in-painting on the true video", "video-driven"
]
TRACKS: tuple[Track, ...] = get_args(Track)
OWN_POSE, TRUE_POSE, IN_PAINTING, VIDEO_DRIVEN = TRACKS


@dataclass(frozen=True)
class Request:
    """One clip that a method is to make: a portrait and audio in, a video of `frames` frames out.

    Attributes:
        clip: id, and stem of every file written for it.
        video: the reference clip; only controls may look at it.
        audio: 16 kHz mono WAV of ``frames * 640`` samples.
        other_audio: the audio of another clip, or None where there is no other.
        frames: number of frames to make, at 25 fps.
    """

    clip: str
    video: Path
    audio: Path
    other_audio: Path | None
    frames: int


@dataclass(frozen=True)
class Outcome:
    """What a method made of a request.

    Attributes:
        clip: id of the request.
        status: "ok" or "failed".
        reason: "" if ok, else one sentence; a failed clip is counted against the method, never dropped.
        frames: number of frames written.
    """

    clip: str
    status: str
    reason: str
    frames: int


def clip_seed(clip: str) -> int:
    """Return a seed that follows from a clip's id: other clips of the data set do not move it."""
    return int(hashlib.sha256(clip.encode()).hexdigest()[:7], 16)


def write_manifest(outcomes: Iterable[Outcome], folder: Path) -> None:
    """Write one JSON line per outcome, sorted by clip. No times in it: the same inputs give the same bytes."""
    rows = sorted(outcomes, key=lambda outcome: outcome.clip)
    text = "".join(json.dumps(asdict(row), sort_keys=True) + "\n" for row in rows)
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Outcome]:
    """Return the outcomes by clip id.

    Raises:
        InputError: there is no manifest, or a line of it is no outcome.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(path, "there is no manifest", "generate the videos first: dvc repro")
    outcomes = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            outcome = Outcome(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise InputError(path, f"line {number} is no outcome ({error})", "generate the videos again") from error
        outcomes[outcome.clip] = outcome
    return outcomes
