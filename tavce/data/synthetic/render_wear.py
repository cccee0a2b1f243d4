"""What a person wears on the head, and the ears: head scarf, beanie, glasses, earrings."""

import numpy as np

from tavce.data.synthetic.face_curves import smooth_curve
from tavce.data.synthetic.identity import Identity
from tavce.data.synthetic.palette import mix, shade
from tavce.data.synthetic.raster import Canvas, Picture, Plane, blur, bump, filled, noise, paint, polygon, ramp, strokes


def headscarf(identity: Identity, on: Canvas, cover: Plane, rng: np.random.Generator) -> Picture:
    """Return the cloth of a head scarf, folded around the face."""
    x, y = on.grid()
    colour = identity.looks.scarf
    picture = filled(on, colour)
    a = identity.shape.half_width
    ring = np.hypot(x / a, (y - 0.03 + 0.10 * x) / 0.36)
    folds = np.sin(30 * ring + 2.2 * x / a + 1.2 * noise(rng, on, 0.14))
    paint(picture, shade(colour, 0.66), 0.42 * ramp(folds, 0.1, 1.0) * ramp(blur(cover, 0.02, on), 0.2, 1.0))
    paint(picture, mix(shade(colour, 1.25), (255, 250, 240), 0.25), 0.34 * ramp(-folds, 0.3, 1.0))
    paint(picture, shade(colour, 0.55), 0.55 * ramp(blur(cover, 0.018, on), 1.0, 0.45))
    weave = noise(rng, on, 0.008)
    picture *= 1 + 0.035 * weave
    return picture


def beanie(identity: Identity, on: Canvas, cover: Plane, rng: np.random.Generator) -> Picture:
    """Return the ribbed wool of a cap with a folded brim."""
    x, y = on.grid()
    colour, a = identity.looks.scarf, identity.shape.half_width
    picture = filled(on, colour)
    u = np.arcsin(np.clip(x / (1.12 * a), -1, 1))
    ribs = np.sin(u * 34)
    fold = y - (-0.216 - 0.030 * np.cos(u))
    band = np.clip(fold * on.density + 0.5, 0, 1)
    paint(picture, shade(colour, 0.86), 1 - band)
    paint(picture, shade(colour, 0.62), 0.42 * ramp(ribs, 0.2, 1.0) * (0.55 + 0.45 * band))
    paint(picture, mix(shade(colour, 1.2), (255, 255, 255), 0.2), 0.30 * ramp(-ribs, 0.4, 1.0))
    paint(picture, shade(colour, 0.45), 0.55 * np.exp(-((np.minimum(fold, 0) / 0.010) ** 2)) * (1 - band))
    paint(picture, shade(colour, 0.50), 0.55 * ramp(blur(cover, 0.022, on), 1.0, 0.5))
    paint(picture, mix(colour, (255, 250, 240), 0.4), 0.30 * bump(x, y, (-0.08, -0.33), (0.10, 0.06)))
    picture *= 1 + 0.05 * noise(rng, on, 0.010)
    return picture


def ears(identity: Identity, on: Canvas, picture: Picture, cover: Plane) -> Plane:
    """Paint both ears, and earrings, into `picture`; return `cover` with them."""
    shape, skin = identity.shape, identity.looks.skin
    x, y = on.grid()
    deep = shade(mix(skin, (170, 50, 46), 0.30 if sum(skin) > 330 else 0.10), 0.66)
    height = shape.ear
    outline = np.array(
        [
            (0.93, -0.35),
            (1.02, -0.82),
            (1.115, -0.95),
            (1.185, -0.60),
            (1.165, 0.05),
            (1.10, 0.62),
            (1.03, 0.95),
            (0.95, 0.80),
        ]
    )
    total = cover
    for sign in (-1, 1):
        points = outline * (sign * shape.half_width, height) + (0, 0.006)
        ear = polygon(on, smooth_curve(points, closed=True))
        paint(picture, mix(skin, (206, 84, 70), 0.14 if sum(skin) > 330 else 0.05), ear)
        bowl = np.hypot((x - sign * 1.045 * shape.half_width) / 0.0155, (y - 0.004) / (0.62 * height))
        paint(picture, deep, 0.62 * ear * ramp(bowl, 1.05, 0.55))
        fold = np.exp(-(((bowl - 1.22) / 0.13) ** 2)) * ramp(y, 0.5 * height, -0.2 * height)
        paint(picture, mix(skin, (255, 240, 226), 0.4), 0.45 * ear * fold)
        paint(picture, deep, 0.60 * ear * ramp(sign * x, 1.06 * shape.half_width, 0.97 * shape.half_width))
        paint(picture, deep, 0.35 * ear * ramp(blur(ear, 0.007, on), 0.95, 0.45))
        total = np.maximum(total, ear)
        if identity.looks.earrings:
            drop = np.hypot(x - sign * 1.045 * shape.half_width, y - 0.98 * height - 0.010)
            bead = np.clip((0.0095 - drop) * on.density + 0.5, 0, 1)
            paint(picture, (232, 196, 110), bead)
            paint(
                picture,
                (255, 250, 226),
                0.9
                * bump(x, y, (sign * 1.045 * shape.half_width - 0.003, 0.98 * height + 0.007), (0.004, 0.004))
                * bead,
            )
            total = np.maximum(total, bead)
    return total


def with_glasses(identity: Identity, on: Canvas, picture: Picture, cover: Plane) -> tuple[Picture, Plane]:
    """Return a front layer with glasses laid over it; a face without glasses keeps its layer."""
    looks, shape = identity.looks, identity.shape
    if looks.spectacles == "none":
        return picture, cover
    x, y = on.grid()
    power = 2.0 if looks.spectacles == "round" else 4.5
    wide, high = shape.eye_half_width * 1.48, (0.058 if power == 2 else 0.046)
    middle = shape.eye_y + 0.004
    u, v = (np.abs(x) - shape.eye_x - 0.002) / wide, (y - middle) / high
    radius = (np.abs(u) ** power + np.abs(v) ** power) ** (1 / power)
    far = (radius - 1) * min(wide, high)
    rim = np.clip((0.0042 - np.abs(far)) * on.density + 0.5, 0, 1)
    bridge = strokes(
        on,
        [
            smooth_curve(
                np.array(
                    [(-shape.eye_x + wide, middle - 0.008), (0, middle - 0.020), (shape.eye_x - wide, middle - 0.008)]
                ),
                closed=False,
            )
        ],
        0.007,
    )
    arms = strokes(
        on,
        [
            np.array([(s * (shape.eye_x + wide), middle - 0.012), (s * 0.995 * shape.half_width, middle - 0.014)])
            for s in (-1, 1)
        ],
        0.007,
    )
    frame = np.maximum(rim, np.maximum(bridge, arms * (1 - cover)))
    glass = np.clip(-far * on.density + 0.5, 0, 1) * (1 - frame)
    glint = glass * (0.04 + 0.17 * ramp(np.abs(u * 0.8 + v + 0.30), 0.17, 0.13) * ramp(radius, 0.95, 0.75))
    alpha = np.maximum(frame, glint) + cover * (1 - np.maximum(frame, glint))
    safe = np.maximum(alpha, 1e-4)
    own = np.maximum(frame, glint) / safe
    tint = filled(on, (255, 255, 255))
    ink = mix(looks.glasses, (255, 255, 255), 0.0)
    paint(tint, ink, np.where(frame >= glint, 1.0, 0.0).astype(np.float32))
    paint(tint, mix(ink, (255, 255, 255), 0.5), 0.5 * rim * ramp(v, -0.2, -1.0))
    paint(picture, tint, own.astype(np.float32))
    return picture, alpha.astype(np.float32)
