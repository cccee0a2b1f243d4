"""Pictures without a face, drawn from nothing: noise, ramps, textures, landscapes of shapes, pages of writing.

Their colours are mostly those of a portrait, so that colour alone tells nothing.
"""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

Picture = UInt8[np.ndarray, "size size 3"]
Surface = Float32[np.ndarray, "size size channels"]

ANY_COLOUR = 0.3  # share of the pictures


def noise(rng: np.random.Generator, portrait: Picture) -> Picture:
    """Return squares of random colours or greys, from four a side to one per pixel."""
    size = len(portrait)
    cells = int(rng.choice([4, 8, 16, 32, size]))
    grain = rng.integers(0, 256, (cells, cells, 1 if rng.random() < 0.3 else 3), dtype=np.uint8)
    three = np.ascontiguousarray(np.broadcast_to(grain, (cells, cells, 3)))
    return np.asarray(cv2.resize(three, (size, size), interpolation=cv2.INTER_NEAREST))


def ramp(rng: np.random.Generator, portrait: Picture) -> Picture:
    """Return one colour, or smooth transitions between four or nine."""
    cells = int(rng.integers(1, 4))
    corners = colours(rng, portrait, cells * cells).reshape(cells, cells, 3)
    return np.asarray(cv2.resize(corners, portrait.shape[:2], interpolation=cv2.INTER_LINEAR))


def texture(rng: np.random.Generator, portrait: Picture) -> Picture:
    """Return noise with the spectrum of photographs, its three channels more or less alike."""
    fall, share = rng.uniform(0.6, 2.2), rng.uniform(0, 1)
    light, colour = (natural_noise(rng, len(portrait), channels, fall) for channels in (1, 3))
    mean, deviation = colours(rng, portrait, 1)[0], rng.uniform(10, 80)
    return clipped(mean + deviation * (share * light + (1 - share) * colour))


def scene(rng: np.random.Generator, portrait: Picture) -> Picture:
    """Return shapes large and small before a ramp, mostly with a horizon: a landscape, or a still life."""
    size = len(portrait)
    drawn = ramp(rng, portrait)
    if rng.random() < 0.6:
        horizon = int(rng.uniform(0.2, 0.9) * size)
        drawn[horizon:] = ramp(rng, portrait)[horizon:]
    for colour in colours(rng, portrait, int(rng.integers(1, 16))).tolist():
        left, top = (int(place) for place in rng.integers(0, size, 2))
        width, height = (int(length) for length in 1 + size * rng.uniform(0, 0.6, 2) ** 2)
        shape = int(rng.integers(3))
        if shape == 0:
            cv2.ellipse(drawn, (left, top), (width, height), rng.uniform(0, 180), 0, 360, colour, -1, cv2.LINE_AA)
        elif shape == 1:
            cv2.rectangle(drawn, (left, top), (left + width, top + height), colour, -1)
        else:
            corners = rng.integers(-size // 4, size + size // 4, (int(rng.integers(3, 6)), 2)).astype(np.int32)
            cv2.fillPoly(drawn, [corners], colour, cv2.LINE_AA)
    return grained(rng, drawn, 10.0)


def page(rng: np.random.Generator, portrait: Picture) -> Picture:
    """Return lines of writing on paper."""
    size = len(portrait)
    paper, ink = rng.integers(170, 256, 3), rng.integers(0, 110, 3)
    sheet = np.tile(paper, (size, size, 1)).astype(np.float32)
    pitch = int(rng.integers(3, 10))
    for row in range(int(rng.integers(1, 6)), size - pitch, pitch):
        words = np.repeat(rng.random(size) < 0.75, int(rng.integers(1, 5)))[:size]
        for line in range(max(1, pitch // 2)):
            sheet[row + line, words] += rng.uniform(0.4, 1) * (ink - paper)
    return clipped(sheet)


def natural_noise(rng: np.random.Generator, size: int, channels: int, fall: float) -> Surface:
    """Return noise of mean 0 and deviation 1 whose amplitude falls with a power of frequency; 1 in photographs."""
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]) * size
    frequency[0, 0] = np.inf
    white = np.fft.rfft2(rng.standard_normal((channels, size, size)))
    field = np.fft.irfft2(white / frequency**fall, (size, size))
    field -= field.mean(axis=(1, 2), keepdims=True)
    return np.asarray(np.moveaxis(field / field.std(axis=(1, 2), keepdims=True), 0, 2), np.float32)


def grained(rng: np.random.Generator, picture: Picture, most: float) -> Picture:
    """Return a picture with the grain of a photograph; `most` is its largest deviation in grey levels."""
    grain = natural_noise(rng, len(picture), 1, rng.uniform(0.3, 1.2))
    return clipped(picture + rng.uniform(0, most) * grain)


def colours(rng: np.random.Generator, portrait: Picture, count: int) -> UInt8[np.ndarray, "count 3"]:
    """Return colours of a portrait, or any colours."""
    if rng.random() < ANY_COLOUR:
        return rng.integers(0, 256, (count, 3), dtype=np.uint8)
    return portrait.reshape(-1, 3)[rng.integers(portrait.shape[0] * portrait.shape[1], size=count)]


def clipped(values: np.ndarray) -> Picture:
    """Return values from 0 to 255 as a picture."""
    return np.asarray(np.clip(values + 0.5, 0, 255), np.uint8)
