"""Discriminator of pictures: how true each patch looks, at one or several sizes, and the hinge losses.

Source: Isola et al., CVPR 2017, with spectral norm as in the face-vid2vid reproduction
(zhanglonghao1992/One-Shot_Free-View_Neural_Talking_Head_Synthesis@9511d25, modules/discriminator.py).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from tavce.model.animator.blocks import SpectralConv2d

KERNEL, SLOPE = 4, 0.2


@dataclass(frozen=True)
class DiscriminatorConfig:
    """The size of a `Discriminator`.

    Attributes:
        width: channels of the first block; doubled per block.
        most: largest number of channels.
        blocks: of each size; all but the last halve the picture.
        scales: pictures are judged at 1, 1/2, 1/4 ... of their side, so many of them.
    """

    width: int
    most: int
    blocks: int
    scales: int


PAPER = DiscriminatorConfig(width=64, most=512, blocks=4, scales=1)
TINY = DiscriminatorConfig(width=16, most=64, blocks=3, scales=1)


class Judgement(NamedTuple):
    """What a discriminator says of a batch at one size.

    Attributes:
        scores: one per patch; larger is truer.
        features: after each block, for feature matching.
    """

    scores: Float[Tensor, "batch 1 _ _"]
    features: tuple[Float[Tensor, "batch _ _ _"], ...]


class PatchDiscriminator(nn.Module):
    """Convolutions without padding; the first block is not normalised."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        channels = [3, *(min(config.most, config.width * 2**block) for block in range(config.blocks))]
        pairs = pairwise(channels)
        self.down_blocks = nn.ModuleList(SpectralConv2d(*pair, KERNEL, padding=0) for pair in pairs)
        self.conv = SpectralConv2d(channels[-1], 1, 1)

    def forward(self, pictures: Float[Tensor, "batch 3 height width"]) -> Judgement:
        """Return the judgement of each picture, RGB in [0, 1]."""
        features, x = [], pictures
        for number, block in enumerate(self.down_blocks):
            x = block(x)
            x = functional.leaky_relu(x if number == 0 else functional.instance_norm(x), SLOPE)
            if number < len(self.down_blocks) - 1:
                x = functional.avg_pool2d(x, 2)
            features.append(x)
        return Judgement(self.conv(x), tuple(features))


class Discriminator(nn.Module):
    """One `PatchDiscriminator` per size."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.discs = nn.ModuleList(PatchDiscriminator(config) for _ in range(config.scales))

    def forward(self, pictures: Float[Tensor, "batch 3 height width"]) -> list[Judgement]:
        """Return the judgements at full size, half size and so on."""
        judgements = []
        for number, network in enumerate(self.discs):
            if number:
                pictures = functional.avg_pool2d(pictures, 2)
            judgements.append(network(pictures))
        return judgements


def hinge_of_discriminator(real: list[Judgement], fake: list[Judgement]) -> Float[Tensor, ""]:
    """Return the mean of max(0, 1 - real) + max(0, 1 + fake) over patches and pictures, mean over sizes."""
    both = zip(real, fake, strict=True)
    losses = [functional.relu(1 - r.scores).mean() + functional.relu(1 + f.scores).mean() for r, f in both]
    return torch.stack(losses).mean()


def hinge_of_generator(fake: list[Judgement]) -> Float[Tensor, ""]:
    """Return minus the mean score, mean over sizes."""
    return -torch.stack([judgement.scores.mean() for judgement in fake]).mean()


def feature_matching(real: list[Judgement], fake: list[Judgement]) -> Float[Tensor, ""]:
    """Return the mean L1 distance between the features of true and generated pictures, mean over blocks and sizes."""
    losses = [
        functional.l1_loss(ours, theirs.detach())
        for r, f in zip(real, fake, strict=True)
        for theirs, ours in zip(r.features, f.features, strict=True)
    ]
    return torch.stack(losses).mean()
