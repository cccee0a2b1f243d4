"""One generated clip against its reference -> a row per metric, and the features that sets of clips are compared by."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int16

from metrics import reduce
from metrics.lse import AUDIO_MARGIN
from metrics.record import Metric, NoValueError
from metrics.sync import WINDOW_FRAMES, SyncDistances
from stages.compare_clip import Compared, Pair, compare_clip, count
from stages.framewise import Curve, placed, sync_curves
from stages.observe import Observed, sync_distances
from stages.panel import JudgeError, Panel
from tavce.errors import InputError
from tavce.media.audio import read_sound
from tavce.media.video import read_frames

Row = dict[str, object]
Features = Float32[np.ndarray, "frames features"]


@dataclass(frozen=True)
class Scored:
    """The scores of one clip.

    Attributes:
        rows: one per metric of frames or clips.
        features: what the metrics of sets need -> features of the compared frames; empty without a video.
        reference_features: those of the reference.
        curves: metric -> its value per frame; of metrics of frames, and of synchrony.
    """

    rows: list[Row]
    features: dict[str, Features]
    reference_features: dict[str, Features]
    curves: dict[str, Curve]


def score_clip(pair: Pair, metrics: Sequence[Metric], panel: Panel) -> Scored:
    """Return one row per metric: value, or null with a reason; signatures are the caller's business.

    Raises:
        JudgeError: a judge cannot be opened.
        InputError: the reference cannot be read. A generated video that cannot be read is a row with a reason.
    """
    per_clip = [each for each in metrics if each.scope != "set"]
    if pair.failed:
        return _no_video(pair, per_clip, f"not generated: {pair.failed}")
    try:
        compared = compare_clip(pair, metrics, panel)
    except JudgeError:
        raise
    except InputError as error:
        if error.subject == str(pair.reference):
            raise
        return _no_video(pair, per_clip, f"{error.problem}; {error.remedy}")  # no path: rows are the same anywhere
    sound, curves = _Sound(pair, panel), dict[str, Curve]()
    rows = [_score(pair, each, compared, sound, curves) for each in per_clip]
    of_sets = {each.needs for each in metrics if each.scope == "set"}
    return Scored(rows, _features(compared.ours, of_sets), _features(compared.theirs, of_sets), curves)


def _features(seen: Observed, needs: Set[str]) -> dict[str, Features]:
    found = {name: getattr(seen, name) for name in sorted(needs)}
    return {name: features for name, features in found.items() if features is not None}


def _no_video(pair: Pair, metrics: Sequence[Metric], reason: str) -> Scored:
    expected = count(read_frames(pair.reference))
    return Scored([_row(pair, each, None, reason, 0, 0, expected, 0) for each in metrics], {}, {}, {})


class _Sound:
    """The sound of one pair, read and looked at when the first metric asks for it."""

    def __init__(self, pair: Pair, panel: Panel) -> None:
        self._pair, self._panel = pair, panel
        self._distances: SyncDistances | None = None

    def samples(self) -> Int16[np.ndarray, " samples"]:
        return _read(self._pair.generated)

    def distances(self, compared: Compared) -> SyncDistances:
        if self._distances is None:
            own = self._against(compared.ours, self.samples())
            self._distances = self._beside(own, compared.ours)
        return self._distances

    def _beside(self, own: Float64[np.ndarray, "windows 31"], seen: Observed) -> SyncDistances:
        """Add the distances to another clip's sound; what is wrong with that sound is no fault of this clip."""
        if self._pair.other_sound is None:
            return SyncDistances(own, None, "there is no third identity whose audio could be compared")
        try:
            return SyncDistances(own, self._against(seen, _read(self._pair.other_sound)), "")
        except NoValueError as error:
            return SyncDistances(own, None, f"the sound of the clip to compare with: {error}")

    def _against(self, seen: Observed, samples: Int16[np.ndarray, " samples"]) -> Float64[np.ndarray, "windows 31"]:
        return sync_distances(self._panel, seen, samples)


def _read(sound: Path) -> Int16[np.ndarray, " samples"]:
    try:
        return read_sound(sound)
    except InputError as error:
        raise NoValueError(f"{error.problem}; {error.remedy}") from error


def _score(pair: Pair, metric: Metric, compared: Compared, sound: _Sound, curves: dict[str, Curve]) -> Row:
    """Return the row of one metric, and add its values per frame to `curves`."""
    counts = (compared.reference, compared.generated)
    try:
        if metric.key in compared.undefined:
            raise NoValueError(compared.undefined[metric.key])
        value = compared.values.get(metric.key)
        if value is None:
            value = metric.measure(*_inputs(metric, compared, sound))
    except NoValueError as error:
        return _row(pair, metric, None, str(error), 0, 0, *counts)
    if metric.needs == "sync":
        curves |= sync_curves(sound.distances(compared), compared.ours.lip_first, compared.shared)
    elif metric.scope == "frame":
        curves[metric.key] = placed(value, 0, compared.shared)
    if metric.scope == "clip":
        return _row(pair, metric, float(value), None, _frames_behind(metric, compared, sound), 0, *counts)
    result = reduce(value)
    used = result.frames_used + (metric.edge if result.frames_used else 0)
    return _row(pair, metric, result.value, result.reason, used, result.identical_frames, *counts)


def _inputs(metric: Metric, compared: Compared, sound: _Sound) -> tuple[Any, ...]:
    if metric.needs == "sync":
        return (sound.distances(compared),)
    if metric.needs == "sound":
        return compared.ours.landmarks, sound.samples()
    return getattr(compared.ours, metric.needs), getattr(compared.theirs, metric.needs)


def _frames_behind(metric: Metric, compared: Compared, sound: _Sound) -> int:
    """Return on how many frames a clip's one value rests: those that SyncNet counts, or those that show a face."""
    if metric.needs == "sync":
        distances = sound.distances(compared)
        windows = len(distances.own)
        if metric.key == AUDIO_MARGIN.key and distances.other is not None:
            windows = min(windows, len(distances.other))
        return windows + WINDOW_FRAMES
    sides = [compared.ours.landmarks, compared.theirs.landmarks if metric.needs == "landmarks" else None]
    seen = [np.isfinite(points).all(axis=(1, 2)) for points in sides if points is not None]
    return int(np.logical_and.reduce(seen).sum())


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
