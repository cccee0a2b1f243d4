"""Landmark velocity distance (LVD) of mouth and face: how differently the points move from frame to frame."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Float64

from metrics.landmark_geometry import MOUTH, POINTS, centred, check_landmarks, eye_distance, has_face
from metrics.record import Metric


def lvd_mouth(
    generated: Float[np.ndarray, "frames 68 2"], reference: Float[np.ndarray, "frames 68 2"]
) -> Float64[np.ndarray, " frames"]:
    """Return the velocity distance of the mouth at each frame, in percent of the inter-ocular distance per frame.

    The 20 mouth points (48-67) of each side are centred on their own mean; the velocity of a point at frame k is its
    place at k minus its place at k - 1; the value is the mean Euclidean distance of the two sides' velocities over the
    points. The unit is the distance between the reference's outer eye corners (36, 45), mean over the clip.

    Range [0, inf); equal movement gives 0, whatever the shapes. Frame 0 has no velocity and is NaN, so a clip of n
    frames has n - 1 values; a frame that has no face, on either side, is NaN, and so is the next one.

    Source: the measure of yuangan/evaluation_eat@e39b004 (code/test_lmd.py), which gives pixels per frame, and whose
    sum for the face adds the mouth's value by mistake.

    Raises:
        ValueError: shapes differ or are not (frames, 68, 2), a coordinate is infinite, or the eye corners coincide.
    """
    return _velocity_distance(generated, reference, MOUTH)


def lvd_face(
    generated: Float[np.ndarray, "frames 68 2"], reference: Float[np.ndarray, "frames 68 2"]
) -> Float64[np.ndarray, " frames"]:
    """Return the velocity distance of all 68 points, each side centred on its mean. Otherwise as `lvd_mouth`."""
    return _velocity_distance(generated, reference, slice(0, POINTS))


def _velocity_distance(
    generated: Float[np.ndarray, "frames 68 2"], reference: Float[np.ndarray, "frames 68 2"], points: slice
) -> Float64[np.ndarray, " frames"]:
    check_landmarks(generated, reference)
    values = np.full(len(generated), np.nan)
    both = has_face(generated) & has_face(reference)
    at = 1 + np.flatnonzero(both[1:] & both[:-1])
    if len(at):
        ours, theirs = (centred(side[:, points].astype(np.float64)) for side in (generated, reference))
        difference = (ours[at] - ours[at - 1]) - (theirs[at] - theirs[at - 1])
        distance = np.hypot(difference[..., 0], difference[..., 1]).mean(axis=1)
        values[at] = 100 * distance / eye_distance(reference)
    return values


LVD_MOUTH = Metric(
    key="lvd_mouth",
    name="LVD mouth",
    unit="% IOD/frame",
    better="lower",
    version=1,
    protocol="ibug20-centred-velocity-iod3645",
    citation="yuangan/evaluation_eat@e39b004 without its error in the face's sum, per inter-ocular distance",
    needs="landmarks",
    scope="frame",
    decimals=3,
    measure=lvd_mouth,
    edge=1,  # the first frame, which moved from nowhere
)
LVD_FACE = replace(
    LVD_MOUTH, key="lvd_face", name="LVD face", protocol="ibug68-centred-velocity-iod3645", measure=lvd_face
)
