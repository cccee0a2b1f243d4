"""FID, KID and FVD from features on disk: equal frames for all methods, intervals by resampling clips, the floor."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64
from threadpoolctl import threadpool_limits

from metrics.frechet import frechet_resampled
from metrics.kid import kernel_distance, kernel_resampled
from metrics.record import Metric
from reports.aggregate import Mean
from reports.result_folder import SetMean
from stages.arrays import load_array
from tavce.data.clips import digest
from tavce.run.pool import Pool

Features = Float32[np.ndarray, "_ features"]

RESAMPLES, SEED = 200, 0
LEVEL = 0.95


@dataclass(frozen=True)
class SetFiles:
    """Where the features of one data set's frames lie, as arrays on disk.

    Attributes:
        reference: clip -> file.
        generated: method -> clip -> file; a clip without a video is not there.
        identities: clip -> who is seen.
        expected: the clips that every method owes.
    """

    reference: Mapping[str, Path]
    generated: Mapping[str, Mapping[str, Path]]
    identities: Mapping[str, str]
    expected: Sequence[str]


def set_means(
    dataset: str, files: SetFiles, metrics: Sequence[Metric], signatures: Mapping[str, str], pool: Pool
) -> tuple[list[SetMean], list[str]]:
    """Return one line per method and metric over the shared frames, and one sentence on the floor of each metric.

    Args:
        dataset: name of the data set.
        files: features of its frames.
        metrics: those of sets of clips.
        signatures: metric -> signature; the numbers of frames (or windows) and of videos are added.
        pool: processes that measure.
    """
    shared = {needs: shared_frames(files, needs) for needs in {metric.needs: None for metric in metrics}}
    owners = {needs: _owners(files, needs, frames) for needs, frames in shared.items()}
    todo = {
        (metric.key, owner): _Task(metric, files.reference, files.generated[owner], shared[metric.needs])
        for metric in metrics
        for owner in dict.fromkeys(owners[metric.needs].values())
    }
    measured = pool.start(_measured, list(todo.values()), label=f"metrics of sets, {dataset}")()
    values = dict(zip(todo, measured, strict=True))
    lines, floors = [], []
    for metric in metrics:
        frames = shared[metric.needs]
        signature = f"{signatures[metric.key]}|frames:{sum(frames.values())}|videos:{len(frames)}"
        for method in files.generated:
            value = values[metric.key, owners[metric.needs][method]]
            mean = _mean(dataset, method, metric, files, len(frames), value, signature)
            lines.append(SetMean(mean, _digest(frames), value.draws))
        floors.append(_floor(metric, _taken(files.reference, frames, metric.needs), files.identities))
    return lines, floors


def shared_frames(files: SetFiles, needs: str) -> dict[str, int]:
    """Return the clips that every method with any video has, and how many frames of each all of them have."""
    able = [clips for clips in files.generated.values() if clips]
    common = [clip for clip in files.expected if able and all(clip in clips for clips in able)]
    lengths = {
        clip: min(len(load_array(path, needs)) for path in (files.reference[clip], *(clips[clip] for clips in able)))
        for clip in common
    }
    return {clip: count for clip, count in lengths.items() if count}


def _taken(paths: Mapping[str, Path], shared: Mapping[str, int], needs: str) -> dict[str, Features]:
    return {clip: load_array(paths[clip], needs)[:count] for clip, count in shared.items()}


@dataclass(frozen=True)
class _Value:
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    reason: str = ""
    draws: tuple[float, ...] = ()


def _digest(shared: Mapping[str, int]) -> str:
    """Return what two draws must share to be of the same clips: their ids and numbers of frames, in order."""
    return digest(json.dumps(list(shared.items())).encode())


@dataclass(frozen=True)
class _Task:
    """One method's features, and those of the reference, to be compared under one metric."""

    metric: Metric
    reference: Mapping[str, Path]
    generated: Mapping[str, Path]
    shared: Mapping[str, int]


def _owners(files: SetFiles, needs: str, shared: Mapping[str, int]) -> dict[str, str]:
    """Return method -> the first one with the same features: controls that change the sound alone share them all."""
    first: dict[tuple[bool, str], str] = {}
    found = {}
    for method, have in files.generated.items():
        taken = _taken(have, shared, needs) if have else {}
        key = digest(b"".join(part.tobytes() for part in taken.values()))
        found[method] = first.setdefault((bool(have), key), method)
    return found


def _measured(task: _Task) -> _Value:
    """Return the value of one task; on one thread, so that it is the same to the last bit wherever it is computed."""
    if not task.generated or not task.shared:
        return _Value(reason="no clip has frames enough from every method" if task.generated else "no video")
    metric = task.metric
    generated = list(_taken(task.generated, task.shared, metric.needs).values())
    truth = list(_taken(task.reference, task.shared, metric.needs).values())
    try:
        with threadpool_limits(1):
            value = float(metric.measure(np.concatenate(generated), np.concatenate(truth)))
            drawn = _resample(metric)(generated, truth, resamples=RESAMPLES, seed=SEED)
    except ValueError as error:  # too few frames for a covariance
        return _Value(reason=str(error))
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    return _Value(value, low, high, draws=tuple(drawn.tolist()))


def _resample(metric: Metric) -> Callable[..., Float64[np.ndarray, " resamples"]]:
    return kernel_resampled if metric.measure is kernel_distance else frechet_resampled


def _mean(
    dataset: str, method: str, metric: Metric, files: SetFiles, common: int, found: _Value, signature: str
) -> Mean:
    have, owed = len(files.generated[method]), len(files.expected)
    short = sum(not len(load_array(path, metric.needs)) for path in files.generated[method].values())
    missing = {"no video": owed - have, "too few frames": short}
    return Mean(
        dataset=dataset,
        method=method,
        metric=metric.key,
        n_expected=owed,
        n_scored=have - short,
        coverage=(have - short) / owed,
        n_common=common,
        mean=found.value,
        mean_all=math.nan,
        n_identical=0,
        frames_lost=0,
        missing="; ".join(f"{reason} ({count})" for reason, count in missing.items() if count),
        reason=found.reason,
        signature=signature,
        low=found.low,
        high=found.high,
    )


def _floor(metric: Metric, reference: Mapping[str, Features], identities: Mapping[str, str]) -> str:
    """Return what the metric says of half of the people against the others, all true: no method is told from less.

    Where a clip's own name stands for who is seen, nobody is known, and the halves are of the clips.

    The halves hold about half of the frames each, so the value lies above what all frames would give.
    """
    people = sorted({identities[clip] for clip in reference})
    what, one_of_them = ("clips", "clip") if people == sorted(reference) else ("people", "person")
    first = set(people[::2])
    halves = [
        [features for clip, features in reference.items() if (identities[clip] in first) is side]
        for side in (True, False)
    ]
    if not all(halves):
        return f"{metric.name}: one {one_of_them} only, so ground truth cannot be split in halves"
    one, other = (np.concatenate(half) for half in halves)
    try:
        value = f"{float(metric.measure(one, other)):.{metric.decimals}f}"
    except ValueError as error:
        value = str(error)
    return (
        f"{metric.name} of ground truth, half of the {what} against the others: {value} "
        f"({len(one)} and {len(other)} frames)"
    )
