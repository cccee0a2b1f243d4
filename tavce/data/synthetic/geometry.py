"""The 68 iBUG landmarks of a drawn face, exact: the curves that are drawn pass through them."""

import numpy as np
from jaxtyping import Float32, Float64

from tavce.data.synthetic.face_curves import Array, Mouth, brow_line, brow_span, jaw_points, lids, lips, mouth_size
from tavce.data.synthetic.head_pose import to_picture, view
from tavce.data.synthetic.identity import Identity, Shape
from tavce.data.synthetic.performance import Performance

LID_STATIONS = 0.36
BROW_STATIONS = np.array([0.03, 0.26, 0.5, 0.74, 0.97])
UPPER_STATIONS = np.array([-1.0, -0.60, -0.27, 0.0, 0.27, 0.60, 1.0])
LOWER_STATIONS = np.array([0.62, 0.31, 0.0, -0.31, -0.62])
INNER_STATIONS = np.array([-1.0, -0.45, 0.0, 0.45, 1.0])


def frontal_landmarks(identity: Identity, performance: Performance) -> Float64[np.ndarray, "frames 68 2"]:
    """Return the 68 points in the frontal plane, before jaw and pose."""
    shape = identity.shape
    frames = len(performance.aperture)
    points = np.zeros((frames, 68, 2))
    points[:, :17] = jaw_points(shape)
    inner, outer = brow_span(shape)
    lift = performance.brows.astype(np.float64)[:, None]
    for side, at in ((-1.0, slice(21, 16, -1)), (1.0, slice(22, 27))):
        points[:, at, 0] = side * (inner + (outer - inner) * BROW_STATIONS)
        points[:, at, 1] = brow_line(shape, BROW_STATIONS, lift)
    points[:, 27:31, 1] = np.linspace(shape.eye_y + 0.004, shape.nose_y - 0.022, 4)
    points[:, 31:36, 0] = shape.nose_half * np.array([-0.80, -0.40, 0.0, 0.40, 0.80])
    points[:, 31:36, 1] = shape.nose_y + np.array([-0.003, 0.002, 0.005, 0.002, -0.003])
    out = np.array([1.0, LID_STATIONS, -LID_STATIONS, -1.0, -LID_STATIONS, LID_STATIONS])
    for eye, order in ((0, out), (1, -out)):
        upper, lower = lids(shape, order, performance.lids[:, eye : eye + 1].astype(np.float64))
        side = -1.0 if eye == 0 else 1.0
        first = 36 + 6 * eye
        points[:, first : first + 6, 0] = side * (shape.eye_x + shape.eye_half_width * order)
        points[:, first : first + 4, 1] = upper[:, :4]
        points[:, first + 4 : first + 6, 1] = lower[:, 4:]
    points[:, 48:] = _mouth_points(shape, mouth_size(shape, performance))
    return points


def _mouth_points(shape: Shape, mouth: Mouth) -> Array:
    half, inner_half = mouth.half[:, None], mouth.inner_half[:, None]
    upper_x, lower_x = half * UPPER_STATIONS, half * LOWER_STATIONS
    inner_up_x, inner_down_x = inner_half * INNER_STATIONS, inner_half * INNER_STATIONS[3:0:-1]
    x = np.concatenate([upper_x, lower_x, inner_up_x, inner_down_x], 1)
    y = np.concatenate(
        [
            lips(shape, mouth, upper_x)[0],
            lips(shape, mouth, lower_x)[3],
            lips(shape, mouth, inner_up_x)[1],
            lips(shape, mouth, inner_down_x)[2],
        ],
        1,
    )
    return np.stack([x, y], -1)


def landmarks(identity: Identity, performance: Performance, size: int) -> Float32[np.ndarray, "frames 68 2"]:
    """Return the exact 68 iBUG points of each frame, in pixels of a picture of `size` x `size`."""
    seen = view(identity, performance)
    places = to_picture(identity, seen, frontal_landmarks(identity, performance))
    return ((places + 0.5) * size - 0.5).astype(np.float32)
