"""The blocks of the renderer: convolutions in two and three dimensions, hourglass, spectral norm, shrinking.

Layout and keys are those of face-vid2vid as SadTalker holds it (OpenTalker/SadTalker@cd4c046,
src/facerender/modules/util.py).
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from tavce.model.animator.precision import full_precision

Dimensions = Literal[2, 3]

CONVOLUTION: dict[int, type[nn.Conv2d] | type[nn.Conv3d]] = {2: nn.Conv2d, 3: nn.Conv3d}
NORM: dict[int, type[nn.BatchNorm2d] | type[nn.BatchNorm3d]] = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
# Volumes shrink and grow in height and width only; their few depth layers stay.
HALF: dict[int, tuple[int, ...]] = {2: (2, 2), 3: (1, 2, 2)}
POWER_STEPS_AT_START = 15


class Same(nn.Module):
    """Convolution, batch norm, ReLU; the size stays."""

    def __init__(
        self, inputs: int, outputs: int, dimensions: Dimensions = 2, *, kernel: int = 3, slope: float = 0.0
    ) -> None:
        super().__init__()
        self.conv = CONVOLUTION[dimensions](inputs, outputs, kernel, padding=kernel // 2)
        self.norm = NORM[dimensions](outputs)
        self.slope = slope

    def forward(self, x: Float[Tensor, "batch channels *size"]) -> Float[Tensor, "batch _ *size"]:
        """Return the activations; below zero they have the slope given, 0 by default."""
        return functional.leaky_relu(self.norm(self.conv(x)), self.slope)


class Down(Same):
    """`Same`, then the mean over 2 x 2 positions."""

    def forward(self, x: Float[Tensor, "batch channels *size"]) -> Float[Tensor, "batch _ *half"]:
        """Return the activations at half the height and width."""
        pool = functional.avg_pool2d if x.ndim == 4 else functional.avg_pool3d
        return pool(super().forward(x), HALF[x.ndim - 2])


class Up(Same):
    """Each position repeated to 2 x 2, then `Same`."""

    def forward(self, x: Float[Tensor, "batch channels *size"]) -> Float[Tensor, "batch _ *double"]:
        """Return the activations at twice the height and width."""
        scale = [float(factor) for factor in HALF[x.ndim - 2]]
        return super().forward(functional.interpolate(x, scale_factor=scale))


class Residual3d(nn.Module):
    """Two convolutions beside an identity, normalised first."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv3d(channels, channels, 3, padding=1)
        self.norm1 = nn.BatchNorm3d(channels)
        self.norm2 = nn.BatchNorm3d(channels)

    def forward(self, x: Float[Tensor, "batch channels depth height width"]) -> Float[Tensor, "..."]:
        """Return a volume of the same shape."""
        residual = self.conv1(functional.relu(self.norm1(x)))
        return torch.add(x, self.conv2(functional.relu(self.norm2(residual))))


def widths(width: int, most: int, levels: int) -> list[int]:
    """Return the channels of each level of a pyramid, finest first: `width` doubled per level, at most `most`."""
    return [min(most, width * 2**level) for level in range(levels + 1)]


class HourglassEncoder(nn.Module):
    """A pyramid that keeps every level."""

    def __init__(self, inputs: int, channels: list[int], dimensions: Dimensions) -> None:
        super().__init__()
        pairs = zip([inputs, *channels[1:-1]], channels[1:], strict=True)
        self.down_blocks = nn.ModuleList(Down(*pair, dimensions) for pair in pairs)

    def forward(self, x: Float[Tensor, "batch channels *size"]) -> list[Tensor]:
        """Return the input and the output of each level, coarsest last."""
        levels = [x]
        for block in self.down_blocks:
            levels.append(block(levels[-1]))
        return levels


class HourglassDecoder(nn.Module):
    """The way back up; each level joins what the encoder had at that size."""

    def __init__(self, inputs: int, channels: list[int], dimensions: Dimensions) -> None:
        super().__init__()
        last = len(channels) - 1
        self.up_blocks = nn.ModuleList(
            Up((1 if level == last else 2) * channels[level], channels[level - 1], dimensions)
            for level in range(last, 0, -1)
        )
        self.outputs = channels[0] + inputs
        self.conv = CONVOLUTION[dimensions](self.outputs, self.outputs, 3, padding=1)
        self.norm = NORM[dimensions](self.outputs)

    def forward(self, levels: list[Tensor]) -> Float[Tensor, "batch outputs *size"]:
        """Return features at the size of the first of `levels`."""
        x = levels[-1]
        for block, skip in zip(self.up_blocks, levels[-2::-1], strict=True):
            x = torch.cat([block(x), skip], dim=1)
        return functional.relu(self.norm(self.conv(x)))


class Hourglass(nn.Module):
    """Encoder and decoder; the output has `outputs` channels at the input's size."""

    def __init__(self, inputs: int, *, width: int, most: int, levels: int, dimensions: Dimensions) -> None:
        super().__init__()
        channels = widths(width, most, levels)
        self.encoder = HourglassEncoder(inputs, channels, dimensions)
        self.decoder = HourglassDecoder(inputs, channels, dimensions)
        self.outputs = self.decoder.outputs

    def forward(self, x: Float[Tensor, "batch channels *size"]) -> Float[Tensor, "batch outputs *size"]:
        """Return the features; height and width must be multiples of ``2 ** levels``."""
        features: Tensor = self.decoder(self.encoder(x))
        return features


class SpectralConv2d(nn.Module):
    """A convolution whose weight is divided by an estimate of its largest singular value (Miyato et al., ICLR 2018).

    The keys ``weight_orig``, ``weight_u`` and ``weight_v`` are those of PyTorch's older hook, which published files
    hold. As there, training takes one power step per call and evaluation none, so that a loaded network is exact.
    """

    weight_u: Tensor
    weight_v: Tensor

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, bias: bool = True, padding: int | None = None
    ) -> None:
        super().__init__()
        self.padding = kernel // 2 if padding is None else padding
        template = nn.Conv2d(inputs, outputs, kernel, bias=bias)
        self.bias = template.bias
        self.weight_orig = template.weight
        matrix = template.weight.detach().flatten(1)
        self.register_buffer("weight_u", functional.normalize(torch.randn(matrix.shape[0]), dim=0))
        self.register_buffer("weight_v", functional.normalize(torch.randn(matrix.shape[1]), dim=0))
        for _ in range(POWER_STEPS_AT_START):  # or an untrained network's first evaluation divides by chance
            self._power_step(matrix)

    def _power_step(self, matrix: Float[Tensor, "outputs rest"]) -> None:
        with torch.no_grad():
            self.weight_v.copy_(functional.normalize(matrix.detach().T @ self.weight_u, dim=0))
            self.weight_u.copy_(functional.normalize(matrix.detach() @ self.weight_v, dim=0))

    def forward(self, x: Float[Tensor, "batch inputs height width"]) -> Float[Tensor, "batch outputs _ _"]:
        """Return the convolution by the normalised weight."""
        matrix = self.weight_orig.flatten(1)
        with full_precision(x):
            if self.training:
                self._power_step(matrix)
            # Clones, since a second call before the backward pass overwrites both vectors.
            largest = torch.dot(self.weight_u.clone(), torch.mv(matrix, self.weight_v.clone()))
            weight = self.weight_orig / largest
        return functional.conv2d(x, weight, self.bias, padding=self.padding)


class Shrink(nn.Module):
    """A Gaussian blur, then every n-th pixel: an image at a fraction of its size without aliasing."""

    weight: Tensor

    def __init__(self, channels: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        sigma = (factor - 1) / 2
        size = 2 * round(4 * sigma) + 1
        offsets = torch.arange(size) - size // 2
        curve = torch.exp(-(offsets**2) / (2 * sigma**2)) if factor > 1 else torch.ones(1)
        kernel = torch.outer(curve, curve)
        self.register_buffer("weight", (kernel / kernel.sum()).expand(channels, 1, -1, -1).clone())

    def forward(self, image: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels _ _"]:
        """Return the image at 1 / `factor` of its side; beyond the border it counts as black."""
        size = self.weight.shape[-1]
        blurred = functional.conv2d(image, self.weight, padding=size // 2, groups=len(self.weight))
        return blurred[..., :: self.factor, :: self.factor]
