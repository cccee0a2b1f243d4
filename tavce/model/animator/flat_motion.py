"""Dense motion in two dimensions: keypoints of a portrait and a code of the motion -> where positions come from."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.2


@dataclass(frozen=True)
class FlatMotionConfig:
    """The size of a `FlatMotion`.

    Attributes:
        compress: channels to which features are reduced before each keypoint warps them.
        channels: of the network that chooses among keypoints.
        variance: of the Gaussian around a keypoint, in coordinates from -1 to 1.
    """

    compress: int
    channels: int
    variance: float


class FlatFlow(NamedTuple):
    """Dense motion of a batch of frames.

    Attributes:
        positions: x and y in the portrait, from -1 to 1, the outer edges of its outermost pixels.
        visible: share of each position that the portrait shows, 0 to 1.
    """

    positions: Float[Tensor, "batch height width 2"]
    visible: Float[Tensor, "batch 1 height width"]


class FlatMotion(nn.Module):
    """A soft choice at each position among the shifts of all keypoints and standing still."""

    def __init__(self, config: FlatMotionConfig, *, channels: int, keypoints: int, code: int) -> None:
        super().__init__()
        self.config, self.keypoints = config, keypoints
        wide, inputs = config.channels, (keypoints + 1) * (config.compress + 1) + code
        self.compress = nn.Conv2d(channels, config.compress, 1)
        self.near = nn.Conv2d(inputs, wide, 3, padding=1)
        self.down = nn.Conv2d(wide, wide, 3, stride=2, padding=1)
        self.far = nn.Conv2d(wide, wide, 3, padding=1)
        self.join = nn.Conv2d(2 * wide, wide, 3, padding=1)
        self.mask = nn.Conv2d(wide, keypoints + 1, 3, padding=1)
        self.offset = nn.Conv2d(wide, 2, 3, padding=1)
        self.occlusion = nn.Conv2d(wide, 1, 3, padding=1)

    def forward(
        self,
        features: Float[Tensor, "batch channels height width"],
        source: Float[Tensor, "batch keypoints 2"],
        driving: Float[Tensor, "batch keypoints 2"],
        code: Float[Tensor, "batch code"],
    ) -> FlatFlow:
        """Return the flow that takes the portrait to the frame.

        Args:
            features: of the portrait.
            source: keypoints in the portrait.
            driving: keypoints in the frame.
            code: of the motion, seen at every position.
        """
        grid = pixel_grid(features)
        candidates = grid + functional.pad(source - driving, (0, 0, 1, 0))[:, :, None, None]
        evidence = self._evidence(features, candidates, self._heat(driving, grid) - self._heat(source, grid))
        everywhere = code[:, :, None, None].expand(-1, -1, *features.shape[2:])
        near = _active(self.near(torch.cat([evidence, everywhere], dim=1)))
        far = _active(self.far(_active(self.down(near))))
        far = functional.interpolate(far, size=near.shape[2:])
        joined = _active(self.join(torch.cat([near, far], dim=1)))
        mask = torch.softmax(self.mask(joined), dim=1)
        positions = torch.einsum("bkhw,bkhwa->bhwa", mask, candidates) + self.offset(joined).movedim(1, 3)
        return FlatFlow(positions, torch.sigmoid(self.occlusion(joined)))

    def _evidence(
        self,
        features: Float[Tensor, "batch channels height width"],
        candidates: Float[Tensor, "batch candidates height width 2"],
        gained: Float[Tensor, "batch keypoints height width"],
    ) -> Float[Tensor, "batch _ height width"]:
        """Return the features warped by each candidate, and the heat that each keypoint gained."""
        count = candidates.shape[1]
        small = self.compress(features).repeat_interleave(count, dim=0)
        warped = functional.grid_sample(small, candidates.flatten(0, 1), align_corners=False)
        warped = torch.unflatten(warped, 0, (-1, count)).flatten(1, 2)
        return torch.cat([torch.zeros_like(gained[:, :1]), gained, warped], dim=1)

    def _heat(
        self, points: Float[Tensor, "batch keypoints 2"], grid: Float[Tensor, "height width 2"]
    ) -> Float[Tensor, "batch keypoints height width"]:
        distance = (grid - points[:, :, None, None]).square().sum(dim=-1)
        return torch.exp(-0.5 * distance / self.config.variance)


def pixel_grid(like: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "height width 2"]:
    """Return x and y of each position's centre, where -1 and 1 are the outer edges: sampling there changes nothing."""
    axes = [
        (2 * torch.arange(length, dtype=like.dtype, device=like.device) + 1) / length - 1 for length in like.shape[2:]
    ]
    rows, columns = torch.meshgrid(*axes, indexing="ij")
    return torch.stack([columns, rows], dim=-1)


def _active(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, SLOPE)
