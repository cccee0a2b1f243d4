"""The still background of a person: a soft studio, lights out of focus, a window, a shelf, arches or leaves."""

import math

import numpy as np

from tavce.data.synthetic.face_curves import smooth_curve
from tavce.data.synthetic.identity import Identity
from tavce.data.synthetic.palette import mix, shade
from tavce.data.synthetic.raster import Canvas, Picture, blur, bump, filled, noise, paint, polygon, ramp


def room(identity: Identity, on: Canvas) -> Picture:
    """Return the background on `on`, a canvas that covers the picture."""
    looks = identity.looks
    rng = np.random.default_rng([identity.seed, identity.number, 61])
    x, y = on.grid()
    picture = filled(on, looks.room)
    paint(picture, mix(looks.room, (255, 250, 240), 0.55), 0.75 * bump(x, y, (-0.22, -0.28), (0.55, 0.50)))
    paint(picture, shade(mix(looks.room, looks.room_second, 0.3), 0.70), 0.75 * ramp(0.6 * x + y, -0.1, 0.95))
    draw = {"bokeh": _bokeh, "window": _window, "shelf": _shelf, "arches": _arches, "leaves": _leaves}.get(
        looks.room_kind
    )
    if draw is not None:
        draw(picture, identity, on, rng)
    picture *= 1 + 0.008 * noise(rng, on, 0.009)
    return picture


def _bokeh(picture: Picture, identity: Identity, on: Canvas, rng: np.random.Generator) -> None:
    x, y = on.grid()
    looks = identity.looks
    paint(picture, shade(looks.room, 0.62), np.full((1, 1), 0.45, np.float32))
    for _ in range(16):
        at, size, warm = rng.uniform(-0.5, 0.5, 2).tolist(), rng.uniform(0.03, 0.085), rng.random()
        far = np.hypot(x - at[0], y - at[1] * 0.9 + 0.06)
        disc = ramp(far, size + 0.006, size - 0.006) * (0.75 + 0.35 * ramp(far, 0.5 * size, size))
        paint(
            picture,
            mix(mix(looks.room_second, (255, 226, 170), 0.6), (255, 255, 255), 0.4 * warm),
            (0.16 + 0.22 * rng.random()) * disc,
        )


def _window(picture: Picture, identity: Identity, on: Canvas, rng: np.random.Generator) -> None:
    side = -1 if rng.random() < 0.5 else 1
    frame, glass = on.blank(), on.blank()
    x, y = on.grid()
    for column in (0, 1):
        for row in (0, 1):
            left, top = side * 0.30 - 0.155 + column * 0.165, -0.44 + row * 0.26
            pane = np.array([(left, top), (left + 0.145, top), (left + 0.145, top + 0.24), (left, top + 0.24)])
            glass = np.maximum(glass, polygon(on, pane))
    frame = polygon(
        on, np.array([(-0.19, -0.475), (0.185, -0.475), (0.185, 0.095), (-0.19, 0.095)]) + np.array([side * 0.30, 0])
    )
    paint(picture, mix(identity.looks.room, (255, 252, 246), 0.7), 0.9 * blur(frame, 0.006, on))
    sky = filled(on, (188, 216, 236))
    paint(sky, (250, 240, 220), ramp(y + 0 * x, -0.35, 0.02))
    paint(
        sky,
        mix((128, 160, 128), identity.looks.room_second, 0.3),
        0.8 * ramp(y + 0.06 * np.sin(9 * x) + 0.02 * noise(rng, on, 0.05), -0.08, -0.03),
    )
    paint(picture, blur_picture(sky, 0.010, on), blur(glass, 0.005, on))


def blur_picture(picture: Picture, sigma: float, on: Canvas) -> Picture:
    """Return a picture with each colour blurred."""
    return np.stack([blur(plane, sigma, on) for plane in picture])


def _shelf(picture: Picture, identity: Identity, on: Canvas, rng: np.random.Generator) -> None:
    scene = picture.copy()
    wood = mix(shade(identity.looks.room, 0.62), (120, 84, 58), 0.5)
    for top in (-0.20, 0.12):
        left = -0.56
        while left < 0.56:
            wide, high = rng.uniform(0.022, 0.05), rng.uniform(0.10, 0.19)
            tint = mix(
                mix(identity.looks.room_second, identity.looks.room, rng.random()), (150, 96, 82), 0.55 * rng.random()
            )
            if rng.random() < 0.78:
                lean = rng.uniform(-0.01, 0.01)
                book = np.array(
                    [(left + lean, top - high), (left + wide + lean, top - high), (left + wide, top), (left, top)]
                )
                paint(scene, shade(tint, rng.uniform(0.70, 1.0)), polygon(on, book))
            left += wide + (0.006 if rng.random() < 0.85 else 0.07)
        paint(scene, wood, polygon(on, np.array([(-0.6, top), (0.6, top), (0.6, top + 0.022), (-0.6, top + 0.022)])))
    paint(picture, blur_picture(scene, 0.012, on), np.full((1, 1), 0.72, np.float32))


def _arches(picture: Picture, identity: Identity, on: Canvas, rng: np.random.Generator) -> None:
    x, y = on.grid()
    first, second = identity.looks.room_second, mix(identity.looks.room, (255, 246, 232), 0.5)
    sun = (float(rng.choice([-1, 1]) * rng.uniform(0.22, 0.32)), rng.uniform(-0.34, -0.22))
    disc = np.clip((0.13 - np.hypot(x - sun[0], y - sun[1])) * on.density + 0.5, 0, 1)
    paint(picture, mix(second, (250, 206, 140), 0.5), 0.70 * disc)
    for index, (at, wide, top) in enumerate(
        ((-0.36 * math.copysign(1, sun[0]), 0.20, -0.18), (0.40 * math.copysign(1, sun[0]), 0.17, 0.02))
    ):
        up = np.hypot((x - at) / wide, np.minimum(y - top - wide, 0) / wide)
        arch = np.clip((1 - up) * wide * on.density + 0.5, 0, 1)
        paint(picture, mix(first, identity.looks.room, 0.35 + 0.3 * index), 0.60 * arch)


def _leaves(picture: Picture, identity: Identity, on: Canvas, rng: np.random.Generator) -> None:
    scene = picture.copy()
    green = mix((92, 134, 104), identity.looks.room_second, 0.25)
    for side in (-1, 1):
        for _ in range(7):
            base = np.array([side * rng.uniform(0.36, 0.56), rng.uniform(-0.1, 0.55)])
            turn, length = rng.uniform(-0.9, 0.5), rng.uniform(0.20, 0.36)
            along = np.array([-side * np.sin(turn) * 0.7, -np.cos(turn)])
            across = np.array([-along[1], along[0]]) * rng.uniform(0.03, 0.05)
            leaf = np.stack(
                [
                    base,
                    base + 0.4 * length * along + across,
                    base + length * along,
                    base + 0.4 * length * along - across,
                ]
            )
            mask = polygon(on, smooth_curve(leaf, closed=True))
            paint(
                scene, shade(mix(green, identity.looks.room, 0.35 * rng.random()), rng.uniform(0.75, 1.12)), 0.9 * mask
            )
    paint(picture, blur_picture(scene, 0.008, on), np.full((1, 1), 0.85, np.float32))
