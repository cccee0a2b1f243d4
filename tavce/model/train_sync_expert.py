"""Training of the sync expert on clips in memory: does this sound belong to these mouths?"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tavce.model.descent import Curve, Descent, Log, Schedule, descend
from tavce.model.sync_expert import WINDOW, SyncExpert
from tavce.model.wav2lip_data import Wav2LipData, draw_starts, expert_input, planes

LEAST = 1e-6  # a cosine of 0 or 1 counts as this far from it, or its logarithm would be infinite


@dataclass(frozen=True)
class Constant(Schedule):
    """The released schedule: one rate from the first step to the last."""

    def rate_of(self, step: int) -> float:
        """Return the rate."""
        return self.rate


def released_schedule(steps: int, every: int) -> Schedule:
    """Return Adam at 1e-4 as all released trainings have it: no decay, no cut gradient, the last weights the result.

    Source: Rudrabha/Wav2Lip@5c90fa9, hparams.py and color_syncnet_train.py, which run until somebody stops them.

    Args:
        steps: of the training.
        every: steps between points of the curve.
    """
    return Constant(
        steps=steps, rate=1e-4, warm_up=0.0, weight_decay=0.0, average=0.0, largest_gradient=math.inf, every=every
    )


@dataclass(frozen=True)
class SyncExpertSettings:
    """How a sync expert is trained.

    The released code draws 64 pairs, each with its own sound or that of another moment of the clip, one as likely as
    the other. Here each window of a clip meets the sounds of all that are drawn from it: the mean of the loss is the
    same, and its noise is less.

    Attributes:
        schedule: of the descent.
        seed: of every draw.
        clips: per step.
        windows: of each clip.
    """

    schedule: Schedule
    seed: int
    clips: int
    windows: int

    def __post_init__(self) -> None:
        if self.windows < 2:
            raise ValueError(f"windows {self.windows} must be at least 2: one's sound is the wrong one for the other")


def train_sync_expert(
    settings: SyncExpertSettings,
    network: SyncExpert,
    data: Wav2LipData,
    *,
    device: torch.device | None = None,
    log: Log | None = None,
) -> tuple[dict[str, Tensor], Curve]:
    """Train a sync expert in place; on one machine, the same bytes at the same number of threads.

    Args:
        settings: of the training.
        network: begins with the weights it has.
        data: drawn from evenly.
        device: where to train, the CPU by default.
        log: is told the number of each step and its loss.

    Returns:
        State dict of the moving average of the weights, and the curve.

    Raises:
        NotFiniteError: the loss or gradient of a step was not finite.
        ValueError: there are too few clips, or too short ones.
    """
    network.to(device).to(memory_format=torch.channels_last).train()  # thin convolutions run faster so
    descent = Descent(settings.schedule, network.parameters())

    def step(number: int) -> dict[str, float]:
        rng = np.random.default_rng([settings.seed, number])
        loss = expert_loss(network, data, rng, settings.clips, settings.windows, device)
        return descent.step(number, {"pairs": loss})

    return descend(settings.schedule, network, step, log)


def expert_loss(
    network: SyncExpert,
    data: Wav2LipData,
    rng: np.random.Generator,
    clips: int,
    windows: int,
    device: torch.device | None = None,
) -> Float[Tensor, ""]:
    """Return the cross entropy of some clips' windows and sounds, half of its weight on those that belong together."""
    chosen, starts = draw_starts(rng, data, clips, windows)
    moments = starts[..., None] + np.arange(WINDOW)
    faces = planes(data.faces[chosen[..., None], moments]).flatten(0, 1).to(device)
    sounds = torch.from_numpy(data.mels[chosen, starts]).flatten(0, 1)[:, None].to(device)
    seen = network.face(expert_input(faces)).unflatten(0, starts.shape)
    heard = network.audio(sounds).unflatten(0, starts.shape)
    return pair_loss(seen @ heard.transpose(1, 2))


def pair_loss(cosines: Float[Tensor, "clips windows windows"]) -> Float[Tensor, ""]:
    """Return the cross entropy of belonging together: the mean of that of true and of wrong pairs.

    Args:
        cosines: of window and sound; those on the diagonal belong together.
    """
    true = torch.eye(cosines.shape[1], dtype=torch.bool, device=cosines.device).expand_as(cosines)
    return (surprise(cosines[true]) + surprise(1 - cosines[~true])) / 2


def surprise(cosines: Float[Tensor, " pairs"]) -> Float[Tensor, ""]:
    """Return the mean cross entropy of pairs that belong together, the cosine taken for the probability that they do.

    Args:
        cosines: in [0, 1], as embeddings without negative numbers have them.
    """
    return -torch.log(LEAST + (1 - 2 * LEAST) * cosines).mean()
