"""S3FD: a picture -> how much of a face each of its prior boxes holds, and how to move that box onto it.

Source: Zhang et al., "S3FD: Single Shot Scale-invariant Face Detector", ICCV 2017; the network of
joonson/syncnet_python@6efbb1c, detectors/s3fd, with the keys of its file sfd_face.pth.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from metrics.networks.loading import load_strictly

Sizes = tuple[tuple[int, int], ...]

SMALLEST_SIDE = 28  # below it the fifth pooling leaves nothing
CONV3_3, CONV4_3, CONV5_3 = 16, 23, 30  # layers of the trunk that end with these


@dataclass(frozen=True)
class S3FDConfig:
    """The size of an S3FD.

    Attributes:
        width: factor on the channels of every layer but the outputs; 1.0 is the official network.
    """

    width: float

    def channels(self, official: int) -> int:
        """Return the channels of a layer that has ``official`` of them in the official network; at least one."""
        return max(1, round(official * self.width))


OFFICIAL = S3FDConfig(width=1.0)


class L2Norm(nn.Module):
    """Unit length over the channels at every position, then a learned scale per channel."""

    def __init__(self, channels: int, scale: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), scale))

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        """Return the scaled activations; 1e-10 is added to the length, so that zero stays zero."""
        length = x.square().sum(dim=1, keepdim=True).sqrt() + 1e-10
        return self.weight[:, None, None] * (x / length)


class S3FD(nn.Module):
    """VGG16 without its classifier, two further stages, and one head per level: six levels, one box per position."""

    def __init__(self, config: S3FDConfig) -> None:
        super().__init__()
        self.config = config
        c64, c128, c256, c512, c1024 = (config.channels(official) for official in (64, 128, 256, 512, 1024))
        self.vgg = nn.ModuleList(
            [
                *_convs(3, c64, c64),
                nn.MaxPool2d(2),
                *_convs(c64, c128, c128),
                nn.MaxPool2d(2),
                *_convs(c128, c256, c256, c256),
                nn.MaxPool2d(2, ceil_mode=True),
                *_convs(c256, c512, c512, c512),
                nn.MaxPool2d(2),
                *_convs(c512, c512, c512, c512),
                nn.MaxPool2d(2),
                nn.Conv2d(c512, c1024, 3, padding=6, dilation=6),
                nn.ReLU(inplace=True),
                nn.Conv2d(c1024, c1024, 1),
                nn.ReLU(inplace=True),
            ]
        )
        self.L2Norm3_3 = L2Norm(c256, 10.0)
        self.L2Norm4_3 = L2Norm(c512, 8.0)
        self.L2Norm5_3 = L2Norm(c512, 5.0)
        self.extras = nn.ModuleList(
            [
                nn.Conv2d(c1024, c256, 1),
                nn.Conv2d(c256, c512, 3, stride=2, padding=1),
                nn.Conv2d(c512, c128, 1),
                nn.Conv2d(c128, c256, 3, stride=2, padding=1),
            ]
        )
        levels = (c256, c512, c512, c1024, c512, c256)
        self.loc = nn.ModuleList([nn.Conv2d(channels, 4, 3, padding=1) for channels in levels])
        # The finest level has three outputs for the background, of which the greatest counts: it has the most boxes,
        # and so the most false alarms.
        classes = (4, 2, 2, 2, 2, 2)
        self.conf = nn.ModuleList([nn.Conv2d(c, n, 3, padding=1) for c, n in zip(levels, classes, strict=True)])

    def forward(
        self, pictures: Float[Tensor, "batch 3 height width"]
    ) -> tuple[Float[Tensor, "batch boxes 2"], Float[Tensor, "batch boxes 4"], Sizes]:
        """Return logits (background, face) and offsets of all boxes, and height and width of each level.

        Boxes stand level by level from the finest, and in each level row by row, as
        `metrics.face_boxes.prior_boxes` lists them.

        Args:
            pictures: **R, G, B** in 0..255 less the means (123, 117, 104); at least 28 x 28.
        """
        logits, offsets, sizes = [], [], []
        for features, conf, loc in zip(self._levels(pictures), self.conf, self.loc, strict=True):
            classes = conf(features)
            background = classes[:, :-1].amax(dim=1, keepdim=True)
            logits.append(torch.cat([background, classes[:, -1:]], dim=1).flatten(2).transpose(1, 2))
            offsets.append(loc(features).flatten(2).transpose(1, 2))
            sizes.append((features.shape[2], features.shape[3]))
        return torch.cat(logits, dim=1), torch.cat(offsets, dim=1), tuple(sizes)

    def _levels(self, x: Tensor) -> list[Tensor]:
        norms = {CONV3_3: self.L2Norm3_3, CONV4_3: self.L2Norm4_3, CONV5_3: self.L2Norm5_3}
        levels = []
        for k, layer in enumerate(self.vgg, start=1):
            x = layer(x)
            if k in norms:
                levels.append(norms[k](x))
        levels.append(x)
        for narrow, wide in (self.extras[:2], self.extras[2:]):
            x = functional.relu(wide(functional.relu(narrow(x))))
            levels.append(x)
        return levels


def load_s3fd(path: Path, config: S3FDConfig = OFFICIAL) -> S3FD:
    """Return a frozen S3FD in evaluation mode with the weights of a file, on the CPU.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is broken, or a key is missing, unexpected or of another shape. The file that Wav2Lip and
            face-alignment use (keys such as ``conv1_1.weight``) is refused by this.
    """
    network = S3FD(config)
    load_strictly(network, path)
    return network.eval().requires_grad_(False)


def _convs(inputs: int, *outputs: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for channels in outputs:
        layers += [nn.Conv2d(inputs, channels, 3, padding=1), nn.ReLU(inplace=True)]
        inputs = channels
    return layers
