"""Neck, shoulders and clothes as still layers, in picture sides with the head at rest."""

import numpy as np

from tavce.data.synthetic.face_curves import smooth_curve
from tavce.data.synthetic.head_pose import HEAD_Y
from tavce.data.synthetic.identity import Identity
from tavce.data.synthetic.palette import Colour, mix, shade
from tavce.data.synthetic.raster import Canvas, Picture, Plane, blur, bump, filled, noise, paint, polygon, ramp

COLLAR_Y = 0.415  # where the neck meets the clothes


def neck_layer(identity: Identity, on: Canvas) -> tuple[Picture, Plane]:
    """Return colour and coverage of the neck, with the shadow of the chin on it."""
    shape, skin = identity.shape, identity.looks.skin
    x, y = on.grid()
    wide = shape.neck
    right = np.array(
        [
            (0.0, 0.12),
            (0.95 * wide, 0.12),
            (0.96 * wide, 0.28),
            (1.0 * wide, 0.365),
            (1.10 * wide, 0.408),
            (1.16 * wide, 0.44),
            (1.16 * wide, 0.66),
            (0, 0.66),
        ]
    )
    cover = polygon(on, smooth_curve(np.concatenate([right, right[-2:0:-1] * (-1, 1)]), closed=True))
    picture = filled(on, shade(mix(skin, (170, 60, 50), 0.06), 0.93))
    dark = shade(mix(skin, (120, 36, 46), 0.20), 0.58)
    paint(picture, dark, 0.50 * ramp(np.abs(x + 0.02), 0.45 * wide, 1.10 * wide) * ramp(y, 0.47, 0.40))
    chin = shape.chin_y + HEAD_Y
    below = np.hypot(x / (1.25 * wide), (y - chin + 0.035) / 0.085)
    paint(picture, dark, 0.82 * ramp(below, 1.12, 0.62))
    for sign in (-1, 1):
        cord = np.exp(-(((x - sign * (0.012 + 0.42 * wide * (0.47 - y) / 0.12)) / 0.010) ** 2)) * ramp(y, 0.36, 0.41)
        paint(picture, dark, 0.22 * cord)
    return picture, cover


def torso_layer(identity: Identity, on: Canvas) -> tuple[Picture, Plane]:
    """Return colour and coverage of the clothes."""
    shape, looks = identity.shape, identity.looks
    rng = np.random.default_rng([identity.seed, identity.number, 51])
    wide, far = shape.neck, shape.shoulders
    body = polygon(on, _shoulders(wide, far))
    picture = _fabric(identity, on, rng)
    x, y = on.grid()
    dark = shade(mix(looks.cloth, (30, 20, 50), 0.18), 0.58)
    paint(picture, dark, 0.55 * ramp(blur(body, 0.030, on), 0.95, 0.45) * ramp(np.abs(x), 0.1, 0.3))
    paint(picture, mix(looks.cloth, (255, 250, 240), 0.35), 0.30 * bump(x, y, (-0.24, 0.475), (0.13, 0.026)))
    paint(picture, dark, 0.40 * bump(x, y, (0.0, 0.41), (1.5 * wide, 0.05)))
    return _collar(identity, on, picture, body, x, y)


def _shoulders(wide: float, far: float) -> np.ndarray:
    right = np.array(
        [
            (0.0, 0.400),
            (0.90 * wide, 0.396),
            (1.16 * wide, 0.402),
            (1.9 * wide, 0.436),
            (0.66 * far, 0.458),
            (0.90 * far, 0.490),
            (1.02 * far, 0.56),
            (1.06 * far, 0.80),
            (0, 0.80),
        ]
    )
    return smooth_curve(np.concatenate([right, right[-2:0:-1] * (-1, 1)]), closed=True)


def _fabric(identity: Identity, on: Canvas, rng: np.random.Generator) -> Picture:
    looks = identity.looks
    x, y = on.grid()
    picture = filled(on, looks.cloth)
    second = looks.cloth_second
    drape = y - 0.10 * x * x
    if looks.pattern == "stripes":
        paint(picture, second, 0.85 * np.clip(np.sin(drape * (2 * np.pi / 0.034)) * 6 + 0.5, 0, 1))
    elif looks.pattern == "checks":
        paint(picture, second, 0.40 * np.clip(np.sin(drape * (2 * np.pi / 0.042)) * 6 + 0.5, 0, 1))
        paint(picture, second, 0.40 * np.clip(np.sin(x * (2 * np.pi / 0.042)) * 6 + 0.5, 0, 1))
    elif looks.pattern == "dots":
        row = np.floor(drape / 0.026)
        u = np.mod(x / 0.030 + 0.5 * np.mod(row, 2), 1) - 0.5
        v = np.mod(drape / 0.026, 1) - 0.5
        paint(picture, second, 0.85 * np.clip((0.24 - np.hypot(u, v)) * 0.028 * on.density + 0.5, 0, 1))
    elif looks.pattern == "knit":
        zigzag = np.abs(np.mod(x / 0.014, 1) - 0.5) * 0.014
        paint(picture, shade(looks.cloth, 0.76), 0.55 * ramp(np.sin((drape - zigzag) * (2 * np.pi / 0.011)), 0.0, 1.0))
    weave = np.sin(x * 900) * np.sin(y * 900)
    picture *= 1 + 0.025 * noise(rng, on, 0.007) + 0.045 * noise(rng, on, 0.07) + 0.03 * weave
    return picture


def _collar(identity: Identity, on: Canvas, picture: Picture, body: Plane, x: Plane, y: Plane) -> tuple[Picture, Plane]:
    """Paint the neckline into `picture`; return it and the coverage of the clothes."""
    looks, wide = identity.looks, identity.shape.neck
    if looks.style == "headscarf":
        return _scarf(identity, on, picture, body, x, y)
    if looks.collar == "turtleneck":
        return _turtleneck(identity, on, picture, body, x, y)
    dark = _dark(looks.cloth)
    deep = {"crew": 0.040, "shirt": 0.075, "v_neck": 0.105, "hoodie": 0.050, "blazer": 0.075}[looks.collar]
    sharp = looks.collar in ("shirt", "v_neck", "blazer")
    u = np.abs(x) / (1.16 * wide)
    edge = 0.402 + deep * ((1 - u) if sharp else np.sqrt(np.clip(1 - u * u, 0, 1)))
    opening = np.clip((edge - y) * (on.density * 0.75) + 0.5, 0, 1) * (u < 1)
    if looks.collar in ("shirt", "blazer"):
        return _flaps(identity, on, picture, body, opening)
    band = 0.010 if sharp else 0.014
    rib = np.clip((edge + band - y) * (on.density * 0.75) + 0.5, 0, 1) * (u < 1.12)
    hoodie = looks.collar == "hoodie"
    paint(picture, shade(looks.cloth, 0.9) if hoodie else mix(looks.cloth, looks.cloth_second, 0.35), rib * body)
    paint(picture, dark, 0.45 * body * np.exp(-(((y - edge - band) / 0.0032) ** 2)) * (u < 1.1))
    for sign in (-1, 1) if hoodie else ():
        cord = np.exp(-(((x - sign * (0.030 + 0.10 * (y - 0.45))) / 0.0036) ** 4)) * (y > 0.452)
        paint(picture, mix(looks.cloth_second, (255, 255, 250), 0.5), cord)
    return picture, body * (1 - opening)


def _dark(colour: Colour) -> Colour:
    return shade(mix(colour, (30, 20, 50), 0.18), 0.55)


def _turtleneck(
    identity: Identity, on: Canvas, picture: Picture, body: Plane, x: Plane, y: Plane
) -> tuple[Picture, Plane]:
    looks, wide = identity.looks, identity.shape.neck
    dark = _dark(looks.cloth)
    roll = np.array([(0.0, 0.352), (1.04 * wide, 0.344), (1.10 * wide, 0.40), (1.22 * wide, 0.425), (0, 0.448)])
    cover = polygon(on, smooth_curve(np.concatenate([roll, roll[-2:0:-1] * (-1, 1)]), closed=True))
    paint(picture, shade(looks.cloth, 1.06), cover)
    paint(picture, dark, 0.40 * cover * ramp(np.sin(x * 260), 0.2, 1))
    paint(picture, dark, 0.60 * cover * ramp(np.abs(x), 0.4 * wide, 1.15 * wide))
    below = np.exp(-(((y - 0.440 + 0.10 * x * x / wide) / 0.008) ** 2)) * (np.abs(x) < 1.15 * wide)
    paint(picture, dark, 0.55 * below)
    return picture, np.maximum(body, cover)


def _flaps(identity: Identity, on: Canvas, picture: Picture, body: Plane, opening: Plane) -> tuple[Picture, Plane]:
    looks, wide = identity.looks, identity.shape.neck
    colour, dark = shade(looks.cloth, 1.10), _dark(looks.cloth)
    if looks.collar == "blazer":
        colour = mix(looks.cloth_second, (255, 252, 246), 0.6)
        shirt = np.array([(1.12, 0.395), (0.62, 0.47), (0.0, 0.62), (-0.62, 0.47), (-1.12, 0.395), (0.0, 0.30)])
        paint(picture, colour, polygon(on, shirt * (wide, 1)))
    wing = np.array([(1.14, 0.392), (0.72, 0.428), (0.02, 0.482), (0.42, 0.512), (0.92, 0.470), (1.36, 0.412)])
    for sign in (-1, 1):
        flap = polygon(on, wing * (sign * wide, 1))
        paint(picture, dark, 0.5 * np.clip(blur(flap, 0.007, on) - flap, 0, 1))
        paint(picture, colour, flap)
        paint(picture, dark, 0.35 * flap * ramp(blur(flap, 0.008, on), 0.9, 0.45))
        body = np.maximum(body, flap)
        opening = opening * (1 - flap)
    return picture, body * (1 - opening)


def _scarf(identity: Identity, on: Canvas, picture: Picture, body: Plane, x: Plane, y: Plane) -> tuple[Picture, Plane]:
    colour, wide = identity.looks.scarf, identity.shape.neck
    right = np.array(
        [
            (0.0, 0.27),
            (1.2 * wide, 0.27),
            (1.45 * wide, 0.36),
            (2.0 * wide, 0.43),
            (2.3 * wide, 0.50),
            (1.6 * wide, 0.60),
            (0, 0.64),
        ]
    )
    cover = polygon(on, smooth_curve(np.concatenate([right, right[-2:0:-1] * (-1, 1)]), closed=True))
    cloth = filled(on, shade(colour, 0.88))
    folds = np.sin((y - 1.3 * x * x + 0.12 * x) * 170)
    paint(cloth, shade(colour, 0.58), 0.5 * ramp(folds, 0.0, 1.0))
    paint(cloth, shade(colour, 0.42), 0.7 * ramp(y, 0.42, 0.33))
    paint(cloth, mix(colour, (255, 250, 240), 0.3), 0.30 * ramp(-folds, 0.3, 1.0) * ramp(y, 0.36, 0.44))
    paint(picture, shade(colour, 0.35), 0.5 * blur(cover, 0.012, on))
    paint(picture, cloth, cover)
    return picture, np.maximum(body, cover)
