"""What a training log tells of the parts that may die unnoticed while the error of the picture still falls."""

import torch
from torch import Tensor, nn


@torch.no_grad()
def gradient_norms(network: nn.Module) -> dict[str, Tensor]:
    """Return the norms of the gradients of an `Animator`'s decoder and, with attention, of the weight of its `proj2`.

    A decoder at zero is one that a saturated mask hides; at `proj2`, zero means that no sound reaches the picture (its
    bias learns all the same, and would hide that). What is frozen counts as zero.
    """
    parts = {"decoder": list(network.decoder.parameters())}  # type: ignore[union-attr]  # an Animator's
    attention = getattr(network, "attention", None)
    if attention is not None:
        parts["proj2"] = [attention.proj2.weight]
    return {f"gradient_{name}": _norm(part) for name, part in parts.items()}


def vital_signs(network: nn.Module) -> dict[str, Tensor]:
    """Return `gradient_norms`, and for a decoder that adds to a warped picture the mean size of what it added."""
    residual = getattr(network.decoder, "residual", None)
    return gradient_norms(network) | ({} if residual is None else {"residual": residual})


def _norm(part: list[Tensor]) -> Tensor:
    gradients = [torch.zeros_like(p[:0]) if p.grad is None else p.grad for p in part]
    return nn.utils.get_total_norm(gradients)
