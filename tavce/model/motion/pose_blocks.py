"""The blocks of audio to pose: a U-net over a table of frames and pose values, and a discriminator of motions.

Source: OpenTalker/SadTalker@cd4c046, src/audio2pose_models/res_unet.py and discriminator.py.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

HALF = (2, 1)


class ResidualUnit(nn.Module):
    """Two convolutions, normalised first, beside one that is normalised after."""

    def __init__(self, inputs: int, outputs: int, stride: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.BatchNorm2d(inputs),
            nn.ReLU(),
            nn.Conv2d(inputs, outputs, 3, stride, padding=1),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1),
        )
        self.conv_skip = nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, padding=1), nn.BatchNorm2d(outputs))

    def forward(self, x: Float[Tensor, "batch inputs frames values"]) -> Float[Tensor, "batch outputs _ values"]:
        """Return the activations, reduced by the stride."""
        return torch.add(self.conv_block(x), self.conv_skip(x))


class Upsample(nn.Module):
    """Twice the frames, by a transposed convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(channels, channels, HALF, HALF)

    def forward(self, x: Float[Tensor, "batch channels frames values"]) -> Float[Tensor, "batch channels _ values"]:
        """Return the activations at twice the frames."""
        longer: Tensor = self.upsample(x)
        return longer


class PoseUNet(nn.Module):
    """Three levels down, three up; time halves at each, the pose values stay. Frames must be a multiple of 8."""

    def __init__(self, channels: tuple[int, int, int, int]) -> None:
        super().__init__()
        c1, c2, c3, c4 = channels
        self.input_layer = nn.Sequential(
            nn.Conv2d(1, c1, 3, padding=1), nn.BatchNorm2d(c1), nn.ReLU(), nn.Conv2d(c1, c1, 3, padding=1)
        )
        self.input_skip = nn.Sequential(nn.Conv2d(1, c1, 3, padding=1))
        self.residual_conv_1 = ResidualUnit(c1, c2, HALF)
        self.residual_conv_2 = ResidualUnit(c2, c3, HALF)
        self.bridge = ResidualUnit(c3, c4, HALF)
        self.upsample_1 = Upsample(c4)
        self.up_residual_conv1 = ResidualUnit(c4 + c3, c3)
        self.upsample_2 = Upsample(c3)
        self.up_residual_conv2 = ResidualUnit(c3 + c2, c2)
        self.upsample_3 = Upsample(c2)
        self.up_residual_conv3 = ResidualUnit(c2 + c1, c1)
        self.output_layer = nn.Sequential(nn.Conv2d(c1, 1, 1), nn.Sigmoid())

    def forward(self, table: Float[Tensor, "batch frames values"]) -> Float[Tensor, "batch frames values"]:
        """Return a table of the same shape, in (0, 1)."""
        x = table[:, None]
        level1 = self.input_layer(x) + self.input_skip(x)
        level2 = self.residual_conv_1(level1)
        level3 = self.residual_conv_2(level2)
        x = self.upsample_1(self.bridge(level3))
        x = self.upsample_2(self.up_residual_conv1(torch.cat([x, level3], dim=1)))
        x = self.upsample_3(self.up_residual_conv2(torch.cat([x, level2], dim=1)))
        result: Tensor = self.output_layer(self.up_residual_conv3(torch.cat([x, level1], dim=1)))
        return result[:, 0]


class ConvNormRelu(nn.Module):
    """A convolution along time, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride, padding=1, bias=False)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x: Float[Tensor, "batch inputs frames"]) -> Float[Tensor, "batch outputs _"]:
        """Return the activations, reduced by the stride."""
        return functional.relu(self.norm(self.conv(x)))


class PoseDiscriminator(nn.Module):
    """A motion -> how true each stretch of it looks."""

    def __init__(self, values: int, channels: tuple[int, int, int]) -> None:
        super().__init__()
        c1, c2, c3 = channels
        self.seq = nn.Sequential(
            ConvNormRelu(values, c1, 4, 2),
            ConvNormRelu(c1, c2, 4, 2),
            ConvNormRelu(c2, c3, 3, 1),
            nn.Conv1d(c3, 1, 3, padding=1),
        )

    def forward(self, motion: Float[Tensor, "batch frames values"]) -> Float[Tensor, "batch stretches"]:
        """Return one score for each stretch of frames; larger is truer."""
        scores: Tensor = self.seq(motion.mT)
        return scores[:, 0]
