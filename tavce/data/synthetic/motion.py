"""Head, lids, brows and gaze: curves of continuous time, seeded, with nods and raised brows on stressed vowels."""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from jaxtyping import Float64

from tavce.data.synthetic.phonemes import Phoneme

Curve = Float64[np.ndarray, " frames"]
Pair = Float64[np.ndarray, "frames 2"]

# Blinks: log-normal intervals (Bentivoglio 1997); lids fall, rest and rise for these times.
BLINK_MEAN_S, BLINK_SIGMA, BLINK_LEAST_S = 2.3, 0.6, 0.5
BLINK_FALL_S, BLINK_HOLD_S, BLINK_RISE_S = 0.080, 0.030, 0.180
YAW_DEG, PITCH_DEG, ROLL_DEG = 8.0, 5.0, 4.0
SWAY_HZ = (0.10, 0.65)
NOD_DEG, NOD_S, NOD_GAP_S = 2.6, 0.300, 0.450
BROW_S = 0.420
SHIFT_HEIGHTS = (0.018, 0.010)
SACCADE_S, FIXATION_MEAN_S, FIXATION_SIGMA = 0.050, 1.1, 0.5
FACE_CAMERA = 0.6
# Eyes hold their aim while the head turns: an eye turns over about this many degrees from centre to its limit.
EYE_RANGE_DEG = 35.0


class Stream(IntEnum):
    """Independent random streams of one seed, so that a change in one curve leaves the others as they were."""

    BLINKS, HEAD, SHIFT, BROWS, GAZE = range(5)


def generator(seed: int, stream: Stream) -> np.random.Generator:
    """Return the generator of one stream."""
    return np.random.default_rng([seed, stream])


def stressed_times(phonemes: Sequence[Phoneme]) -> list[float]:
    """Return the centres of stressed vowels in seconds, those left out that follow another within `NOD_GAP_S`."""
    times: list[float] = []
    for each in phonemes:
        if each.stressed and (not times or each.centre_s - times[-1] >= NOD_GAP_S):
            times.append(each.centre_s)
    return times


def blink_times(seconds: float, seed: int) -> list[float]:
    """Return when each blink begins, in seconds, from one that may have begun before 0 to the last before `seconds`."""
    rng = generator(seed, Stream.BLINKS)
    scale = np.log(BLINK_MEAN_S) - BLINK_SIGMA**2 / 2
    now, times = -4 * BLINK_MEAN_S, list[float]()
    while now < seconds:
        if now > -(BLINK_FALL_S + BLINK_HOLD_S + BLINK_RISE_S):
            times.append(now)
        now += max(BLINK_LEAST_S, float(rng.lognormal(scale, BLINK_SIGMA)))
    return times


def lids(times: Curve, blinks: Sequence[float]) -> Curve:
    """Return how open the lids are, 0..1, both alike, given when each blink begins."""
    rest = BLINK_FALL_S + BLINK_HOLD_S
    closed = np.zeros(len(times))
    for start in blinks:
        since = times - start
        fall = 0.5 - 0.5 * np.cos(np.pi * np.clip(since / BLINK_FALL_S, 0, 1))
        rise = 0.5 + 0.5 * np.cos(np.pi * np.clip((since - rest) / BLINK_RISE_S, 0, 1))
        closed = np.maximum(closed, np.minimum(fall, rise))
    return 1 - closed


def head_pose(times: Curve, stresses: Sequence[float], seed: int) -> Float64[np.ndarray, "frames 3"]:
    """Return yaw, pitch and roll in degrees, within `YAW_DEG`, `PITCH_DEG` and `ROLL_DEG`.

    The head sways by seeded sinusoids of `SWAY_HZ`, and nods (pitch falls) on the times of `stresses`.
    """
    rng = generator(seed, Stream.HEAD)
    liveliness = rng.uniform(0.55, 1.0)
    limits = np.array([YAW_DEG, PITCH_DEG - NOD_DEG, ROLL_DEG]) * liveliness
    pose = np.stack([limit * _sway(times, rng) for limit in limits], axis=1)
    pose[:, 1] -= NOD_DEG * _bumps(times, stresses, [1.0] * len(stresses), NOD_S)
    return pose


def brows(times: Curve, stresses: Sequence[float], seed: int) -> Curve:
    """Return how far the brows are raised, -1..1: a slow drift, and a rise on some of `stresses`."""
    rng = generator(seed, Stream.BROWS)
    drift = 0.25 * _sway(times, rng)
    heights = [float(rng.uniform(0.3, 0.75)) * float(rng.random() < 0.6) for _ in stresses]
    return np.asarray(np.clip(drift + _bumps(times, stresses, heights, BROW_S), -1, 1))


def head_shift(times: Curve, pose: Float64[np.ndarray, "frames 3"], seed: int) -> Pair:
    """Return the translation of the head in face heights: a slow drift, and the neck's swing with yaw and pitch."""
    rng = generator(seed, Stream.SHIFT)
    drift = np.stack([limit * _sway(times, rng) for limit in SHIFT_HEIGHTS], axis=1)
    return np.asarray(drift + np.stack([0.0012 * pose[:, 0], -0.0016 * pose[:, 1]], axis=1))


def gaze(times: Curve, pose: Float64[np.ndarray, "frames 3"], seconds: float, seed: int) -> Pair:
    """Return the gaze in the head, -1..1: fixations, most on the camera, joined by saccades; eyes counter the head."""
    rng = generator(seed, Stream.GAZE)
    aim = np.zeros((len(times), 2))
    now, last = -float(rng.uniform(0, FIXATION_MEAN_S)), np.zeros(2)
    while now < seconds:
        goal = np.zeros(2) if rng.random() < FACE_CAMERA else rng.uniform([-0.45, -0.25], [0.45, 0.3])
        share = np.clip((times - now) / SACCADE_S, 0, 1)
        aim += (share * share * (3 - 2 * share))[:, None] * (goal - last)
        last = goal
        now += max(0.25, float(rng.lognormal(np.log(FIXATION_MEAN_S), FIXATION_SIGMA)))
    return np.asarray(np.clip(aim + np.stack([-pose[:, 0], pose[:, 1]], axis=1) / EYE_RANGE_DEG, -1, 1))


def _sway(times: Curve, rng: np.random.Generator) -> Curve:
    """Return a sum of four sinusoids, slow ones larger, within -1..1."""
    frequency = rng.uniform(*SWAY_HZ, 4)
    height = rng.uniform(0.5, 1.0, 4) / (1 + 4 * frequency)
    phase = rng.uniform(0, 2 * np.pi, 4)
    waves = np.sin(2 * np.pi * frequency * times[:, None] + phase)
    return np.asarray(waves @ (height / height.sum()))


def _bumps(times: Curve, centres: Sequence[float], heights: Sequence[float], width_s: float) -> Curve:
    """Return raised cosines of full width `width_s` at `centres`; where they overlap, the highest counts."""
    total = np.zeros(len(times))
    for centre, height in zip(centres, heights, strict=True):
        distance = np.clip(np.abs(times - centre) / (width_s / 2), 0, 1)
        total = np.maximum(total, height * (0.5 + 0.5 * np.cos(np.pi * distance)))
    return total
