"""Stubble, moustaches and beards on the skin."""

import numpy as np

from tavce.data.synthetic.face_curves import smooth_curve
from tavce.data.synthetic.identity import Identity
from tavce.data.synthetic.palette import mix, shade
from tavce.data.synthetic.raster import Canvas, Picture, blur, filled, noise, paint, polygon


def beard(picture: Picture, identity: Identity, rng: np.random.Generator, on: Canvas) -> None:
    """Paint stubble, moustache or beard over the skin, in place."""
    looks, shape = identity.looks, identity.shape
    grain = noise(rng, on, 0.0036, 3.0)
    fine = noise(rng, on, 0.013)
    if looks.beard == "none":
        return
    a, mouth = shape.half_width, shape.mouth_y
    half = shape.mouth_half
    moustache = np.array(
        [
            (0, mouth - 0.048), (0.45 * half, mouth - 0.052), (1.02 * half, mouth - 0.022),
            (1.24 * half, mouth + 0.016), (1.02 * half, mouth + 0.012), (0.5 * half, mouth - 0.004), (0, mouth - 0.008),
        ]
    )  # fmt: skip
    lip = smooth_curve(np.concatenate([moustache, moustache[-2:0:-1] * (-1, 1)]), closed=True)
    masks = [polygon(on, lip)]
    if looks.beard in ("full", "stubble"):
        side = np.array(
            [
                (1.03 * a, -0.06),
                (0.955 * a, -0.05),
                (0.92 * a, 0.04),
                (0.78 * a, 0.115),
                (1.25 * half, mouth - 0.028),
                (1.02 * half, mouth + 0.005),
            ]
        )
        low = np.array([(0.55 * half, mouth + 0.036), (0, mouth + 0.040)])
        right = np.concatenate([side, low])
        ring = np.concatenate(
            [right, right[-2::-1] * (-1, 1), [(-1.2 * a, 0.2), (-0.6 * a, 0.45), (0.6 * a, 0.45), (1.2 * a, 0.2)]]
        )
        masks.append(polygon(on, smooth_curve(ring, closed=True)))
    if looks.beard == "goatee":
        patch = np.array([(1.16 * half, mouth), (1.10 * half, 0.27), (0.6 * half, 0.40), (0, 0.42)])
        inner = np.array([(0.86 * half, mouth + 0.012), (0.45 * half, mouth + 0.040), (0, mouth + 0.042)])
        ring = np.concatenate([inner[::-1], patch, patch[-2::-1] * (-1, 1), inner[:-1] * (-1, 1)])
        masks.append(polygon(on, smooth_curve(ring, closed=True)))
    cover = blur(np.maximum.reduce(masks), 0.006, on)
    colour = shade(looks.hair, 0.82)
    if looks.beard == "stubble":
        cover = blur(cover, 0.012, on)
        paint(picture, mix(colour, looks.skin, 0.25), cover * np.clip(0.30 + 0.16 * grain, 0, 1))
        return
    edge = np.clip(cover * 1.5 + 0.35 * fine * 4 * cover * (1 - cover) - 0.1, 0, 1)
    tone = 1 + 0.20 * grain + 0.08 * fine
    paint(picture, filled(on, colour) * tone, 0.94 * edge)
