"""Known answers of perceptual judges: the more a picture is spoilt, the larger LPIPS, FID and KID must be."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from jaxtyping import UInt8

from metrics.frechet import frechet_distance
from metrics.inception import inception_features
from metrics.kid import kernel_distance
from metrics.lpips import lpips_against
from metrics.networks.inception import FidInception
from metrics.networks.lpips import Lpips

BLUR = (0.5, 1.0, 2.0, 4.0)  # pixels of deviation
NOISE = (2.0, 5.0, 10.0, 20.0)  # grey levels of deviation
RATE_FACTORS = (18.0, 23.0, 28.0, 35.0, 40.0)  # of H.264

Clip = UInt8[np.ndarray, "frames height width 3"]
Clips = UInt8[np.ndarray, "clips frames height width 3"]
Encode = Callable[[Clip, int], Clip]


@dataclass(frozen=True)
class Ladder:
    """Values of one judge over one kind of distortion, from the weakest to the strongest.

    Attributes:
        judge: "lpips", "fid" or "kid".
        distortion: "blur", "noise" or "crf".
        strengths: deviation in pixels, deviation in grey levels, or rate factor.
        values: mean LPIPS of all frames, or distance of all spoilt frames from all clean ones.
    """

    judge: str
    distortion: str
    strengths: tuple[float, ...]
    values: tuple[float, ...]


def known_lpips(network: Lpips, clips: Clips, encode: Encode) -> tuple[Ladder, ...]:
    """Return mean LPIPS of spoilt clips against the clips themselves.

    Args:
        network: in evaluation mode.
        clips: of people that the network has not learned from; sides even.
        encode: takes a clip and a rate factor and returns the clip after H.264.
    """

    def value(spoilt: list[Clip]) -> float:
        distances = [lpips_against(network, clip, [worse]) for clip, worse in zip(clips, spoilt, strict=True)]
        return float(np.mean(distances))

    return tuple(
        Ladder("lpips", name, strengths, tuple(value(spoilt) for spoilt in rungs))
        for name, strengths, rungs in _ladders(clips, encode)
    )


def known_inception(network: FidInception, clips: Clips, encode: Encode) -> tuple[Ladder, ...]:
    """Return FID and KID of spoilt frames against the frames themselves, from one pass of features.

    Args and order of frames as in `known_lpips`.
    """

    def features(part: list[Clip]) -> np.ndarray:
        return inception_features(network, np.concatenate(part))

    clean = features(list(clips))
    found = []
    for name, strengths, rungs in _ladders(clips, encode):
        spoilt = [features(rung) for rung in rungs]
        found.append(Ladder("fid", name, strengths, tuple(frechet_distance(each, clean) for each in spoilt)))
        found.append(Ladder("kid", name, strengths, tuple(kernel_distance(each, clean) for each in spoilt)))
    return tuple(found)


def failed_ladders(ladders: tuple[Ladder, ...]) -> list[str]:
    """Return each ladder that does not grow at every step, or whose first LPIPS or FID is not above 0, in words."""
    failed = []
    for ladder in ladders:
        values = (0.0, *ladder.values) if ladder.judge != "kid" else ladder.values
        if not all(a < b for a, b in pairwise(values)):
            steps = ", ".join(f"{s:g}: {v:.4g}" for s, v in zip(ladder.strengths, ladder.values, strict=True))
            failed.append(f"{ladder.judge} does not grow with {ladder.distortion} ({steps})")
    return failed


def _ladders(clips: Clips, encode: Encode) -> Iterator[tuple[str, tuple[float, ...], Iterator[list[Clip]]]]:
    """Yield name, strengths and spoilt clips of each ladder; one rung at a time is held."""
    yield "blur", BLUR, ([_blurred(clip, deviation) for clip in clips] for deviation in BLUR)
    yield "noise", NOISE, ([_noisy(clip, deviation) for clip in clips] for deviation in NOISE)
    yield "crf", RATE_FACTORS, ([encode(clip, int(factor)) for clip in clips] for factor in RATE_FACTORS)


def _blurred(clip: Clip, deviation: float) -> Clip:
    return np.stack([cv2.GaussianBlur(frame, (0, 0), deviation) for frame in clip])


def _noisy(clip: Clip, deviation: float) -> Clip:
    grain = np.random.default_rng(0).standard_normal(clip.shape, np.float32)  # the same grain at every strength
    return np.asarray(np.clip(clip + np.float32(deviation) * grain + 0.5, 0, 255), np.uint8)
