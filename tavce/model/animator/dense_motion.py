"""Dense motion: where each position of a frame's feature volume comes from in the portrait's, and what it hides.

Source: Wang et al., CVPR 2021, as SadTalker holds it (OpenTalker/SadTalker@cd4c046,
src/facerender/modules/dense_motion.py).
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from tavce.model.animator.blocks import Hourglass
from tavce.model.animator.keypoints import coordinate_grid


@dataclass(frozen=True)
class DenseMotionConfig:
    """The size of a `DenseMotion`.

    Attributes:
        compress: channels to which the volume is reduced before it is warped by each keypoint.
        width: channels of the hourglass's finest level; doubled per level.
        most: largest number of channels.
        levels: halvings.
        mask_kernel: of the convolution that chooses among keypoints; 7 as published.
        occlusion_kernel: of the one that says what is hidden; 7 as published.
        variance: of the Gaussian around a keypoint, in coordinates from -1 to 1.
        least_mask: shares below this count as zero.
    """

    compress: int
    width: int
    most: int
    levels: int
    mask_kernel: int
    occlusion_kernel: int
    variance: float
    least_mask: float


class Flow(NamedTuple):
    """Dense motion of a batch of frames.

    Attributes:
        positions: x, y and z in the portrait's volume, from -1 to 1.
        visible: share of each position that the portrait shows, 0 to 1.
    """

    positions: Float[Tensor, "batch depth height width 3"]
    visible: Float[Tensor, "batch 1 height width"]


class DenseMotion(nn.Module):
    """A soft choice at each position among the shifts of all keypoints and standing still."""

    def __init__(self, config: DenseMotionConfig, *, channels: int, depth: int, keypoints: int) -> None:
        super().__init__()
        self.config = config
        inputs = (keypoints + 1) * (config.compress + 1)
        self.hourglass = Hourglass(inputs, width=config.width, most=config.most, levels=config.levels, dimensions=3)
        kernel = config.mask_kernel
        self.mask = nn.Conv3d(self.hourglass.outputs, keypoints + 1, kernel, padding=kernel // 2)
        self.compress = nn.Conv3d(channels, config.compress, 1)
        self.norm = nn.BatchNorm3d(config.compress)
        kernel = config.occlusion_kernel
        self.occlusion = nn.Conv2d(self.hourglass.outputs * depth, 1, kernel, padding=kernel // 2)

    def forward(
        self,
        volume: Float[Tensor, "batch channels depth height width"],
        source: Float[Tensor, "batch keypoints 3"],
        driving: Float[Tensor, "batch keypoints 3"],
    ) -> Flow:
        """Return the flow that takes the portrait's volume to the frame's.

        Args:
            volume: of the portrait.
            source: keypoints in the portrait.
            driving: keypoints in the frame.
        """
        small = functional.relu(self.norm(self.compress(volume)))
        grid = coordinate_grid(small.shape[2:], small)
        shifts = functional.pad(source - driving, (0, 0, 1, 0))[:, :, None, None, None]
        candidates = grid + shifts
        features = self.hourglass(self._evidence(small, candidates, grid, source, driving))
        mask = torch.softmax(self.mask(features), dim=1)
        mask = torch.where(mask < self.config.least_mask, torch.zeros_like(mask), mask)
        positions = torch.einsum("bkdhw,bkdhwa->bdhwa", mask, candidates)
        return Flow(positions, torch.sigmoid(self.occlusion(features.flatten(1, 2))))

    def _evidence(
        self,
        small: Float[Tensor, "batch compress depth height width"],
        candidates: Float[Tensor, "batch candidates depth height width 3"],
        grid: Float[Tensor, "depth height width 3"],
        source: Float[Tensor, "batch keypoints 3"],
        driving: Float[Tensor, "batch keypoints 3"],
    ) -> Float[Tensor, "batch _ depth height width"]:
        """Return the volume warped by each candidate, each with the heat that its keypoint gained."""
        count = candidates.shape[1]
        repeated = small.repeat_interleave(count, dim=0)
        warped = torch.unflatten(warp(repeated, candidates.flatten(0, 1)), 0, (-1, count))
        gained = self._heat(driving, grid) - self._heat(source, grid)
        standing_still = torch.zeros_like(gained[:, :1])
        heat = torch.cat([standing_still, gained], dim=1)[:, :, None]
        return torch.cat([heat, warped], dim=2).flatten(1, 2)

    def _heat(
        self, points: Float[Tensor, "batch keypoints 3"], grid: Float[Tensor, "depth height width 3"]
    ) -> Float[Tensor, "batch keypoints depth height width"]:
        distance = (grid - points[:, :, None, None, None]).square().sum(dim=-1)
        return torch.exp(-0.5 * distance / self.config.variance)


def warp(x: Float[Tensor, "batch channels *size"], positions: Float[Tensor, "batch *size axes"]) -> Tensor:
    """Return `x` sampled at positions from -1 to 1, which are the outer edges of the outermost values; 0 beyond."""
    return functional.grid_sample(x, positions, align_corners=False)
