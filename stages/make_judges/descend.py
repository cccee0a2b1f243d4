"""What all stand-in judges share: repeatable descent on a loss, and weights as the bytes of a small file."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from tavce.model.descent import Curve, decay_groups, share_of_rate
from tavce.run.pool import progress

WARM_UP = 0.06  # share of the steps in which the rate rises
POINTS_OF_A_CURVE = 40
LARGEST_GRADIENT = 5.0


@contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """Seed PyTorch and let it use one thread, so that sums keep their order; afterwards all is as it was."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def descend(
    network: nn.Module,
    losses: Callable[[], dict[str, Tensor]],
    *,
    steps: int,
    rate: float,
    decay: float,
    label: str,
) -> Curve:
    """Train a network by AdamW on the sum of its losses; the rate rises linearly, then falls along a cosine to zero.

    Args:
        network: changed in place; in evaluation mode after.
        losses: draws the next batch and returns its losses by name.
        steps: number of batches.
        rate: highest learning rate.
        decay: weight decay of matrices and filters; biases and norms have none.
        label: what the progress bar says.

    Returns:
        Mean of each loss over stretches of equal length, and the step each stretch ends with.
    """
    groups = decay_groups(network.parameters(), decay)
    free = [parameter for group in groups for parameter in group["params"]]
    optimiser = torch.optim.AdamW(groups, lr=rate)
    network.train()
    curve: Curve = []
    stretch: list[dict[str, float]] = []
    for step in progress(range(1, steps + 1), steps, label):
        for group in optimiser.param_groups:
            group["lr"] = rate * share_of_rate(step / steps, WARM_UP)
        named = losses()
        optimiser.zero_grad()
        torch.stack(list(named.values())).sum().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(free, LARGEST_GRADIENT)
        optimiser.step()
        stretch.append({name: loss.item() for name, loss in named.items()})
        if step * POINTS_OF_A_CURVE // steps > (step - 1) * POINTS_OF_A_CURVE // steps:
            means = {name: round(sum(each[name] for each in stretch) / len(stretch), 5) for name in stretch[0]}
            curve.append({"step": step, **means})
            stretch = []
    network.eval()
    return curve


def halved(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a state dict whose matrices and filters are float16; biases, norms and counts keep their type."""
    return {
        name: value.detach().contiguous().half() if value.ndim > 1 else value.detach().clone()
        for name, value in state.items()
    }


def weights_bytes(state: dict[str, Tensor]) -> bytes:
    """Return the file of `halved` weights: the same for the same weights, whatever the name it gets."""
    file = io.BytesIO()
    torch.save(halved(state), file)
    return file.getvalue()
