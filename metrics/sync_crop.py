"""A video -> the 224 x 224 faces that SyncNet sees, by the two policies that are in use under one name."""

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from metrics.median_filter import median_filter

SIDE = 224
MARGIN = 0.4  # crop_scale of the reference
KERNEL = 13
GREY = 110


def syncnet_whole(frames: UInt8[np.ndarray, "frames height width 3"]) -> UInt8[np.ndarray, "frames 224 224 3"]:
    """Return each frame squeezed to 224 x 224 as a whole, whatever its aspect ratio; bilinear, no antialiasing.

    The protocol of Wav2Lip's LRS scores (SyncNetInstance_calc_scores.py): for videos already cropped to the face.
    """
    return np.stack([_resized(frame) for frame in frames])


def syncnet_track(
    frames: UInt8[np.ndarray, "frames height width 3"], boxes: Float[np.ndarray, "frames 4"]
) -> UInt8[np.ndarray, "frames 224 224 3"]:
    """Return the face of each frame as the face-track pipeline of syncnet_python@6efbb1c cuts it.

    With s half of the longer side of the box and (cx, cy) its centre, each smoothed over time by a median of 13 frames
    with zeros beyond the ends, the crop spans rows cy - s to cy + 1.8 s and columns cx - 1.4 s to cx + 1.4 s, edges
    rounded down to whole pixels; what lies outside of the frame is grey (110). Bilinear to 224 x 224, no antialiasing.
    The zeros pull the first and last six boxes to their local minimum, which belongs to the protocol.

    Args:
        frames: RGB (the policy does not mix channels).
        boxes: x0, y0, x1, y1 in pixels, (0, 0) the centre of the top-left pixel; one per frame, gaps filled.

    Raises:
        ValueError: a box is missing, not finite or empty, there are fewer than 7 frames (the median would be 0), or a
            crop lies wholly outside of its frame.
    """
    if len(boxes) != len(frames) or not np.isfinite(boxes).all():
        raise ValueError(f"each of the {len(frames)} frames needs a finite box; fill gaps first")
    if len(frames) <= KERNEL // 2:
        raise ValueError(f"{len(frames)} frames are too few for the running median of {KERNEL}: 7 are needed")
    # The reference counts from the corner of the first pixel, half a pixel before its centre.
    x0, y0, x1, y1 = boxes.astype(np.float64).T + 0.5
    if not ((x1 > x0) & (y1 > y0)).all():
        raise ValueError("boxes must be x0, y0, x1, y1 with x0 < x1 and y0 < y1")
    half = median_filter(np.maximum(x1 - x0, y1 - y0) / 2, KERNEL)
    x, y = (median_filter(centre, KERNEL) for centre in ((x0 + x1) / 2, (y0 + y1) / 2))
    edges = np.stack([x - half * (1 + MARGIN), y - half, x + half * (1 + MARGIN), y + half * (1 + 2 * MARGIN)], axis=1)
    return np.stack([_resized(_cut(*pair)) for pair in zip(frames, np.floor(edges).astype(int), strict=True)])


def _cut(
    frame: UInt8[np.ndarray, "height width 3"], edges: Int[np.ndarray, "4"]
) -> UInt8[np.ndarray, "rows columns 3"]:
    """Return the pixels from column x0 and row y0 up to, not including, x1 and y1; grey beyond the frame."""
    height, width, _ = frame.shape
    x0, y0, x1, y1 = (int(edge) for edge in edges)
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if left >= right or top >= bottom:
        raise ValueError(f"the crop {x0, y0, x1, y1} lies outside of its frame of {width} x {height}")
    crop = np.full((y1 - y0, x1 - x0, 3), GREY, np.uint8)
    crop[top - y0 : bottom - y0, left - x0 : right - x0] = frame[top:bottom, left:right]
    return crop


def _resized(frame: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "224 224 3"]:
    return np.asarray(cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
