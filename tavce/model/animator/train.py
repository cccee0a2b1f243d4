"""Training of an animator (step 2 of the paper) on clips in memory: one loop for every variant."""

import copy
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from tavce.model.animator.data import AnimatorData, Batch, draw_moments, make_batch
from tavce.model.animator.discriminator import (
    Discriminator,
    Judgement,
    feature_matching,
    hinge_of_discriminator,
    hinge_of_generator,
)
from tavce.model.animator.parallel import average_buffers, begin_alike, share_of_mean, slice_of, sum_gradients, total
from tavce.model.animator.settings import AnimatorDivergedError, AnimatorSettings, AnimatorState
from tavce.model.animator.vital_signs import vital_signs
from tavce.model.descent import Log, copied, decay_groups, follow, share_of_rate

# Two batches of pictures, RGB in [0, 1] -> their distance.
Perceptual = Callable[[Float[Tensor, "batch 3 height width"], Float[Tensor, "batch 3 height width"]], Tensor]
# A batch and the frames made of it -> how far the changes of sound and mouth disagree; of several processes, the share.
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

    Where `torch.distributed` is initialised, each process takes its slice of the portraits of every step, and all end
    in one state: that of a single process up to rounding, except for batch norms, which see a slice. A number that is
    not finite anywhere stops all of them.

    Args:
        settings: of the training.
        network: an `Animator`; begins with the weights it has.
        data: drawn from evenly.
        state: of an earlier call, to go on from; equal to never having stopped.
        until: step to stop at, ``settings.steps`` by default; the schedule is that of ``settings.steps`` all the same.
        perceptual: distance of pictures, for a weight above 0.
        alignment: the paper's alignment loss, for a weight above 0.
        device: where to train, the CPU by default.
        log: is told the number of each step and its losses, each times its weight; `vital_signs`; the norm of the whole
            gradient before it is cut, and the rate.

    Raises:
        AnimatorDivergedError: a loss or gradient was not finite.
        ValueError: a loss has a weight but nothing that computes it, a state does not fit, or there are more processes
            than portraits per step.
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
        self.settings, self.data = settings, data
        self.perceptual, self.alignment = perceptual, alignment
        self.ours = slice_of(settings.sources)
        self.portion = (self.ours.stop - self.ours.start) / settings.sources
        self.network = network.to(device).train()
        self.device = next(network.parameters()).device
        begin_alike(self.network)
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
        self.ahead: dict[int, Batch] = {}

    def advance(self, step: int) -> tuple[dict[str, float], str]:
        """Take one step; return what to log, and what was not finite: "" for nothing."""
        settings = self.settings
        rate = settings.rate * share_of_rate(step / settings.steps, settings.warm_up)
        batch = self.ahead.pop(step) if step in self.ahead else self._draw(step)
        with self._autocast():
            made = self.network(batch.image, batch.image_coefficients, batch.coefficients, batch.gated).float()
        real = self._judged(batch.target)
        losses = self._losses(batch, made, real)
        norm = self._descend(self.optimiser, self.network, torch.stack(list(losses.values())).sum(), rate)
        signs = {"gradient": norm} | vital_signs(self.network)
        if self.discriminator is not None and self.critic is not None:
            losses["discriminator"] = self.portion * hinge_of_discriminator(real, self._judged(made.detach()))
            self._descend(self.critic, self.discriminator, losses["discriminator"], rate)
        average_buffers(self.network)
        follow(self.averaged, self.network, settings.average, step)
        self.step = step
        self.ahead[step + 1] = self._draw(step + 1)  # before the numbers are read, which waits for the GPU
        told = _numbers(total(torch.stack(list(losses.values()))), losses) | _numbers(
            torch.stack(list(signs.values())), signs
        )
        broken = [name for name, value in told.items() if not math.isfinite(value)]
        told["rate"] = rate
        return told, f"the {broken[0]}" + " loss" * (broken[0] in losses) if broken else ""

    def state(self) -> AnimatorState:
        """Return a copy of all that the training holds."""
        return AnimatorState(
            self.step,
            copied(self.network),
            copied(self.averaged),
            copy.deepcopy(self.optimiser.state_dict()),
            {} if self.discriminator is None else copied(self.discriminator),
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
        window, ours = int(self.network.window), self.ours  # type: ignore[arg-type]  # an Animator's
        return make_batch(self.data, chosen[ours], portraits[ours], moments[ours], window=window, device=self.device)

    def _autocast(self) -> torch.autocast:
        on = self.settings.bfloat16 and self.device.type == "cuda"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=on)

    def _judged(self, pictures: Float[Tensor, "sources frames 3 height width"]) -> list[Judgement]:
        """Return what the discriminator says, in float32; nothing without one."""
        if self.discriminator is None:
            return []
        with self._autocast():
            found = self.discriminator(pictures.flatten(0, 1))
        return [Judgement(one.scores.float(), tuple(x.float() for x in one.features)) for one in found]

    def _losses(
        self, batch: Batch, made: Float[Tensor, "sources frames 3 height width"], real: list[Judgement]
    ) -> dict[str, Tensor]:
        """Return this process's share of each loss: means over pictures count by its portion of them."""
        weights, portion = self.settings.weights, self.portion
        losses = {"l1": weights.l1 * weighted_l1(made, batch.target, 1 + (weights.mouth - 1) * batch.mouth)}
        flat, target = made.flatten(0, 1), batch.target.flatten(0, 1)
        if weights.perceptual and self.perceptual is not None:
            losses["perceptual"] = weights.perceptual * portion * self.perceptual(flat, target)
        if weights.alignment and self.alignment is not None:
            losses["alignment"] = weights.alignment * self.alignment(batch, made)
        if self.discriminator is not None:
            fake = self._judged(made)
            losses["gan"] = weights.gan * portion * hinge_of_generator(fake)
            losses["matching"] = weights.matching * portion * feature_matching(real, fake)
        return losses

    def _descend(self, optimiser: torch.optim.Optimizer, network: nn.Module, loss: Tensor, rate: float) -> Tensor:
        """Take a step down `loss` and return the norm of its gradient."""
        optimiser.zero_grad()
        free = [p for p in network.parameters() if p.requires_grad]
        loss.backward(inputs=free)  # type: ignore[no-untyped-call]  # and not the other network's, which has its turn
        sum_gradients(free)
        norm = nn.utils.clip_grad_norm_(free, self.settings.largest_gradient)
        for group in optimiser.param_groups:
            group["lr"] = rate * group["factor"]
        optimiser.step()
        return norm

    def _optimiser(self, network: nn.Module) -> torch.optim.AdamW:
        attention = getattr(network, "attention", None)
        fresh = set() if attention is None else set(attention.parameters())
        groups: list[dict[str, Any]] = []
        for factor, members in ((1.0, False), (self.settings.attention_rate, True)):
            chosen = [p for p in network.parameters() if (p in fresh) == members]
            groups += [group | {"factor": factor} for group in decay_groups(chosen, self.settings.weight_decay)]
        return torch.optim.AdamW(groups, lr=self.settings.rate, betas=(self.settings.beta1, 0.999))


def weighted_l1(made: Tensor, target: Tensor, weight: Tensor) -> Float[Tensor, ""]:
    """Return the mean absolute error under weights that may have fewer channels; of several processes, the share."""
    error = (made - target).abs() * weight
    return share_of_mean(error.sum(), weight.expand_as(error).sum())


def _numbers(values: Tensor, names: Iterable[str]) -> dict[str, float]:
    return dict(zip(names, values.tolist(), strict=True))
