"""TAVCE attention: how the sound changes from one frame to the next weighs the channels of the portrait's features.

F' = linear(F + proj2(gate(d) * proj1(F))), with d the difference of the audio embeddings of two adjacent frames.
Source: arXiv 2504.05746; ZH-Xu410/TAVCE@c239395, src/facerender/modules/generator.py.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tavce.model.correlation.gates import Gate, GateKind


@dataclass(frozen=True)
class AttentionConfig:
    """The size and kind of a `ChannelAttention`.

    Attributes:
        dims: length of the audio difference, and channels that the gate weighs; 128 as published.
        gate: what weighs them, as `tavce.model.correlation.gates.Gate` explains; "diagonal" as released.
    """

    dims: int
    gate: GateKind


class ChannelAttention(nn.Module):
    """The attention; it starts as the identity, so that a pretrained renderer is untouched before the first step."""

    def __init__(self, channels: int, config: AttentionConfig) -> None:
        super().__init__()
        self.config = config
        self.proj1 = nn.Conv2d(channels, config.dims, 1)
        self.proj2 = nn.Conv2d(config.dims, channels, 1)
        self.linear = nn.Conv2d(channels, channels, 1)
        self.gate = Gate(config.gate, config.dims)
        # `proj2` alone is zero: were `proj1` zero too, neither would ever get a gradient.
        for parameter in (self.proj2.weight, self.proj2.bias, self.linear.bias):
            assert parameter is not None
            nn.init.zeros_(parameter)
        nn.init.dirac_(self.linear.weight)

    def forward(
        self,
        features: Float[Tensor, "sources channels height width"],
        differences: Float[Tensor, "sources frames dims"],
    ) -> Float[Tensor, "sources frames channels height width"]:
        """Return the portraits' features as each frame's sound weighs them.

        Args:
            features: of the portraits, the same for all frames.
            differences: audio embedding of each frame less that of the frame before; zero at a first frame.
        """
        frames = differences.shape[1]
        projected = self.proj1(features).repeat_interleave(frames, dim=0)
        added = self.proj2(self.gate(differences.flatten(0, 1), projected))
        fused: Tensor = self.linear(features.repeat_interleave(frames, dim=0) + added)
        return torch.unflatten(fused, 0, (-1, frames))
