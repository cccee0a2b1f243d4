"""One descent for the small networks of motion: AdamW on a schedule, a moving average of the weights, a curve."""

import copy
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

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
        place = step / self.steps
        if place < self.warm_up:
            return self.rate * place / self.warm_up
        return self.rate * (0.5 + 0.5 * math.cos(math.pi * (place - self.warm_up) / (1 - self.warm_up)))


class NotFiniteError(RuntimeError):
    """A loss or gradient was not finite."""

    def __init__(self, step: int, what: str) -> None:
        super().__init__(f"{what} of step {step} is not finite; lower the learning rate, or look for NaN in the data")
        self.step = step


class Descent:
    """AdamW on some parameters."""

    def __init__(self, schedule: Schedule, parameters: Iterable[nn.Parameter]) -> None:
        self.schedule, self.parameters = schedule, list(parameters)
        groups = [
            {"params": [p for p in self.parameters if p.ndim > 1], "weight_decay": schedule.weight_decay},
            {"params": [p for p in self.parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=schedule.rate)

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
    pairs = list(zip(average.state_dict().values(), network.state_dict().values(), strict=True))
    curve: Curve = []
    stretch: list[dict[str, float]] = []
    for number in range(1, schedule.steps + 1):
        told = step(number)
        _follow(pairs, min(schedule.average, (1 + number) / (10 + number)))
        if log is not None:
            log(number, told)
        stretch.append(told)
        if len(stretch) == schedule.every or number == schedule.steps:
            means = {name: round(sum(each[name] for each in stretch) / len(stretch), 5) for name in told}
            curve.append({"step": number, **means})
            stretch = []
    return {name: value.cpu().contiguous() for name, value in average.state_dict().items()}, curve


@torch.no_grad()
def _follow(pairs: list[tuple[Tensor, Tensor]], decay: float) -> None:
    for kept, now in pairs:
        if kept.is_floating_point():
            kept.lerp_(now, 1 - decay)
        else:
            kept.copy_(now)
