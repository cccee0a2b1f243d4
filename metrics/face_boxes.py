"""Frames -> boxes of faces by S3FD, as the face tracks of SyncNet's published scores were found.

The protocol of joonson/syncnet_python@6efbb1c (run_pipeline.py, detectors/s3fd): pictures at a quarter of their size,
score above 0.9, overlaps suppressed twice. It is batched, and its boxes follow the convention of this project.
"""

import functools

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, UInt8
from torch import Tensor

from metrics.networks.s3fd import S3FD, SMALLEST_SIDE, Sizes

MEANS = np.array([123, 117, 104], dtype=np.float32)  # of R, G, B
MEANS.setflags(write=False)
STEPS = (4, 8, 16, 32, 64, 128)  # pixels between the boxes of a level
SIDES = (16, 32, 64, 128, 256, 512)  # of its square boxes, in pixels
CENTRE_VARIANCE, SIZE_VARIANCE = 0.1, 0.2
LEAST_SCORE = 0.05
MOST_CANDIDATES, MOST_FACES = 5000, 750
OVERLAP, LAST_OVERLAP = 0.3, 0.1


def detect_faces(
    network: S3FD,
    frames: UInt8[np.ndarray, "frames height width 3"],
    *,
    scale: float = 0.25,
    threshold: float = 0.9,
    batch: int = 16,
) -> list[Float64[np.ndarray, "_ 5"]]:
    """Return the faces of each frame, best score first: x0, y0, x1, y1 in pixels, score; an array of 0 rows for none.

    (0, 0) is the centre of the top-left pixel, so a box of the whole frame is (-0.5, -0.5, width - 0.5, height - 0.5).
    The reference counts from the corner of that pixel: its boxes are these plus 0.5.

    Args:
        network: in evaluation mode, on any device.
        frames: RGB.
        scale: of the picture that the network sees. The smallest prior box has 16 of its pixels, so at 0.25 faces much
            smaller than 64 pixels are missed.
        threshold: faces have a higher score than this.
        batch: frames at once; moves boxes by rounding alone (below 1e-3 pixels).

    Raises:
        ValueError: the frames are not uint8 RGB, there are none, they are too small for the network at this scale, or
            the network is in training mode.
    """
    if network.training:
        raise ValueError("S3FD is in training mode; call eval() first")
    device = next(network.parameters()).device
    height, width = frames.shape[1:3]
    found = []
    with torch.inference_mode():
        for first in range(0, max(len(frames), 1), batch):
            pictures = s3fd_input(frames[first : first + batch], scale).to(device)
            logits, offsets, sizes = network(pictures)
            priors = prior_boxes(pictures.shape[2], pictures.shape[3], sizes).to(device)
            boxes, scores = moved_boxes(offsets, priors), logits.softmax(dim=-1)[..., 1]
            for one, score in zip(boxes, scores, strict=True):
                found.append(_faces(one, score, height, width, threshold))
    return found


def s3fd_input(
    frames: UInt8[np.ndarray, "frames height width 3"], scale: float
) -> Float32[Tensor, "frames 3 rows columns"]:
    """Return the network's input: bilinear to ``scale`` without antialiasing, R, G, B less their means.

    Raises:
        ValueError: the frames are not uint8 RGB, there are none, or a scaled side is below 28 pixels.
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or not frames.size:
        raise ValueError(f"need uint8 frames (frames, height, width, 3) in 0..255, got {frames.dtype} {frames.shape}")
    small = [cv2.resize(frame, (0, 0), fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR) for frame in frames]
    if min(small[0].shape[:2]) < SMALLEST_SIDE:
        height, width = frames.shape[1:3]
        raise ValueError(
            f"frames of {width} x {height} at scale {scale:g} are smaller than the {SMALLEST_SIDE} pixels that S3FD "
            f"needs; use a scale of at least {SMALLEST_SIDE / min(height, width):.2f}"
        )
    pictures = np.stack(small).astype(np.float32) - MEANS
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))


@functools.lru_cache(maxsize=8)
def prior_boxes(height: int, width: int, sizes: Sizes) -> Float32[Tensor, "boxes 4"]:
    """Return centre x, centre y, width, height of each prior box as fractions of the picture's width and height.

    One square per position, its centre in the middle of the position's cell; level by level, row by row. Boxes may
    reach beyond the picture. The result is kept per size, so it must not be changed.

    Args:
        height: of the network's picture in pixels.
        width: likewise.
        sizes: rows and columns of each level.
    """
    levels = []
    for (rows, columns), step, side in zip(sizes, STEPS, SIDES, strict=True):
        y, x = np.mgrid[0:rows, 0:columns]
        boxes = [(x + 0.5) * step / width, (y + 0.5) * step / height]
        boxes += [np.full(x.shape, side / width), np.full(x.shape, side / height)]
        levels.append(np.stack(boxes, axis=-1).reshape(-1, 4))
    return torch.from_numpy(np.concatenate(levels).astype(np.float32))


def moved_boxes(
    offsets: Float[Tensor, "batch boxes 4"], priors: Float[Tensor, "boxes 4"]
) -> Float[Tensor, "batch boxes 4"]:
    """Return x0, y0, x1, y1 of the prior boxes after the offsets that the network gives, in the units of the priors.

    The centre moves by 0.1 of the box's side per unit, the side grows by the factor e^0.2 per unit (Liu et al., SSD,
    ECCV 2016, with its variances).
    """
    centres = priors[:, :2] + offsets[..., :2] * CENTRE_VARIANCE * priors[:, 2:]
    halves = priors[:, 2:] * torch.exp(offsets[..., 2:] * SIZE_VARIANCE) / 2
    return torch.cat([centres - halves, centres + halves], dim=-1)


def _faces(
    boxes: Float[Tensor, "boxes 4"], scores: Float[Tensor, " boxes"], height: int, width: int, threshold: float
) -> Float64[np.ndarray, "faces 5"]:
    """Return the faces of one frame: best candidates, overlaps suppressed, threshold, overlaps suppressed again."""
    from torchvision.ops import nms  # takes longer to import than torch itself, and most runs never look for faces

    likely = scores > LEAST_SCORE
    boxes, scores = boxes[likely], scores[likely]
    best = scores.argsort(descending=True, stable=True)[:MOST_CANDIDATES]
    boxes, scores = boxes[best], scores[best]
    kept = nms(boxes, scores, OVERLAP)[:MOST_FACES]
    kept = kept[scores[kept] > threshold]
    boxes, scores = boxes[kept] * boxes.new_tensor([width, height, width, height]), scores[kept]
    kept = nms(boxes, scores, LAST_OVERLAP)
    edges = boxes[kept].double().cpu().numpy() - 0.5
    return np.concatenate([edges, scores[kept].double().cpu().numpy()[:, None]], axis=1)
