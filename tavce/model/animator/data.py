"""Clips in memory -> batches of portraits and wanted frames."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64, UInt8
from torch import Tensor


@dataclass(frozen=True)
class AnimatorData:
    """What an animator learns from: clips of one length and size.

    Attributes:
        frames: RGB.
        coefficients: of motion.
        mouths: box of the mouth in each frame: x0, y0, x1, y1 in pixels, edges on the grid of pixel edges less a half.
        differences: audio embedding of each frame less that of the frame before, zero at a first frame, for the
            alignment loss; none without it.
        gated: what the attention is shown: the differences, or for a control the same in another order; none for
            networks without attention. The two fields are independent of each other.
    """

    frames: UInt8[np.ndarray, "clips frames height width 3"]
    coefficients: Float32[np.ndarray, "clips frames coefficients"]
    mouths: Float32[np.ndarray, "clips frames 4"]
    differences: Float32[np.ndarray, "clips frames dims"] | None = None
    gated: Float32[np.ndarray, "clips frames dims"] | None = None


class Batch(NamedTuple):
    """Some portraits, and frames of the same clips that are to be made of them.

    Attributes:
        clips: number of each clip.
        moments: number of each frame in its clip; pairs of neighbours where the batch was drawn so.
        image: the portraits, RGB in [0, 1].
        image_coefficients: of the portraits.
        coefficients: of the frames.
        target: the frames, RGB in [0, 1].
        mouth: 1 in the mouth's box, 0 elsewhere.
        differences: audio differences of the frames for the alignment loss, or none.
        gated: audio differences that the attention is shown, or none.
    """

    clips: Int64[np.ndarray, " sources"]
    moments: Int64[np.ndarray, "sources frames"]
    image: Float[Tensor, "sources 3 height width"]
    image_coefficients: Float[Tensor, "sources coefficients window"]
    coefficients: Float[Tensor, "sources frames coefficients window"]
    target: Float[Tensor, "sources frames 3 height width"]
    mouth: Float[Tensor, "sources frames 1 height width"]
    differences: Float[Tensor, "sources frames dims"] | None
    gated: Float[Tensor, "sources frames dims"] | None


def draw_moments(
    rng: np.random.Generator, length: int, sources: int, frames: int, *, neighbours: bool
) -> Int64[np.ndarray, "sources frames"]:
    """Return moments of clips of `length` frames, drawn evenly.

    Args:
        rng: draws.
        length: frames of a clip.
        sources: rows wanted.
        frames: moments per row.
        neighbours: moments come in pairs (k - 1, k), so that two generated frames can be compared.

    Raises:
        ValueError: pairs of an odd number of frames, or of clips of one frame.
    """
    if not neighbours:
        return rng.integers(length, size=(sources, frames))
    if frames % 2 or length < 2:
        raise ValueError(f"{frames} frames of clips of {length} cannot be pairs of neighbours")
    later = rng.integers(1, length, size=(sources, frames // 2))
    return np.stack([later - 1, later], axis=2).reshape(sources, frames)


def make_batch(
    data: AnimatorData,
    clips: Int64[np.ndarray, " sources"],
    portraits: Int64[np.ndarray, " sources"],
    moments: Int64[np.ndarray, "sources frames"],
    *,
    window: int,
    device: torch.device | None = None,
) -> Batch:
    """Return a batch; bytes travel to the device, not floats.

    Args:
        data: the clips.
        clips: number of each clip.
        portraits: which frame of each clip is its portrait.
        moments: which frames are wanted.
        window: frames of coefficients around each frame; beyond the ends the outermost are repeated.
        device: where the batch lies, the CPU by default.
    """
    around = np.arange(window) - window // 2
    last = data.frames.shape[1] - 1

    def coefficients(of: Int64[np.ndarray, "..."]) -> Tensor:
        rows = data.coefficients[clips.reshape(-1, *[1] * of.ndim), np.clip(of[..., None] + around, 0, last)]
        return to_device(rows.swapaxes(-1, -2).copy(), device)

    def pictures(of: Int64[np.ndarray, "..."]) -> Tensor:
        return to_pictures(data.frames[clips.reshape(-1, *[1] * (of.ndim - 1)), of], device)

    rows = clips[:, None]

    def heard(differences: Float32[np.ndarray, "clips frames dims"] | None) -> Tensor | None:
        return None if differences is None else to_device(differences[rows, moments], device)

    mouth = box_mask(to_device(data.mouths[rows, moments], device), *data.frames.shape[2:4])
    return Batch(
        clips,
        moments,
        pictures(portraits),
        coefficients(portraits),
        coefficients(moments),
        pictures(moments),
        mouth,
        heard(data.differences),
        heard(data.gated),
    )


def to_device(array: np.ndarray, device: torch.device | None) -> Tensor:
    """Return an array as a tensor on a device, without waiting for a GPU to have finished what it does."""
    tensor = torch.from_numpy(array)
    if device is None or device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def to_pictures(
    frames: UInt8[np.ndarray, "*batch height width 3"], device: torch.device | None
) -> Float[Tensor, "*batch 3 height width"]:
    """Return RGB frames in 0..255 as planes in [0, 1] on a device."""
    return to_device(frames, device).movedim(-1, -3).float() / 255


def box_mask(boxes: Float[Tensor, "*batch 4"], height: int, width: int) -> Float[Tensor, "*batch 1 height width"]:
    """Return 1 at pixels whose centre lies in the box x0, y0, x1, y1, and 0 elsewhere; a box of NaN holds none."""
    x0, y0, x1, y1 = (edge[..., None] for edge in boxes.unbind(-1))
    columns, rows = (torch.arange(length, device=boxes.device) for length in (width, height))
    across, down = (columns >= x0) & (columns <= x1), (rows >= y0) & (rows <= y1)
    return (down[..., :, None] & across[..., None, :])[..., None, :, :].float()
