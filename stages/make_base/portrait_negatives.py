"""Pictures that are no portrait an animator of drawn faces knows: without a face, or of portraits that were spoilt.

Photographs are not among them. What stands in for them is noise with their spectrum, alone and as light, grain and
veil on portraits, and faces of other proportions.
"""

from collections.abc import Callable

import cv2
import numpy as np
from jaxtyping import Int64, UInt8

from stages.make_base.portrait_scenes import (
    Picture,
    clipped,
    grained,
    natural_noise,
    noise,
    page,
    ramp,
    scene,
    texture,
)

Make = Callable[[np.random.Generator, Picture], Picture]


def shuffled(rng: np.random.Generator, portrait: Picture) -> Picture:
    """Return the patches of a portrait, none of them in its place."""
    patches = int(rng.choice([2, 4, 8]))
    side = len(portrait) // patches
    pieces = portrait.reshape(patches, side, patches, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)
    pieces = pieces[_moved(rng, len(pieces))].reshape(patches, patches, side, side, 3)
    return np.ascontiguousarray(pieces.swapaxes(1, 2).reshape(portrait.shape))


def turned(rng: np.random.Generator, portrait: Picture) -> Picture:
    """Return a portrait upside down, on its side, or 25 degrees or more from upright."""
    kind = int(rng.integers(8))
    if kind < 4:
        return np.ascontiguousarray((portrait[::-1], portrait[::-1, ::-1])[kind % 2])
    if kind < 6:
        return np.ascontiguousarray(np.rot90(portrait, 1 if kind == 4 else 3))
    return _warped(portrait, 1.0, 0.0, 0.0, float(rng.choice([-1, 1]) * rng.uniform(25, 180)))


def small(rng: np.random.Generator, portrait: Picture) -> Picture:
    """Return a portrait at 12 to 60 % of the side somewhere in another picture."""
    size = len(portrait)
    side = int(size * rng.uniform(0.12, 0.6))
    ground = (scene, texture, ramp)[int(rng.integers(3))](rng, portrait)
    left, top = rng.integers(0, size - side + 1, 2)
    ground[top : top + side, left : left + side] = cv2.resize(portrait, (side, side), interpolation=cv2.INTER_AREA)
    return ground


def misplaced(rng: np.random.Generator, portrait: Picture) -> Picture:
    """Return a face that is too near, or far from where it belongs."""
    size = len(portrait)
    if rng.random() < 0.6:
        right, down = rng.uniform(-0.4, 0.4, 2) * size
        return _warped(portrait, rng.uniform(1.4, 3.0), right, down, rng.uniform(-10, 10))
    far, angle = rng.uniform(0.25, 0.6) * size, rng.uniform(0, 2 * np.pi)
    return _warped(portrait, rng.uniform(0.7, 1.3), far * np.cos(angle), far * np.sin(angle), 0.0)


def bent(rng: np.random.Generator, portrait: Picture) -> Picture:
    """Return a face of impossible proportions."""
    size = len(portrait)
    bend = natural_noise(rng, size, 2, rng.uniform(1.6, 2.6)) * size * rng.uniform(0.05, 0.12)
    rows, columns = np.mgrid[:size, :size].astype(np.float32)
    places = columns + bend[..., 0], rows + bend[..., 1]
    return np.asarray(cv2.remap(portrait, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101))


def lit(rng: np.random.Generator, portrait: Picture) -> Picture:
    """Return a face in strong light and shade, with grain."""
    light = 1 + rng.uniform(0.35, 0.8) * natural_noise(rng, len(portrait), 1, rng.uniform(1.4, 2.6))
    return grained(rng, clipped(portrait * np.clip(light, 0.05, 3)), 20.0)


def blurred(rng: np.random.Generator, portrait: Picture) -> Picture:
    """Return a portrait in which eyes and mouth have vanished."""
    return np.asarray(cv2.GaussianBlur(portrait, (0, 0), len(portrait) * rng.uniform(0.05, 0.15)))


def miscoloured(rng: np.random.Generator, portrait: Picture) -> Picture:
    """Return a negative, a portrait with its channels changed round, or one in black and white alone."""
    kind = int(rng.integers(3))
    if kind == 0:
        return np.asarray(255 - portrait, np.uint8)
    if kind == 1:
        return np.ascontiguousarray(portrait[..., (2, 0, 1) if rng.random() < 0.5 else (1, 2, 0)])
    bright = portrait.mean(axis=2, keepdims=True) > rng.uniform(90, 160)
    return clipped(255.0 * np.repeat(bright, 3, axis=2))


def faceless(rng: np.random.Generator, portrait: Picture) -> Picture:
    """Return a head whose face is painted over with a colour of it, or with something else."""
    size = len(portrait)
    cover = np.broadcast_to(portrait[size // 2, size // 2], portrait.shape)
    if rng.random() < 0.4:
        cover = (texture, scene, ramp)[int(rng.integers(3))](rng, portrait)
    mask = np.zeros((size, size), np.float32)
    centre = int(size * rng.uniform(0.47, 0.53)), int(size * rng.uniform(0.5, 0.56))
    axes = int(size * rng.uniform(0.16, 0.24)), int(size * rng.uniform(0.18, 0.30))
    cv2.ellipse(mask, centre, axes, 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 2.5))[..., None]
    return clipped(portrait * (1 - mask) + cover * mask)


def veiled(rng: np.random.Generator, portrait: Picture) -> Picture:
    """Return a portrait and another picture through one another."""
    other = (texture, scene)[int(rng.integers(2))](rng, portrait)
    share = rng.uniform(0.35, 0.75)
    return clipped(portrait * (1 - share) + share * other)


KINDS: dict[str, Make] = {
    "noise": noise,
    "ramp": ramp,
    "texture": texture,
    "scene": scene,
    "page": page,
    "shuffled": shuffled,
    "turned": turned,
    "small": small,
    "misplaced": misplaced,
    "bent": bent,
    "lit": lit,
    "blurred": blurred,
    "miscoloured": miscoloured,
    "faceless": faceless,
    "veiled": veiled,
}


def spoil(
    rng: np.random.Generator, portraits: UInt8[np.ndarray, "batch size size 3"]
) -> UInt8[np.ndarray, "batch size size 3"]:
    """Return a picture of another kind for each portrait, all kinds equally often."""
    makes = list(KINDS.values())
    return np.stack([makes[int(rng.integers(len(makes)))](rng, portrait) for portrait in portraits])


def _warped(portrait: Picture, scale: float, right: float, down: float, angle: float) -> Picture:
    """Return a portrait scaled and turned about its centre (degrees, anticlockwise), then shifted, in pixels."""
    size = len(portrait)
    matrix = cv2.getRotationMatrix2D((size / 2 - 0.5, size / 2 - 0.5), angle, scale)
    matrix[:, 2] += right, down
    return np.asarray(
        cv2.warpAffine(portrait, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    )


def _moved(rng: np.random.Generator, count: int) -> Int64[np.ndarray, " count"]:
    """Return an order that leaves nothing in its place: along a random circle, one step further."""
    circle = rng.permutation(count)
    order = np.empty(count, np.int64)
    order[circle] = np.roll(circle, 1)
    return order
