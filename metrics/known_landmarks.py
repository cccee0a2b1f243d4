"""Known answers of a landmark detector: drawn faces whose landmarks are exact, as they are and in worse pictures."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8

MOUTH = slice(48, 68)
OUTER_EYE_CORNERS = (36, 45)
INNER_LIPS = (62, 66)  # above, below: their distance is how far the mouth is open
LOSSY, COARSE = 23, 35  # rate factors of H.264

Clip = UInt8[np.ndarray, "frames height width 3"]
Find = Callable[[Clip], Float[np.ndarray, "frames 68 2"]]

# Measured of the frozen stand-in, pictures as drawn: mean 1.28, mouth 0.84, bias 0.10, aperture 0.993; after H.264 of
# rate factor 35: 2.03, 2.35, 0.27, 0.818.
MOST_ERROR = 1.5  # percent of the inter-ocular distance, mean over all points
MOST_MOUTH_ERROR = 1.3  # likewise over the 20 mouth points
MOST_BIAS = 0.4  # likewise, length of the mean error vector: half a pixel of 128 is 1.8 for both axes together
LEAST_APERTURE = 0.95  # mean over clips of the correlation of the aperture with the truth
COARSE_WORSE = 2.0  # how much larger errors may be under the coarse rate factor
LEAST_COARSE_APERTURE = 0.75


@dataclass(frozen=True)
class LandmarkFigures:
    """How well landmarks are found in pictures of one kind; errors in percent of the inter-ocular distance.

    Attributes:
        kind: "drawn", "half" (half the size), "blurry" (halved and blown up), or "crf" and a rate factor.
        mean: mean distance to the truth over all points.
        mouth: likewise over the mouth points.
        p95: distance that 95 % of points stay within.
        bias: length of the mean error vector; a detector that is off by a part of a pixel shows here first.
        aperture: correlation of the gap between the inner lips with its truth, mean over clips.
        missed: share of frames without landmarks.
    """

    kind: str
    mean: float
    mouth: float
    p95: float
    bias: float
    aperture: float
    missed: float


@dataclass(frozen=True)
class KnownLandmarks:
    """Figures of each kind of picture, and the share of pictures without a face that got landmarks all the same."""

    kinds: tuple[LandmarkFigures, ...]
    ghosts: float


def known_landmarks(
    find: Find,
    clips: UInt8[np.ndarray, "clips frames height width 3"],
    truth: Float[np.ndarray, "clips frames 68 2"],
    encode: Callable[[Clip, int], Clip],
) -> KnownLandmarks:
    """Return how near the landmarks that are found come to the exact ones.

    Args:
        find: the detector.
        clips: drawn clips of people that it has not learned from; sides even.
        truth: their landmarks, in pixels.
        encode: takes a clip and a rate factor and returns the clip after H.264.
    """
    height, width = clips.shape[2:4]
    half = [_resized(clip, height // 2, width // 2) for clip in clips]
    kinds = {
        "drawn": list(clips),
        "half": half,
        "blurry": [_resized(clip, height, width) for clip in half],
        f"crf{LOSSY}": [encode(clip, LOSSY) for clip in clips],
        f"crf{COARSE}": [encode(clip, COARSE) for clip in clips],
    }
    figures = []
    for kind, changed in kinds.items():
        scale = np.array([changed[0].shape[2] / width, changed[0].shape[1] / height])
        found = np.stack([find(clip) for clip in changed])
        figures.append(landmark_figures(kind, found, (truth + 0.5) * scale - 0.5))
    return KnownLandmarks(tuple(figures), _ghosts(find, height, width))


def landmark_figures(
    kind: str, found: Float[np.ndarray, "clips frames 68 2"], truth: Float[np.ndarray, "clips frames 68 2"]
) -> LandmarkFigures:
    """Return the errors of landmarks against the truth; frames without landmarks count as missed and nothing else."""
    unit = 100 / np.linalg.norm(truth[..., OUTER_EYE_CORNERS[0], :] - truth[..., OUTER_EYE_CORNERS[1], :], axis=-1)
    seen = ~np.isnan(found).any(axis=(2, 3))
    error = ((found - truth) * unit[..., None, None])[seen]
    if not len(error):
        return LandmarkFigures(kind, np.inf, np.inf, np.inf, np.inf, 0.0, 1.0)
    apart = np.linalg.norm(error, axis=-1)
    gaps = [
        np.linalg.norm(points[..., INNER_LIPS[0], :] - points[..., INNER_LIPS[1], :], axis=-1)
        for points in (found, truth)
    ]
    together = [_correlation(ours[mask], theirs[mask]) for ours, theirs, mask in zip(*gaps, seen, strict=True)]
    return LandmarkFigures(
        kind,
        mean=float(apart.mean()),
        mouth=float(apart[:, MOUTH].mean()),
        p95=float(np.percentile(apart, 95)),
        bias=float(np.linalg.norm(error.mean(axis=(0, 1)))),
        aperture=float(np.mean(together)),
        missed=float(1 - seen.mean()),
    )


def failed_landmarks(known: KnownLandmarks) -> list[str]:
    """Return each bound that is not held, in words; none for a detector to be trusted."""
    failed = []
    for figures in known.kinds:
        coarse = figures.kind == f"crf{COARSE}"
        worse = COARSE_WORSE if coarse else 1.0
        largest = {
            "mean": MOST_ERROR * worse,
            "mouth": MOST_MOUTH_ERROR * worse,
            "bias": MOST_BIAS * worse,
            "missed": 0.0,
        }
        for name, most in largest.items():
            value = getattr(figures, name)
            if not value <= most:
                failed.append(f"{figures.kind}: {name} is {value:.3f}, at most {most:g} is allowed")
        least = LEAST_COARSE_APERTURE if coarse else LEAST_APERTURE
        if not figures.aperture >= least:
            failed.append(f"{figures.kind}: aperture is {figures.aperture:.3f}, at least {least:g} is asked")
    if known.ghosts > 0:
        failed.append(f"landmarks in {known.ghosts:.0%} of the pictures without a face")
    return failed


def _ghosts(find: Find, height: int, width: int) -> float:
    noise = np.random.default_rng(0).integers(0, 256, (4, height, width, 3), dtype=np.uint8)
    flat = np.stack([np.full((height, width, 3), grey, np.uint8) for grey in (0, 90, 180, 255)])
    return float(1 - np.isnan(find(np.concatenate([noise, flat]))).all(axis=(1, 2)).mean())


def _resized(clip: Clip, height: int, width: int) -> UInt8[np.ndarray, "frames _ _ 3"]:
    way = cv2.INTER_AREA if height < clip.shape[1] else cv2.INTER_LINEAR
    return np.stack([cv2.resize(frame, (width, height), interpolation=way) for frame in clip])


def _correlation(one: Float[np.ndarray, " frames"], other: Float[np.ndarray, " frames"]) -> float:
    if len(one) < 2 or not one.std() or not other.std():
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
