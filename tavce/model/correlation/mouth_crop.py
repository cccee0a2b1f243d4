"""Frames and mouth boxes -> the crops that the mouth encoder sees, with a gradient where frames are generated."""

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor
from torch.nn import functional


def crop_mouths(
    pictures: Float[Tensor, "batch 3 height width"], boxes: Float[Tensor, "batch 4"], side: int
) -> Float[Tensor, "batch 3 side side"]:
    """Return the boxes of the pictures, resampled bilinearly to ``side`` pixels, as differentiable as the pictures.

    The release cuts whole pixels and resizes them; here box edges may lie anywhere, so that a mouth which moves by a
    fraction of a pixel does not jump. Pixels outside of a picture repeat its edge.

    Args:
        pictures: any range.
        boxes: x0, y0, x1, y1 in pixels, as `tavce.data.features.mouth_boxes` gives them: (0, 0) is the centre of the
            top left pixel, and the whole picture is (-0.5, -0.5, width - 0.5, height - 0.5).
        side: of the result.

    Raises:
        ValueError: a box is not finite (no face).
    """
    if not boxes.isfinite().all():
        raise ValueError("a mouth box is not finite; leave frames without a face out")
    places = (torch.arange(side, dtype=boxes.dtype, device=boxes.device) + 0.5) / side
    x0, y0, x1, y1 = boxes[:, :, None].unbind(dim=1)
    height, width = pictures.shape[2:]
    # grid_sample counts from edge to edge: -1 is half a pixel before the first centre.
    across = (x0 + places * (x1 - x0) + 0.5) * 2 / width - 1
    down = (y0 + places * (y1 - y0) + 0.5) * 2 / height - 1
    grid = torch.stack([across[:, None].expand(-1, side, -1), down[:, :, None].expand(-1, -1, side)], dim=3)
    return functional.grid_sample(pictures, grid.to(pictures.dtype), padding_mode="border", align_corners=False)


def mouth_crops(
    frames: UInt8[np.ndarray, "frames height width 3"], boxes: Float32[np.ndarray, "frames 4"], side: int
) -> UInt8[np.ndarray, "frames side side 3"]:
    """Return the mouth of each frame of a clip by `crop_mouths`, rounded to whole values.

    Raises:
        ValueError: a box is not finite (no face).
    """
    planes = torch.from_numpy(np.ascontiguousarray(frames.transpose(0, 3, 1, 2))).float()
    crops = crop_mouths(planes, torch.from_numpy(boxes), side)
    return np.ascontiguousarray(crops.permute(0, 2, 3, 1).round().clamp(0, 255).byte().numpy())
