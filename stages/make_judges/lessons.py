"""What the perceptual judges learn from: a drawn frame, the same spoilt a little and spoilt more, and what is known."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64, UInt8
from torch import Tensor

from stages.make_judges.augment import Augmentation, move, recolour
from stages.make_judges.corpus import Clips
from stages.make_judges.distortions import KINDS, Frame, distort
from stages.make_judges.encode import Lossy, encode

COLUMNS = (*KINDS, "codec")  # of strengths
LEAST_STRENGTH = 0.03


@dataclass(frozen=True)
class Material:
    """Clips, and some of them (`numbers`) after H.264 of two rate factors, whose strengths run from above 0 to 1."""

    clips: Clips
    numbers: Int64[np.ndarray, " coded"]
    weaker: UInt8[np.ndarray, "coded frames size size 3"]
    stronger: UInt8[np.ndarray, "coded frames size size 3"]
    strengths: Float32[np.ndarray, "coded 2"]
    mean: Float32[np.ndarray, " motions"]
    deviation: Float32[np.ndarray, " motions"]


@dataclass(frozen=True)
class Lesson:
    """One batch; strengths have one column per kind of distortion, and one of them at most is not 0."""

    clean: UInt8[np.ndarray, "batch side side 3"]
    weaker: UInt8[np.ndarray, "batch side side 3"]
    stronger: UInt8[np.ndarray, "batch side side 3"]
    weak: Float[Tensor, "batch kinds"]
    strong: Float[Tensor, "batch kinds"]
    identity: Int64[Tensor, " batch"]
    motion: Float[Tensor, "batch motions"]


def prepare(lossy: Lossy, clips: Clips) -> Material:
    """Return the clips with what lessons need beside them."""
    rng = np.random.default_rng(lossy.seed)
    numbers = np.arange(0, len(clips.frames), lossy.every)
    span = lossy.most - lossy.least + 1
    pairs = np.stack([np.sort(rng.choice(span, 2, replace=False)) for _ in numbers])
    weaker, stronger = (
        np.stack(
            [encode(clips.frames[k], lossy.least + int(pair[side])) for k, pair in zip(numbers, pairs, strict=True)]
        )
        for side in (0, 1)
    )
    rows = clips.coefficients.reshape(-1, clips.coefficients.shape[2])
    strengths = ((pairs + 1) / span).astype(np.float32)
    return Material(clips, numbers, weaker, stronger, strengths, rows.mean(axis=0), rows.std(axis=0))


def draw_lesson(
    rng: np.random.Generator, how: Augmentation, batch: int, untouched: float, material: Material
) -> Lesson:
    """Return a batch.

    Args:
        rng: draws everything.
        how: how frames are moved and recoloured, all three of an item alike.
        batch: number of items.
        untouched: share of items that are not spoilt at all (those meant for H.264 excepted).
        material: what to draw from.
    """
    clips = material.clips
    strengths = np.zeros((2, batch, len(COLUMNS)), np.float32)
    triples: list[tuple[Frame, ...]] = []
    places: list[tuple[int, int]] = []
    for k in range(batch):
        column, seed = int(rng.integers(len(COLUMNS))), int(rng.integers(2**31))
        if column == len(KINDS):
            coded, moment = int(rng.integers(len(material.numbers))), int(rng.integers(clips.frames.shape[1]))
            clip, pair = int(material.numbers[coded]), material.strengths[coded]
            sources = (clips.frames[clip, moment], material.weaker[coded, moment], material.stronger[coded, moment])
            triples.append(tuple(_dressed(seed, how, source) for source in sources))
        else:
            clip, moment, another = (int(rng.integers(n)) for n in (len(clips.frames), *2 * clips.frames.shape[1:2]))
            pair = np.sort(rng.uniform(LEAST_STRENGTH, 1, 2)) * (rng.random() >= untouched)
            frame = _dressed(seed, how, clips.frames[clip, moment])
            other = clips.frames[clip, another]
            spoilt = (distort(np.random.default_rng(seed), KINDS[column], float(s), frame, other) for s in pair)
            triples.append((frame, *spoilt))
        strengths[:, k, column] = pair
        places.append((clip, moment))
    clean, weaker, stronger = (np.stack(frames) for frames in zip(*triples, strict=True))
    clip_of, moment_of = np.array(places).T
    motion = (clips.coefficients[clip_of, moment_of] - material.mean) / material.deviation
    return Lesson(
        clean,
        weaker,
        stronger,
        torch.from_numpy(strengths[0]),
        torch.from_numpy(strengths[1]),
        torch.from_numpy(clips.identity[clip_of]),
        torch.from_numpy(motion),
    )


def _dressed(seed: int, how: Augmentation, frame: Frame) -> Frame:
    rng = np.random.default_rng(seed)
    moved = move(rng, how, frame, np.zeros((1, 2), np.float32))[0]
    return recolour(rng, how, moved)
