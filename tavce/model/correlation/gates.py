"""The channel attention of the paper: the difference of two moments of sound -> weights of the channels of a feature.

The released code normalises the rows of the covariance matrix and multiplies by ``einsum("bcc,bchw->bchw")``. A
repeated index takes the diagonal, so its weight of channel c is |d_c| / |d|: never negative, squares that sum to 1,
about 0.07 each for 128 channels. Neither a sigmoid nor the rest of the matrix takes part. (ZH-Xu410/TAVCE@c239395,
correlation/models.py; the tests hold `Gate` against that einsum.)
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tavce.model.correlation.temporal import direction

GateKind = Literal["diagonal", "signed", "matrix", "sigmoid", "null"]


def diagonal_gate(d: Float[Tensor, "batch channels"]) -> Float[Tensor, "batch channels"]:
    """Return |d| / |d|_2 per channel, as released; zero where d is zero."""
    return direction(d).abs()


def matrix_product(
    d: Float[Tensor, "batch channels"], features: Float[Tensor, "batch channels height width"]
) -> Float[Tensor, "batch channels height width"]:
    """Return the row-normalised matrix times the channels of each position: what the paper's formula may have meant.

    Row c of d d^T, normalised, is sign(d_c) d^T / |d|, so channel c becomes sign(d_c) <d / |d|, F>.
    """
    along = torch.einsum("bc,bchw->bhw", direction(d), features)
    return d.sign()[:, :, None, None] * along[:, None]


class Gate(nn.Module):
    """Attention of one difference d on features of as many channels; a difference of zero gives zero in every kind.

    Kinds:
        diagonal: |d| / |d|_2, as released.
        signed: d / |d|_2, which tells opening from closing (TAVCE+).
        matrix: `matrix_product`.
        sigmoid: a learnt layer on d / |d|_2 and a sigmoid, as channel attention usually is.
        null: `diagonal` times zero; the control that must change nothing.
    """

    def __init__(self, kind: GateKind, channels: int) -> None:
        super().__init__()
        self.kind = kind
        self.layer = nn.Linear(channels, channels) if kind == "sigmoid" else None

    def forward(
        self, d: Float[Tensor, "batch channels"], features: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Return the weighted features."""
        if self.kind == "matrix":
            return matrix_product(d, features)
        return self.weights(d)[:, :, None, None] * features

    def weights(self, d: Float[Tensor, "batch channels"]) -> Float[Tensor, "batch channels"]:
        """Return the weight of each channel.

        Raises:
            ValueError: the kind is "matrix", which mixes channels.
        """
        if self.kind == "matrix":
            raise ValueError("the matrix mixes channels: it has no weight per channel")
        if self.layer is not None:
            unit = direction(d)
            return torch.sigmoid(self.layer(unit)) * unit.any(dim=-1, keepdim=True)
        gate = direction(d) if self.kind == "signed" else diagonal_gate(d)
        return gate * 0 if self.kind == "null" else gate
