"""Known answers of a sync judge: what it must say of clips whose true offset nobody needs to guess.

A clip is asked with its own sound, with its sound moved by a known number of frames, with another clip's sound, and
with its first frame held. A judge that fails here is not used for scores.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int16, UInt8

from metrics.networks.syncnet import SyncNet, audio_features, lip_features
from metrics.ranking import area_under_curve
from metrics.sync import SAMPLES_PER_FRAME, SyncScores, pair_distances, shift_means, sync_scores, window_count
from metrics.sync_crop import syncnet_whole

SHIFTS = tuple(range(-5, 6))

# Of 48 clips, one found wrong is .021: these bounds let two go wrong at no shift and three at any one of the eleven
# shifts. A judge that guesses finds one in 31.
LEAST_OFFSET_0 = 0.95
LEAST_SHIFT = 0.93
# One number for all clips, so it also asks that distances of different people compare. A judge that guesses has .5.
LEAST_AUC = 0.98


@dataclass(frozen=True)
class KnownSync:
    """What a judge said of clips with known answers.

    Attributes:
        clips: number of clips.
        found: for each shift of `SHIFTS`, the share of clips whose offset was found exactly, sound moved by so many
            frames (positive: early).
        auc: probability that a clip is closer to its own sound than a clip, the same or another, is to a foreign one;
            by distance at shift 0, ties count half.
        lse_c_own: mean LSE-C of the clips as they are.
        lse_c_other: with the sound of the next clip.
        lse_c_still: with the first frame held.
        lse_d_own: mean LSE-D of the clips as they are.
        distance_own: mean distance at shift 0 to the own sound.
        distance_other: to the sound of the next clip.
    """

    clips: int
    found: tuple[float, ...]
    auc: float
    lse_c_own: float
    lse_c_other: float
    lse_c_still: float
    lse_d_own: float
    distance_own: float
    distance_other: float

    @property
    def offset_0(self) -> float:
        """Share of clips found in sync."""
        return self.found[SHIFTS.index(0)]

    @property
    def least_shift(self) -> float:
        """Least share over all shifts from -5 to 5."""
        return min(self.found)


def known_sync(
    net: SyncNet,
    frames: UInt8[np.ndarray, "clips frames height width 3"],
    samples: Int16[np.ndarray, "clips samples"],
    cepstra: Callable[[Int16[np.ndarray, " samples"]], Float[np.ndarray, "rows 13"]],
) -> KnownSync:
    """Ask a judge about clips in sync, of different sentences, by ``syncnet_whole`` and without JPEG.

    Args:
        net: in evaluation mode.
        frames: RGB, at 25 per second, of any one size.
        samples: 16 kHz mono.
        cepstra: from int16 samples to the mel cepstra that the network hears.

    Raises:
        ValueError: fewer than two clips, or clips too short.
    """
    windows = window_count(frames.shape[1], samples.shape[1])
    whole = [syncnet_whole(clip) for clip in frames]
    lips = np.stack([lip_features(net, clip, windows=windows, batch=windows) for clip in whole])
    first = [lip_features(net, clip[[0] * 5], windows=1, batch=1) for clip in whole]
    sounds = {
        shift: np.stack(
            [audio_features(net, cepstra(moved(clip, shift)), windows=windows, batch=windows) for clip in samples]
        )
        for shift in SHIFTS
    }
    return known_answers(lips, np.stack([np.repeat(each, windows, axis=0) for each in first]), sounds)


def known_answers(
    lips: Float32[np.ndarray, "clips windows features"],
    still: Float32[np.ndarray, "clips windows features"],
    sounds: Mapping[int, Float32[np.ndarray, "clips windows features"]],
) -> KnownSync:
    """Return the figures from features: of the clips, of their first frames held, of the sounds at each of `SHIFTS`.

    Raises:
        ValueError: fewer than two clips, so that there is no foreign sound.
    """
    if len(lips) < 2:
        raise ValueError(f"known answers need at least two clips for a foreign sound, got {len(lips)}")
    own = _scored(lips, sounds[0])
    other = _scored(lips, np.roll(sounds[0], -1, axis=0))
    found = [np.mean([score.offset == shift for score in _scored(lips, sounds[shift])]) for shift in SHIFTS]
    near, far = (np.array([score.distance_at_0 for score in scores]) for scores in (own, other))
    return KnownSync(
        clips=len(lips),
        found=tuple(float(share) for share in found),
        auc=area_under_curve(far, near),
        lse_c_own=_mean([score.lse_c for score in own]),
        lse_c_other=_mean([score.lse_c for score in other]),
        lse_c_still=_mean([score.lse_c for score in _scored(still, sounds[0])]),
        lse_d_own=_mean([score.lse_d for score in own]),
        distance_own=float(near.mean()),
        distance_other=float(far.mean()),
    )


def failed_sync(known: KnownSync) -> list[str]:
    """Return what a judge fails, in words; empty for one that may be used."""
    wrong = []
    if known.offset_0 < LEAST_OFFSET_0:
        wrong.append(f"finds offset 0 on {known.offset_0:.3f} of clips in sync, below {LEAST_OFFSET_0}")
    for shift, share in zip(SHIFTS, known.found, strict=True):
        if share < LEAST_SHIFT:
            wrong.append(f"finds sound moved by {shift:+d} frames on {share:.3f} of clips, below {LEAST_SHIFT}")
    if known.auc < LEAST_AUC:
        wrong.append(f"tells own from foreign sound with an AUC of {known.auc:.3f}, below {LEAST_AUC}")
    if not known.lse_c_own > known.lse_c_other > known.lse_c_still:
        values = f"{known.lse_c_own:.3f}, {known.lse_c_other:.3f}, {known.lse_c_still:.3f}"
        wrong.append(f"mean LSE-C of own sound, foreign sound, still frame does not fall: {values}")
    return wrong


def moved(samples: Int16[np.ndarray, " samples"], frames: int) -> Int16[np.ndarray, " samples"]:
    """Return the sound so many video frames early (late if negative), with silence where none is left.

    Raises:
        ValueError: the sound is no longer than the shift.
    """
    shift, silence = abs(frames) * SAMPLES_PER_FRAME, np.zeros_like(samples)
    if shift >= len(samples):
        raise ValueError(f"{len(samples)} samples are too few to be moved by {frames} frames")
    if frames >= 0:
        silence[: len(samples) - shift] = samples[shift:]
    else:
        silence[shift:] = samples[:-shift]
    return silence


def _scored(
    lips: Float32[np.ndarray, "clips windows features"], sounds: Float32[np.ndarray, "clips windows features"]
) -> list[SyncScores]:
    return [sync_scores(shift_means(pair_distances(*pair))) for pair in zip(lips, sounds, strict=True)]


def _mean(values: list[float]) -> float:
    return float(np.mean(values))
