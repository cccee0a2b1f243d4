"""`tavce speed`: how fast native methods and arms make videos on this machine -> reports/speed.csv."""

import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import torch

from reports.speed import COLUMNS, read_speed
from stages.animate import Task, make_clip
from stages.arms import Arm, Shared
from stages.evaluate import Evaluate, clips_to_make
from stages.method import Method, NativeMethod
from stages.native import Place, make_native
from stages.params import read_section
from stages.paths import (
    SPEED,
    animator_folder,
    base_folder,
    crop_folder,
    features_folder,
    filter_folder,
    wav2lip_folder,
)
from stages.wanted import wanted_of
from tavce.data.clips import Clip, iterate_clips
from tavce.data.packed import clip_files
from tavce.errors import InputError
from tavce.methods.contract import Outcome
from tavce.run.atomic import atomic_file

Make = Callable[[Clip, Path], Outcome]


def run_speed(dataset: str, number: int) -> int:
    """Measure all native methods and trained arms of params.yaml on one data set, and write the file.

    One clip warms up; then `number` clips are made one after the other in this process, on one thread of the CPU, files
    read and video written included. Lines of methods that were not measured now stay as they were.

    Raises:
        InputError: there are no clips, or the file cannot be read.
    """
    evaluate: Evaluate = read_section(Evaluate, "evaluate")
    clips = clips_to_make(iterate_clips(filter_folder(dataset)), evaluate.split)[: number + 1]
    if len(clips) < 2:
        raise InputError(f"data set {dataset}", "has fewer than two clips to make", "run: dvc repro")
    size = read_section(int, "datasets", dataset, "crop", "size")
    lines = []
    for name, make in _makers(dataset).items():
        found = _measure(make, clips)
        if found is None:
            print(f"{name}: cannot make these clips, so it has no speed")
            continue
        speed, frames = found
        print(f"{name}: {speed:.1f} frames per second")
        lines.append((name, round(speed, 2), frames, size, "cpu, one thread", _machine()))
    _write(pd.DataFrame(lines, columns=list(COLUMNS)))
    return 0


def _makers(dataset: str) -> dict[str, Make]:
    methods: dict[str, Method] = read_section(dict[str, Method], "methods")
    arms: dict[str, Arm] = read_section(dict[str, Arm], "ablations")
    shared: Shared = read_section(Shared, "animator")
    found: dict[str, Make] = {
        name: partial(_native, dataset, method) for name, method in methods.items() if isinstance(method, NativeMethod)
    }
    for name, arm in arms.items():
        checkpoint = animator_folder(name) / f"seed{shared.seeds[0]}.pt"
        if arm.table and checkpoint.is_file():
            found[name] = partial(_arm, dataset, checkpoint)
    return found


def _native(dataset: str, method: NativeMethod, clip: Clip, folder: Path) -> Outcome:
    wanted = wanted_of([clip])[0]
    with (
        clip_files(crop_folder(dataset), clip.id, only=(".mkv", ".wav")) as crops,
        clip_files(features_folder(dataset), clip.id) as features,
    ):
        place = Place(base_folder(dataset), wav2lip_folder(dataset), features, folder)
        return make_native(wanted.request(crops), method, place)


def _arm(dataset: str, checkpoint: Path, clip: Clip, folder: Path) -> Outcome:
    return make_clip(Task(clip, checkpoint, "", crop_folder(dataset), features_folder(dataset), folder))


def _measure(make: Make, clips: Sequence[Clip]) -> tuple[float, int] | None:
    """Return frames per second and the number of frames; None if a clip cannot be made."""
    with tempfile.TemporaryDirectory(prefix="tavce-speed-") as folder:
        outcomes = [make(clips[0], Path(folder))]
        begin = time.perf_counter()
        outcomes += [make(clip, Path(folder)) for clip in clips[1:]]
        seconds = time.perf_counter() - begin
    if any(outcome.status != "ok" for outcome in outcomes):
        return None
    frames = sum(outcome.frames for outcome in outcomes[1:])
    return frames / seconds, frames


def _machine() -> str:
    return f"{platform.machine()}, {torch.__version__.split('+')[0]}"


def _write(measured: pd.DataFrame) -> None:
    before = read_speed(SPEED)
    kept = before[~before["method"].isin(measured["method"])]
    whole = pd.concat([part for part in (kept, measured) if len(part)], ignore_index=True).sort_values("method")
    with atomic_file(SPEED) as part:
        part.write_text(whole.to_csv(index=False, lineterminator="\n"), encoding="utf-8")
    print(f"written to {SPEED}; the report draws it beside quality: dvc repro")
