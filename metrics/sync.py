"""LSE-D, LSE-C, offset and their relatives: from SyncNet's features of lips and sound to numbers.

A distance matrix holds, for window i and column j, the distance between the lip feature of window i and the audio
feature of window i + j - 15: column 15 is no shift, 31 columns are all shifts of up to 15 frames.

Features are float32; the algebra is float64 here and float32 in the reference, which moves values by about 1e-7 of
their size. Source: joonson/syncnet_python@6efbb1c, SyncNetInstance.py; LSE: Prajwal et al., ACM MM 2020.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

from metrics.median_filter import median_filter

MAX_SHIFT = 15
SHIFTS = 2 * MAX_SHIFT + 1
WINDOW_FRAMES = 5
SAMPLES_PER_FRAME = 640
EPSILON = 1e-6
CONFIDENCE_KERNEL = 9


@dataclass(frozen=True)
class SyncScores:
    """What the mean distances of the 31 shifts say of a clip.

    Attributes:
        lse_d: least mean distance; lower is better, range [0, inf). A constant delay up to 15 frames hardly costs it.
        lse_c: median of the mean distances minus the least; higher is better, range [0, inf).
        offset: shift of the least distance in frames, -15..15. Positive: the audio leads (the video is late). Of equal
            distances, the most positive offset.
        distance_at_0: mean distance without a shift; lower is better. A delay costs it.
    """

    lse_d: float
    lse_c: float
    offset: int
    distance_at_0: float


@dataclass(frozen=True)
class SyncDistances:
    """What SyncNet's features say of one video, from which all scores of synchrony are computed.

    Attributes:
        own: distances of the video's lip features to those of its own audio.
        other: distances of the same lip features to those of another clip's audio, or None.
        no_other: why there are none; "" where there are.
    """

    own: Float64[np.ndarray, "windows 31"]
    other: Float64[np.ndarray, "windows_other 31"] | None
    no_other: str


def window_count(frames: int, samples: int) -> int:
    """Return how many windows of five frames a clip is scored on.

    The clip counts T = min(frames, samples // 640) frames, of which the reference scores windows 0 to T - 6: one fewer
    than would fit. Window i holds frames i to i + 4 and rows 4 i to 4 i + 19 of the mel cepstra.

    Args:
        frames: of the video, at 25 per second.
        samples: of the audio, at 16 kHz.

    Raises:
        ValueError: the clip is shorter than 6 frames, so it has no window and no score.
    """
    length = min(frames, samples // SAMPLES_PER_FRAME)
    if length <= WINDOW_FRAMES:
        raise ValueError(
            f"a clip of {length} frames with sound ({frames} frames, {samples} samples) is too short for SyncNet, "
            f"which needs at least {WINDOW_FRAMES + 1}"
        )
    return length - WINDOW_FRAMES


def pair_distances(
    lip: Float32[np.ndarray, "windows features"], audio: Float32[np.ndarray, "windows features"]
) -> Float64[np.ndarray, "windows 31"]:
    """Return the Euclidean distances of each lip feature to the audio features up to 15 windows away.

    As in ``torch.nn.functional.pairwise_distance``, 1e-6 is added to each difference, so equal features of 1024 numbers
    have distance 3.2e-5. Beyond the ends of the clip the audio feature is zero, as in the reference;
    ``valid_shift_means`` leaves those pairs out.

    Raises:
        ValueError: no windows, or features that differ in shape or are not finite.
    """
    if lip.shape != audio.shape or lip.ndim != 2 or not len(lip):
        raise ValueError(f"features must both be (windows, features) with a window, got {lip.shape} and {audio.shape}")
    if not (np.isfinite(lip).all() and np.isfinite(audio).all()):
        raise ValueError("features are not finite")
    ours = lip.astype(np.float64) + EPSILON
    theirs = np.pad(audio.astype(np.float64), ((MAX_SHIFT, MAX_SHIFT), (0, 0)))
    columns = [np.linalg.norm(ours - theirs[j : j + len(lip)], axis=1) for j in range(SHIFTS)]
    return np.stack(columns, axis=1)


def shift_means(distances: Float64[np.ndarray, "windows 31"]) -> Float64[np.ndarray, " 31"]:
    """Return the mean distance of each shift over all windows: the published number.

    Pairs with the zeros beyond the ends count, which lowers the mean at large shifts and with it LSE-C, the more the
    shorter the clip. So compare it between clips of equal length only.
    """
    return np.asarray(distances.mean(axis=0))


def valid_shift_means(distances: Float64[np.ndarray, "windows 31"]) -> Float64[np.ndarray, " 31"]:
    """Return the mean distance of each shift over the windows whose partner lies in the clip.

    Hardly depends on the length of the clip. Without a shift it equals ``shift_means``.

    Raises:
        ValueError: fewer than 16 windows (21 frames), so that the largest shifts have no pair.
    """
    if len(distances) <= MAX_SHIFT:
        raise ValueError(
            f"{len(distances)} windows are too few for valid pairs at all shifts, which need {MAX_SHIFT + 1}"
        )
    return np.asarray(distances.mean(axis=0, where=_valid(len(distances))))


def sync_scores(means: Float64[np.ndarray, " 31"]) -> SyncScores:
    """Return the scores of a clip from the mean distances of its shifts, either kind."""
    best = int(np.argmin(means))
    return SyncScores(
        lse_d=float(means[best]),
        lse_c=float(np.median(means) - means[best]),
        offset=MAX_SHIFT - best,
        distance_at_0=float(means[MAX_SHIFT]),
    )


def framewise_confidence(distances: Float64[np.ndarray, "windows 31"]) -> Float64[np.ndarray, " windows"]:
    """Return how clearly each window fits the clip's best shift: the median over shifts minus its distance there.

    The curve passes a running median of 9 windows, zeros beyond the ends. Higher is better; a window below zero fits
    worse than a wrong shift does on average. With zero-padded means, as in the reference. The value of window i belongs
    to frame i + 2, its middle.
    """
    means = shift_means(distances)
    return median_filter(np.median(means) - distances[:, int(np.argmin(means))], CONFIDENCE_KERNEL)


def own_audio_margin(own: Float64[np.ndarray, "windows 31"], other: Float64[np.ndarray, "windows 31"]) -> float:
    """Return how much farther a video is from another clip's audio than from its own, without a shift.

    Higher is better; 0 means that the video does not care what is said. The video is the same on both sides, so a mouth
    that merely moves gains nothing, whereas LSE-C rises for it.

    Args:
        own: distances of the video's lip features to the features of its own audio.
        other: the same lip features against those of another clip's audio.

    Raises:
        ValueError: the two differ in windows; cut both to the shorter one, so that the same frames are compared.
    """
    if own.shape != other.shape:
        raise ValueError(f"own and other audio must be compared on the same windows, got {len(own)} and {len(other)}")
    return float(_distance_at_0(other) - _distance_at_0(own))


def _distance_at_0(distances: Float[np.ndarray, "windows 31"]) -> float:
    return float(distances[:, MAX_SHIFT].mean())


def _valid(windows: int) -> Bool[np.ndarray, "windows 31"]:
    partner = np.arange(windows)[:, None] + np.arange(SHIFTS) - MAX_SHIFT
    return np.asarray((partner >= 0) & (partner < windows))
