"""Training frames made to look like the videos that judges meet: moved, shrunk, blurred, compressed, recoloured."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

Frame = UInt8[np.ndarray, "side side 3"]
Points = Float32[np.ndarray, "points 2"]

PATCHES = 8  # a shuffled frame is cut into this many patches a side
SHARP = 0.995  # a resize to nearly the same side is left out


@dataclass(frozen=True)
class Augmentation:
    """How far training frames are changed; all ranges are drawn from evenly.

    Attributes:
        shift: of the picture, in sides, either way.
        scale: of the picture: 1 / (1 + scale) to 1 + scale.
        rotation: degrees, either way.
        smallest: least side in pixels that a frame is shrunk to before it is blown up again.
        blur: largest deviation of the Gaussian blur, pixels.
        jpeg: lowest quality of the compression.
        colour: of brightness, contrast and of each channel's gain: 1 - colour to 1 + colour.
        noise: largest deviation of the noise, in grey levels.
        share: probability of each of shrinking, blur, compression and noise.
    """

    shift: float
    scale: float
    rotation: float
    smallest: int
    blur: float
    jpeg: int
    colour: float
    noise: float
    share: float


def move(rng: np.random.Generator, how: Augmentation, frame: Frame, points: Points) -> tuple[Frame, Points]:
    """Return the frame shifted, scaled and turned about its centre, and its points likewise."""
    side = len(frame)
    scale = (1 + how.scale) ** rng.uniform(-1, 1)
    turn = np.deg2rad(rng.uniform(-how.rotation, how.rotation))
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = np.full(2, side / 2 - 0.5)
    offset = centre - linear @ centre + side * rng.uniform(-how.shift, how.shift, 2)
    matrix = np.column_stack([linear, offset])
    moved = cv2.warpAffine(frame, matrix, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return moved, (points @ linear.T + offset).astype(np.float32)


def recolour(rng: np.random.Generator, how: Augmentation, frame: Frame) -> Frame:
    """Return the frame with other brightness, contrast and white balance."""
    gain = rng.uniform(1 - how.colour, 1 + how.colour) * rng.uniform(1 - how.colour / 2, 1 + how.colour / 2, 3)
    offset = 128 * rng.uniform(-how.colour, how.colour)
    return np.asarray(np.clip((frame - 128.0) * gain + 128 + offset + 0.5, 0, 255), np.uint8)


def degrade(rng: np.random.Generator, how: Augmentation, frame: Frame) -> Frame:
    """Return the frame after some of: shrinking, blur, compression, noise."""
    wanted = rng.random(4) < how.share
    if wanted[0]:
        frame = shrink(frame, int(rng.integers(how.smallest, len(frame))))
    if wanted[1]:
        frame = blur(frame, rng.uniform(0, how.blur))
    if wanted[2]:
        frame = jpeg(frame, int(rng.integers(how.jpeg, 96)))
    if wanted[3]:
        frame = noise(rng, frame, rng.uniform(0, how.noise))
    return frame


def shrink(frame: Frame, side: int) -> Frame:
    """Return the frame shrunk to `side` pixels and blown up again."""
    if side >= SHARP * len(frame):
        return frame
    small = cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (len(frame), len(frame)), interpolation=cv2.INTER_LINEAR))


def blur(frame: Frame, deviation: float) -> Frame:
    """Return the frame under a Gaussian blur; the deviation is in pixels."""
    return np.asarray(cv2.GaussianBlur(frame, (0, 0), deviation)) if deviation > 0 else frame


def jpeg(frame: Frame, quality: int) -> Frame:
    """Return the frame after JPEG of a quality, chroma halved."""
    coded = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))[..., ::-1])


def noise(rng: np.random.Generator, frame: Frame, deviation: float) -> Frame:
    """Return the frame with Gaussian noise of a deviation in grey levels."""
    grain = rng.standard_normal(frame.shape, np.float32)
    return np.asarray(np.clip(frame + np.float32(deviation) * grain + 0.5, 0, 255), np.uint8)


def faceless(rng: np.random.Generator, frame: Frame) -> Frame:
    """Return a frame without a face: noise, one colour, a ramp or blobs of colours, or the frame's patches shuffled."""
    side = len(frame)
    kind = int(rng.integers(5))
    if kind == 0:
        return rng.integers(0, 256, frame.shape, dtype=np.uint8)
    if kind < 4:
        cells = (1, 2, int(rng.integers(3, 12)))[kind - 1]
        colours = rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
        way = cv2.INTER_CUBIC if cells > 2 else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(colours, (side, side), interpolation=way))
    patch = side // PATCHES
    pieces = frame[: PATCHES * patch, : PATCHES * patch].reshape(PATCHES, patch, PATCHES, patch, 3).swapaxes(1, 2)
    pieces = rng.permutation(pieces.reshape(-1, patch, patch, 3)).reshape(PATCHES, PATCHES, patch, patch, 3)
    shuffled = pieces.swapaxes(1, 2).reshape(PATCHES * patch, PATCHES * patch, 3)
    return np.asarray(cv2.resize(shuffled, (side, side), interpolation=cv2.INTER_LINEAR))
