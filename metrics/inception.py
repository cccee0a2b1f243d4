"""RGB frames -> features of FID-Inception, under one of two named protocols of resizing."""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from PIL import Image
from torch import Tensor
from torch.nn import functional

from metrics.networks.inception import FidInception

Resize = Literal["pytorch_fid", "clean"]

SIDE = 299


def inception_input(
    frames: UInt8[np.ndarray, "frames height width 3"],
    resize: Resize = "pytorch_fid",
    device: torch.device | str = "cpu",
) -> Float32[Tensor, "frames 3 299 299"]:
    """Return the input of the network on a device: about [-1, 1], 299 x 299, stretched if the picture is not square.

    ``pytorch_fid`` (that of published numbers): bilinear between pixel centres without antialiasing, then 2x/255 - 1;
    from about 600 pixels on it skips some. ``clean``: Pillow's bicubic in float32, which antialiases, neither rounded
    nor clipped, then (x - 128) / 128, as clean-fid@1d8cba5. Values of the two protocols are not comparable.

    Raises:
        ValueError: if the frames are not uint8 RGB, there are none, or the protocol is not known.
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or not frames.size:
        raise ValueError(f"need uint8 frames (frames, height, width, 3) in 0..255, got {frames.dtype} {frames.shape}")
    if resize == "pytorch_fid":
        # Channels stay last in memory: the same values in less than half of the time. Resized on the device, as
        # pytorch-fid does.
        unit = torch.from_numpy(np.ascontiguousarray(frames)).to(device).permute(0, 3, 1, 2).float().div(255)
        grown = functional.interpolate(unit, (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=False)
        return grown.mul_(2).sub_(1)  # in place: a tenth of the network's time otherwise
    if resize != "clean":
        raise ValueError(f"no resize protocol is called {resize!r}; allowed: pytorch_fid, clean")
    planes = np.empty((len(frames), 3, SIDE, SIDE), np.float32)
    for k, channel in np.ndindex(planes.shape[:2]):
        plane = Image.fromarray(frames[k, :, :, channel].astype(np.float32))
        planes[k, channel] = np.asarray(plane.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return (torch.from_numpy(planes).to(device) - 128) / 128


def inception_features(
    network: FidInception,
    frames: UInt8[np.ndarray, "frames height width 3"],
    *,
    resize: Resize = "pytorch_fid",
    batch: int = 16,
) -> Float32[np.ndarray, "frames channels"]:
    """Return pool3 of each frame, computed where the network lies.

    The size of the batch moves float32 features by rounding only (relative 1e-5 at most).

    Raises:
        ValueError: if the network is in training mode, or as in `inception_input`.
    """
    if network.training:
        raise ValueError("the network is in training mode, where features depend on the batch; call network.eval()")
    device = network.fc.weight.device
    parts = [frames[i : i + batch] for i in range(0, max(len(frames), 1), batch)]
    with torch.inference_mode():
        return np.concatenate([network(inception_input(part, resize, device)).cpu().numpy() for part in parts])
