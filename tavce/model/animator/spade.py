"""SPADE decoder: a frame's features -> its picture, the features shaping every layer.

Source: Park et al., "Semantic Image Synthesis with Spatially-Adaptive Normalization", CVPR 2019, as SadTalker holds it
(OpenTalker/SadTalker@cd4c046, src/facerender/modules/generator.py).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from tavce.model.animator.blocks import SpectralConv2d

SLOPE = 0.2


@dataclass(frozen=True)
class DecoderConfig:
    """The size of a `SpadeDecoder`.

    Attributes:
        middle: blocks before the first enlargement.
        hidden: channels between the features and the scale and offset that they set.
        last: channels of the last block.
    """

    middle: int
    hidden: int
    last: int


class Spade(nn.Module):
    """Instance norm whose scale and offset come from a map of features."""

    def __init__(self, channels: int, map_channels: int, hidden: int, kernel: int = 3) -> None:
        super().__init__()
        self.param_free_norm = nn.InstanceNorm2d(channels)
        self.mlp_shared = nn.Sequential(nn.Conv2d(map_channels, hidden, kernel, padding=kernel // 2), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(hidden, channels, kernel, padding=kernel // 2)
        self.mlp_beta = nn.Conv2d(hidden, channels, kernel, padding=kernel // 2)

    def forward(
        self, x: Float[Tensor, "batch channels height width"], features: Float[Tensor, "batch maps _ _"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Return `x` normalised, then scaled and shifted by `features` at the nearest positions."""
        if features.shape[2:] != x.shape[2:]:
            features = functional.interpolate(features, size=x.shape[2:])
        hidden = self.mlp_shared(features)
        scale, offset = self.mlp_gamma(hidden), self.mlp_beta(hidden)
        return torch.add(offset, self.param_free_norm(x) * (1 + scale))


class SpadeBlock(nn.Module):
    """Two convolutions beside a shortcut, each after its own `Spade`."""

    def __init__(self, inputs: int, outputs: int, map_channels: int, hidden: int) -> None:
        super().__init__()
        middle = min(inputs, outputs)
        self.conv_0 = SpectralConv2d(inputs, middle, 3)
        self.conv_1 = SpectralConv2d(middle, outputs, 3)
        learnt = inputs != outputs
        self.conv_s = SpectralConv2d(inputs, outputs, 1, bias=False) if learnt else None
        self.norm_0 = Spade(inputs, map_channels, hidden)
        self.norm_1 = Spade(middle, map_channels, hidden)
        self.norm_s = Spade(inputs, map_channels, hidden) if learnt else None

    def forward(
        self, x: Float[Tensor, "batch inputs height width"], features: Float[Tensor, "batch maps _ _"]
    ) -> Float[Tensor, "batch outputs height width"]:
        """Return the activations at the same size."""
        shortcut = x
        if self.conv_s is not None and self.norm_s is not None:
            shortcut = self.conv_s(self.norm_s(x, features))
        x = self.conv_0(functional.leaky_relu(self.norm_0(x, features), SLOPE))
        x = self.conv_1(functional.leaky_relu(self.norm_1(x, features), SLOPE))
        return torch.add(shortcut, x)


class SpadeDecoder(nn.Module):
    """Features at a quarter of the picture's side -> the picture."""

    def __init__(self, config: DecoderConfig, channels: int) -> None:
        super().__init__()
        self.config = config
        self.fc = nn.Conv2d(channels, 2 * channels, 3, padding=1)
        for number in range(config.middle):
            self.add_module(f"G_middle_{number}", SpadeBlock(2 * channels, 2 * channels, channels, config.hidden))
        self.up_0 = SpadeBlock(2 * channels, channels, channels, config.hidden)
        self.up_1 = SpadeBlock(channels, config.last, channels, config.hidden)
        self.conv_img = nn.Conv2d(config.last, 3, 3, padding=1)

    def forward(self, features: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch 3 _ _"]:
        """Return RGB in (0, 1), at four times the height and width."""
        x = self.fc(features)
        for number in range(self.config.middle):
            x = self.get_submodule(f"G_middle_{number}")(x, features)
        for block in (self.up_0, self.up_1):
            x = block(functional.interpolate(x, scale_factor=2.0), features)
        return torch.sigmoid(self.conv_img(functional.leaky_relu(x, SLOPE)))
