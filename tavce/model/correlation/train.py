"""Training of the correlation metric (step 1 of the paper) on clips in memory."""

import copy
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from tavce.model.correlation.metric import CorrelationConfig, CorrelationMetric, network_input
from tavce.model.correlation.objective import CorrelationData, Objective, correlation_loss
from tavce.model.correlation.reconstruction import Perceptual, ReconstructionBranches, ReconstructionConfig
from tavce.model.descent import Log, copied, decay_groups, share_of_rate
from tavce.model.state import fill_strictly

WARM_UP = 0.05  # share of the steps


@dataclass(frozen=True)
class CorrelationSettings:
    """How a correlation metric is trained.

    Attributes:
        network: sizes of the encoders.
        objective: the loss.
        reconstruction: size of the reconstruction branches; None leaves them out.
        reconstruction_weight: lambda of L_rec; 1 as released.
        seed: of the weights and of every draw.
        steps: optimiser steps of the whole schedule.
        batch: pairs of moments per step, or stretches for "info_nce".
        rate: highest learning rate of Adam; 1e-4 as released.
        schedule: "cosine" (linear rise over the first twentieth, then a cosine to zero) or "step" (a tenth of the
            rate after eight tenths of the steps, as released).
        weight_decay: of AdamW, on matrices and filters only; 0 as released.
        largest_gradient: norm to which a longer gradient is cut.
        keep_every: steps between the states that are kept against a loss or gradient that is not finite.
    """

    network: CorrelationConfig
    objective: Objective
    reconstruction: ReconstructionConfig | None
    reconstruction_weight: float
    seed: int
    steps: int
    batch: int
    rate: float
    schedule: Literal["cosine", "step"]
    weight_decay: float
    largest_gradient: float
    keep_every: int


@dataclass(frozen=True)
class TrainingState:
    """All that a training needs to go on as if it had never stopped.

    The draws of a step depend on the seed and its number alone, so no state of a random generator is part of it.

    Attributes:
        step: steps done.
        metric: state dict of the encoders.
        branches: state dict of the reconstruction branches; empty without them.
        optimiser: its state dict.
    """

    step: int
    metric: dict[str, Tensor]
    branches: dict[str, Tensor]
    optimiser: dict[str, Any]


class DivergedError(RuntimeError):
    """A loss or gradient was not finite; `state` is the last one kept before."""

    def __init__(self, step: int, what: str, state: TrainingState) -> None:
        super().__init__(
            f"{what} of step {step} is not finite; the state of step {state.step} is kept: lower the learning rate"
        )
        self.state = state


def train_correlation(
    settings: CorrelationSettings,
    data: CorrelationData,
    *,
    start: dict[str, Tensor] | None = None,
    state: TrainingState | None = None,
    until: int | None = None,
    perceptual: Perceptual | None = None,
    device: torch.device | None = None,
    log: Log | None = None,
) -> TrainingState:
    """Train a correlation metric and return its state; on one machine, the same bytes at the same number of threads.

    Args:
        settings: of the training.
        data: drawn from uniformly.
        start: weights of the encoders to begin with, such as pretrained ones; random by the seed otherwise.
        state: of an earlier call, to go on from; equal to never having stopped.
        until: step to stop at, ``settings.steps`` by default; the schedule is that of ``settings.steps`` all the same.
        perceptual: distance of the reconstruction branches; LPIPS-VGG as released.
        device: where to train, the CPU by default.
        log: is told the number of each step and its losses, gradient norm and rate.

    Raises:
        DivergedError: a loss or gradient was not finite.
        ValueError: reconstruction without a perceptual distance, weights that do not fit, or clips too short.
    """
    metric, branches = _networks(settings)
    if start is not None:
        fill_strictly(metric, start)
    if branches is not None and perceptual is None:
        raise ValueError("the reconstruction branches need a perceptual distance; hand over `perceptual`")
    both = nn.ModuleList([metric] if branches is None else [metric, branches]).to(device).train()
    both.to(memory_format=torch.channels_last)  # the audio encoder's thin convolutions run a quarter faster
    optimiser = torch.optim.AdamW(decay_groups(both.parameters(), settings.weight_decay), lr=settings.rate)
    if state is not None:
        metric.load_state_dict(state.metric)
        if branches is not None:
            branches.load_state_dict(state.branches)
        optimiser.load_state_dict(copy.deepcopy(state.optimiser))
    done = 0 if state is None else state.step
    kept = _state(done, metric, branches, optimiser)
    for step in range(done + 1, (settings.steps if until is None else until) + 1):
        rate = settings.rate * _share(settings.schedule, step, settings.steps)
        for group in optimiser.param_groups:
            group["lr"] = rate
        losses = _losses(settings, metric, branches, data, step, perceptual)
        total = torch.stack(list(losses.values())).sum()
        optimiser.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(both.parameters(), settings.largest_gradient)
        if not (total.isfinite() and norm.isfinite()):
            raise DivergedError(step, "the gradient" if total.isfinite() else "the loss", kept)
        optimiser.step()
        if log is not None:
            named = {name: loss.item() for name, loss in losses.items()}
            log(step, {**named, "gradient": norm.item(), "rate": rate})
        if step % settings.keep_every == 0:
            kept = _state(step, metric, branches, optimiser)
    return _state(max(done, settings.steps if until is None else until), metric, branches, optimiser)


def trained_metric(settings: CorrelationSettings, state: TrainingState) -> CorrelationMetric:
    """Return the encoders of a state, frozen, in evaluation mode, on the CPU."""
    metric = CorrelationMetric(settings.network)
    metric.load_state_dict(state.metric)
    return metric.eval().requires_grad_(False)


def untrained_metric(settings: CorrelationSettings) -> CorrelationMetric:
    """Return the encoders as the training begins with them: the floor of every figure."""
    return _networks(settings)[0].eval().requires_grad_(False)


def _networks(settings: CorrelationSettings) -> tuple[CorrelationMetric, ReconstructionBranches | None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        metric = CorrelationMetric(settings.network)
        branches = None if settings.reconstruction is None else ReconstructionBranches(settings.reconstruction)
    return metric, branches


def _losses(
    settings: CorrelationSettings,
    metric: CorrelationMetric,
    branches: ReconstructionBranches | None,
    data: CorrelationData,
    step: int,
    perceptual: Perceptual | None,
) -> dict[str, Tensor]:
    rng = np.random.default_rng([settings.seed, step])
    loss, seen = correlation_loss(settings.objective, metric, data, rng, settings.batch)
    if branches is None or perceptual is None:
        return {"correlation": loss}
    earlier, later = network_input(seen.earlier), network_input(seen.later)
    rebuilt = branches.loss(seen.heard, earlier, later, perceptual)
    return {"correlation": loss, "reconstruction": settings.reconstruction_weight * rebuilt}


def _share(schedule: str, step: int, steps: int) -> float:
    place = step / steps
    if schedule == "step":
        return 1.0 if place <= 0.8 else 0.1
    return share_of_rate(place, WARM_UP)


def _state(
    step: int, metric: CorrelationMetric, branches: ReconstructionBranches | None, optimiser: torch.optim.Optimizer
) -> TrainingState:
    # Copies: the tensors of the networks go on changing.
    weights = {} if branches is None else copied(branches)
    return TrainingState(step, copied(metric), weights, copy.deepcopy(optimiser.state_dict()))
