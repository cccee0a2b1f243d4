"""How a head is seen: jaw, relief, rotation and weak perspective, from the frontal plane to the picture and back.

A point of the frontal plane is moved by the jaw, lifted to the relief ``z(x, y)``, turned by ``R = Rz(roll) Ry(yaw)
Rx(pitch)`` and seen under weak perspective. Drawing walks the same way backwards, so landmarks are exact.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from tavce.data.synthetic.face_curves import Array
from tavce.data.synthetic.identity import Identity, Shape
from tavce.data.synthetic.performance import Performance

HEAD_Y = 0.02  # the middle of the face sits this far below the middle of the picture
PIVOT_Y = 0.22  # heads tilt about the top of the neck


def jaw_drop(shape: Shape, performance: Performance) -> Array:
    """Return how far the chin is below its rest in each frame."""
    return 0.6 * shape.gap * performance.aperture.astype(np.float64)


def _jaw_weight(shape: Shape, x: Array, y: Array) -> Array:
    # The jaw turns about the ears: the chin moves, the angle of the jaw hardly, hair beside it not at all.
    down = np.clip((y - shape.mouth_y) / (shape.chin_y - shape.mouth_y), 0, 1)
    side = np.clip((np.abs(x) / shape.half_width - 0.45) / 0.70, 0, 1)
    weight: Array = down * down * (3 - 2 * down) * (1 - side * side * (3 - 2 * side))
    return weight


def relief(shape: Shape, x: Array, y: Array) -> tuple[Array, Array, Array]:
    """Return the depth z towards the viewer and its slopes along x and y: a dome that falls to the nape, and a nose."""
    a, b, top = shape.half_width, 0.355, 0.72 * shape.half_width
    u, v = x * (1 / a), (y - 0.02) * (1 / b)
    dome = 2 / (1 + u * u + v * v)
    bump_x, bump_y = x * (1 / 0.036), (y - (shape.nose_y - 0.022)) * (1 / 0.055)
    bump = 0.040 * np.exp(-bump_x * bump_x - bump_y * bump_y)
    slope = dome * dome * -top
    return (
        top * (dome - 1) + bump,
        slope * u * (1 / a) - bump * bump_x * (2 / 0.036),
        slope * v * (1 / b) - bump * bump_y * (2 / 0.055),
    )


@dataclass(frozen=True)
class View:
    """How the head is seen, per frame: plane (2x2) and lift (2) before the tilt, tilt (2x2), place (2), jaw drop."""

    plane: Array
    lift: Array
    tilt: Array
    place: Array
    drop: Array


def view(identity: Identity, performance: Performance) -> View:
    """Return how the head of `identity` is seen in each frame of `performance`."""
    yaw, pitch, roll = np.deg2rad(performance.pose.astype(np.float64)).T
    zero = np.zeros_like(yaw)
    plane = np.stack([np.stack([np.cos(yaw), np.sin(pitch) * np.sin(yaw)], 1), np.stack([zero, np.cos(pitch)], 1)], 1)
    lift = np.stack([np.cos(pitch) * np.sin(yaw), -np.sin(pitch)], 1)
    tilt = np.stack([np.stack([np.cos(roll), -np.sin(roll)], 1), np.stack([np.sin(roll), np.cos(roll)], 1)], 1)
    place = performance.shift.astype(np.float64) * identity.shape.face_height + (0.0, HEAD_Y)
    return View(plane, lift, tilt, place, jaw_drop(identity.shape, performance))


def to_picture(
    identity: Identity, seen: View, points: Float64[np.ndarray, "frames n 2"], depth: Array | None = None
) -> Array:
    """Return where points of the frontal plane are seen, in picture sides from the middle of the picture.

    Without `depth` the points lie on the face: they follow the jaw and the relief.
    """
    x, y = points[..., 0], points[..., 1]
    if depth is None:
        still = y
        for _ in range(60):  # slope below 0.5: 60 rounds reach the last bit
            y = still + seen.drop[:, None] * _jaw_weight(identity.shape, x, y)
        depth = relief(identity.shape, x, y)[0]
    flat = np.stack([x, y], -1) @ seen.plane.transpose(0, 2, 1) + depth[..., None] * seen.lift[:, None]
    pivot = np.array([0.0, PIVOT_Y])
    places: Array = (flat - pivot) @ seen.tilt.transpose(0, 2, 1) + pivot + seen.place[:, None]
    return places


def from_picture(
    identity: Identity, seen: View, frame: int, x: Float32[np.ndarray, " columns"], y: Float32[np.ndarray, " rows"]
) -> Float32[np.ndarray, "rows columns 2"]:
    """Return what one frame shows at the grid `x` by `y`, as points of the frontal plane: `to_picture` backwards."""
    inverse = np.linalg.inv(seen.plane[frame])
    turn = inverse @ seen.tilt[frame].T
    pivot = np.array([0.0, PIVOT_Y])
    start = inverse @ pivot - turn @ (pivot + seen.place[frame])
    (xx, xy), (yx, yy) = turn.astype(np.float32)
    step_x, step_y = (inverse @ seen.lift[frame]).astype(np.float32)
    flat_x = xx * x + (xy * y + np.float32(start[0]))[:, None]
    flat_y = yx * x + (yy * y + np.float32(start[1]))[:, None]
    depth = np.zeros_like(flat_x)
    for _ in range(3):
        z, slope_x, slope_y = relief(identity.shape, flat_x - depth * step_x, flat_y - depth * step_y)
        depth -= (depth - z) / (1 + slope_x * step_x + slope_y * step_y)
    points = np.empty((*flat_x.shape, 2), np.float32)
    points[..., 0] = flat_x - depth * step_x
    down = flat_y - depth * step_y
    points[..., 1] = down - np.float32(seen.drop[frame]) * _jaw_weight(identity.shape, points[..., 0], down)
    return points
