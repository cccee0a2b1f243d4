"""A clip by a native method that is no ablation arm: bounds of the renderer, around what the arms reach."""

import json
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch

from stages.arrays import load_arrays
from stages.method import NativeMethod
from stages.paths import BASE, RECORD
from tavce.errors import InputError
from tavce.media.audio import read_wav
from tavce.media.writer import write_video
from tavce.methods.contract import Outcome, Request
from tavce.methods.native.bounds import bounded
from tavce.methods.native.checkpoint import Native, load_checkpoint
from tavce.methods.native.clip import portrait_of, true_coefficients
from tavce.methods.native.render import render


@dataclass(frozen=True)
class Place:
    """Where a native method finds what it needs, and where its videos go.

    Attributes:
        base: folder of the data set's base animator.
        features: of the data set's clips.
        folder: for the videos.
    """

    base: Path
    features: Path
    folder: Path


def make_native(request: Request, method: NativeMethod, place: Place) -> Outcome:
    """Write ``<clip>.mkv`` and ``<clip>.wav``; or answer why they cannot be made."""
    if not (place.base / BASE).is_file():
        return Outcome(request.clip, "failed", f"there is no base animator: {_reason(place.base / RECORD)}", 0)
    native, known = _native(place.base / BASE), load_arrays(place.features / f"{request.clip}.npz")
    truth = true_coefficients(known, native.about)
    if isinstance(truth, str):
        return Outcome(request.clip, "failed", truth, 0)
    wanted = bounded(method.native, truth, read_wav(request.audio), native.about.layout)
    portrait = portrait_of(request.video)
    silence = np.zeros((len(truth), 80, 16), np.float32)  # the base has no attention that could hear
    write_video(place.folder / f"{request.clip}.mkv", render(native, portrait, truth[0], wanted, silence))
    shutil.copyfile(request.audio, place.folder / f"{request.clip}.wav")
    return Outcome(request.clip, "ok", "", len(truth))


@cache
def _native(path: Path) -> Native:
    torch.set_num_threads(1)  # processes share the cores
    return load_checkpoint(path)


def _reason(record: Path) -> str:
    if not record.is_file():
        raise InputError(record, "there is no such file", "run the stages before: dvc repro")
    return str(json.loads(record.read_text(encoding="utf-8")).get("reason"))
