"""What Wav2Lip's three networks share: blocks with and without a shortcut, picture sides, the half with the mouth.

Source: Rudrabha/Wav2Lip@5c90fa9, models/conv.py, with its keys.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tavce.model.correlation.audio_encoder import ConvBlock

SIDES = (96, 48, 24)  # 3 * 2^k; the first is the official one, below the last the expert has no pixel left


def dropped(side: int) -> int:
    """Return how many levels of the official networks, finest first, a network for pictures of this side lacks.

    Raises:
        ValueError: the side is none of `SIDES`.
    """
    if side not in SIDES:
        raise ValueError(f"side {side} must be one of {sorted(SIDES)}: 3 times a power of two, from 24 to 96")
    return SIDES.index(side)


def scaled(official: int, width: float) -> int:
    """Return the channels of a layer that has `official` of them in the official network; at least one."""
    return max(1, round(official * width))


def plain(inputs: int, outputs: int, kernel: int = 3, *, stride: int | tuple[int, int] = 1, padding: int) -> ConvBlock:
    """Return a block that does not add its input, even where it could."""
    strides = (stride, stride) if isinstance(stride, int) else stride
    block = ConvBlock(inputs, outputs, kernel, stride=strides, padding=padding)
    block.residual = False
    return block


def shortcuts(channels: int, count: int) -> list[ConvBlock]:
    """Return blocks that add their input."""
    return [ConvBlock(channels, channels) for _ in range(count)]


class TransposedBlock(nn.Module):
    """Transposed convolution, batch norm, ReLU: twice the side, or from one position to 3 x 3."""

    def __init__(self, inputs: int, outputs: int, *, first: bool) -> None:
        super().__init__()
        conv = nn.ConvTranspose2d(inputs, outputs, 3) if first else nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, 1)
        self.conv_block = nn.Sequential(conv, nn.BatchNorm2d(outputs))

    def forward(self, x: Float[Tensor, "batch _ _ _"]) -> Float[Tensor, "batch _ _ _"]:
        """Return the enlarged activations."""
        return torch.relu(self.conv_block(x))


def lower_half(faces: Float[Tensor, "*batch 3 side side"]) -> Float[Tensor, "*batch 3 half side"]:
    """Return the half of each face that holds the mouth."""
    return faces[..., faces.shape[-2] // 2 :, :]
