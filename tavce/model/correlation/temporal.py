"""How two neighbouring moments relate, heard and seen: the temporal correlation of the paper, in O(C).

The paper relates two moments by the covariance matrix of their two embeddings, C x C, and compares sound and mouth by
the cosine between their matrices, flattened. Two centred vectors are plus and minus half of their difference d, so the
matrix is d d^T / 2, and the cosine of two such matrices is the squared cosine of the differences. `covariance` and
`matrix_similarity` are the paper's form, kept as proof (the tests compare them); the method computes with differences.

What the closed form shows: the sign is lost, so that opening and closing are the same relation; the length of d, how
much moved, is lost too; and random directions are similar by 1 / C, not by 0.

Source: Xu et al., TAVCE (arXiv 2504.05746; ZH-Xu410/TAVCE@c239395, correlation/train.py).
"""

import torch
from jaxtyping import Float
from torch import Tensor

STILL = 1e-6  # length of a difference that is rounding


def difference(
    earlier: Float[Tensor, "*batch channels"], later: Float[Tensor, "*batch channels"]
) -> Float[Tensor, "*batch channels"]:
    """Return d: what changed from one moment to the next."""
    return later - earlier


def direction(d: Float[Tensor, "*batch channels"]) -> Float[Tensor, "*batch channels"]:
    """Return d / |d|; zero, with zero gradient, where d is zero (digital silence, a frame shown twice).

    The usual guard, |d| + epsilon in the denominator, has a gradient of 1 / epsilon there.
    """
    length = d.norm(dim=-1, keepdim=True)
    still = length <= STILL  # false for NaN, which must stay one
    return torch.where(still, 0, d) / torch.where(still, 1, length)


def signed_similarity(
    heard: Float[Tensor, "*batch channels"], seen: Float[Tensor, "*batch channels"]
) -> Float[Tensor, "*batch"]:
    """Return cos(d_a, d_v) in [-1, 1]: TAVCE+, where opening and closing are opposites; 0 where nothing changes."""
    return (direction(heard) * direction(seen)).sum(dim=-1)


def similarity(
    heard: Float[Tensor, "*batch channels"], seen: Float[Tensor, "*batch channels"]
) -> Float[Tensor, "*batch"]:
    """Return cos^2(d_a, d_v) in [0, 1], the paper's similarity; 0 where nothing changes.

    Args:
        heard: differences of audio embeddings.
        seen: differences of mouth embeddings.
    """
    return signed_similarity(heard, seen).square()


def covariance(
    earlier: Float[Tensor, "*batch channels"], later: Float[Tensor, "*batch channels"]
) -> Float[Tensor, "*batch channels channels"]:
    """Return the paper's relation of two moments: the two embeddings, centred, multiplied and summed (no 1 / n)."""
    both = torch.stack([earlier, later], dim=-2)
    centred = both - both.mean(dim=-2, keepdim=True)
    return centred.mT @ centred


def matrix_similarity(
    heard: Float[Tensor, "*batch channels channels"], seen: Float[Tensor, "*batch channels channels"]
) -> Float[Tensor, "*batch"]:
    """Return the cosine between two covariance matrices, flattened: `similarity`, at C times the cost."""
    return torch.cosine_similarity(heard.flatten(-2), seen.flatten(-2), dim=-1)
