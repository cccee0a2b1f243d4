"""What all trainings share: the rate's course, groups of AdamW, the moving average; and one descent of those parts."""

import copy
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

Curve = list[dict[str, int | float]]
Log = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True)
class Schedule:
    """How long and how fast.

    Attributes:
        steps: optimiser steps.
        rate: highest learning rate; it rises linearly over `warm_up` of the steps, then falls along a cosine to zero.
        warm_up: share of the steps.
        weight_decay: of matrices and filters.
        average: decay of the moving average of the weights, which is what a training is for.
        largest_gradient: norm to which a longer gradient is cut.
        every: steps between points of the curve.
    """

    steps: int
    rate: float
    warm_up: float
    weight_decay: float
    average: float
    largest_gradient: float
    every: int

    def rate_of(self, step: int) -> float:
        """Return the learning rate of a step, the first being 1."""
        return self.rate * share_of_rate(step / self.steps, self.warm_up)


def share_of_rate(place: float, warm_up: float) -> float:
    """Return the share of the highest rate: it rises linearly over `warm_up`, then falls along a cosine to zero.

    Args:
        place: share of the steps that are done, above 0.
        warm_up: share of the steps, below 1.
    """
    if place < warm_up:
        return place / warm_up
    return 0.5 + 0.5 * math.cos(math.pi * (place - warm_up) / (1 - warm_up))


def decay_groups(parameters: Iterable[nn.Parameter], decay: float) -> list[dict[str, Any]]:
    """Return parameter groups of an optimiser: matrices and filters decay, biases and norms do not."""
    free = [p for p in parameters if p.requires_grad]
    return [
        {"params": [p for p in free if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in free if p.ndim <= 1], "weight_decay": 0.0},
    ]


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Draw the moving average towards the network's weights: by `decay`, and faster in the first steps.

    What is not a float, such as the count of a batch norm, is copied.
    """
    decay = min(decay, (1 + step) / (10 + step))
    for kept, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(now, 1 - decay)
        else:
            kept.copy_(now)


def copied(network: nn.Module) -> dict[str, Tensor]:
    """Return a state dict that does not go on changing with the network."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


class NotFiniteError(RuntimeError):
    """A loss or gradient was not finite."""

    def __init__(self, step: int, what: str) -> None:
        super().__init__(f"{what} of step {step} is not finite; lower the learning rate, or look for NaN in the data")
        self.step = step


class Descent:
    """AdamW on some parameters."""

    def __init__(self, schedule: Schedule, parameters: Iterable[nn.Parameter]) -> None:
        self.schedule, self.parameters = schedule, list(parameters)
        self.optimiser = torch.optim.AdamW(decay_groups(self.parameters, schedule.weight_decay), lr=schedule.rate)

    def step(self, number: int, losses: dict[str, Tensor]) -> dict[str, float]:
        """Take a step down the sum of the losses and return them.

        Raises:
            NotFiniteError: one of them or the gradient was not finite; the weights are as they were.
        """
        told = {name: loss.item() for name, loss in losses.items()}
        for group in self.optimiser.param_groups:
            group["lr"] = self.schedule.rate_of(number)
        for parameter in self.parameters:
            parameter.grad = None
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.parameters, self.schedule.largest_gradient).item()
        broken = [f"the {name} loss" for name, value in told.items() if not math.isfinite(value)]
        broken += ["the gradient"] * (not math.isfinite(norm))
        if broken:
            raise NotFiniteError(number, broken[0])
        self.optimiser.step()
        return told


def descend(
    schedule: Schedule, network: nn.Module, step: Callable[[int], dict[str, float]], log: Log | None
) -> tuple[dict[str, Tensor], Curve]:
    """Take all steps.

    Args:
        schedule: of the training.
        network: whose weights are averaged.
        step: takes the step of a number, the first being 1, and returns what to log.
        log: is told the number of each step and what `step` returned.

    Returns:
        State dict of the moving average of the weights, on the CPU; and the mean of what was logged over stretches of
        ``schedule.every`` steps, with the step that each ends with.
    """
    average = copy.deepcopy(network).requires_grad_(False)
    curve: Curve = []
    stretch: list[dict[str, float]] = []
    for number in range(1, schedule.steps + 1):
        told = step(number)
        follow(average, network, schedule.average, number)
        if log is not None:
            log(number, told)
        stretch.append(told)
        if len(stretch) == schedule.every or number == schedule.steps:
            means = {name: round(sum(each[name] for each in stretch) / len(stretch), 5) for name in told}
            curve.append({"step": number, **means})
            stretch = []
    return {name: value.cpu().contiguous() for name, value in average.state_dict().items()}, curve
