"""LPIPS v0.1: two RGB frames -> perceptual distance, on an AlexNet or VGG-16 trunk with calibrated channel weights.

Per layer, activations of unit length over the channels are subtracted, squared, weighted and averaged over positions;
the layers add up. Equal to lpips 0.1.4 (richzhang/PerceptualSimilarity@082bb24), where the weights also come from.
Keys of the trunk are torchvision's (``features.0.weight``), those of the weights the package's
(``lin0.model.1.weight``).
"""

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from metrics.networks.loading import read_state_dict

Net = Literal["alex", "vgg"]

# Mean and deviation of ImageNet for RGB in [-1, 1], rounded as the published code has them.
SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)
EPSILON = 1e-10

LINEAR_SHA256: dict[Net, str] = {
    "alex": "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
    "vgg": "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
}

# Per stage: output channels, kernel, stride and padding of its convolutions. A maximum over `POOL` pixels stands before
# every stage but the first, save where AlexNet has none.
ALEX = (((64, 11, 4, 2),), ((192, 5, 1, 2),), ((384, 3, 1, 1),), ((256, 3, 1, 1),), ((256, 3, 1, 1),))
VGG = tuple(((channels, 3, 1, 1),) * repeats for channels, repeats in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)))
STAGES: dict[Net, tuple[tuple[tuple[int, int, int, int], ...], ...]] = {"alex": ALEX, "vgg": VGG}
POOL: dict[Net, int] = {"alex": 3, "vgg": 2}
POOLED_STAGES: dict[Net, tuple[int, ...]] = {"alex": (1, 2), "vgg": (1, 2, 3, 4)}


class ChannelWeights(nn.Module):
    """Non-negative weights of one layer's channels; the dropout acts in training only."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.model = nn.Sequential(nn.Dropout(), nn.Conv2d(channels, 1, 1, bias=False))

    def forward(self, squared: Float[Tensor, "frames channels height width"]) -> Float[Tensor, "frames 1 height width"]:
        """Return the weighted sum over the channels."""
        return self.model(squared)  # type: ignore[no-any-return]


class Lpips(nn.Module):
    """Trunk and channel weights.

    Args:
        net: the trunk; AlexNet is the default of the package and of most papers.
        width: factor on the channels of every layer; 1 is the official network, less a stand-in.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, net: Net = "alex", *, width: float = 1.0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        self.taps: list[int] = []
        inputs = 3
        for k, stage in enumerate(STAGES[net]):
            if k in POOLED_STAGES[net]:
                layers.append(nn.MaxPool2d(POOL[net], 2))
            for official, kernel, stride, padding in stage:
                channels = max(1, round(official * width))
                layers += [nn.Conv2d(inputs, channels, kernel, stride, padding), nn.ReLU(inplace=True)]
                inputs = channels
            self.taps.append(len(layers) - 1)
            self.add_module(f"lin{k}", ChannelWeights(inputs))
        self.features = nn.Sequential(*layers)
        self.register_buffer("shift", torch.tensor(SHIFT)[:, None, None], persistent=False)
        self.register_buffer("scale", torch.tensor(SCALE)[:, None, None], persistent=False)

    def forward(self, x: Float[Tensor, "frames 3 height width"]) -> tuple[Float[Tensor, "frames _ _ _"], ...]:
        """Return the activations of each stage for RGB in [-1, 1], with unit length over the channels."""
        x = (x - self.shift) / self.scale
        stages = []
        for k, layer in enumerate(self.features):
            x = layer(x)
            if k in self.taps:
                stages.append(x / (torch.sqrt(torch.sum(x**2, dim=1, keepdim=True)) + EPSILON))
        return tuple(stages)

    def distance(
        self, one: Sequence[Float[Tensor, "frames _ _ _"]], other: Sequence[Float[Tensor, "frames _ _ _"]]
    ) -> Float[Tensor, " frames"]:
        """Return the distance of frames from the activations of both; differentiable, for training stand-ins."""
        total = one[0].new_zeros(len(one[0]))
        for k, (a, b) in enumerate(zip(one, other, strict=True)):
            weighted = self.get_submodule(f"lin{k}")((a - b) ** 2)
            total = total + weighted.mean(dim=(1, 2, 3))
        return total


def load_lpips(trunk: Path, linear: Path, net: Net = "alex", *, width: float = 1.0) -> Lpips:
    """Return the frozen network with the weights of two files.

    Args:
        trunk: torchvision's file of the trunk (alexnet-owt-7be5be79.pth, vgg16-397923af.pth), or a stand-in's. The
            classifier in it is passed over; any other difference in keys is refused.
        linear: channel weights, such as those of `published_linear`.
        net: as in `Lpips`.
        width: as in `Lpips`.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if a file cannot be read, or a key is missing, not expected or of another shape.
    """
    network = Lpips(net, width=width)
    layers = {name: value for name, value in read_state_dict(trunk).items() if not name.startswith("classifier.")}
    try:
        network.load_state_dict({**layers, **read_state_dict(linear)})
    except RuntimeError as error:
        raise ValueError(f"{trunk} and {linear} do not fit LPIPS on {net} at width {width:g}: {error}") from error
    return network.eval().requires_grad_(False)


def published_linear(net: Net = "alex") -> Path:
    """Return the file of channel weights v0.1 that the installed ``lpips`` package carries, its sha256 checked.

    Raises:
        FileNotFoundError: if the package is not installed.
        ValueError: if its file is another one; the message gives both hashes.
    """
    package = importlib.util.find_spec("lpips")  # found, not imported: nothing of its code is needed
    if package is None or package.origin is None:
        raise FileNotFoundError("the package `lpips`, which carries the channel weights, is not installed")
    path = Path(package.origin).parent / "weights" / "v0.1" / f"{net}.pth"
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != LINEAR_SHA256[net]:
        raise ValueError(f"{path}: sha256 is {found}, expected {LINEAR_SHA256[net]}; install lpips==0.1.4 anew")
    return path
