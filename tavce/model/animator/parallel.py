"""One training on several processes: each computes its share of every mean, and sums make the whole of them.

Without `torch.distributed`, the only process has everything, and nothing here changes a number.
"""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor, distributed, nn


def processes() -> tuple[int, int]:
    """Return the number of this process and how many there are."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


def slice_of(count: int) -> slice:
    """Return which of `count` items belong to this process: as even as can be, the first ones get the rest.

    Raises:
        ValueError: there are fewer items than processes.
    """
    rank, ranks = processes()
    if count < ranks:
        raise ValueError(f"{count} portraits per step cannot be shared among {ranks} processes; raise `sources`")
    return slice(rank * count // ranks, (rank + 1) * count // ranks)


def total(value: Tensor) -> Tensor:
    """Return the sum over all processes, without a gradient."""
    value = value.detach().clone()
    if processes()[1] > 1:
        distributed.all_reduce(value)
    return value


def share_of_mean(summed: Float[Tensor, ""], weight: Float[Tensor, ""]) -> Float[Tensor, ""]:
    """Return this process's share of a weighted mean over all processes: the shares sum to the mean.

    Each process dividing by its own weight, and averaging after, would give another mean where weights differ.

    Args:
        summed: weighted sum of this process.
        weight: sum of its weights; where it is 0 in all processes, the mean is 0.
    """
    whole = total(weight)
    return summed / torch.where(whole > 0, whole, 1)


def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Add up the gradients of shares, so that every process has the gradient of the whole."""
    _sum_in_place([p.grad for p in parameters if p.grad is not None])


@torch.no_grad()
def begin_alike(network: nn.Module) -> None:
    """Give all processes the weights of the first."""
    if processes()[1] > 1:
        for value in network.state_dict().values():
            distributed.broadcast(value, src=0)


@torch.no_grad()
def average_buffers(network: nn.Module) -> None:
    """Give all processes the mean of their buffers: batch norms count what one process saw.

    In a step, each process normalises by its own share of the batch, as PyTorch's DDP does.
    """
    ranks = processes()[1]
    if ranks > 1:
        values = [value for value in network.buffers() if value.is_floating_point()]
        _sum_in_place(values)
        for value in values:
            value /= ranks


def _sum_in_place(values: list[Tensor]) -> None:
    if processes()[1] == 1 or not values:
        return
    together = total(torch.cat([value.flatten() for value in values]))
    parts = torch.split(together, [value.numel() for value in values])
    for value, part in zip(values, parts, strict=True):
        value.copy_(part.view_as(value))
