"""A picture of any size -> the square of it that a portrait network knows best, and what the network reads there."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from tavce.model.portrait.net import PortraitNet

LEAST_SIDE = 16  # pixels

Picture = UInt8[np.ndarray, "height width 3"]


class Square(NamedTuple):
    """Part of a picture, in pixels."""

    left: int
    top: int
    side: int


@dataclass(frozen=True)
class PortraitReading:
    """What a portrait network reads in a picture.

    Attributes:
        box: the square that was read.
        picture: that square at the network's size, RGB in [0, 1].
        coefficients: motion coefficients.
        likeness: how much it is of the known kind; see `PortraitNet.likeness`.
        accepted: whether that is at least the network's threshold.
    """

    box: Square
    picture: Float[Tensor, "3 size size"]
    coefficients: Float[Tensor, " coefficients"]
    likeness: float
    accepted: bool


def read_portrait(network: PortraitNet, image: Picture) -> PortraitReading:
    """Return what the network reads in the square of a picture that it finds most like the pictures it knows.

    Args:
        network: trained and calibrated; used in evaluation mode, and left as it was.
        image: RGB.

    Raises:
        ValueError: a side is shorter than 16 pixels.
    """
    boxes = candidate_squares(image)
    pictures = torch.stack([cut_square(image, box, network.config.size) for box in boxes])
    mode = network.training
    device = network.mean.device
    with torch.no_grad():
        coefficients = network.eval()(pictures.to(device))
        likeness = network.likeness(pictures.to(device))
    network.train(mode)
    best = int(likeness.argmax())
    return PortraitReading(
        boxes[best],
        pictures[best],
        coefficients[best].cpu(),
        likeness[best].item(),
        bool(likeness[best] >= network.threshold),
    )


def candidate_squares(image: Picture) -> list[Square]:
    """Return the largest squares of a picture: the centred one first, then those at its two ends.

    Raises:
        ValueError: a side is shorter than 16 pixels.
    """
    height, width = image.shape[:2]
    side = min(height, width)
    if side < LEAST_SIDE:
        raise ValueError(f"a picture of {width} x {height} pixels is too small; it needs {LEAST_SIDE} on each side")
    places = [(width - side) // 2, 0, width - side] if width > height else [(height - side) // 2, 0, height - side]
    squares = [Square(place, 0, side) if width > height else Square(0, place, side) for place in places]
    return list(dict.fromkeys(squares))


def cut_square(image: Picture, box: Square, size: int) -> Float[Tensor, "3 size size"]:
    """Return a square of a picture at a size, RGB in [0, 1]; shrunk by the mean over areas, grown bilinearly."""
    # A copy: pictures from files are read-only, which PyTorch warns of.
    part = np.array(image[box.top : box.top + box.side, box.left : box.left + box.side])
    pixels = torch.from_numpy(part).permute(2, 0, 1)[None].float() / 255
    return resized(pixels, size)[0]


def resized(pictures: Float[Tensor, "batch 3 side side"], size: int) -> Float[Tensor, "batch 3 size size"]:
    """Return square pictures at a size: shrunk by the mean over areas, grown bilinearly."""
    if pictures.shape[-1] >= size:
        return functional.interpolate(pictures, (size, size), mode="area")
    return functional.interpolate(pictures, (size, size), mode="bilinear", align_corners=False)
