"""The decoder of the small renderer: what to add to the warped portrait, from its features and what was warped."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from tavce.model.animator.flat_motion import FlatFlow, pixel_grid
from tavce.model.animator.spade import Spade

SHRINK, HALF = 4, 2
SLOPE = 0.2


class FlatSpadeBlock(nn.Module):
    """Two convolutions beside an identity, each after its own `Spade`, whose scale and offset look at one position."""

    def __init__(self, channels: int, map_channels: int, hidden: int) -> None:
        super().__init__()
        self.norm_0 = Spade(channels, map_channels, hidden, kernel=1)
        self.conv_0 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm_1 = Spade(channels, map_channels, hidden, kernel=1)
        self.conv_1 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(
        self, x: Float[Tensor, "batch channels height width"], features: Float[Tensor, "batch maps height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Return the activations."""
        y = self.conv_0(active(self.norm_0(x, features)))
        return torch.add(x, self.conv_1(active(self.norm_1(y, features))))


class ResidualDecoder(nn.Module):
    """Warps picture and features, and decodes from both what to add to the warped picture.

    Attributes:
        residual: mean absolute value of what the last call in training added, for the log; no part of the state.
    """

    residual: Tensor

    def __init__(self, channels: int, *, code: int, blocks: int, hidden: int, fine: int) -> None:
        super().__init__()
        self.register_buffer("residual", torch.zeros(()), persistent=False)
        self.fc = nn.Conv2d(channels + 3 * SHRINK**2, channels, 3, padding=1)
        self.blocks = nn.ModuleList(FlatSpadeBlock(channels, channels + code, hidden) for _ in range(blocks))
        self.up = nn.Conv2d(channels + 3 * HALF**2 * HALF**2, fine * HALF**2, 1)
        self.join = nn.Conv2d(fine, fine, 3, padding=1)
        self.conv_img = nn.Conv2d(fine, 3 * HALF**2, 3, padding=1)

    def forward(
        self,
        image: Float[Tensor, "batch 3 height width"],
        features: Float[Tensor, "batch channels _ _"],
        flow: FlatFlow,
        code: Float[Tensor, "batch code"],
    ) -> Float[Tensor, "batch 3 height width"]:
        """Return the frames.

        Args:
            image: the portraits.
            features: of the portraits.
            flow: from the portraits to the frames.
            code: of the motion, seen at every position.
        """
        # The offsets grow, not the positions: at the border, those would be held back.
        offsets = grown((flow.positions - pixel_grid(flow.visible)).movedim(3, 1), image.shape[2])
        positions = pixel_grid(image) + offsets.movedim(1, 3)
        moved = functional.grid_sample(image, positions, padding_mode="border", align_corners=False)
        small = shrunk(moved, SHRINK * features.shape[2])
        warped = functional.grid_sample(features, flow.positions, padding_mode="border", align_corners=False)
        warped = warped * flow.visible
        pixels = functional.pixel_unshuffle(small, SHRINK)
        maps = torch.cat([warped, code[:, :, None, None].expand(-1, -1, *warped.shape[2:])], dim=1)
        x = self.fc(torch.cat([warped, pixels], dim=1))
        for block in self.blocks:
            x = block(x, maps)
        x = functional.pixel_shuffle(self.up(torch.cat([x, pixels], dim=1)), HALF)
        x = active(self.join(active(x)))
        residual = functional.pixel_shuffle(self.conv_img(x), HALF)
        if self.training:
            self.residual = residual.detach().abs().mean()
        return moved + grown(residual, image.shape[2])


def shrunk(picture: Tensor, side: int) -> Tensor:
    """Return the mean over the area of each pixel of the smaller picture; at that side already, the picture itself."""
    factor, rest = divmod(picture.shape[2], side)
    if factor == 1 and not rest:
        return picture
    if rest:
        return functional.interpolate(picture, (side, side), mode="area")
    return functional.avg_pool2d(picture, factor)  # the same, several times faster


def grown(x: Tensor, side: int) -> Tensor:
    """Return `x` enlarged bilinearly; at that side already, `x` itself."""
    return x if x.shape[2] == side else functional.interpolate(x, (side, side), mode="bilinear", align_corners=False)


def active(x: Tensor) -> Tensor:
    """Return `x` with a fifth of its slope below zero."""
    return functional.leaky_relu(x, SLOPE)
