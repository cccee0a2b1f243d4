"""Known answers of a face recogniser: two clips of a person are nearer than clips of two people."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int64, UInt8

from metrics.align import aligned_faces
from metrics.identity import Recogniser, embeddings
from metrics.ranking import area_under_curve

# Drawn people differ in colours and shapes that random weights see too: AUC 1.000 of the frozen stand-in, 0.969 to
# 0.982 of random weights. So the cosines are asked for as well: 0.92 apart, 0.06 with random weights, 0.54 with red and
# blue swapped.
LEAST_AUC = 0.99  # same person against another
LEAST_GAP = 0.7  # between the mean cosine of a person's pairs and that of strangers'
LEAST_SELF = 0.8  # mean cosine of a face with itself after blur to half the size, and after H.264
RATE_FACTOR = 23

Clip = UInt8[np.ndarray, "frames height width 3"]
Clips = UInt8[np.ndarray, "clips frames height width 3"]
Landmarks = Float[np.ndarray, "clips frames 68 2"]


@dataclass(frozen=True)
class KnownIdentity:
    """How well a recogniser tells people apart.

    Attributes:
        auc: probability that a pair of frames of one person, from different clips, has the larger cosine than a pair
            of two people; ties count half.
        floor: the same for a network of the same shape with random weights: what colours and shapes give for free.
        same, other: mean cosine of pairs of one person and of two.
        blurry: mean cosine of a face with itself, halved in size and blown up.
        encoded: likewise after H.264 at `RATE_FACTOR`.
    """

    auc: float
    floor: float
    same: float
    other: float
    blurry: float
    encoded: float


def known_identity(
    recogniser: Recogniser,
    random: Recogniser,
    clips: Clips,
    landmarks: Landmarks,
    identity: Int64[np.ndarray, " clips"],
    encode: Callable[[Clip, int], Clip],
) -> KnownIdentity:
    """Return the figures of a recogniser.

    Args:
        recogniser: to be examined.
        random: of the same shape, with random weights.
        clips: of people that it has not learned from, at least two clips of each; sides even.
        landmarks: of the clips, in pixels; none missing.
        identity: who is seen in each clip.
        encode: takes a clip and a rate factor and returns the clip after H.264.

    Raises:
        ValueError: no person has two clips, or there is one person only.
    """
    clean = _embedded(recogniser, clips, landmarks)
    cosines, alike = _pairs(clean, identity)
    blurry = _embedded(recogniser, np.stack([_halved(clip) for clip in clips]), landmarks)
    encoded = _embedded(recogniser, np.stack([encode(clip, RATE_FACTOR) for clip in clips]), landmarks)
    return KnownIdentity(
        auc=area_under_curve(cosines[alike], cosines[~alike]),
        floor=_floor(random, clips, landmarks, identity),
        same=float(cosines[alike].mean()),
        other=float(cosines[~alike].mean()),
        blurry=float((clean * blurry).sum(axis=-1).mean()),
        encoded=float((clean * encoded).sum(axis=-1).mean()),
    )


def failed_identity(known: KnownIdentity) -> list[str]:
    """Return each bound that is not held, in words."""
    failed = []
    if not known.auc >= LEAST_AUC:
        failed.append(f"AUC is {known.auc:.4f}, at least {LEAST_AUC:g} is asked (random weights: {known.floor:.4f})")
    if not known.auc > known.floor:
        failed.append(f"AUC is {known.auc:.4f}, no better than random weights ({known.floor:.4f})")
    if not known.same - known.other >= LEAST_GAP:
        gap = f"{known.same:.3f} of one person, {known.other:.3f} of two"
        failed.append(f"mean cosines are {gap}: at least {LEAST_GAP:g} apart is asked")
    for name in ("blurry", "encoded"):
        value = getattr(known, name)
        if not value >= LEAST_SELF:
            failed.append(f"cosine of a face with itself, {name}, is {value:.3f}, at least {LEAST_SELF:g} is asked")
    return failed


def _floor(random: Recogniser, clips: Clips, landmarks: Landmarks, identity: Int64[np.ndarray, " clips"]) -> float:
    cosines, alike = _pairs(_embedded(random, clips, landmarks), identity)
    return area_under_curve(cosines[alike], cosines[~alike])


def _embedded(recogniser: Recogniser, clips: Clips, landmarks: Landmarks) -> Float[np.ndarray, "clips frames channels"]:
    return np.stack(
        [embeddings(recogniser, aligned_faces(clip, points)) for clip, points in zip(clips, landmarks, strict=True)]
    )


def _pairs(
    vectors: Float[np.ndarray, "clips frames channels"], identity: Int64[np.ndarray, " clips"]
) -> tuple[Float[np.ndarray, " pairs"], Bool[np.ndarray, " pairs"]]:
    """Return the cosine of each pair of frames of two clips, and whether both show one person."""
    flat = vectors.reshape(-1, vectors.shape[2])
    clip = np.repeat(np.arange(len(vectors)), vectors.shape[1])
    first, second = np.nonzero(clip[:, None] < clip)
    cosines = (flat @ flat.T)[first, second]
    alike = identity[clip[first]] == identity[clip[second]]
    if alike.all() or not alike.any():
        raise ValueError("need at least two clips of one person, and two people")
    return cosines, alike


def _halved(clip: Clip) -> Clip:
    height, width = clip.shape[1:3]
    small = [cv2.resize(frame, (width // 2, height // 2), interpolation=cv2.INTER_AREA) for frame in clip]
    return np.stack([cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR) for frame in small])
