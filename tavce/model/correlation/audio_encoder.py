"""E_a of the paper: 0.2 s of mel spectrogram -> the embedding of what is heard.

Source: the audio encoder of Wav2Lip (Prajwal et al., ACM MM 2020; Rudrabha/Wav2Lip@5c90fa9, models/wav2lip.py), with
its keys, and one linear layer (ZH-Xu410/TAVCE@c239395, correlation/models.py).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

BANDS, COLUMNS = 80, 16

# Channels in and out of the official network, stride; a block of equal channels and stride 1 adds its input.
# The last two neither pad: 3 x 3 positions become one.
BLOCKS: tuple[tuple[int, int, tuple[int, int]], ...] = (
    (1, 32, (1, 1)),
    (32, 32, (1, 1)),
    (32, 32, (1, 1)),
    (32, 64, (3, 1)),
    (64, 64, (1, 1)),
    (64, 64, (1, 1)),
    (64, 128, (3, 3)),
    (128, 128, (1, 1)),
    (128, 128, (1, 1)),
    (128, 256, (3, 2)),
    (256, 256, (1, 1)),
)
LAST_CHANNELS = 512


@dataclass(frozen=True)
class AudioEncoderConfig:
    """The size of an audio encoder.

    Attributes:
        width: factor on the channels of every convolution; 1.0 is the official network.
        embedding: numbers per window; 128 in the paper.
    """

    width: float
    embedding: int

    def channels(self, official: int) -> int:
        """Return the channels of a layer that has ``official`` of them in the official network; at least one."""
        return max(1, round(official * self.width))


class ConvBlock(nn.Module):
    """Convolution and batch norm, its input added where that fits, ReLU."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 3, *, stride: tuple[int, int] = (1, 1), padding: int = 1
    ) -> None:
        super().__init__()
        conv = nn.Conv2d(inputs, outputs, kernel, stride, padding)
        self.conv_block = nn.Sequential(conv, nn.BatchNorm2d(outputs))
        self.residual = inputs == outputs and padding > 0

    def forward(self, x: Float[Tensor, "batch _ _ _"]) -> Float[Tensor, "batch _ _ _"]:
        """Return the activations, reduced by the stride."""
        out = self.conv_block(x)
        return torch.relu(out + x if self.residual else out)


class AudioEncoder(nn.Module):
    """Thirteen convolutions that bring 80 bands by 16 columns to one position, then one linear layer."""

    def __init__(self, config: AudioEncoderConfig) -> None:
        super().__init__()
        self.config = config
        blocks = [
            ConvBlock(inputs if inputs == 1 else config.channels(inputs), config.channels(outputs), stride=stride)
            for inputs, outputs, stride in BLOCKS
        ]
        before, last = config.channels(BLOCKS[-1][1]), config.channels(LAST_CHANNELS)
        self.audio_encoder = nn.Sequential(
            *blocks, ConvBlock(before, last, padding=0), ConvBlock(last, last, kernel=1, padding=0)
        )
        self.fc = nn.Linear(last, config.embedding)

    def forward(self, windows: Float[Tensor, "batch 1 80 16"]) -> Float[Tensor, "batch embedding"]:
        """Return the embedding of each window, not of unit length.

        Args:
            windows: mel spectrogram in [-4, 4]; TAVCE's begin two frames before their frame.
        """
        embedding: Tensor = self.fc(self.audio_encoder(windows).flatten(1))
        return embedding
