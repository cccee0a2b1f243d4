"""The known answers of the stand-in judges: questions whose answers are known, put to networks before they may score.

The people and the sentences are none that a stand-in was trained on; they are drawn by a seed of their own, so they are
the same for every data set and profile.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from metrics.known_identity import failed_identity, known_identity
from metrics.known_landmarks import failed_landmarks, known_landmarks
from metrics.known_perception import failed_ladders, known_inception, known_lpips
from metrics.known_sync import failed_sync, known_sync
from metrics.standins.load import random_identity
from stages.make_judges.corpus import Clips, Wanted
from stages.make_judges.encode import encode
from stages.panel import Panel
from tavce.media.mfcc import mfcc

PROBE = Wanted(seed=86_000, split="test", identities=24, clips=48, seconds=3.0, size=128)
FIRST = 12  # frames of each clip, where pictures are asked about; neighbours, since H.264 lives on their likeness
HALF = slice(0, 24)  # of the clips, one of each person, where a question is dear

Answers = tuple[Any, list[str]]


def examine(judge: str, panel: Panel, clips: Clips) -> Answers:
    """Return the figures of one judge, as JSON can hold them, and in words the bounds that they fail."""
    return QUESTIONS[judge](panel, clips)


def _sync(panel: Panel, clips: Clips) -> Answers:
    known = known_sync(panel.sync, clips.frames, clips.samples, mfcc)
    return asdict(known), failed_sync(known)


def _identity(panel: Panel, clips: Clips) -> Answers:
    pictures, points = clips.frames[:, :FIRST], clips.landmarks[:, :FIRST]
    known = known_identity(panel.recogniser, random_identity(), pictures, points, clips.identity, encode)
    return asdict(known), failed_identity(known)


def _lpips(panel: Panel, clips: Clips) -> Answers:
    known = known_lpips(panel.lpips, clips.frames[HALF, :FIRST], encode)
    return [asdict(ladder) for ladder in known], failed_ladders(known)


def _inception(panel: Panel, clips: Clips) -> Answers:
    known = known_inception(panel.inception, clips.frames[HALF, :FIRST], encode)
    return [asdict(ladder) for ladder in known], failed_ladders(known)


def _landmarks(panel: Panel, clips: Clips) -> Answers:
    known = known_landmarks(panel.landmarks, clips.frames[HALF, :FIRST], clips.landmarks[HALF, :FIRST], encode)
    return asdict(known), failed_landmarks(known)


QUESTIONS: dict[str, Callable[[Panel, Clips], Answers]] = {
    "sync": _sync,
    "identity": _identity,
    "lpips": _lpips,
    "inception": _inception,
    "landmarks": _landmarks,
}
