"""Hair: what lies in front of the face and what lies behind the head, as still layers in the frontal plane."""

import cv2
import numpy as np

from tavce.data.synthetic.hair_shapes import COVERS_EARS, CURLY, HairShape, hair_shape
from tavce.data.synthetic.identity import Identity
from tavce.data.synthetic.palette import Colour, mix, shade
from tavce.data.synthetic.raster import (
    Canvas,
    Picture,
    Plane,
    blur,
    bump,
    filled,
    moved,
    paint,
    polygon,
    ramp,
)
from tavce.data.synthetic.render_wear import beanie, ears, headscarf, with_glasses


def front_layer(identity: Identity, on: Canvas, head: Plane) -> tuple[Picture, Plane]:
    """Return colour and coverage of what lies over the face: hair or head wear, and glasses."""
    shape = hair_shape(identity)
    rng = np.random.default_rng([identity.seed, identity.number, 41])
    style = identity.looks.style
    if style == "headscarf":
        outer, opening = shape.front
        cover = polygon(on, outer) * (1 - polygon(on, opening))
        picture = headscarf(identity, on, cover, rng)
    elif style == "beanie":
        cover = polygon(on, shape.front[0])
        picture = beanie(identity, on, cover, rng)
    elif style == "bald":
        picture, cover = filled(on, shade(identity.looks.skin, 0.8)), on.blank()
        cover = _stubble(identity, on, head, picture) * 0.55
    else:
        cover = polygon(on, shape.front[0])
        soft = 0.006 if style in ("crop", "receding") else 0.0
        cover = cover + head * (blur(cover, soft, on) - cover) if soft else cover
        picture = _hair(identity, on, cover, shape, rng, identity.looks.hair)
    return with_glasses(identity, on, picture, cover)


def back_layer(identity: Identity, on: Canvas) -> tuple[Picture, Plane]:
    """Return colour and coverage of what lies behind the head: long hair, bun or tail, and the ears."""
    shape = hair_shape(identity)
    rng = np.random.default_rng([identity.seed, identity.number, 42])
    cover = on.blank()
    for points in shape.back:
        cover = np.maximum(cover, polygon(on, points))
    picture = filled(on, identity.looks.hair)
    if cover.any():
        if identity.looks.style == "headscarf":
            return filled(on, shade(identity.looks.scarf, 0.42)), cover
        tone = shade(identity.looks.hair, 0.94 if identity.looks.style in ("bun", "pigtails", "afro") else 0.72)
        picture = _hair(identity, on, cover, shape, rng, tone)
    if identity.looks.style not in COVERS_EARS:
        cover = ears(identity, on, picture, cover)
    return picture, cover


def hair_shadow(identity: Identity, on: Canvas, front: Plane) -> Plane:
    """Return how much the front layer shades the skin beside and below it."""
    if identity.looks.style == "bald":
        return on.blank()
    near = blur(moved(front, 0.004, 0.014, on), 0.010, on)
    wide = blur(moved(front, 0.006, 0.020, on), 0.028, on)
    return np.clip(0.65 * near + 0.35 * wide, 0, 1)


def _hair(
    identity: Identity, on: Canvas, cover: Plane, shape: HairShape, rng: np.random.Generator, colour: Colour
) -> Picture:
    style = identity.looks.style
    tone = _curls(on, rng) if style in CURLY else _strands(identity, on, shape, rng)
    picture = filled(on, colour)
    x, y = on.grid()
    a = identity.shape.half_width
    light = mix(shade(colour, 1.45), (255, 236, 205), 0.24)
    dark = mix(shade(colour, 0.52), (40, 20, 40), 0.10)
    depth = ramp(blur(cover, 0.016, on), 1.0, 0.45)
    side = ramp(np.abs(x + 0.03), 0.72 * a, 1.30 * a)
    edge = 0.22 if style == "afro" else 0.50  # hair in front of more hair shows no dark rim
    paint(picture, dark, np.clip(edge * depth + 0.30 * side + 0.26 * np.clip(-tone, 0, 1), 0, 0.85))
    paint(picture, dark, 0.45 * ramp(y, 0.02, 0.40))
    paint(picture, light, 0.34 * np.clip(tone, 0, 1))
    if style not in CURLY:
        u = (x + 0.10 * a) / (1.05 * a)
        arc = y - (identity.shape.crown_y + 0.085) - 0.085 * u * u - 0.012 * tone
        band = np.exp(-((arc / 0.026) ** 2)) * np.clip(1.1 - u * u, 0, 1)
        paint(picture, mix(light, (255, 248, 235), 0.25), 0.52 * band * np.clip(0.62 + 0.6 * tone, 0, 1))
    else:
        paint(picture, light, 0.26 * bump(x, y, (-0.30 * a, identity.shape.crown_y + 0.06), (0.8 * a, 0.10)))
    return picture


def _strands(identity: Identity, on: Canvas, shape: HairShape, rng: np.random.Generator) -> Plane:
    x, y = on.grid()
    dx, dy = x - np.float32(shape.root[0]), (y - np.float32(shape.root[1])) * np.float32(0.72)
    angle = np.arctan2(dx, dy + 0 * dx)
    far = np.sqrt(dx * dx + dy * dy)
    if identity.looks.style == "waves":
        angle = angle + 0.10 * np.sin(far * 42).astype(np.float32)
    long = ramp(y, -0.16, 0.0)
    across = angle * 34 * (1 - long) + long * (x * 150 + 3 * np.sign(x))
    fine = rng.uniform(-1, 1, (16, 512)).astype(np.float32)
    total = 0.0
    for scale, amount in ((1.0, 0.6), (2.6, 0.55)):
        columns = np.mod(across * scale + 200, 480).astype(np.float32) + 8
        rows = np.mod(far * 5 * scale, 12).astype(np.float32) + 2
        total = total + amount * cv2.remap(fine, columns, rows, cv2.INTER_LINEAR)
    return np.asarray(total * ramp(far, 0.0, 0.075), np.float32)


def _curls(on: Canvas, rng: np.random.Generator) -> Plane:
    tone = np.full((on.pixels, on.pixels), 110, np.uint8)
    thick = max(1, round(0.0045 * on.density))
    places = rng.uniform(-0.45, 0.45, (1300, 2)) * (1, 0.9) - (0, 0.14)
    for (at_x, at_y), size, turn, ink in zip(
        places,
        rng.uniform(0.008, 0.016, 1300),
        rng.uniform(0, 360, 1300),
        rng.choice([40, 70, 165, 215], 1300),
        strict=True,
    ):
        centre = np.rint(on.to_pixels(np.array([at_x, at_y])) * 16).astype(int)
        axes = (int(size * on.density * 16), int(size * on.density * 13))
        cv2.ellipse(tone, (int(centre[0]), int(centre[1])), axes, turn, 0, 230, int(ink), thick, cv2.LINE_AA, 4)
    return blur((tone.astype(np.float32) - 115) / 95, 0.0016, on)


def _stubble(identity: Identity, on: Canvas, head: Plane, picture: Picture) -> Plane:
    """Paint the shade of shaved hair at the temples into `picture`; return how much it covers."""
    x, y = on.grid()
    a = identity.shape.half_width
    sides = ramp(np.abs(x), 0.80 * a, 0.99 * a) * ramp(y, -0.02, -0.10) * ramp(y, -0.34, -0.20)
    cover = blur(sides * head, 0.006, on) * head
    paint(picture, mix(identity.looks.hair, identity.looks.skin, 0.35), (cover > 0.002) * np.float32(1))
    return np.asarray(0.6 * cover, np.float32)
