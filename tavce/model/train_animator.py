"""Training of an animator (step 2 of the paper) on clips in memory: one loop for every variant."""

import copy
import math
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from tavce.model.animator_data import AnimatorData, Batch, draw_moments, make_batch
from tavce.model.animator_settings import AnimatorDivergedError, AnimatorSettings, AnimatorState
from tavce.model.discriminator import Discriminator, feature_matching, hinge_of_discriminator, hinge_of_generator

Log = Callable[[int, dict[str, float]], None]
# Two batches of pictures, RGB in [0, 1] -> their distance.
Perceptual = Callable[[Float[Tensor, "batch 3 height width"], Float[Tensor, "batch 3 height width"]], Tensor]
# A batch and the frames made of it -> how far the changes of sound and mouth disagree.
Alignment = Callable[[Batch, Float[Tensor, "sources frames 3 height width"]], Tensor]


def train_animator(
    settings: AnimatorSettings,
    network: nn.Module,
    data: AnimatorData,
    *,
    state: AnimatorState | None = None,
    until: int | None = None,
    perceptual: Perceptual | None = None,
    alignment: Alignment | None = None,
    device: torch.device | None = None,
    log: Log | None = None,
) -> AnimatorState:
    """Train an animator in place and return its state; on one machine, the same bytes at the same number of threads.

    Args:
        settings: of the training.
        network: an `Animator`; begins with the weights it has.
        data: drawn from evenly.
        state: of an earlier call, to go on from; equal to never having stopped.
        until: step to stop at, ``settings.steps`` by default; the schedule is that of ``settings.steps`` all the same.
        perceptual: distance of pictures, for a weight above 0.
        alignment: the paper's alignment loss, for a weight above 0.
        device: where to train, the CPU by default.
        log: is told the number of each step and its losses, gradient norm and rate.

    Raises:
        AnimatorDivergedError: a loss or gradient was not finite.
        ValueError: a loss has a weight but nothing that computes it, or a state does not fit.
    """
    weights = settings.weights
    needs = {"perceptual": perceptual, "alignment": alignment}
    lacking = [name for name, function in needs.items() if getattr(weights, name) and function is None]
    lacking += ["discriminator"] * bool((weights.gan or weights.matching) and settings.discriminator is None)
    if lacking:
        raise ValueError(f"losses with a weight need what computes them: {', '.join(lacking)}")
    training = _Training(settings, network, data, perceptual, alignment, device)
    if state is not None:
        training.load(state)
    kept = training.state()
    for step in range(training.step + 1, (settings.steps if until is None else until) + 1):
        told, broken = training.advance(step)
        if broken:
            raise AnimatorDivergedError(step, broken, kept)
        if log is not None:
            log(step, told)
        if step % settings.keep_every == 0:
            kept = training.state()
    return training.state()


class _Training:
    """The networks, averages and optimisers of a training between two steps."""

    def __init__(
        self,
        settings: AnimatorSettings,
        network: nn.Module,
        data: AnimatorData,
        perceptual: Perceptual | None,
        alignment: Alignment | None,
        device: torch.device | None,
    ) -> None:
        self.settings, self.data, self.device = settings, data, device
        self.perceptual, self.alignment = perceptual, alignment
        self.network = network.to(device).train()
        self.averaged = copy.deepcopy(self.network).requires_grad_(False)
        self.optimiser = self._optimiser(self.network)
        self.discriminator: Discriminator | None = None
        self.critic: torch.optim.AdamW | None = None
        if settings.discriminator is not None:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(settings.seed)
                self.discriminator = Discriminator(settings.discriminator).to(device)
            self.critic = self._optimiser(self.discriminator)
        self.step = 0

    def advance(self, step: int) -> tuple[dict[str, float], str]:
        """Take one step; return what to log, and what was not finite: "" for nothing."""
        settings = self.settings
        rate = settings.rate * _share(step / settings.steps, settings.warm_up)
        batch = self._draw(step)
        made = self.network(batch.image, batch.image_coefficients, batch.coefficients, batch.differences)
        losses = self._losses(batch, made)
        told = {name: loss.item() for name, loss in losses.items()}
        norm = self._descend(self.optimiser, self.network, torch.stack(list(losses.values())).sum(), rate)
        if self.discriminator is not None and self.critic is not None:
            real, fake = (self.discriminator(x.detach().flatten(0, 1)) for x in (batch.target, made))
            loss = hinge_of_discriminator(real, fake)
            told["discriminator"] = loss.item()
            self._descend(self.critic, self.discriminator, loss, rate)
        _follow(self.averaged, self.network, min(settings.average, (1 + step) / (10 + step)))
        self.step = step
        broken = [f"the {name} loss" for name, value in told.items() if not math.isfinite(value)]
        broken += ["the gradient"] * (not math.isfinite(norm))
        return told | {"gradient": norm, "rate": rate}, broken[0] if broken else ""

    def state(self) -> AnimatorState:
        """Return a copy of all that the training holds."""
        return AnimatorState(
            self.step,
            _copied(self.network),
            _copied(self.averaged),
            copy.deepcopy(self.optimiser.state_dict()),
            {} if self.discriminator is None else _copied(self.discriminator),
            {} if self.critic is None else copy.deepcopy(self.critic.state_dict()),
        )

    def load(self, state: AnimatorState) -> None:
        """Go back, or on, to a state."""
        self.step = state.step
        self.network.load_state_dict(state.network)
        self.averaged.load_state_dict(state.average)
        self.optimiser.load_state_dict(copy.deepcopy(state.optimiser))
        if self.discriminator is not None and self.critic is not None:
            self.discriminator.load_state_dict(state.discriminator)
            self.critic.load_state_dict(copy.deepcopy(state.critic))

    def _draw(self, step: int) -> Batch:
        settings, (clips, length) = self.settings, self.data.frames.shape[:2]
        rng = np.random.default_rng([settings.seed, step])
        chosen = rng.integers(clips, size=settings.sources)
        portraits = rng.integers(length, size=settings.sources)
        moments = draw_moments(rng, length, settings.sources, settings.frames, neighbours=settings.neighbours)
        window = int(self.network.window)  # type: ignore[arg-type]  # an Animator's
        return make_batch(self.data, chosen, portraits, moments, window=window, device=self.device)

    def _losses(self, batch: Batch, made: Float[Tensor, "sources frames 3 height width"]) -> dict[str, Tensor]:
        weights = self.settings.weights
        losses = {"l1": weights.l1 * weighted_l1(made, batch.target, 1 + (weights.mouth - 1) * batch.mouth)}
        flat, target = made.flatten(0, 1), batch.target.flatten(0, 1)
        if weights.perceptual and self.perceptual is not None:
            losses["perceptual"] = weights.perceptual * self.perceptual(flat, target)
        if weights.alignment and self.alignment is not None:
            losses["alignment"] = weights.alignment * self.alignment(batch, made)
        if self.discriminator is not None:
            with torch.no_grad():
                real = self.discriminator(target)
            fake = self.discriminator(flat)
            losses["gan"] = weights.gan * hinge_of_generator(fake)
            losses["matching"] = weights.matching * feature_matching(real, fake)
        return losses

    def _descend(self, optimiser: torch.optim.Optimizer, network: nn.Module, loss: Tensor, rate: float) -> float:
        """Take a step down `loss` and return the norm of its gradient."""
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(network.parameters(), self.settings.largest_gradient)
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.step()
        return norm.item()

    def _optimiser(self, network: nn.Module) -> torch.optim.AdamW:
        free = [p for p in network.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in free if p.ndim > 1], "weight_decay": self.settings.weight_decay},
            {"params": [p for p in free if p.ndim <= 1], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=self.settings.rate, betas=(self.settings.beta1, 0.999))


def weighted_l1(made: Tensor, target: Tensor, weight: Tensor) -> Float[Tensor, ""]:
    """Return the mean absolute error under weights that may have fewer channels."""
    error = (made - target).abs() * weight
    return error.sum() / weight.expand_as(error).sum()


def _share(place: float, warm_up: float) -> float:
    if place < warm_up:
        return place / warm_up
    return 0.5 + 0.5 * math.cos(math.pi * (place - warm_up) / (1 - warm_up))


@torch.no_grad()
def _follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    for kept, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(now, 1 - decay)
        else:
            kept.copy_(now)


def _copied(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}
