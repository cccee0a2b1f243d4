"""IResNet: an aligned face of 112 x 112 -> an embedding whose direction tells who it is.

The residual network of ArcFace (Deng et al., CVPR 2019) in the layout of deepinsight/insightface@7fadd42,
recognition/arcface_torch/backbones/iresnet.py, with its keys. Narrower, smaller ones serve as stand-in judges.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor, nn
from torch.nn import functional

from metrics.networks.loading import load_strictly

FACE_SIDE = 112
STEM_CHANNELS = 64
LAYER_CHANNELS = (64, 128, 256, 512)
REDUCTION = 2 ** len(LAYER_CHANNELS)


@dataclass(frozen=True)
class IResNetConfig:
    """The size of an IResNet.

    Attributes:
        blocks: residual blocks of each of the four layers.
        width: factor on the channels of every layer; 1.0 is the official network. It leaves the embedding alone.
        embedding: numbers per face; 512 in the official networks.
        side: height and width of the input in pixels, a divisor of 112; 112 in the official networks.
        dropout: probability before the last layer; acts in training only.
    """

    blocks: tuple[int, int, int, int]
    width: float
    embedding: int
    side: int
    dropout: float

    def channels(self, official: int) -> int:
        """Return the channels of a layer that has ``official`` of them in the official network; at least one."""
        return max(1, round(official * self.width))


R18 = IResNetConfig(blocks=(2, 2, 2, 2), width=1.0, embedding=512, side=FACE_SIDE, dropout=0.0)
R50 = IResNetConfig(blocks=(3, 4, 14, 3), width=1.0, embedding=512, side=FACE_SIDE, dropout=0.0)
R100 = IResNetConfig(blocks=(3, 13, 30, 3), width=1.0, embedding=512, side=FACE_SIDE, dropout=0.0)


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
        if stride > 1 or inputs != outputs:
            shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(outputs))

    def forward(self, x: Float[Tensor, "batch _ _ _"]) -> Float[Tensor, "batch _ _ _"]:
        """Return the activations, reduced by the stride."""
        residual = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        residual = self.bn3(self.conv2(residual))
        identity = x if self.downsample is None else self.downsample(x)
        return torch.add(identity, residual)


class IResNet(nn.Module):
    """Four layers of `Block`, each halving the side, then one linear layer over all positions."""

    def __init__(self, config: IResNetConfig) -> None:
        super().__init__()
        if config.side < REDUCTION or FACE_SIDE % config.side:
            raise ValueError(f"side must divide {FACE_SIDE} and be at least {REDUCTION}, got {config.side}")
        self.config = config
        inputs = config.channels(STEM_CHANNELS)
        self.conv1 = nn.Conv2d(3, inputs, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.prelu = nn.PReLU(inputs)
        for number, (official, count) in enumerate(zip(LAYER_CHANNELS, config.blocks, strict=True), start=1):
            outputs = config.channels(official)
            rest = (Block(outputs, outputs, stride=1) for _ in range(count - 1))
            self.add_module(f"layer{number}", nn.Sequential(Block(inputs, outputs, stride=2), *rest))
            inputs = outputs
        self.bn2 = nn.BatchNorm2d(inputs)
        self.dropout = nn.Dropout(config.dropout, inplace=True)
        positions = (-(-config.side // REDUCTION)) ** 2  # each halving rounds up
        self.fc = nn.Linear(inputs * positions, config.embedding)
        self.features = nn.BatchNorm1d(config.embedding)
        # As published: with a free scale, training could grow the embedding instead of turning it.
        self.features.weight.requires_grad = False

    def forward(self, faces: Float[Tensor, "batch 3 side side"]) -> Float[Tensor, "batch embedding"]:
        """Return the embedding of each face, not of unit length.

        Args:
            faces: R, G, B in [-1, 1], as ``network_input`` makes them.
        """
        x = self.prelu(self.bn1(self.conv1(faces)))
        for number in range(1, len(LAYER_CHANNELS) + 1):
            x = self.get_submodule(f"layer{number}")(x)
        embedding: Tensor = self.features(self.fc(self.dropout(self.bn2(x)).flatten(1)))
        return embedding


def load_iresnet(path: Path, config: IResNetConfig) -> IResNet:
    """Return an IResNet in evaluation mode with the weights of a file, frozen, on the CPU.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is broken, or a key is missing, unexpected or of another shape. Only
            ``num_batches_tracked`` may be missing.
    """
    network = IResNet(config)
    load_strictly(network, path, optional=("num_batches_tracked",))
    return network.eval().requires_grad_(False)


def network_input(
    faces: UInt8[np.ndarray, "frames 112 112 3"], side: int = FACE_SIDE, *, device: torch.device | None = None
) -> Float[Tensor, "frames 3 _ _"]:
    """Return RGB faces as the network takes them: (x - 127.5) / 127.5, averaged over squares of 112 / ``side`` pixels.

    Args:
        faces: aligned.
        side: of the result, a divisor of 112.
        device: where the result lies, the CPU by default; bytes travel there, not floats.

    Raises:
        ValueError: faces of another size or type.
    """
    if faces.dtype != np.uint8 or faces.shape[1:] != (FACE_SIDE, FACE_SIDE, 3):
        raise ValueError(f"faces must be uint8 of {FACE_SIDE} x {FACE_SIDE} x 3, got {faces.dtype} {faces.shape[1:]}")
    planes = torch.from_numpy(np.ascontiguousarray(faces.transpose(0, 3, 1, 2))).to(device)
    return functional.avg_pool2d((planes.float() - 127.5) / 127.5, FACE_SIDE // side)


@dataclass(frozen=True)
class IResNetRecogniser:
    """An IResNet as a `metrics.identity.Recogniser`.

    Attributes:
        name: the weights, as tables and signatures name them.
        network: in evaluation mode, on any device.
    """

    name: str
    network: IResNet

    @property
    def channels(self) -> int:
        """Return the length of an embedding."""
        return self.network.config.embedding

    def __call__(self, faces: UInt8[np.ndarray, "frames 112 112 3"]) -> Float32[np.ndarray, "frames channels"]:
        """Return the embedding of each aligned RGB face, not of unit length, in one batch.

        Raises:
            ValueError: faces of another size or type, or a network in training mode.
        """
        if self.network.training:
            raise ValueError("the network is in training mode, where embeddings depend on the batch; call eval() first")
        device = next(self.network.parameters()).device
        with torch.inference_mode():
            found = self.network(network_input(faces, self.network.config.side, device=device))
        return np.asarray(found.cpu().numpy())
