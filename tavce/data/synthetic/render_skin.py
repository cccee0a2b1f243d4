"""The head without hair and moving parts, in its frontal plane: skin in soft light, nose, blush, freckles and lines."""

import numpy as np

from tavce.data.synthetic.face_curves import brow_span, outline, smooth_curve
from tavce.data.synthetic.head_pose import relief
from tavce.data.synthetic.identity import Identity
from tavce.data.synthetic.palette import mix, shade
from tavce.data.synthetic.raster import Canvas, Picture, Plane, blur, bump, filled, noise, paint, polygon, ramp, strokes
from tavce.data.synthetic.render_beard import beard

LIGHT = (-0.34, -0.46, 0.82)  # from the upper left, in front


def head_mask(identity: Identity, on: Canvas) -> Plane:
    """Return the coverage of the head without hair."""
    return polygon(on, outline(identity.shape))


def skin(identity: Identity, on: Canvas, mask: Plane, hair_shadow: Plane) -> Picture:
    """Return the painted skin; it goes on a little outside the head, so that edges keep its colour.

    Args:
        identity: whose skin.
        on: the canvas.
        mask: coverage of the head.
        hair_shadow: 0..1, how much hair shades each place.
    """
    x, y = on.grid()
    rng = np.random.default_rng([identity.seed, identity.number, 21])
    base = identity.looks.skin
    picture = filled(on, base)
    _light(picture, identity, x, y, mask, on)
    for draw, low, high in (
        (_warmth, (-0.26, -0.20), (0.26, 0.38)),
        (_sockets, (-0.22, -0.17), (0.22, 0.06)),
        (_nose, (-0.11, -0.12), (0.11, 0.14)),
    ):
        rows, columns = on.window(low, high)
        draw(picture[:, rows, columns], identity, x[:, columns], y[rows])
    _lines(picture, identity, on)
    _surface(picture, identity, rng, on, x, y)
    beard(picture, identity, rng, on)
    paint(picture, shade(mix(base, (120, 40, 40), 0.15), 0.52), 0.62 * hair_shadow)
    return picture


def _light(picture: Picture, identity: Identity, x: Plane, y: Plane, mask: Plane, on: Canvas) -> None:
    base, shape = identity.looks.skin, identity.shape
    u, v = x / shape.half_width, (y - 0.0) / 0.40
    across = np.sqrt(np.maximum(1.06 - np.minimum(u * u * 0.82 + v * v * 0.8, 1.0), 0.04))
    _, slope_x, slope_y = relief(shape, x.astype(np.float64), y.astype(np.float64))
    normal_x, normal_y = 0.62 * u - 0.10 * slope_x.astype(np.float32), 0.50 * v - 0.10 * slope_y.astype(np.float32)
    length = np.sqrt(normal_x**2 + normal_y**2 + across**2)
    light = (normal_x * LIGHT[0] + normal_y * LIGHT[1] + across * LIGHT[2]) / length
    dark = sum(base) < 330
    shadow = mix(shade(base, 0.66 if not dark else 0.58), (150, 50, 40), 0.16 if not dark else 0.08)
    glow = mix(base, (255, 240, 218), 0.50 if not dark else 0.26)
    paint(picture, shadow, 0.85 * ramp(light, 0.80, 0.28))
    paint(picture, glow, 0.60 * ramp(light, 0.80, 1.0))
    edge = np.clip(1.15 - 1.3 * blur(mask, 0.020, on), 0, 1) * 1.1
    paint(picture, shade(shadow, 0.92), np.clip(edge, 0, 0.55))
    rim = np.clip(blur(mask, 0.012, on) - 0.55, 0, 1) * ramp(u, 0.55, 1.0) * ramp(y, -0.2, 0.0)
    paint(picture, glow, 0.17 * np.clip(1 - np.abs(rim - 0.2) * 5, 0, 1) * (rim > 0))


def _warmth(picture: Picture, identity: Identity, x: Plane, y: Plane) -> None:
    shape, looks = identity.shape, identity.looks
    rose = mix(looks.skin, (214, 74, 66), 0.55)
    cheek_y = 0.5 * (shape.eye_y + shape.mouth_y) + 0.012
    away = np.abs(x) - 0.56 * shape.half_width
    cheeks = np.exp(-((away / 0.060) ** 2)) * np.exp(-(((y - cheek_y) / 0.046) ** 2))
    paint(picture, rose, (0.10 + 0.26 * looks.blush) * (0.5 if sum(looks.skin) < 330 else 1.0) * cheeks)
    paint(
        picture,
        mix(looks.skin, (255, 244, 226), 0.6),
        0.22 * bump(np.abs(x), y, (0.118, cheek_y - 0.042), (0.034, 0.016)),
    )
    paint(picture, rose, 0.16 * bump(x, y, (0, shape.nose_y - 0.012), (0.032, 0.026)))
    paint(picture, rose, 0.12 * bump(x, y, (0, shape.chin_y - 0.02), (0.04, 0.03)))
    paint(
        picture, mix(looks.skin, (255, 244, 226), 0.5), 0.24 * bump(x, y, (-0.02, shape.chin_y - 0.052), (0.030, 0.016))
    )


def _sockets(picture: Picture, identity: Identity, x: Plane, y: Plane) -> None:
    shape = identity.shape
    away = np.abs(x)
    deep = shade(mix(identity.looks.skin, (140, 50, 60), 0.22), 0.74)
    upper = bump(away, y, (shape.eye_x - 0.006, shape.eye_y - 0.020), (shape.eye_half_width * 1.15, 0.030))
    paint(picture, deep, 0.42 * upper)
    inner = bump(away, y, (0.026, shape.eye_y - 0.012), (0.018, 0.036))
    paint(picture, deep, 0.34 * inner)
    under = bump(
        away, y, (shape.eye_x - 0.008, shape.eye_y + shape.eye_lower + 0.018), (shape.eye_half_width * 0.8, 0.010)
    )
    paint(picture, deep, (0.14 + 0.30 * identity.looks.lines) * under)


def _nose(picture: Picture, identity: Identity, x: Plane, y: Plane) -> None:
    shape, base = identity.shape, identity.looks.skin
    wide, low = shape.nose_half, shape.nose_y
    dark = shade(mix(base, (130, 40, 40), 0.20), 0.66)
    bright = mix(base, (255, 246, 230), 0.62)
    along = ramp(y, shape.eye_y - 0.01, shape.eye_y + 0.05) * ramp(y, low + 0.004, low - 0.05)
    side = np.exp(-(((x - 0.021 - 0.10 * np.clip(y, 0, 1)) / 0.013) ** 2)) * along
    paint(picture, dark, 0.36 * side)
    paint(picture, dark, 0.14 * np.exp(-(((x + 0.022) / 0.010) ** 2)) * along)
    ridge = (
        np.exp(-(((x + 0.004) / 0.0085) ** 2))
        * ramp(y, shape.eye_y - 0.03, shape.eye_y + 0.03)
        * ramp(y, low - 0.01, low - 0.05)
    )
    paint(picture, bright, 0.36 * ridge)
    below = bump(x, y, (0.004, low + 0.014), (wide * 0.95, 0.012))
    paint(picture, dark, 0.50 * below)
    ball = bump(x, y, (0, low - 0.016), (0.026, 0.021))
    paint(picture, mix(base, bright, 0.25), 0.55 * ball)
    for sign in (-1, 1):
        wing = bump(x, y, (sign * wide * 0.78, low - 0.011), (wide * 0.30, 0.014))
        paint(picture, mix(base, shade(base, 0.9), 0.4), 0.40 * wing)
        crease_at = np.hypot((x - sign * wide * 0.72) / (wide * 0.34), (y - low + 0.012) / 0.019)
        ring = (
            np.exp(-(((crease_at - 1) / 0.17) ** 2))
            * ramp(sign * x, wide * 0.70, wide * 0.95)
            * ramp(y, low - 0.030, low - 0.012)
        )
        paint(picture, shade(dark, 0.88), 0.50 * ring)
        u, v = (
            (x - sign * wide * 0.42) / (wide * 0.27),
            (y - low - 0.001 - 0.10 * sign * (x - sign * wide * 0.42)) / 0.0062,
        )
        hole = np.clip(1.6 - 1.25 * np.hypot(u, v), 0, 1)
        paint(picture, shade(mix(base, (70, 16, 16), 0.5), 0.42), 0.86 * hole)
    shine = bump(x, y, (-0.006, low - 0.024), (0.0085, 0.0075))
    paint(picture, (255, 250, 240), 0.55 * shine)


def _lines(picture: Picture, identity: Identity, on: Canvas) -> None:
    shape, amount = identity.shape, identity.looks.lines
    dark = shade(mix(identity.looks.skin, (130, 40, 40), 0.2), 0.66)
    fold = np.array(
        [
            (shape.nose_half * 1.06, shape.nose_y - 0.012),
            (shape.nose_half * 1.35, shape.nose_y + 0.022),
            (shape.mouth_half * 1.32, shape.mouth_y - 0.018),
            (shape.mouth_half * 1.40, shape.mouth_y + 0.012),
        ]
    )
    curves = [smooth_curve(fold * (sign, 1), closed=False) for sign in (-1, 1)]
    paint(picture, dark, (0.05 + 0.50 * amount) * np.clip(1.5 * blur(strokes(on, curves, 0.004), 0.0035, on), 0, 1))
    if amount < 0.12:
        return
    inner, outer = brow_span(shape)
    wrinkles = []
    for row in (0.30, 0.55, 0.78):
        y = shape.brow_y - 0.024 - 0.085 * row
        wide = outer * (0.82 - 0.25 * row)
        wrinkles.append(
            smooth_curve(
                np.array([(-wide, y + 0.004), (-inner, y - 0.003), (0, y), (inner, y - 0.003), (wide, y + 0.004)]),
                closed=False,
            )
        )
    paint(picture, dark, 0.70 * amount * np.clip(1.4 * blur(strokes(on, wrinkles, 0.003), 0.0020, on), 0, 1))
    wrinkles = []
    for sign in (-1, 1):
        corner = np.array([shape.eye_x + shape.eye_half_width * 1.30, shape.eye_y])
        for turn in (-0.55, -0.1, 0.35):
            end = corner + 0.017 * np.array([np.cos(turn), np.sin(turn)])
            wrinkles.append(np.array([corner, 0.5 * (corner + end) + (0, 0.001), end]) * (sign, 1))
    paint(picture, dark, 0.42 * amount * np.clip(1.4 * blur(strokes(on, wrinkles, 0.003), 0.0020, on), 0, 1))


def _surface(picture: Picture, identity: Identity, rng: np.random.Generator, on: Canvas, x: Plane, y: Plane) -> None:
    looks, shape = identity.looks, identity.shape
    mottle = 0.6 * noise(rng, on, 0.045) + 0.8 * noise(rng, on, 0.0125)
    picture *= 1 + 0.022 * mottle
    spots = rng.normal(0, 1, (90, 2)) * (0.34 * shape.half_width, 0.032) + (0, shape.eye_y + 0.070)
    sizes = rng.uniform(0.0016, 0.0034, 90)
    side = np.where(rng.random(90) < 0.5, -1, 1) * 0.42 * shape.half_width
    if looks.freckles:
        cover = on.blank()
        for (at_x, at_y), size, middle in zip(spots, sizes, side, strict=True):
            _dab(cover, on, (at_x + middle, at_y), size)
        paint(picture, shade(mix(looks.skin, (150, 74, 32), 0.55), 0.80), 0.46 * looks.freckles * np.clip(cover, 0, 1))
    if looks.mole is not None:
        cover = on.blank()
        _dab(cover, on, looks.mole, 0.0050)
        paint(picture, shade(mix(looks.skin, (70, 36, 24), 0.6), 0.62), 0.9 * np.clip(1.4 * cover, 0, 1))


def _dab(cover: Plane, on: Canvas, at: tuple[float, float], size: float) -> None:
    column, row = on.to_pixels(np.array(at))
    reach = int(np.ceil(3 * size * on.density)) + 1
    top, left = max(0, int(row) - reach), max(0, int(column) - reach)
    part = cover[top : int(row) + reach + 2, left : int(column) + reach + 2]
    rows = (np.arange(part.shape[0]) + top - row)[:, None] / (size * on.density)
    columns = (np.arange(part.shape[1]) + left - column)[None, :] / (size * on.density)
    part += np.exp(-((rows**2 + columns**2) ** 1.5)).astype(np.float32)
