"""The curves of a face in its frontal plane, shared by drawing and landmarks: outline, lids, brows and lips."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from tavce.data.synthetic.identity import Shape
from tavce.data.synthetic.performance import Performance

Array = Float[np.ndarray, "..."]


def smooth_curve(points: Array, *, closed: bool, per_segment: int = 16) -> Array:
    """Return a curve through `points` (n x 2) by centripetal Catmull-Rom segments."""
    ends = (points[-1:], points[:2]) if closed else (2 * points[:1] - points[1:2], 2 * points[-1:] - points[-2:-1])
    p = np.concatenate([ends[0], points, ends[1]])
    knots = np.sqrt(np.maximum(np.linalg.norm(np.diff(p, axis=0), axis=1), 1e-9))
    d0, d1, d2 = knots[:-2, None], knots[1:-1, None], knots[2:, None]
    p0, p1, p2, p3 = p[:-3], p[1:-2], p[2:-1], p[3:]
    m1 = (p1 - p0) / d0 - (p2 - p0) / (d0 + d1) + (p2 - p1) / d1
    m2 = (p2 - p1) / d1 - (p3 - p1) / (d1 + d2) + (p3 - p2) / d2
    t = np.linspace(0, 1, per_segment, endpoint=False)[:, None, None]
    h01 = t * t * (3 - 2 * t)
    curve = (1 - h01) * p1 + h01 * p2 + d1 * (t * (1 - t) ** 2 * m1 - t * t * (1 - t) * m2)
    flat = curve.transpose(1, 0, 2).reshape(-1, 2)
    return flat if closed else np.concatenate([flat, points[-1:]])


def outline(shape: Shape) -> Array:
    """Return the head's outline without hair, closed, from the crown clockwise, as points of the frontal plane."""
    a, top, bottom = shape.half_width, shape.crown_y, shape.chin_y
    jaw_y = 0.205 - 0.02 * (1 - shape.square)
    right = np.array(
        [
            (0.55 * a, top + 0.025),
            (0.89 * a, top + 0.105),
            (shape.temple * a, -0.13),
            (1.000 * a, -0.01),
            ((0.56 + 0.44 * shape.jaw) * a, 0.10),
            (shape.jaw * a, jaw_y),
            (0.5 * (shape.jaw + shape.chin) * a, 0.5 * (jaw_y + bottom) + 0.022 + 0.008 * shape.square),
            (0.62 * shape.chin * a, bottom - 0.009),
        ]
    )
    left = right[::-1] * (-1.0, 1.0)
    return smooth_curve(np.concatenate([[(0.0, top)], right, [(0.0, bottom)], left]), closed=True)


def jaw_points(shape: Shape) -> Array:
    """Return the 17 jaw points: equal arcs along the outline from the left ear over the chin to the right ear."""
    line = outline(shape)
    half = line[: len(line) // 2 + 1]
    half = half[half[:, 1] >= shape.eye_y + 0.01]
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(half, axis=0), axis=1))])
    stations = np.linspace(0, arc[-1], 9)
    right = np.stack([np.interp(stations, arc, half[:, axis]) for axis in (0, 1)], 1)
    return np.concatenate([right * (-1.0, 1.0), right[-2::-1]])


def lids(shape: Shape, out: Array, opening: Array) -> tuple[Array, Array]:
    """Return the heights of the upper and the lower lid at `out`, the place in half eye widths, positive outwards."""
    inside = np.clip(1 - out * out, 0, None)
    line = shape.eye_y - shape.eye_tilt * shape.eye_half_width * out
    upper = shape.eye_upper * inside**0.75 * (1 - 0.10 * out)
    lower = shape.eye_lower * inside**0.85 * (1 + 0.18 * out)
    return line + 0.8 * (1 - opening) * lower - opening * upper, line + (0.8 + 0.2 * opening) * lower


def brow_span(shape: Shape) -> tuple[float, float]:
    """Return the inner and the outer end of a brow, as distances from the middle of the face."""
    return shape.eye_x - 1.10 * shape.eye_half_width, shape.eye_x + 1.32 * shape.eye_half_width


def brow_line(shape: Shape, along: Array, lift: Array) -> Array:
    """Return the height of a brow's middle line at `along` (0 inner end, 1 outer end) for a lift of -1..1."""
    arch = shape.brow_arch * np.sin(np.pi * np.clip(along, 0, 1) ** 1.25)
    slope = shape.brow_slope * (shape.eye_half_width * 2.4) * (along - 0.4) * 0.5
    line: Array = shape.brow_y - arch + slope - lift * (0.022 - 0.008 * along)
    return line


@dataclass(frozen=True)
class Mouth:
    """Size of the mouth per frame: outer and inner half width, gap of the inner lips, roundness, fullness."""

    half: Array
    inner_half: Array
    gap: Array
    round: Array
    full: Array


def mouth_size(shape: Shape, performance: Performance) -> Mouth:
    """Return the size of the mouth in each frame."""
    width = performance.width.astype(np.float64)
    protrusion = performance.protrusion.astype(np.float64)
    aperture = performance.aperture.astype(np.float64)
    half = shape.mouth_half * (0.74 + 0.52 * width) * (1 - 0.34 * protrusion) * (1 - 0.06 * aperture)
    full = (1 + 0.28 * protrusion) * (1.12 - 0.24 * width) * (1 - 0.10 * aperture)
    return Mouth(half, half * (0.90 - 0.06 * protrusion), shape.gap * aperture, protrusion, full)


def lips(shape: Shape, mouth: Mouth, x: Array) -> tuple[Array, Array, Array, Array]:
    """Return the heights of the outer upper, inner upper, inner lower and outer lower edge of the lips at `x`."""
    half, gap, full = mouth.half[:, None], mouth.gap[:, None], mouth.full[:, None]
    power = 0.66 - 0.14 * mouth.round[:, None]
    t = np.clip(x / half, -1, 1)
    inside = 1 - t * t
    inner = np.clip(1 - (x / mouth.inner_half[:, None]) ** 2, 0, None)
    middle = np.exp(-((t / 0.17) ** 2))
    seam = shape.mouth_y + shape.smile * (0.35 - t * t) * (1 - 0.7 * mouth.round[:, None]) + 0.0022 * middle
    upper = shape.lip_upper * full * inside**0.80 * (1 - shape.bow * middle) * (1 + 0.10 * (1 - np.abs(t)))
    lower = shape.lip_lower * full * inside**0.66
    return (
        seam - 0.26 * gap * inside**power - upper,
        seam - 0.26 * gap * inner**power,
        seam + 0.74 * gap * inner ** (0.72 * power),
        seam + 0.74 * gap * inside ** (0.72 * power) + lower,
    )
