"""The mouth for a block of frames: lips that pass through the landmarks, teeth, tongue, and the shade around them."""

import numpy as np

from tavce.data.synthetic.face_curves import Mouth, lips, mouth_size
from tavce.data.synthetic.identity import Identity
from tavce.data.synthetic.palette import mix, shade
from tavce.data.synthetic.performance import Performance
from tavce.data.synthetic.raster import Canvas, Picture, Plane, below, paint, ramp

Box = tuple[int, int, int, int]


def mouth_box(identity: Identity, on: Canvas) -> Box:
    """Return top, bottom, left and right pixel of the box that holds the mouth in every position."""
    shape = identity.shape
    half = 1.30 * shape.mouth_half
    low = on.to_pixels(np.array([-half, shape.mouth_y - 0.32 * shape.gap - 1.5 * shape.lip_upper - 0.008]))
    high = on.to_pixels(np.array([half, shape.mouth_y + 0.80 * shape.gap + 1.5 * shape.lip_lower + 0.028]))
    left, top = np.floor(low).astype(int)
    right, bottom = np.ceil(high).astype(int)
    return int(top), int(bottom), int(left), int(right)


def draw_mouth(patch: Picture, identity: Identity, on: Canvas, box: Box, performance: Performance) -> None:
    """Draw the mouth over skin, in place; `patch` is 3 x frames x rows x columns."""
    axis = on.axis()
    x, y = axis[box[2] : box[3]], axis[box[0] : box[1], None]
    mouth = mouth_size(identity.shape, performance)
    edges = tuple(
        edge[:, None, :].astype(np.float32) for edge in lips(identity.shape, mouth, x[None].astype(np.float64))
    )
    half = mouth.half.astype(np.float32)[:, None, None]
    t = x / half
    within = np.clip((half - np.abs(x)) * on.density + 0.5, 0, 1)
    upper_outer, upper_inner, lower_inner, lower_outer = (below(y, edge, on) for edge in edges)
    lip = upper_outer * (1 - lower_outer) * within
    opening = upper_inner * (1 - lower_inner) * within
    _around(patch, identity, x, y, edges, half, mouth)
    paint(patch, identity.looks.lips, lip * 0.97)
    _lip_light(patch, identity, x, y, edges, t, lip)
    inside = _interior(patch, identity, performance, on, x, y, edges, mouth)
    patch += opening * (inside - patch)
    _seam(patch, identity, on, y, edges, t, mouth)


def _around(
    patch: Picture, identity: Identity, x: Plane, y: Plane, edges: tuple[Plane, ...], half: Plane, mouth: Mouth
) -> None:
    skin = identity.looks.skin
    dark = shade(mix(skin, (130, 44, 44), 0.24), 0.62)
    across = np.exp(-((x / (0.72 * half)) ** 4))
    under = np.exp(-(((y - edges[3] - 0.010) / 0.009) ** 2)) * across * (y > edges[3] - 0.012)
    paint(patch, dark, 0.42 * under)
    corner_y = edges[0][..., :1] * 0 + np.float32(identity.shape.mouth_y - 0.65 * identity.shape.smile)
    away = np.abs(x) - half
    dimple = np.exp(-((away / 0.010) ** 2)) * np.exp(-(((y - corner_y) / 0.010) ** 2))
    paint(patch, dark, 0.42 * dimple)
    groove = (
        np.exp(-((x / 0.010) ** 2))
        * ramp(y, identity.shape.nose_y + 0.012, identity.shape.nose_y + 0.03)
        * (y < edges[0])
    )
    paint(patch, dark, 0.16 * groove)
    ridge = np.exp(-(((y - edges[0] + 0.0028) / 0.0024) ** 2)) * across
    paint(patch, mix(skin, (255, 244, 228), 0.5), 0.34 * ridge)


def _lip_light(
    patch: Picture, identity: Identity, x: Plane, y: Plane, edges: tuple[Plane, ...], t: Plane, lip: Plane
) -> None:
    colour = identity.looks.lips
    up = np.clip((y - edges[0]) / np.maximum(edges[1] - edges[0], 1e-3), 0, 1)
    down = np.clip((y - edges[2]) / np.maximum(edges[3] - edges[2], 1e-3), 0, 1)
    upper = lip * (y < edges[1])
    lower = lip * (y >= edges[2])
    paint(patch, shade(colour, 0.70), upper * (0.22 + 0.55 * up * up))
    paint(patch, mix(colour, (255, 226, 216), 0.35), lower * 0.55 * np.exp(-(((down - 0.36) / 0.30) ** 2)))
    paint(patch, shade(colour, 0.70), lower * 0.60 * ramp(down, 0.62, 1.05))
    gloss = np.exp(-(((down - 0.38) / 0.15) ** 2)) * np.exp(-(((t + 0.16) / 0.26) ** 2))
    paint(patch, (255, 244, 238), lower * 0.42 * gloss)
    crease = 1 + np.sin(x * np.float32(760)) * np.sin(x * np.float32(231))
    paint(patch, shade(colour, 0.76), (upper + lower) * 0.10 * crease)


def _interior(
    patch: Picture,
    identity: Identity,
    performance: Performance,
    on: Canvas,
    x: Plane,
    y: Plane,
    edges: tuple[Plane, ...],
    mouth: Mouth,
) -> Picture:
    inside = np.empty_like(patch)
    inside[:] = np.array([66, 18, 24], np.float32).reshape(3, 1, 1, 1)
    gap = mouth.gap.astype(np.float32)[:, None, None]
    inner = mouth.inner_half.astype(np.float32)[:, None, None]
    paint(
        inside,
        (34, 8, 14),
        0.9
        * np.exp(-((x / (0.75 * inner)) ** 2))
        * ramp(y, identity.shape.mouth_y - 0.02, identity.shape.mouth_y + 0.02),
    )
    teeth = performance.teeth.astype(np.float32)[:, None, None]
    aperture = performance.aperture.astype(np.float32)[:, None, None]
    rise = 0.030 * np.clip(aperture * 1.6, 0, 1) + 0.012 * teeth * np.clip(aperture * 8, 0, 1)
    floor = identity.shape.mouth_y + 0.74 * gap
    u = x / (0.80 * inner)
    tongue = floor - rise * np.sqrt(np.clip(1.15 - u * u, 0, None)) + 0.004 * np.exp(-((x / 0.007) ** 2))
    cover = np.clip((y - tongue) * (on.density * 0.7) + 0.5, 0, 1) * np.clip(aperture * 6, 0, 1)
    paint(inside, (178, 74, 80), 0.92 * cover)
    paint(inside, (214, 116, 114), 0.5 * cover * np.exp(-(((y - tongue - 0.010) / 0.007) ** 2)))
    length = (0.004 + 0.022 * teeth) * (1 - 0.30 * u * u)
    edge = edges[1] + length + 0.0012 * np.abs(np.sin(x * np.float32(np.pi / 0.017)))
    crown = (
        np.clip((edge - y) * (on.density * 0.8) + 0.5, 0, 1) * ramp(np.abs(u), 1.22, 0.95) * np.clip(teeth * 5, 0, 1)
    )
    paint(inside, (250, 246, 238), crown)
    gaps = np.exp(-((np.sin(x * np.float32(np.pi / 0.017)) / 0.16) ** 2))
    paint(inside, (176, 160, 150), 0.30 * crown * gaps)
    paint(inside, (150, 110, 104), 0.45 * crown * ramp(np.abs(u), 0.35, 1.15))
    low = np.clip((y - (edges[2] - 0.010 * teeth * np.clip(aperture * 3, 0, 1))) * (on.density * 0.8) + 0.5, 0, 1)
    paint(inside, (226, 214, 204), 0.8 * low * ramp(teeth, 0.45, 0.9) * ramp(np.abs(u), 1.0, 0.7))
    shadow = np.clip(1 - (y - edges[1]) / np.clip(0.35 * gap, 0.002, 0.016), 0, 1)
    paint(inside, (48, 10, 18), 0.60 * shadow * shadow)
    return inside


def _seam(
    patch: Picture, identity: Identity, on: Canvas, y: Plane, edges: tuple[Plane, ...], t: Plane, mouth: Mouth
) -> None:
    ink = shade(mix(identity.looks.lips, (70, 14, 22), 0.62), 0.62)
    closed = np.clip(1 - mouth.gap.astype(np.float32)[:, None, None] / 0.012, 0, 1)
    middle = 0.5 * (edges[1] + edges[2])
    half = np.float32(0.0021) * (0.55 + 0.45 * np.abs(t)) * ramp(np.abs(t), 1.06, 0.97)
    line = np.clip((half - np.abs(y - middle)) * on.density + 0.5, 0, 1) * (half > 0)
    paint(patch, ink, line * (0.35 + 0.55 * closed))
    for edge in (edges[1], edges[2]):
        rim = np.exp(-(((y - edge) / 0.0016) ** 2)) * (np.abs(t) < 1)
        paint(patch, ink, 0.30 * rim * (1 - closed))
