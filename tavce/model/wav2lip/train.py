"""Training of Wav2Lip's generator on clips in memory: the true face, in time with the sound, looking true."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from tavce.model.descent import Curve, Descent, Log, Schedule, descend
from tavce.model.wav2lip.data import FaceBatch, Wav2LipData, draw_faces, expert_input, generator_input
from tavce.model.wav2lip.discriminator import QualityDiscriminator
from tavce.model.wav2lip.generator import Wav2Lip
from tavce.model.wav2lip.sync_expert import SyncExpert
from tavce.model.wav2lip.train_sync_expert import released_schedule, surprise

CHECK = 2**31  # the draws of a check are those of no step


@dataclass(frozen=True)
class Wav2LipSettings:
    """How a generator is trained.

    Attributes:
        schedule: of the descent, the discriminator's too.
        seed: of every draw.
        windows: of five frames per step; 16 as released.
        mel_start: frame k hears the sound that begins with frame k + `mel_start`. -1 as released, a leftover of
            counting from 1: when videos are made it is 0, so that mouths come a frame early.
        mouth: weight of a pixel in the mouth's box against one outside it; 1 as released.
        sync: weight of the expert's loss once it is switched on; 0.01 as released, 0.03 with a discriminator.
        sync_below: it is switched on, for good, when a check finds it below this on clips held out; 0.75 as released.
            Infinite counts from the first step.
        gan: weight of the discriminator's loss; 0.07 as released. 0 trains without one.
        beta1: of AdamW; 0.9 as released, 0.5 with a discriminator.
        frozen_norms: batch norms keep the statistics that they have, for who goes on from a trained network with few
            people at a time; not so as released.
        check_every: steps between checks; 3000 as released.
        check_windows: held-out windows of a check.
    """

    schedule: Schedule
    seed: int
    windows: int
    mel_start: int
    mouth: float
    sync: float
    sync_below: float
    gan: float
    beta1: float
    frozen_norms: bool
    check_every: int
    check_windows: int

    def __post_init__(self) -> None:
        if self.sync + self.gan >= 1:
            raise ValueError(f"sync {self.sync} and gan {self.gan} leave no weight for the picture")
        if self.mel_start not in (0, -1):
            raise ValueError(f"mel_start is {self.mel_start}; -1 as released or 0 as videos are made")


def released(steps: int, *, gan: bool) -> Wav2LipSettings:
    """Return what the released trainings go by (Rudrabha/Wav2Lip@5c90fa9, wav2lip_train.py, hq_wav2lip_train.py)."""
    return Wav2LipSettings(
        schedule=released_schedule(steps, every=3000),
        seed=0,
        windows=16,
        mel_start=-1,
        mouth=1.0,
        sync=0.03 if gan else 0.01,
        sync_below=0.75,
        gan=0.07 if gan else 0.0,
        beta1=0.5 if gan else 0.9,
        frozen_norms=False,
        check_every=3000,
        check_windows=512,
    )


@dataclass(frozen=True)
class Check:
    """What a generator does with clips held out.

    Attributes:
        step: after which.
        l1: mean absolute error.
        sync: the expert's loss.
        switched_on: whether the expert's loss counts from now on.
    """

    step: int
    l1: float
    sync: float
    switched_on: bool


def train_wav2lip(
    settings: Wav2LipSettings,
    network: Wav2Lip,
    expert: SyncExpert,
    data: Wav2LipData,
    held_out: Wav2LipData,
    *,
    discriminator: QualityDiscriminator | None = None,
    device: torch.device | None = None,
    log: Log | None = None,
) -> tuple[dict[str, Tensor], Curve, list[Check]]:
    """Train a generator in place; on one machine, the same bytes at the same number of threads.

    The expert is frozen and in evaluation mode. The released code never sets that mode, so its batch norms go by the
    faces at hand and its running statistics drift from what it learned; here the same window always gets the same loss.

    Args:
        settings: of the training.
        network: begins with the weights it has.
        expert: trained before, on faces of the same side.
        data: drawn from evenly.
        held_out: clips for the checks.
        discriminator: begins with the weights it has, and is trained in place; only with ``settings.gan``.
        device: where to train, the CPU by default.
        log: is told the number of each step and its losses, unweighted.

    Returns:
        State dict of the moving average of the weights, the curve and the checks.

    Raises:
        NotFiniteError: a loss or gradient was not finite.
        ValueError: the clips are too short, or the weight of a discriminator without one.
    """
    if (settings.gan > 0) != (discriminator is not None):
        raise ValueError(f"gan {settings.gan} {'needs a' if settings.gan else 'has no use for the'} discriminator")
    network.to(device).to(memory_format=torch.channels_last)  # thin convolutions run faster so
    _learning(settings, network)
    expert.to(device).eval().requires_grad_(False)
    descent = _descent(settings, network)
    critic = None if discriminator is None else _descent(settings, discriminator.to(device).train())
    checks: list[Check] = []

    def step(number: int) -> dict[str, float]:
        rng = np.random.default_rng([settings.seed, number])
        batch = _moved(draw_faces(rng, data, settings.windows, mel_start=settings.mel_start), device)
        made = generate(network, batch)
        heeded = checks[-1].switched_on if checks else math.isinf(settings.sync_below)
        with torch.set_grad_enabled(heeded):  # until then the curve alone is told
            sync = sync_loss(expert, made, batch.sound)
        losses = {"l1": picture_loss(made, batch, settings.mouth)} | ({"sync": sync} if heeded else {})
        if discriminator is not None:
            losses["gan"] = surprise_of(discriminator, made, true=True)
        weights = weights_of(settings, heeded=heeded)
        descent.step(number, {name: weights[name] * loss for name, loss in losses.items()})
        told = {name: loss.item() for name, loss in (losses | {"sync": sync}).items()}
        if critic is not None and discriminator is not None:
            fakes = surprise_of(discriminator, made.detach(), true=False)
            told |= critic.step(number, {"fakes": fakes, "truths": surprise_of(discriminator, batch.target, true=True)})
        if number % settings.check_every == 0:
            checks.append(check(settings, network, expert, held_out, number, heeded=heeded, device=device))
        return told

    state, curve = descend(settings.schedule, network, step, log)
    return state, curve, checks


def weights_of(settings: Wav2LipSettings, *, heeded: bool) -> dict[str, float]:
    """Return the weight of each loss; the picture gets what the others leave.

    Args:
        settings: of the training.
        heeded: whether the expert is switched on.
    """
    sync = settings.sync if heeded else 0.0
    return {"l1": 1 - sync - settings.gan, "sync": sync, "gan": settings.gan}


def generate(network: Wav2Lip, batch: FaceBatch) -> Float[Tensor, "windows 5 3 side side"]:
    """Return the faces that a generator makes of a batch; frames do not see one another."""
    faces = generator_input(batch.target, batch.reference)
    made = network(batch.heard.flatten(0, 1), faces.flatten(0, 1))
    return made.unflatten(0, batch.target.shape[:2])  # type: ignore[no-any-return]  # nn.Module returns Any


def picture_loss(made: Float[Tensor, "windows 5 3 side side"], batch: FaceBatch, mouth: float) -> Float[Tensor, ""]:
    """Return the mean absolute error, a pixel of the mouth's box counting `mouth` times."""
    weights = (1 + (mouth - 1) * batch.mouth).expand_as(made)
    return ((made - batch.target).abs() * weights).sum() / weights.sum()


def sync_loss(
    expert: SyncExpert, made: Float[Tensor, "windows 5 3 side side"], sound: Float[Tensor, "windows 1 80 16"]
) -> Float[Tensor, ""]:
    """Return how surprised the expert is that five faces belong to their sound."""
    return surprise((expert.face(expert_input(made)) * expert.audio(sound)).sum(dim=1))


def surprise_of(
    discriminator: QualityDiscriminator, faces: Float[Tensor, "windows 5 3 side side"], *, true: bool
) -> Float[Tensor, ""]:
    """Return the cross entropy of faces being true, or made."""
    log_odds = discriminator(faces.flatten(0, 1))
    return functional.softplus(-log_odds if true else log_odds).mean()


@torch.no_grad()
def check(
    settings: Wav2LipSettings,
    network: Wav2Lip,
    expert: SyncExpert,
    held_out: Wav2LipData,
    step: int,
    *,
    heeded: bool,
    device: torch.device | None = None,
) -> Check:
    """Return what a generator does with clips held out, always the same windows of them; it stays in training mode.

    Args:
        settings: of the training.
        network: the generator.
        expert: frozen.
        held_out: the clips.
        step: after which this is.
        heeded: whether the expert is switched on already, which no check undoes.
        device: of the networks.
    """
    network.eval()
    found = []
    for start in range(0, settings.check_windows, settings.windows):
        rng = np.random.default_rng([settings.seed, CHECK, start])
        batch = _moved(draw_faces(rng, held_out, settings.windows, mel_start=settings.mel_start), device)
        made = generate(network, batch)
        found.append([picture_loss(made, batch, 1.0).item(), sync_loss(expert, made, batch.sound).item()])
    _learning(settings, network)
    l1, sync = np.mean(found, axis=0).tolist()
    return Check(step, l1, sync, heeded or sync < settings.sync_below)


def _learning(settings: Wav2LipSettings, network: nn.Module) -> None:
    network.train()
    for module in network.modules():
        if settings.frozen_norms and isinstance(module, nn.BatchNorm2d):
            module.eval()


def _descent(settings: Wav2LipSettings, network: nn.Module) -> Descent:
    descent = Descent(settings.schedule, network.parameters())
    for group in descent.optimiser.param_groups:
        group["betas"] = (settings.beta1, group["betas"][1])
    return descent


def _moved(batch: FaceBatch, device: torch.device | None) -> FaceBatch:
    return FaceBatch(*(each.to(device) for each in batch))
