"""Which moments of which clips a step of training sees."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64


@dataclass(frozen=True)
class Moments:
    """Pairs of neighbouring frames (i, i + 1), each with what it shall differ from.

    Attributes:
        clip: of the pair.
        here: i, from 1 to n - 2.
        far: j of the same clip, from 1 to n - 1, tau or more frames from i: (i, j) is the mouth's negative.
        other_clip: the clip of the audio's negative, mostly the same one.
        elsewhere: k, from 1 to n - 2, tau or more frames from i if the clip is the same: (k, k + 1) is its negative.
    """

    clip: Int64[np.ndarray, " batch"]
    here: Int64[np.ndarray, " batch"]
    far: Int64[np.ndarray, " batch"]
    other_clip: Int64[np.ndarray, " batch"]
    elsewhere: Int64[np.ndarray, " batch"]


def draw_moments(
    rng: np.random.Generator, *, clips: int, frames: int, batch: int, tau: int, other_clips: float
) -> Moments:
    """Draw pairs and their negatives, all uniformly. Frame 0 is never drawn, as released.

    (The released code draws j until it is far enough; in a clip of 6 frames with tau 3 that never ends.)

    Args:
        rng: the source of chance.
        clips: how many there are to draw from.
        frames: n, of each clip.
        batch: pairs to draw.
        tau: smallest distance of a negative in frames, at least 1.
        other_clips: share of the audio's negatives that are of another clip.

    Raises:
        ValueError: the clips are too short for tau, or there is no other clip to draw from.
    """
    if tau < 1 or frames < max(4, 2 * tau + 2):
        raise ValueError(f"tau {tau} needs clips of at least {max(4, 2 * max(tau, 1) + 2)} frames, got {frames}")
    if other_clips > 0 and clips < 2:
        raise ValueError(f"negatives of other clips need at least 2 clips, got {clips}")
    clip = rng.integers(clips, size=batch)
    here = rng.integers(1, frames - 1, size=batch)
    far = _away(rng, here, tau, last=frames - 1)
    moves = rng.random(batch) < other_clips
    step = rng.integers(1, max(2, clips), size=batch)
    free = rng.integers(1, frames - 1, size=batch)
    elsewhere = np.where(moves, free, _away(rng, here, tau, last=frames - 2))
    return Moments(clip, here, far, np.where(moves, (clip + step) % clips, clip), elsewhere)


@dataclass(frozen=True)
class Stretches:
    """Runs of consecutive frames.

    Attributes:
        clip: of each stretch; no clip twice while there are enough.
        first: its first frame.
    """

    clip: Int64[np.ndarray, " batch"]
    first: Int64[np.ndarray, " batch"]


def draw_stretches(rng: np.random.Generator, *, clips: int, frames: int, batch: int, length: int) -> Stretches:
    """Draw stretches of ``length`` frames, uniformly.

    Raises:
        ValueError: the clips are shorter than that.
    """
    if frames < length:
        raise ValueError(f"stretches of {length} frames do not fit into clips of {frames}")
    rounds = [rng.permutation(clips) for _ in range(-(-batch // clips))]
    return Stretches(np.concatenate(rounds)[:batch], rng.integers(0, frames - length + 1, size=batch))


def _away(
    rng: np.random.Generator, here: Int64[np.ndarray, " batch"], tau: int, *, last: int
) -> Int64[np.ndarray, " batch"]:
    """Draw frames from 1 to ``last``, tau or more away from ``here``."""
    below = np.maximum(0, here - tau)
    above = np.maximum(0, last + 1 - here - tau)
    place = rng.integers(0, below + above)
    return np.asarray(np.where(place < below, 1 + place, here + tau + place - below))
