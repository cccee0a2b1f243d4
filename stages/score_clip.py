"""One generated clip against its reference: decoded once, in pieces, for all metrics; a row per metric."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from metrics import reduce
from metrics.record import Metric
from tavce.errors import InputError
from tavce.media.video import read_frames

Frames = UInt8[np.ndarray, "frames height width 3"]
Row = dict[str, object]

# Large enough to keep the cores busy, small enough that an hour of video needs no more memory than a second.
BLOCK = 32


@dataclass(frozen=True)
class Landmarks:
    """Landmarks of one side, or the reason why there are none."""

    points: Float32[np.ndarray, "frames 68 2"] | None
    reason: str


@dataclass(frozen=True)
class Pair:
    """One clip to score.

    Attributes:
        dataset, method, clip, identity: copied to the rows.
        generated, reference: videos; at other rates than 25 fps they are re-timed to it.
        generated_landmarks, reference_landmarks: in pixels of their videos.
        failed: "" or why the method made no video of this clip.
    """

    dataset: str
    method: str
    clip: str
    identity: str
    generated: Path
    reference: Path
    generated_landmarks: Landmarks
    reference_landmarks: Landmarks
    failed: str


@dataclass(frozen=True)
class _Compared:
    """Values per frame of the metrics on frames, and how many frames each side had."""

    values: dict[str, np.ndarray]
    generated: int
    reference: int


def score_clip(pair: Pair, metrics: Sequence[Metric]) -> list[Row]:
    """Return one row per metric: value, or null with a reason; signatures are the caller's business.

    Frames are compared one to one from frame 0 on; where one side is longer, the rest is left out, and
    `frames_generated` beside `frames_expected` says how much.

    Raises:
        InputError: the reference cannot be read. A generated video that cannot be read is a row with a reason.
    """
    if pair.failed:
        return _no_video(pair, metrics, f"not generated: {pair.failed}")
    on_frames = [each for each in metrics if each.needs == "frames"]
    try:
        compared = _compare(pair, on_frames)
    except InputError as error:
        if error.subject == str(pair.reference):
            raise
        return _no_video(pair, metrics, f"{error.problem}; {error.remedy}")  # no path: rows are the same anywhere
    return [_score(pair, each, compared) for each in metrics]


def _no_video(pair: Pair, metrics: Sequence[Metric], reason: str) -> list[Row]:
    expected = _count(read_frames(pair.reference))
    return [_row(pair, each, None, reason, 0, 0, expected, 0) for each in metrics]


def _score(pair: Pair, metric: Metric, compared: _Compared) -> Row:
    counts = (compared.reference, compared.generated)
    if metric.needs == "frames":
        per_frame = compared.values[metric.key]
    else:
        ours, theirs = pair.generated_landmarks, pair.reference_landmarks
        if ours.points is None or theirs.points is None:
            return _row(pair, metric, None, ours.reason or theirs.reason, 0, 0, *counts)
        shared = min(len(ours.points), len(theirs.points))
        per_frame = metric.per_frame(ours.points[:shared], theirs.points[:shared])
    result = reduce(per_frame)
    return _row(pair, metric, result.value, result.reason, result.frames_used, result.identical_frames, *counts)


def _compare(pair: Pair, metrics: Sequence[Metric]) -> _Compared:
    values: dict[str, list[np.ndarray]] = {each.key: [] for each in metrics}
    ours, theirs = read_frames(pair.generated), read_frames(pair.reference)
    generated = reference = 0
    while True:
        left, right = list(islice(ours, BLOCK)), list(islice(theirs, BLOCK))
        generated, reference, shared = generated + len(left), reference + len(right), min(len(left), len(right))
        if not shared:
            break
        _check_size(pair, left[0], right[0])
        left_block, right_block = np.stack(left[:shared]), np.stack(right[:shared])
        for each in metrics:
            values[each.key].append(_per_frame(pair, each, left_block, right_block))
        if shared < BLOCK:
            break
    return _Compared(
        {key: np.concatenate(parts) for key, parts in values.items()},
        generated + _count(ours),
        reference + _count(theirs),
    )


def _per_frame(pair: Pair, metric: Metric, ours: Frames, theirs: Frames) -> np.ndarray:
    try:
        return metric.per_frame(ours, theirs)
    except ValueError as error:  # frames that the metric is not defined on, such as ones smaller than its window
        raise InputError(pair.generated, str(error), "score larger frames, or leave the metric out") from error


def _check_size(pair: Pair, ours: UInt8[np.ndarray, "h w 3"], theirs: UInt8[np.ndarray, "height width 3"]) -> None:
    if ours.shape != theirs.shape:
        raise InputError(
            pair.generated,
            f"is {ours.shape[1]}x{ours.shape[0]}, its reference {theirs.shape[1]}x{theirs.shape[0]}",
            "bring both to one crop and size before they are scored",
        )


def _count(frames: Iterator[UInt8[np.ndarray, "height width 3"]]) -> int:
    return sum(1 for _ in frames)


def _row(
    pair: Pair,
    metric: Metric,
    value: float | None,
    reason: str | None,
    used: int,
    identical: int,
    expected: int,
    generated: int,
) -> Row:
    return {
        "dataset": pair.dataset,
        "method": pair.method,
        "clip": pair.clip,
        "identity": pair.identity,
        "metric": metric.key,
        "value": value,
        "reason": reason,
        "frames_used": used,
        "frames_expected": expected,
        "frames_generated": generated,
        "identical_frames": identical,
    }
