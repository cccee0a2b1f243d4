"""A portrait -> its motion coefficients, and how much it is a picture of the kind that the animator knows.

The first is what the 3D face reconstruction does in SadTalker (Deng et al., "Accurate 3D Face Reconstruction with
Weakly-Supervised Learning", CVPRW 2019): the renderer animates relative to the portrait's own coefficients. The second
refuses pictures on which a small animator would only smear: its features are learnt so that known pictures lie close
together and all others far outside (after Ruff et al., "Deep Semi-Supervised Anomaly Detection", ICLR 2020), and the
distance is measured by a Gaussian fitted to them (Lee et al., "A Simple Unified Framework for Detecting
Out-of-Distribution Samples and Adversarial Attacks", NeurIPS 2018).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

HALF = 2
SLOPE = 0.1
LEAST_DEVIATION = 1e-3
LEAST_VARIANCE = 1e-3  # share of the mean variance that each direction of the features has at least


@dataclass(frozen=True)
class TrunkConfig:
    """The size of a `Trunk`.

    Attributes:
        channels: of the layers at a half, a quarter and an eighth of the side.
        narrow: channels to which the last layer is reduced before all its places are joined.
        joined: numbers that are read from all places.
    """

    channels: tuple[int, int, int]
    narrow: int
    joined: int


@dataclass(frozen=True)
class PortraitConfig:
    """The size of a `PortraitNet`.

    Attributes:
        size: side of the square picture in pixels, a multiple of 8.
        coefficients: motion coefficients.
        motion: of the part that reads the coefficients.
        kind: of the part that reads what kind of picture it is.
        features: numbers to which the latter comes down.
    """

    size: int
    coefficients: int
    motion: TrunkConfig
    kind: TrunkConfig
    features: int


SMALL = PortraitConfig(
    size=64,
    coefficients=14,
    motion=TrunkConfig(channels=(20, 32, 40), narrow=12, joined=48),
    kind=TrunkConfig(channels=(12, 20, 28), narrow=8, joined=24),
    features=16,
)


class Trunk(nn.Module):
    """A picture -> what is where, and the manner of its surfaces."""

    def __init__(self, config: TrunkConfig, size: int) -> None:
        super().__init__()
        fine, middle, coarse = config.channels
        self.first = _layer(3 * HALF**2, fine)
        self.second = _layer(fine, middle, stride=HALF)
        self.third = _layer(middle, middle)
        self.fourth = _layer(middle, coarse, stride=HALF)
        self.fifth = _layer(coarse, coarse)
        self.narrow = nn.Conv2d(coarse, config.narrow, 1)
        self.join = nn.Linear(config.narrow * (size // HALF**3) ** 2, config.joined)
        self.manners = 2 * sum(config.channels)

    def forward(
        self, images: Float[Tensor, "batch 3 size size"]
    ) -> tuple[Float[Tensor, "batch joined"], Float[Tensor, "batch manners"]]:
        """Return numbers read from all places, and mean and deviation of each channel of three layers."""
        fine: Tensor = self.first(functional.pixel_unshuffle(2 * images - 1, HALF))
        middle = self.second(fine)
        middle = middle + self.third(middle)
        coarse = self.fourth(middle)
        coarse = coarse + self.fifth(coarse)
        joined = _active(self.join(_active(self.narrow(coarse)).flatten(1)))
        layers = [x.flatten(2) for x in (fine, middle, coarse)]
        manner = torch.cat([each for x in layers for each in (x.mean(dim=2), x.std(dim=2))], dim=1)
        return joined, manner


class PortraitNet(nn.Module):
    """Pictures -> coefficients and likeness.

    The two are read by parts of their own: normalisation over batches that hold noise and landscapes too would leave
    the differences between faces too small to learn from.
    """

    mean: Tensor
    deviation: Tensor
    centre: Tensor
    whitening: Tensor
    threshold: Tensor

    def __init__(self, config: PortraitConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.zeros(config.coefficients))
        self.register_buffer("deviation", torch.ones(config.coefficients))
        self.register_buffer("centre", torch.zeros(config.features))
        self.register_buffer("whitening", torch.eye(config.features))
        self.register_buffer("threshold", torch.tensor(0.0))
        self.motion = Trunk(config.motion, config.size)
        self.to_coefficients = nn.Linear(config.motion.joined, config.coefficients)
        self.kind = Trunk(config.kind, config.size)
        self.to_features = nn.Linear(config.kind.joined + self.kind.manners, config.features)

    def forward(self, images: Float[Tensor, "batch 3 size size"]) -> Float[Tensor, "batch coefficients"]:
        """Return the motion coefficients of pictures, in their own units.

        Args:
            images: RGB in [0, 1].
        """
        joined, _ = self.motion(images)
        return torch.addcmul(self.mean, self.to_coefficients(joined), self.deviation)

    def features(self, images: Float[Tensor, "batch 3 size size"]) -> Float[Tensor, "batch features"]:
        """Return features that lie in one small cloud for pictures of the known kind, far outside it for others."""
        features: Tensor = self.to_features(torch.cat(self.kind(images), dim=1))
        return features

    def calibrate(self, coefficients: Float[Tensor, "rows coefficients"]) -> None:
        """Keep mean and deviation of the training coefficients, by which all are normalised."""
        self.mean.copy_(coefficients.mean(dim=0))
        self.deviation.copy_(coefficients.std(dim=0).clamp(min=LEAST_DEVIATION))

    @torch.no_grad()
    def temper(
        self, read: Float[Tensor, "rows coefficients"], truth: Float[Tensor, "rows coefficients"]
    ) -> Float[Tensor, " coefficients"]:
        """Draw each coefficient towards its mean as far as least squares asks, between not at all and wholly.

        What hardly shows in a small picture, such as how far somebody's brows are from where they rest, would
        otherwise be read with more error than if the mean were always said.

        Args:
            read: coefficients of pictures of people who were not learnt from, as the network reads them now.
            truth: their own.

        Returns:
            The factor of each coefficient, 0 to 1.
        """
        away, wanted = read - self.mean, truth - self.mean
        least = (LEAST_DEVIATION * self.deviation).square()
        factors = ((away * wanted).mean(dim=0) / (away.square().mean(dim=0) + least)).clamp(0, 1)
        self.to_coefficients.weight.mul_(factors[:, None])
        self.to_coefficients.bias.mul_(factors)
        return factors

    def calibrate_likeness(self, features: Float[Tensor, "rows features"]) -> None:
        """Keep the Gaussian of the features of known pictures, by which `likeness` measures."""
        values, vectors = torch.linalg.eigh(torch.cov(features.double().T))
        values = values.clamp(min=LEAST_VARIANCE * values.mean().item())
        self.centre.copy_(features.mean(dim=0))
        self.whitening.copy_((vectors / values.sqrt()).T)

    def likeness(self, images: Float[Tensor, "batch 3 size size"]) -> Float[Tensor, " batch"]:
        """Return how much each picture is of the known kind: minus the squared Mahalanobis distance per feature.

        0 is the middle of what is known, -1 its common distance; below ``threshold`` a picture is of another kind.
        """
        return -((self.features(images) - self.centre) @ self.whitening.T).square().mean(dim=1)


def _layer(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(SLOPE),
    )


def _active(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, SLOPE)
