"""LPIPS of RGB frames, with the activations of the reference computed once for all generated clips."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float, Float64, UInt8
from torch import Tensor

from metrics.networks.lpips import Lpips

MINIMUM_SIDE = 32


def lpips_features(
    network: Lpips, frames: UInt8[np.ndarray, "frames height width 3"]
) -> tuple[Float[Tensor, "frames _ _ _"], ...]:
    """Return the unit-length activations of RGB frames at their own size; give all frames of one batch.

    They lie where the network lies, and take 2.6 MB per 256 x 256 frame for AlexNet, 32 MB for VGG-16: keep those of a
    batch, not of a clip.

    Raises:
        ValueError: if the frames are not uint8 RGB, there are none, they are under 32 pixels, or the network is in
            training mode.
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or not frames.size:
        raise ValueError(f"need uint8 frames (frames, height, width, 3) in 0..255, got {frames.dtype} {frames.shape}")
    if min(frames.shape[1:3]) < MINIMUM_SIDE:
        raise ValueError(f"frames must have at least {MINIMUM_SIDE} x {MINIMUM_SIDE} pixels, got {frames.shape[1:3]}")
    if network.training:
        raise ValueError("the network is in training mode, where dropout acts on the distance; call network.eval()")
    pixels = torch.from_numpy(np.ascontiguousarray(frames.transpose(0, 3, 1, 2))).to(network.shift.device)
    with torch.inference_mode():
        return network(pixels.float() / 127.5 - 1)  # type: ignore[no-any-return]


def lpips_distance(
    network: Lpips, one: Sequence[Float[Tensor, "frames _ _ _"]], other: Sequence[Float[Tensor, "frames _ _ _"]]
) -> Float64[np.ndarray, " frames"]:
    """Return LPIPS of each pair of frames from `lpips_features` of both.

    No unit. Range [0, inf), in practice under 1.5; equal frames give exactly 0, and the order does not matter.

    Raises:
        ValueError: if the two differ in frames or size.
    """
    shapes, others = [tuple(a.shape) for a in one], [tuple(b.shape) for b in other]
    if shapes != others:
        raise ValueError(f"activations of the one have shapes {shapes}, of the other {others}")
    with torch.inference_mode():
        return network.distance(one, other).cpu().numpy().astype(np.float64)


def lpips_against(
    network: Lpips,
    reference: UInt8[np.ndarray, "frames height width 3"],
    generated: Sequence[UInt8[np.ndarray, "frames height width 3"]],
    *,
    batch: int = 16,
) -> Float64[np.ndarray, "clips frames"]:
    """Return LPIPS per frame of several generated clips against one reference, whose activations are computed once.

    The size of the batch moves values by rounding only (1e-6 at most).

    Raises:
        ValueError: if no clip is given, one differs from the reference in frames or size, or as in `lpips_features`.
    """
    if not generated:
        raise ValueError("no generated clip to compare with the reference")
    for clip in generated:
        if clip.shape != reference.shape:
            raise ValueError(f"generated frames have shape {clip.shape}, reference frames {reference.shape}")
    columns = list(_columns(network, reference, generated, batch))
    return np.concatenate(columns, axis=1)


def _columns(
    network: Lpips,
    reference: UInt8[np.ndarray, "frames height width 3"],
    generated: Sequence[UInt8[np.ndarray, "frames height width 3"]],
    batch: int,
) -> Iterator[Float64[np.ndarray, "clips _"]]:
    for i in range(0, max(len(reference), 1), batch):
        target = lpips_features(network, reference[i : i + batch])
        rows = [lpips_distance(network, lpips_features(network, clip[i : i + batch]), target) for clip in generated]
        yield np.stack(rows)
