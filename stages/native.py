"""A clip by a native method that is no ablation arm: rivals of the arms, and bounds around what they can reach."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8

from stages.arrays import load_arrays
from stages.method import NativeMethod, SadTalker, Wav2LipStill, Wav2LipVideo
from stages.paths import BASE, RECORD, WAV2LIP
from tavce.data.weights import weights_path
from tavce.errors import InputError
from tavce.media.audio import read_wav
from tavce.media.mel import mel_windows
from tavce.media.video import read_video
from tavce.media.writer import write_video
from tavce.methods.bounds import Bound
from tavce.methods.contract import Outcome, Request, clip_seed
from tavce.methods.native.bounds import bounded
from tavce.methods.native.checkpoint import Native, load_checkpoint
from tavce.methods.native.clip import portrait_of, true_coefficients
from tavce.methods.native.render import render
from tavce.methods.wav2lip.checkpoint import load_generator
from tavce.methods.wav2lip.make import MEL_START, speak_still, speak_video
from tavce.model.motion.sampling import sample_motion
from tavce.model.wav2lip.generator import Wav2Lip

Frames = Iterable[UInt8[np.ndarray, "height width 3"]]


@dataclass(frozen=True)
class Place:
    """Where a native method finds what it needs, and where its videos go.

    Attributes:
        base: folder of the data set's base animator.
        wav2lip: folder of its Wav2Lip.
        features: of the data set's clips.
        folder: for the videos.
    """

    base: Path
    wav2lip: Path
    features: Path
    folder: Path


def make_native(request: Request, method: NativeMethod, place: Place) -> Outcome:
    """Write ``<clip>.mkv`` and ``<clip>.wav``; or answer why they cannot be made."""
    native, known = method.native, load_arrays(place.features / f"{request.clip}.npz")
    try:
        if isinstance(native, Wav2LipStill | Wav2LipVideo):
            made = _by_wav2lip(request, native, known, place)
        else:
            made = _by_animator(request, native, known, place)
    except InputError as error:
        return Outcome(request.clip, "failed", f"{error.subject}: {error.problem}", 0)
    write_video(place.folder / f"{request.clip}.mkv", made)
    shutil.copyfile(request.audio, place.folder / f"{request.clip}.wav")
    return Outcome(request.clip, "ok", "", request.frames)


def _by_animator(request: Request, method: Bound | SadTalker, known: dict[str, np.ndarray], place: Place) -> Frames:
    _trained(place.base / BASE, place.base, "the base animator")
    native = _animator(place.base / BASE)
    truth = true_coefficients(known, native.about)
    if isinstance(truth, str):
        raise InputError("the clip", truth, "take an animator that knows them")
    mels = mel_windows(known["mel"], request.frames, start=native.about.mel_start)
    if isinstance(method, SadTalker):
        seed, heard = method.seed + clip_seed(request.clip), torch.from_numpy(mels)
        at_rest = torch.from_numpy(truth[0])
        wanted = sample_motion(native.motion, native.pose, at_rest, heard, native.about.layout, seed=seed).numpy()
    else:
        wanted = bounded(method, truth, read_wav(request.audio), native.about.layout)
    return render(native, portrait_of(request.video), truth[0], wanted, mels)


def _by_wav2lip(
    request: Request, method: Wav2LipStill | Wav2LipVideo, known: dict[str, np.ndarray], place: Place
) -> Frames:
    if not method.weights:
        _trained(place.wav2lip / WAV2LIP, place.wav2lip, "Wav2Lip")
    network = _wav2lip(weights_path(method.weights) if method.weights else place.wav2lip / WAV2LIP)
    mels = mel_windows(known["mel"], request.frames, start=MEL_START)
    if isinstance(method, Wav2LipStill):
        return speak_still(network, portrait_of(request.video), known["landmarks"][0], mels)
    return speak_video(network, read_video(request.video), known["landmarks"], mels)


def _trained(file: Path, folder: Path, what: str) -> None:
    """Raise where a training has left no file: with its reason, or because it has not run."""
    if file.is_file():
        return
    if not (folder / RECORD).is_file():
        raise InputError(folder / RECORD, "there is no such file", "run the stages before: dvc repro")
    reason = json.loads((folder / RECORD).read_text(encoding="utf-8")).get("reason")
    raise InputError(what, f"was not trained: {reason}", "mend what the reason names")


@cache
def _animator(path: Path) -> Native:
    torch.set_num_threads(1)  # processes share the cores
    return load_checkpoint(path)


@cache
def _wav2lip(path: Path) -> Wav2Lip:
    torch.set_num_threads(1)
    return load_generator(path)
