"""data/crop + data/features -> clips in memory, cut to one length, brought to one size: what animators learn from."""

from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch.nn import functional

from stages.arrays import load_arrays
from stages.make_judges.corpus import Clips
from tavce.data.clips import Clip
from tavce.data.packed import clip_files
from tavce.media.audio import SAMPLES_PER_FRAME, read_wav
from tavce.media.video import read_video
from tavce.model.animator.data import AnimatorData
from tavce.run.pool import run_all


def load_pieces(
    clips: Sequence[Clip], crops: Path, features: Path, *, frames: int, side: int, processes: int
) -> Clips | None:
    """Return pieces of `frames` frames and `side` pixels; None where no clip with motion coefficients is so long.

    A piece in which a face is missing is left out: nobody knows what its portrait does.
    """
    work = partial(_pieces_of, crops=crops, features=features, frames=frames, side=side)
    per_clip = run_all(work, clips, workers=processes, label="clips to learn from")
    people = {name: number for number, name in enumerate(sorted({clip.identity for clip in clips}))}
    who = [people[clip.identity] for clip, parts in zip(clips, per_clip, strict=True) for _ in parts]
    found = [part for parts in per_clip for part in parts]
    if not found:
        return None
    pictures, samples, points, coefficients = (np.stack(column) for column in zip(*found, strict=True))
    return Clips(pictures, samples, points, coefficients, np.array(who))


Piece = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _pieces_of(clip: Clip, crops: Path, features: Path, frames: int, side: int) -> list[Piece]:
    with clip_files(features, clip.id) as files:
        known = load_arrays(files / f"{clip.id}.npz")
    if "coefficients" not in known:
        return []
    with clip_files(crops, clip.id) as files:
        pictures = shrunk(read_video(files / f"{clip.id}.mkv"), side)
        points = (known["landmarks"] + 0.5) * (side / clip_side(files / f"{clip.id}.npz")) - 0.5
        samples = read_wav(files / f"{clip.id}.wav")
    found = []
    for start in range(0, clip.frames - frames + 1, frames):
        part = slice(start, start + frames)
        sound = samples[start * SAMPLES_PER_FRAME : (start + frames) * SAMPLES_PER_FRAME]
        if np.isfinite(points[part]).all() and np.isfinite(known["coefficients"][part]).all():
            found.append((pictures[part], sound, points[part].astype(np.float32), known["coefficients"][part]))
    return found


def clip_side(crop: Path) -> int:
    """Return the side of a clip's crop in pixels."""
    return int(load_arrays(crop)["size"])


def shrunk(frames: UInt8[np.ndarray, "frames height width 3"], side: int) -> UInt8[np.ndarray, "frames side side 3"]:
    """Return the frames at another size, each pixel the mean of those it covers."""
    if frames.shape[1:3] == (side, side):
        return frames
    planes = torch.from_numpy(np.ascontiguousarray(frames.transpose(0, 3, 1, 2))).float()
    small = functional.interpolate(planes, size=(side, side), mode="area")
    return np.ascontiguousarray(small.round().byte().permute(0, 2, 3, 1).numpy())


def write_arrays(folder: Path, **arrays: np.ndarray | None) -> None:
    """Write fields of `AnimatorData`, so that each process maps them instead of holding a copy; None is left out."""
    for name, array in arrays.items():
        if array is not None:
            np.save(folder / f"{name}.npy", array)


def read_arrays(*folders: Path) -> AnimatorData:
    """Return what `write_arrays` wrote to folders that complete one another, mapped into memory."""
    names = {field.name for field in fields(AnimatorData)}
    paths = [path for folder in folders for path in folder.glob("*.npy") if path.stem in names]
    return AnimatorData(**{path.stem: np.load(path, mmap_mode="r") for path in paths})
