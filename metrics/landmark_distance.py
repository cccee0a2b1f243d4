"""Landmark distance (LMD) of mouth and face, in percent of the reference's inter-ocular distance."""

import numpy as np
from jaxtyping import Float

from metrics.landmark_geometry import MOUTH, POINTS, centred, check_landmarks, eye_distance, has_face
from metrics.record import Metric


def lmd_mouth(
    generated: Float[np.ndarray, "frames 68 2"], reference: Float[np.ndarray, "frames 68 2"]
) -> Float[np.ndarray, " frames"]:
    """Return the mouth distance of each frame in percent of the inter-ocular distance.

    The 20 mouth points (48-67) of each side are centred on their own mean, so a mouth that merely sits elsewhere costs
    nothing; the value is the mean Euclidean distance of corresponding points. The unit is the distance between the
    outer eye corners (36, 45) of the reference, averaged over the clip's frames: a property of the reference alone, so
    it is the same for every method, and a head that turns away does not inflate single frames.

    Range [0, inf); equal landmarks give 0. A frame where either side has a NaN is NaN.

    Source: LMD of Chen et al., ECCV 2018, centred per set as in yuangan/evaluation_eat@e39b004 (code/test_lmd.py),
    which gives pixels; here divided by the inter-ocular distance, so that it does not depend on resolution.

    Raises:
        ValueError: if shapes are not (frames, 68, 2) or differ, a coordinate is infinite, or the eye corners coincide.
    """
    return _centred_distance(generated, reference, MOUTH)


def lmd_face(
    generated: Float[np.ndarray, "frames 68 2"], reference: Float[np.ndarray, "frames 68 2"]
) -> Float[np.ndarray, " frames"]:
    """Return the distance of all 68 points, each side centred on its mean, in percent of the inter-ocular distance.

    Sensitive to head rotation and expression, not to the place of the head in the frame. Otherwise as ``lmd_mouth``.
    """
    return _centred_distance(generated, reference, slice(0, POINTS))


def _centred_distance(
    generated: Float[np.ndarray, "frames 68 2"], reference: Float[np.ndarray, "frames 68 2"], points: slice
) -> Float[np.ndarray, " frames"]:
    check_landmarks(generated, reference)
    both = has_face(generated) & has_face(reference)
    values = np.full(len(both), np.nan)
    if both.any():
        ours, theirs = (centred(side[both, points].astype(np.float64)) for side in (generated, reference))
        distance = np.hypot(*np.moveaxis(ours - theirs, -1, 0)).mean(axis=1)
        values[both] = 100 * distance / eye_distance(reference)
    return values


LMD_MOUTH = Metric(
    key="lmd_mouth",
    name="LMD mouth",
    unit="% IOD",
    better="lower",
    version=1,
    protocol="ibug20-centred-iod3645",
    citation="Chen et al., ECCV 2018; centred as yuangan/evaluation_eat@e39b004, per inter-ocular distance",
    needs="landmarks",
    scope="frame",
    decimals=2,
    measure=lmd_mouth,
)
LMD_FACE = Metric(
    key="lmd_face",
    name="LMD face",
    unit="% IOD",
    better="lower",
    version=1,
    protocol="ibug68-centred-iod3645",
    citation="Chen et al., ECCV 2018; centred as yuangan/evaluation_eat@e39b004, per inter-ocular distance",
    needs="landmarks",
    scope="frame",
    decimals=2,
    measure=lmd_face,
)
