"""E_v of the paper: the crop of a mouth -> the embedding of what is seen.

The released code (ZH-Xu410/TAVCE@c239395, correlation/models.py) uses the IResNet-18 of ArcFace (Deng et al., CVPR
2019), with its keys; the paper's text says ResNet-18, which torchvision has.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

STEM_CHANNELS = 64
LAYER_CHANNELS = (64, 128, 256, 512)


@dataclass(frozen=True)
class MouthEncoderConfig:
    """The kind and size of a mouth encoder.

    Attributes:
        kind: "iresnet18" as released, or "resnet18" as the paper's text says, which has one width only.
        width: factor on the channels of every convolution; 1.0 is the official network.
        side: height and width of the crop in pixels; 112 as released.
        blocks: residual blocks of each of the four layers; 2 each in the official network.
        stem_stride: of the first convolution; 1 in the official network. With 2 the rest costs a quarter.
        embedding: numbers per crop; 128 in the paper.
    """

    kind: Literal["iresnet18", "resnet18"]
    width: float
    side: int
    blocks: tuple[int, int, int, int]
    stem_stride: int
    embedding: int

    def channels(self, official: int) -> int:
        """Return the channels of a layer that has ``official`` of them in the official network; at least one."""
        return max(1, round(official * self.width))


class Block(nn.Module):
    """Two 3 x 3 convolutions beside an identity; normalised first, no activation after the sum."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.prelu = nn.PReLU(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, stride, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module | None = None
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Float[Tensor, "batch _ _ _"]) -> Float[Tensor, "batch _ _ _"]:
        """Return the activations, reduced by the stride."""
        change = self.bn3(self.conv2(self.prelu(self.bn2(self.conv1(self.bn1(x))))))
        return torch.add(x if self.downsample is None else self.downsample(x), change)


class MouthIResNet(nn.Module):
    """Four layers of `Block`, each halving the side, then one linear layer over all positions."""

    def __init__(self, config: MouthEncoderConfig) -> None:
        super().__init__()
        self.config = config
        inputs = config.channels(STEM_CHANNELS)
        self.conv1 = nn.Conv2d(3, inputs, 3, config.stem_stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.prelu = nn.PReLU(inputs)
        side = _halved(config.side, config.stem_stride)
        for number, (official, count) in enumerate(zip(LAYER_CHANNELS, config.blocks, strict=True), start=1):
            outputs = config.channels(official)
            rest = (Block(outputs, outputs, stride=1) for _ in range(count - 1))
            self.add_module(f"layer{number}", nn.Sequential(Block(inputs, outputs, stride=2), *rest))
            inputs, side = outputs, _halved(side, 2)
        self.bn2 = nn.BatchNorm2d(inputs)
        self.fc = nn.Linear(inputs * side**2, config.embedding)
        self.features = nn.BatchNorm1d(config.embedding)
        # As released: with a free scale, training could grow the embedding instead of turning it.
        self.features.weight.requires_grad = False

    def forward(self, crops: Float[Tensor, "batch 3 side side"]) -> Float[Tensor, "batch embedding"]:
        """Return the embedding of each crop, not of unit length.

        Args:
            crops: R, G, B in [-1, 1].
        """
        x = self.prelu(self.bn1(self.conv1(crops)))
        for number in range(1, len(LAYER_CHANNELS) + 1):
            x = self.get_submodule(f"layer{number}")(x)
        embedding: Tensor = self.features(self.fc(self.bn2(x).flatten(1)))
        return embedding


class MouthResNet(nn.Module):
    """The ResNet-18 of torchvision with a last layer of the embedding's size."""

    def __init__(self, config: MouthEncoderConfig) -> None:
        from torchvision.models import resnet18

        super().__init__()
        if config.width != 1.0 or config.blocks != (2, 2, 2, 2) or config.stem_stride != 2:
            raise ValueError("torchvision's ResNet-18 has width 1.0, blocks 2, 2, 2, 2 and stem stride 2, and no other")
        self.config = config
        self.model = resnet18(num_classes=config.embedding)

    def forward(self, crops: Float[Tensor, "batch 3 side side"]) -> Float[Tensor, "batch embedding"]:
        """Return the embedding of each crop, not of unit length.

        Args:
            crops: R, G, B in [-1, 1], as the released code gives them to either network.
        """
        embedding: Tensor = self.model(crops)
        return embedding


def make_mouth_encoder(config: MouthEncoderConfig) -> MouthIResNet | MouthResNet:
    """Return the mouth encoder that ``config`` describes, with random weights."""
    return MouthIResNet(config) if config.kind == "iresnet18" else MouthResNet(config)


def _halved(side: int, stride: int) -> int:
    return -(-side // stride)
