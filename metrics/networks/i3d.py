"""I3D: 16 frames -> 400 logits of Kinetics, by the TorchScript file of FVD.

Source: universome/fvd-comparison@1c54d8d (the file, equal to the network of the first FVD: Unterthiner et al. 2018,
arXiv 1812.01717) and JunyaoHu/common_metrics_on_video_quality@5f75173, fvd/styleganv (what goes into it).
"""

import hashlib
import io
import warnings
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor
from torch.nn import functional

from metrics.networks.loading import BROKEN
from metrics.record import NoValueError

ClipChoice = Literal["tiled", "first"]

OFFICIAL_SHA256 = "bec6519f66ea534e953026b4ae2c65553c17bf105611c746d904657e5860a5e2"
WINDOW_FRAMES = 16
SIDE = 224
CLASSES = 400


def load_i3d(path: Path, *, sha256: str = OFFICIAL_SHA256) -> torch.jit.ScriptModule:
    """Return the network of a TorchScript file in evaluation mode, on the CPU.

    Other networks here are written out and filled from a state dict. This one is not: its graph, with the padding that
    TensorFlow puts at the ends, exists nowhere but in the file, and it is what published FVD values were computed with.
    A TorchScript file is a program that runs on loading and may read and write files. What makes it safe is the hash:
    the file is read once, and the very bytes that are loaded are compared with the pin first.

    Args:
        path: i3d_torchscript.pt.
        sha256: that the file must have, in hex.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: its sha256 is another, or it is no TorchScript file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not a file; fetch these weights first")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"{path} has sha256 {found}, expected {sha256}; it is not run; fetch it again")
    with warnings.catch_warnings():
        # PyTorch advises against making such files; the published one stays as it is.
        warnings.filterwarnings("ignore", message=r"`torch\.jit\.load` is deprecated", category=FutureWarning)
        try:
            network = torch.jit.load(io.BytesIO(content), map_location="cpu")  # type: ignore[no-untyped-call]
        except BROKEN as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ValueError(f"{path} is no TorchScript file: {reason}") from error
    return network.eval()  # type: ignore[no-any-return]


def i3d_input(
    frames: UInt8[np.ndarray, "frames height width 3"], device: torch.device | str = "cpu"
) -> Float32[Tensor, "3 frames 224 224"]:
    """Return what the network sees of a clip: RGB in [-1, 1], the shorter side resized to 224, the middle cut out.

    Bilinear between pixel centres without antialiasing. The longer side is rounded up, in integers: the reference
    rounds up in floating point, which for 96 sizes of square pictures from 28 to 1099 pixels (such as 100 or 164)
    gives 225 rows, one of which it then cuts off.

    Raises:
        ValueError: the frames are not uint8 RGB, or there are none.
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or not frames.size:
        raise ValueError(f"need uint8 frames (frames, height, width, 3) in 0..255, got {frames.dtype} {frames.shape}")
    height, width = frames.shape[1:3]
    shorter = min(height, width)
    rows, columns = -(-SIDE * height // shorter), -(-SIDE * width // shorter)
    pixels = torch.from_numpy(np.ascontiguousarray(frames.transpose(3, 0, 1, 2))).to(device)
    unit = pixels.float().div(255)
    resized = functional.interpolate(unit, (rows, columns), mode="bilinear", align_corners=False, antialias=False)
    top, left = (rows - SIDE) // 2, (columns - SIDE) // 2
    return 2 * resized[:, :, top : top + SIDE, left : left + SIDE] - 1


def fvd_features(
    network: torch.jit.ScriptModule,
    frames: UInt8[np.ndarray, "frames height width 3"],
    *,
    clips: ClipChoice = "tiled",
    batch: int = 4,
) -> Float32[np.ndarray, "windows 400"]:
    """Return the logits of each window of 16 frames of a clip, computed where the network lies.

    ``tiled``: windows 0 to 15, 16 to 31 and so on, side by side; what is left at the end is not seen. ``first``: the
    first 16 frames alone, so that every video counts once, as in most published values; equal to the first row of
    ``tiled``.

    Args:
        network: from `load_i3d`; called with its switches ``rescale`` and ``resize`` off, since the frames come ready,
            and ``return_features`` on: logits, not probabilities.
        frames: RGB at 25 per second.
        clips: which windows.
        batch: windows at once; moves features by rounding alone.

    Raises:
        NoValueError: fewer than 16 frames.
        ValueError: the network is in training mode or gives something else than 400 numbers per window, the choice of
            clips is not known, or as in `i3d_input`.
    """
    if clips not in ("tiled", "first"):
        raise ValueError(f"no choice of clips is called {clips!r}; allowed: tiled, first")
    if network.training:
        raise ValueError("the network is in training mode, where features depend on the batch; call network.eval()")
    if len(frames) < WINDOW_FRAMES:
        raise NoValueError(f"{len(frames)} frames are fewer than the {WINDOW_FRAMES} of a window of FVD")
    windows = len(frames) // WINDOW_FRAMES if clips == "tiled" else 1
    device = next(network.parameters()).device
    features = []
    # Unoptimised, because the optimiser rewrites the graph after the first calls: the same input would give other bits.
    with torch.inference_mode(), torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
        for first in range(0, windows, batch):
            starts = range(first * WINDOW_FRAMES, min(first + batch, windows) * WINDOW_FRAMES, WINDOW_FRAMES)
            pictures = torch.stack([i3d_input(frames[start : start + WINDOW_FRAMES], device) for start in starts])
            logits = network(pictures, rescale=False, resize=False, return_features=True)
            if logits.shape != (len(pictures), CLASSES):
                raise ValueError(f"the network gives {tuple(logits.shape)} for {len(pictures)} windows, not 400 each")
            features.append(logits.float().cpu().numpy())
    return np.concatenate(features)
