"""Eyes and brows: sclera, iris, lids, lashes and brows of both eyes at once, for a block of frames.

Both eyes are drawn in coordinates that count outwards from the nose; the image-left one is mirrored afterwards.
"""

from dataclasses import dataclass

import numpy as np

from tavce.data.synthetic.face_curves import brow_line, brow_span, lids
from tavce.data.synthetic.identity import Identity
from tavce.data.synthetic.palette import mix, shade
from tavce.data.synthetic.performance import Performance
from tavce.data.synthetic.raster import Canvas, Picture, Plane, below, paint, ramp

SIDES = np.array([-1.0, 1.0], np.float32)  # image-left eye, image-right eye


@dataclass(frozen=True)
class EyeBox:
    """Pixel rows and columns of the image-right eye and its brow on a canvas; the other eye is its mirror image."""

    top: int
    bottom: int
    left: int
    right: int


def eye_box(identity: Identity, on: Canvas) -> EyeBox:
    """Return the box that holds an eye and its brow in every position."""
    shape = identity.shape
    inner, outer = brow_span(shape)
    low = on.to_pixels(np.array([inner - 0.012, shape.brow_y - shape.brow_arch - 0.048]))
    high = on.to_pixels(np.array([outer + 0.016, shape.eye_y + shape.eye_lower + 0.030]))
    left, top = np.floor(low).astype(int)
    right, bottom = np.ceil(high).astype(int)
    return EyeBox(int(top), int(bottom), max(int(left), on.pixels // 2), int(right))


def draw_eyes(patch: Picture, identity: Identity, on: Canvas, box: EyeBox, performance: Performance) -> None:
    """Draw both eyes and brows over skin, in place.

    Args:
        patch: 3 x frames x 2 x rows x columns; the image-left eye mirrored, so that columns count outwards.
        identity: whose eyes.
        on: the canvas that the box belongs to.
        box: where the eye is.
        performance: one block of frames.
    """
    shape = identity.shape
    axis = on.axis()
    x, y = axis[box.left : box.right], axis[box.top : box.bottom, None]
    out = (x - shape.eye_x) / shape.eye_half_width
    opening = np.clip(performance.lids.astype(np.float64), 0, 1)[..., None]
    upper, lower = lids(shape, out.astype(np.float64), opening)
    wide, _ = lids(shape, out.astype(np.float64), np.ones((1, 1, 1)))
    span = upper[..., None, :].astype(np.float32), lower[..., None, :].astype(np.float32)
    inside = (below(y, span[0], on) * below(-y, -span[1], on)) * (np.abs(out) < 1)
    _lid_skin(patch, identity, on, y, span, wide[..., None, :].astype(np.float32), out)
    ball = _ball(patch, identity, on, performance, x, y, span, out)
    patch += inside.astype(np.float32) * (ball - patch)
    _lashes(patch, identity, on, y, span, out, opening[..., None].astype(np.float32))
    _brow(patch, identity, on, x, y, performance, shape.brow_half)


def _ball(
    patch: Picture,
    identity: Identity,
    on: Canvas,
    performance: Performance,
    x: Plane,
    y: Plane,
    span: tuple[Plane, Plane],
    out: Plane,
) -> Picture:
    shape, looks = identity.shape, identity.looks
    white = mix((250, 247, 243), looks.skin, 0.07)
    ball = np.empty_like(patch)
    ball[:] = np.asarray(white, np.float32).reshape(3, 1, 1, 1, 1)
    corner = ramp(np.abs(out), 0.45, 1.05)
    paint(ball, mix(white, shade(looks.skin, 0.62), 0.62), 0.75 * corner)
    gaze = np.clip(performance.gaze.astype(np.float32), -1, 1)
    centre_x = shape.eye_x - 0.06 * shape.eye_half_width + 0.30 * shape.eye_half_width * gaze[:, :1] * SIDES
    middle = shape.eye_y - 0.5 * (shape.eye_upper - shape.eye_lower) * 0.8
    centre_y = middle + 0.28 * shape.eye_upper * gaze[:, 1:] + np.zeros(2, np.float32)
    dx, dy = x - centre_x[..., None, None], y - centre_y[..., None, None]
    radius = np.sqrt(dx * dx + dy * dy)
    size = np.float32(shape.iris)
    pixel = np.float32(on.density)
    disc = np.clip((size - radius) * pixel * 0.8 + 0.5, 0, 1)
    paint(ball, shade(looks.iris, 0.42), disc)
    paint(ball, looks.iris, np.clip((0.86 * size - radius) * (pixel * 0.6) + 0.5, 0, 1) * disc)
    glow = np.clip(1.15 - np.sqrt(dx * dx + (dy - 0.45 * size) ** 2) / size, 0, 1)
    paint(ball, mix(shade(looks.iris, 1.4), (255, 236, 190), 0.18), 0.75 * glow * disc)
    paint(ball, (16, 12, 14), np.clip((0.46 * size - radius) * pixel * 0.8 + 0.5, 0, 1))
    shadow = np.clip(1 - (y - span[0]) * np.float32(1 / (0.62 * shape.eye_upper)), 0, 1)
    paint(ball, (58, 36, 42), 0.55 * shadow * shadow + 0.10 * shadow)
    spark = -0.34 * size * SIDES[:, None, None]  # the lamp is on one side of the room, so it is not mirrored
    first = np.sqrt((dx - spark) ** 2 + (dy + 0.36 * size) ** 2)
    paint(ball, (255, 255, 255), 0.95 * np.clip((0.25 * size - first) * pixel * 0.8 + 0.5, 0, 1))
    second = np.sqrt((dx + 1.1 * spark) ** 2 + (dy - 0.42 * size) ** 2)
    paint(ball, (255, 255, 255), 0.40 * np.clip((0.14 * size - second) * pixel * 0.6 + 0.5, 0, 1))
    tear = np.clip(1 - np.hypot((out + 0.93) / 0.16, (y - shape.eye_y - 0.03 * shape.eye_half_width) / 0.007), 0, 1)
    paint(ball, mix(looks.skin, (206, 96, 96), 0.5), 0.9 * np.minimum(2 * tear.astype(np.float32), 1))
    return ball


def _lid_skin(
    patch: Picture, identity: Identity, on: Canvas, y: Plane, span: tuple[Plane, Plane], wide: Plane, out: Plane
) -> None:
    looks = identity.looks
    deep = shade(mix(looks.skin, (130, 44, 56), 0.26), 0.62)
    fold = wide - 0.0105 - 0.002 * out
    within = ramp(np.abs(out), 1.12, 0.80)
    # The fold lies still; between it and the lashes the lid shows as much as it is lowered.
    lid = np.clip((y - fold) * on.density + 0.5, 0, 1) * np.clip((span[0] - y) * on.density + 0.5, 0, 1) * within
    paint(patch, mix(looks.skin, shade(looks.skin, 0.86), 0.5 + 0.3 * looks.lashes), 0.75 * lid)
    line = np.exp(-(((y - fold) / 0.0028) ** 2)) * within
    paint(patch, deep, 0.62 * line)
    sheen = np.exp(-(((y - 0.5 * (fold + span[0])) / 0.006) ** 2)) * ramp(span[0] - fold, 0.010, 0.03) * within
    paint(patch, mix(looks.skin, (255, 244, 228), 0.45), 0.4 * sheen)
    bag = np.exp(-(((y - span[1] - 0.0045) / 0.0030) ** 2)) * within
    paint(patch, mix(looks.skin, (255, 236, 220), 0.4), 0.28 * bag)


def _lashes(
    patch: Picture, identity: Identity, on: Canvas, y: Plane, span: tuple[Plane, Plane], out: Plane, opening: Plane
) -> None:
    looks = identity.looks
    o = out
    ink = mix(shade(looks.hair, 0.35), (24, 16, 18), 0.65)
    half = (0.0024 + 0.0022 * looks.lashes) * (1 + 0.45 * o) * ramp(np.abs(o), 1.03, 0.90)
    top = np.clip((half - np.abs(y - span[0])) * on.density + 0.5, 0, 1)
    paint(patch, ink, 0.93 * top * (half > 0))
    wing = (0.012 + 0.016 * looks.lashes) * opening
    reach = np.clip((o - 0.80) / 0.42, 0, 1)
    tip = span[0][..., -1:] * 0 + _corner(identity)
    stroke = np.clip((0.0026 * (1 - reach) - np.abs(y - (tip - wing * reach))) * on.density + 0.5, 0, 1)
    paint(patch, ink, 0.85 * stroke * (o > 0.92) * (reach < 1) * min(1.0, 0.25 + looks.lashes))
    thin = np.exp(-(((y - span[1] - 0.0008) / 0.0017) ** 2)) * ramp(np.abs(o), 1.0, 0.7)
    paint(patch, mix(ink, looks.skin, 0.25), (0.34 + 0.2 * looks.lashes) * thin)


def _corner(identity: Identity) -> np.float32:
    shape = identity.shape
    return np.float32(shape.eye_y - shape.eye_tilt * shape.eye_half_width)


def _brow(
    patch: Picture, identity: Identity, on: Canvas, x: Plane, y: Plane, performance: Performance, half: float
) -> None:
    shape, looks = identity.shape, identity.looks
    inner, outer = brow_span(shape)
    along = ((x - inner) / (outer - inner)).astype(np.float64)
    line = brow_line(shape, along, performance.brows.astype(np.float64)[:, None])
    line = line[:, None, None, :].astype(np.float32)
    a = along.astype(np.float32)
    taper = half * np.sqrt(np.clip(np.minimum(a * 7 + 0.35, 1) * np.minimum((1.0 - a) * 1.35 + 0.05, 1), 0, 1))
    taper = taper * ramp(a, -0.05, 0.03) * ramp(a, 1.03, 0.94)
    hair = 1 + 0.16 * np.sin(230 * x + 900 * (y - line)) + 0.10 * np.sin(517 * x + 300 * (y - line))
    cover = np.clip((taper - np.abs(y - line)) * (on.density * 0.55) + 0.5, 0, 1) * (taper > 0)
    fade = 0.72 + 0.2 * ramp(a, 0.0, 0.3)
    paint(patch, mix(looks.brow, looks.skin, 0.10), np.clip(cover * fade * hair, 0, 1))
