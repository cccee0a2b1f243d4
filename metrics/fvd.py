"""FVD: the Fréchet distance between the videos of two sets, seen by I3D in windows of 16 frames."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from metrics.feature_sets import MINIMUM_FRAMES
from metrics.frechet import frechet_distance
from metrics.record import Metric, NoValueError


def fvd(
    generated: Float[np.ndarray, "windows_generated channels"],
    reference: Float[np.ndarray, "windows_reference channels_reference"],
) -> float:
    """Return the squared Fréchet distance between the logits of windows of 16 frames.

    Range [0, inf); equal sets give 0 up to 1e-6. It falls as the sets grow, steeply while they have fewer windows than
    the logits have channels (400): compare methods on the same clips only, and take the distance between two halves of
    the ground truth as the floor.

    Args:
        generated: from `metrics.networks.i3d.fvd_features`, of all clips.
        reference: likewise, of the same clips.

    Source: Unterthiner et al. 2018 (arXiv 1812.01717); the exact algebra of `metrics.frechet`.

    Raises:
        NoValueError: a set has fewer than two windows.
        ValueError: the sets differ in channels, or a value is not finite.
    """
    fewest = min(len(generated), len(reference))
    if fewest < MINIMUM_FRAMES:
        raise NoValueError(f"FVD needs at least {MINIMUM_FRAMES} windows of 16 frames on each side, got {fewest}")
    return frechet_distance(generated, reference)


FVD = Metric(
    key="fvd",
    name="FVD",
    unit="",
    better="lower",
    version=1,
    protocol="i3d400-win16-tiled-short224-centre",
    citation="Unterthiner et al. 2018; universome/fvd-comparison@1c54d8d",
    needs="i3d",
    scope="set",
    decimals=1,
    measure=fvd,
)
FVD_FIRST = replace(FVD, key="fvd_first", protocol="i3d400-win16-first-short224-centre", needs="i3d_first")
