"""The one resampler of the crop: an affine map of a picture, antialiased where it shrinks."""

import cv2
import numpy as np
from jaxtyping import Float, UInt8

PADDING = 127


def warp(
    frame: UInt8[np.ndarray, "height width 3"], affine: Float[np.ndarray, "2 3"], size: int
) -> UInt8[np.ndarray, "size size 3"]:
    """Return the square picture that the affine map cuts out of a frame.

    Where the map shrinks by a factor r > 1, the frame is first blurred by a Gaussian of sigma ``0.5 sqrt(r^2 - 1)``
    pixels, which turns the blur of half a pixel that a picture is taken to have into half a pixel of the result
    (Lowe 2004, section 3.3); then, as always, it is sampled by bicubic interpolation. A map by whole pixels copies
    bit by bit. Outside of the frame all channels are 127, mid grey: never mistaken for a face, and equal in both
    videos of any comparison.

    Args:
        frame: RGB.
        affine: source pixel -> result pixel; whole numbers are pixel centres on both sides.
        size: side of the result in pixels.
    """
    shrink = 1 / np.sqrt(abs(np.linalg.det(affine[:, :2])))
    sigma = 0.5 * np.sqrt(max(shrink * shrink - 1, 0.0))
    margin = int(np.ceil(4 * sigma)) + 3
    patch, origin = _patch(frame, affine, size, margin)
    if patch.size == 0:
        return np.full((size, size, 3), PADDING, dtype=np.uint8)
    if sigma > 1e-3:
        patch = cv2.GaussianBlur(patch, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    moved = affine.astype(np.float64, copy=True)
    moved[:, 2] += moved[:, :2] @ origin
    border = (PADDING, PADDING, PADDING)
    result = cv2.warpAffine(
        patch, moved, (size, size), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=border
    )
    return np.asarray(result, dtype=np.uint8)


def transform_points(points: Float[np.ndarray, "*n 2"], affine: Float[np.ndarray, "2 3"]) -> Float[np.ndarray, "*n 2"]:
    """Return points in result pixels for points in source pixels; the type stays, NaN stays NaN."""
    moved: Float[np.ndarray, "*n 2"] = (points @ affine[:, :2].T + affine[:, 2]).astype(points.dtype)
    return moved


def invert(affine: Float[np.ndarray, "2 3"]) -> Float[np.ndarray, "2 3"]:
    """Return the map from result pixels back to source pixels."""
    linear = np.linalg.inv(affine[:, :2])
    return np.column_stack([linear, -linear @ affine[:, 2]])


def _patch(
    frame: UInt8[np.ndarray, "height width 3"], affine: Float[np.ndarray, "2 3"], size: int, margin: int
) -> tuple[UInt8[np.ndarray, "rows columns 3"], Float[np.ndarray, "2"]]:
    # The part of the frame that the result sees, and a margin around it, grey where the frame ends.
    height, width = frame.shape[:2]
    ends = np.array([(x, y) for x in (-0.5, size - 0.5) for y in (-0.5, size - 0.5)])
    seen = transform_points(ends, invert(affine.astype(np.float64)))
    x0, y0 = np.clip(np.floor(seen.min(axis=0)).astype(int), 0, (width, height))
    x1, y1 = np.clip(np.ceil(seen.max(axis=0)).astype(int) + 1, 0, (width, height))
    if x0 >= x1 or y0 >= y1:
        return np.empty((0, 0, 3), dtype=np.uint8), np.zeros(2)
    left, top, right, bottom = x0 - margin, y0 - margin, x1 + margin, y1 + margin
    inside = frame[max(top, 0) : bottom, max(left, 0) : right]
    border = (PADDING, PADDING, PADDING)
    sides = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    patch = np.asarray(cv2.copyMakeBorder(inside, *sides, cv2.BORDER_CONSTANT, value=border), dtype=np.uint8)
    return patch, np.array([left, top], dtype=np.float64)
