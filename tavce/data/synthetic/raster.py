"""Painting on planar float pictures: canvases, smooth-edged masks, blurs, noise and blending."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from tavce.data.synthetic.palette import Colour, Number

Plane = Float32[np.ndarray, "..."]
Picture = Float32[np.ndarray, "3 *shape"]
OVERSAMPLING = 4


@dataclass(frozen=True)
class Canvas:
    """A square of the plane: `density` pixels per picture side, `pixels` along each edge, the origin in the middle."""

    density: float
    pixels: int

    def axis(self) -> Float32[np.ndarray, " pixels"]:
        """Return the place of each pixel centre along an axis."""
        return ((np.arange(self.pixels) + 0.5 - self.pixels / 2) / self.density).astype(np.float32)

    def grid(self) -> tuple[Plane, Plane]:
        """Return the places x (a row) and y (a column) of the pixel centres."""
        axis = self.axis()
        return axis[None, :], axis[:, None]

    def window(self, low: tuple[Number, Number], high: tuple[Number, Number]) -> tuple[slice, slice]:
        """Return the rows and columns of the pixels between two corners (x, y)."""
        left, top = np.clip(np.floor(self.to_pixels(np.array(low))), 0, self.pixels).astype(int)
        right, bottom = np.clip(np.ceil(self.to_pixels(np.array(high))) + 1, 0, self.pixels).astype(int)
        return slice(int(top), int(bottom)), slice(int(left), int(right))

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """Return points of the plane as pixel coordinates, (0, 0) the centre of the top-left pixel."""
        return points * self.density + (self.pixels / 2 - 0.5)

    def blank(self) -> Plane:
        """Return an empty mask."""
        return np.zeros((self.pixels, self.pixels), np.float32)


def canvas(density: Number, half: Number) -> Canvas:
    """Return a canvas that covers -half..half in both directions."""
    return Canvas(float(density), 2 * int(np.ceil(half * density)))


def polygon(on: Canvas, points: np.ndarray) -> Plane:
    """Return the coverage (0..1) of a closed polygon, sampled on a grid `OVERSAMPLING` times as fine."""
    mask = on.blank()
    places = on.to_pixels(points)
    low = np.clip(np.floor(places.min(0)) - 1, 0, on.pixels).astype(int)
    high = np.clip(np.ceil(places.max(0)) + 2, 0, on.pixels).astype(int)
    width, height = high - low
    if width <= 0 or height <= 0:
        return mask
    fine = np.zeros((height * OVERSAMPLING, width * OVERSAMPLING), np.uint8)
    corners = np.rint(((places - low + 0.5) * OVERSAMPLING - 0.5) * 256).astype(np.int32)
    cv2.fillPoly(fine, [corners], 255, lineType=cv2.LINE_8, shift=8)
    small = cv2.resize(fine, (int(width), int(height)), interpolation=cv2.INTER_AREA)
    mask[low[1] : high[1], low[0] : high[0]] = small.astype(np.float32) / 255
    return mask


def strokes(on: Canvas, lines: list[np.ndarray], width: float) -> Plane:
    """Return the coverage of open lines of the given width (picture sides)."""
    mask = np.zeros((on.pixels, on.pixels), np.uint8)
    paths = [np.rint(on.to_pixels(line) * 256).astype(np.int32) for line in lines]
    thickness = width * on.density
    cv2.polylines(mask, paths, False, 255, max(1, round(thickness)), cv2.LINE_AA, 8)
    return mask.astype(np.float32) * (min(1.0, thickness) / 255)


def blur(mask: Plane, sigma: Number, on: Canvas) -> Plane:
    """Return `mask` blurred by a Gaussian of `sigma` picture sides; wide ones work on a smaller copy."""
    pixels = sigma * on.density
    factor = max(1, int(pixels / 3))
    if factor == 1:
        return np.asarray(cv2.GaussianBlur(mask, (0, 0), pixels), np.float32)
    height, width = mask.shape
    small = cv2.resize(mask, (-(-width // factor), -(-height // factor)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), pixels / factor)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def moved(mask: Plane, x: Number, y: Number, on: Canvas) -> Plane:
    """Return `mask` moved by (x, y) picture sides."""
    matrix = np.array([[1, 0, x * on.density], [0, 1, y * on.density]], np.float64)
    size = (mask.shape[1], mask.shape[0])
    return np.asarray(cv2.warpAffine(mask, matrix, size, flags=cv2.INTER_LINEAR), np.float32)


def noise(rng: np.random.Generator, on: Canvas, cell: float, stretch: float = 1.0) -> Plane:
    """Return smooth noise in -1..1 with features of `cell` picture sides, `stretch` times as tall as wide.

    What is drawn from `rng` does not depend on the canvas's density, so all sizes show the same texture.
    """
    half = on.pixels / 2 / on.density
    across, down = int(np.ceil(2 * half / cell)) + 1, int(np.ceil(2 * half / (cell * stretch))) + 1
    grid = rng.uniform(-1, 1, (down, across)).astype(np.float32)
    return np.asarray(cv2.resize(grid, (on.pixels, on.pixels), interpolation=cv2.INTER_CUBIC), np.float32)


def bump(x: Plane, y: Plane, at: tuple[Number, Number], size: tuple[Number, Number]) -> Plane:
    """Return a Gaussian bump of height 1 at `at`, with 1/e half widths `size`."""
    u, v = (x - np.float32(at[0])) / np.float32(size[0]), (y - np.float32(at[1])) / np.float32(size[1])
    return np.exp(-u * u) * np.exp(-v * v)


def ramp(values: Plane, low: Number, high: Number) -> Plane:
    """Return a smooth step of `values` from 0 at `low` to 1 at `high`; `low` may lie above `high`."""
    t = np.clip((values - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    step: Plane = t * t * (3 - 2 * t)
    return step


def below(y: Plane, edge: Plane, on: Canvas) -> Plane:
    """Return the coverage of what lies below a curve that has a height `edge` in each column (last axis)."""
    slope = np.gradient(edge, axis=-1) * on.density
    cover: Plane = np.clip((y - edge) * (on.density / np.sqrt(1 + np.minimum(slope * slope, 9))) + 0.5, 0, 1)
    return cover


def vector(colour: Colour, dimensions: int) -> Plane:
    """Return a colour as an array that broadcasts against a planar picture with `dimensions` axes after the first."""
    return np.asarray(colour, np.float32).reshape(3, *([1] * dimensions))


def filled(on: Canvas, colour: Colour) -> Picture:
    """Return a picture of one colour."""
    return np.tile(vector(colour, 2), (1, on.pixels, on.pixels))


def paint(picture: Picture, colour: Colour | Picture, cover: Plane) -> None:
    """Lay `colour` (one colour or a picture) over `picture` where `cover` (0..1) is, in place."""
    for plane, over in zip(picture, colour, strict=True):  # one colour at a time stays in the cache
        plane += cover * (np.asarray(over, np.float32) - plane)


def premultiplied(picture: Picture, alpha: Plane) -> UInt8[np.ndarray, "height width 4"]:
    """Return red, green and blue times alpha, and alpha, as bytes."""
    layer = np.empty((*alpha.shape, 4), np.uint8)
    for channel in range(3):
        layer[..., channel] = np.clip(picture[channel] * alpha + 0.5, 0, 255)
    layer[..., 3] = np.clip(alpha * 255 + 0.5, 0, 255)
    return layer
