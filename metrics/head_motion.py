"""Head pose from 68 landmarks by a closed form, and how much a head moves (both this project's own)."""

import numpy as np
from jaxtyping import Float, Float64

from metrics.landmark_geometry import centred, check_landmarks, has_face, smoothed
from metrics.record import Metric, NoValueError

RIGID_POINTS = (27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 39, 42, 45)
# Nose bridge, nose base and eye corners of an average adult, in millimetres: x to the image's right, y down, z towards
# the viewer, from the middle between the inner eye corners. Rounded proportions, not a scan of anybody.
TEMPLATE = np.array(
    [
        (0, -4, 12), (0, 8, 18), (0, 20, 25), (0, 33, 32),
        (-14, 42, 12), (-7, 44, 17), (0, 46, 20), (7, 44, 17), (14, 42, 12),
        (-45, 0, -14), (-16, 0, 0), (16, 0, 0), (45, 0, -14),
    ],
    dtype=np.float64,
)  # fmt: skip
LEAST_FRAMES = 25
# Noise of the landmarks would pass for motion; 60 ms take it down and leave a nod of a third of a second.
SMOOTHING_FRAMES = 1.5


def head_pose(landmarks: Float[np.ndarray, "frames 68 2"]) -> Float64[np.ndarray, "frames 3"]:
    """Return yaw, pitch and roll of each frame in degrees; NaN in frames without a face.

    Weak perspective, in closed form: the affine map from 13 rigid points of an average head to the picture by least
    squares, taken apart into R = Rz(roll) Ry(yaw) Rx(pitch) from the outside in, which keeps the angles of a face that
    is not the average from mixing. Axes: x right, y down, z to the viewer. yaw > 0 turns the face to the image's right,
    pitch > 0 looks up, roll > 0 tilts clockwise; each in (-180, 180].

    Shape unlike the average shifts pitch by a constant and scales yaw and pitch a little; roll is free of it for any
    symmetric face. So the changes over time are what to use.
    """
    angles = np.full((len(landmarks), 3), np.nan)
    seen = has_face(landmarks)
    points = centred(landmarks[seen][:, RIGID_POINTS].astype(np.float64))
    affine = points.transpose(0, 2, 1) @ np.linalg.pinv(TEMPLATE - TEMPLATE.mean(axis=0)).T
    roll = np.arctan2(affine[:, 1, 0], affine[:, 0, 0])
    cos, sin = np.cos(roll)[:, None], np.sin(roll)[:, None]
    across = cos * affine[:, 0] + sin * affine[:, 1]
    down = cos * affine[:, 1] - sin * affine[:, 0]
    pitch = np.arctan2(-down[:, 2], down[:, 1])
    yaw = np.arctan2(np.cos(pitch) * across[:, 2] + np.sin(pitch) * across[:, 1], across[:, 0])
    angles[seen] = np.rad2deg(np.stack([yaw, pitch, roll], axis=1))
    return angles


def head_motion_diversity(
    generated: Float[np.ndarray, "frames 68 2"], reference: Float[np.ndarray, "frames 68 2"]
) -> float:
    """Return how much the generated head turns: standard deviations over time of yaw, pitch and roll, their mean.

    In degrees; range [0, inf), 0 for a still head. Landmarks pass a Gaussian of 1.5 frames first, since their noise
    would add to the value. Population form, over the frames with a face. The reference does not enter: it is an
    argument so that all metrics on landmarks are called alike. Published as higher is better, yet a head that shakes
    beats a person: compare with the value of the ground truth.

    Raises:
        NoValueError: fewer than 25 frames (1 s) have a face.
        ValueError: as `metrics.landmark_geometry.check_landmarks`.
    """
    check_landmarks(generated, reference)
    angles = head_pose(smoothed(generated, SMOOTHING_FRAMES))
    angles = angles[~np.isnan(angles[:, 0])]
    if len(angles) < LEAST_FRAMES:
        raise NoValueError(
            f"{len(angles)} frames with a face are too few for the spread of head poses, which takes {LEAST_FRAMES}"
        )
    # A head near 180 degrees of roll would jump by 360; nobody's neck does, so the jump is the angle's, not the head's.
    return float(np.unwrap(angles, period=360, axis=0).std(axis=0).mean())


HEAD_MOTION_DIVERSITY = Metric(
    key="head_motion_diversity",
    name="Head motion diversity",
    unit="°",
    better="higher",
    version=1,
    protocol="weak-perspective13-gauss1.5-std",
    citation="this project; after the idea of SadTalker (Zhang et al., CVPR 2023), which uses Hopenet features",
    needs="landmarks",
    scope="clip",
    decimals=2,
    measure=head_motion_diversity,
)
