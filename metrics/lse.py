"""The scores of synchrony as metrics: LSE-C, LSE-D, AV offset, distance without a shift, margin, framewise confidence.

All rest on the distances that one pass of SyncNet over a clip gives (`metrics.sync`).
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from metrics.record import Metric, NoValueError
from metrics.sync import (
    WINDOW_FRAMES,
    SyncDistances,
    framewise_confidence,
    own_audio_margin,
    shift_means,
    sync_scores,
    valid_shift_means,
)

CITATION = "Prajwal et al., ACM MM 2020 (LSE); joonson/syncnet_python@6efbb1c"
ZERO_PADDED, VALID_ONLY = "shift15-zero-padded", "shift15-valid-pairs"


def lse_c(distances: SyncDistances) -> float:
    """Return LSE-C: the median of the mean distances of 31 shifts minus the least. Range [0, inf).

    It flatters any mouth that moves, right or wrong, and grows with the length of the clip (zero padding).
    """
    return sync_scores(shift_means(distances.own)).lse_c


def lse_d(distances: SyncDistances) -> float:
    """Return LSE-D: the least mean distance over 31 shifts. Range [0, inf). A constant delay hardly costs it."""
    return sync_scores(shift_means(distances.own)).lse_d


def av_offset(distances: SyncDistances) -> float:
    """Return the shift of the least mean distance in frames, -15..15; positive: the audio leads."""
    return float(sync_scores(shift_means(distances.own)).offset)


def av_offset_abs(distances: SyncDistances) -> float:
    """Return by how many frames lips and sound are apart, 0..15, whichever leads: the size of `av_offset`.

    For means over clips: those of signed offsets tend to 0 where offsets are random.
    """
    return abs(av_offset(distances))


def distance_at_0(distances: SyncDistances) -> float:
    """Return the mean distance of lips and sound as they are, without a shift. Range [0, inf)."""
    return sync_scores(shift_means(distances.own)).distance_at_0


def audio_margin(distances: SyncDistances) -> float:
    """Return by how much another clip's audio is farther from the same lips than their own, without a shift.

    Raises:
        NoValueError: there is no other clip, or its sound is of no use; the reason says which.
    """
    if distances.other is None:
        raise NoValueError(distances.no_other)
    windows = min(len(distances.own), len(distances.other))
    return own_audio_margin(distances.own[:windows], distances.other[:windows])


def confidence(distances: SyncDistances) -> Float64[np.ndarray, " windows"]:
    """Return the framewise confidence; the value of window i belongs to frame i + 2."""
    return framewise_confidence(distances.own)


def lse_c_valid(distances: SyncDistances) -> float:
    """Return LSE-C from pairs inside of the clip only, which hardly depends on its length.

    Raises:
        NoValueError: the clip is shorter than 21 frames.
    """
    return sync_scores(_valid_means(distances)).lse_c


def lse_d_valid(distances: SyncDistances) -> float:
    """Return LSE-D from pairs inside of the clip only; otherwise as `lse_c_valid`."""
    return sync_scores(_valid_means(distances)).lse_d


def _valid_means(distances: SyncDistances) -> Float64[np.ndarray, " 31"]:
    try:
        return valid_shift_means(distances.own)
    except ValueError as error:
        raise NoValueError(str(error)) from error


LSE_C = Metric(
    key="lse_c",
    name="LSE-C",
    unit="",
    better="higher",
    version=1,
    protocol=ZERO_PADDED,
    citation=CITATION,
    needs="sync",
    scope="clip",
    decimals=3,
    measure=lse_c,
)
LSE_D = replace(LSE_C, key="lse_d", name="LSE-D", better="lower", measure=lse_d)
AV_OFFSET = replace(
    LSE_C, key="av_offset", name="AV offset", unit="frames", better="zero", decimals=2, measure=av_offset
)
AV_OFFSET_ABS = replace(
    AV_OFFSET, key="av_offset_abs", name="AV offset, absolute", better="lower", measure=av_offset_abs
)
DISTANCE_AT_0 = replace(LSE_D, key="distance_at_0", name="Dist@0", protocol="shift0", measure=distance_at_0)
AUDIO_MARGIN = replace(
    LSE_C,
    key="audio_margin",
    name="Own-audio margin",
    protocol="shift0-other-minus-own",
    citation="ours (docs/metrics.md)",
    measure=audio_margin,
)
LSE_C_VALID = replace(LSE_C, key="lse_c_valid", name="LSE-C valid", protocol=VALID_ONLY, measure=lse_c_valid)
LSE_D_VALID = replace(LSE_D, key="lse_d_valid", name="LSE-D valid", protocol=VALID_ONLY, measure=lse_d_valid)
CONFIDENCE = replace(
    LSE_C,
    key="sync_confidence",
    name="Framewise confidence",
    protocol="median-minus-best-medfilt9",
    scope="frame",
    edge=WINDOW_FRAMES,
    measure=confidence,
)
