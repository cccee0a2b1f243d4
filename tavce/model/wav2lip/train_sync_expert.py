"""Training of the sync expert on clips in memory: does this sound belong to these mouths?"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from tavce.model.descent import Curve, Descent, Log, Schedule, descend
from tavce.model.wav2lip.data import Wav2LipData, draw_starts, expert_input, planes
from tavce.model.wav2lip.sync_expert import WINDOW, SyncExpert

PAIRS_WHOLE, LESSON_OVER = 0.3, 0.6  # shares of a training with a lesson
CHECKS = 6
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
        lesson: weight of a lesson that the first steps are given: both towers tell the shape of the mouth. None (0) as
            released; without one a small network sees people instead of mouths for thousands of steps.
    """

    schedule: Schedule
    seed: int
    clips: int
    windows: int
    lesson: float

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
    told = nn.ModuleList([nn.Linear(network.channels, 2 * WINDOW) for _ in range(2)]).to(device)  # by face, by sound
    pupils = [*network.parameters(), *(told.parameters() if settings.lesson else ())]
    descent = Descent(settings.schedule, pupils)

    def step(number: int) -> dict[str, float]:
        rng = np.random.default_rng([settings.seed, number])
        batch = draw_pairs(rng, data, settings.clips, settings.windows, device)
        seen, heard = network.face_encoder(batch.mouths).flatten(1), network.audio_encoder(batch.sounds).flatten(1)
        pairs, lesson = weights_at(settings, number)
        losses = {"pairs": pairs * pair_loss(cosines(seen, heard, settings.windows))}
        if lesson:
            shapes = torch.stack([told[0](seen), told[1](heard)])
            losses["lesson"] = lesson * (shapes - batch.shapes).square().mean()
        return descent.step(number, losses)

    return descend(settings.schedule, network, step, log)


def weights_at(settings: SyncExpertSettings, step: int) -> tuple[float, float]:
    """Return the weights of the pairs and of the lesson: the one rises as the other begins to fade."""
    if not settings.lesson:
        return 1.0, 0.0
    place = step / settings.schedule.steps
    return min(1.0, place / PAIRS_WHOLE), settings.lesson * max(0.0, 1 - place / LESSON_OVER)


class Pairs(NamedTuple):
    """Windows of some clips, those of a clip behind one another.

    Attributes:
        mouths: lower halves of five faces.
        sounds: the window of sound that begins with the first of them.
        shapes: of the mouth in the five frames.
    """

    mouths: Float[Tensor, "pairs 15 half side"]
    sounds: Float[Tensor, "pairs 1 80 16"]
    shapes: Float[Tensor, "pairs 10"]


def draw_pairs(
    rng: np.random.Generator, data: Wav2LipData, clips: int, windows: int, device: torch.device | None = None
) -> Pairs:
    """Return some windows of each of some clips; see `draw_starts`."""
    chosen, starts = draw_starts(rng, data, clips, windows)
    moments = starts[..., None] + np.arange(WINDOW)
    rows = chosen[..., None]
    mouths = expert_input(planes(data.faces[rows, moments]).flatten(0, 1))
    sounds = torch.from_numpy(data.mels[chosen, starts]).flatten(0, 1)[:, None]
    shapes = torch.from_numpy(data.shapes[rows, moments]).flatten(0, 1).flatten(1)
    return Pairs(mouths.to(device), sounds.to(device), shapes.to(device))


def cosines(
    seen: Float[Tensor, "pairs channels"], heard: Float[Tensor, "pairs channels"], windows: int
) -> Float[Tensor, "clips windows windows"]:
    """Return the cosine of each window of a clip with the sound of each."""
    faces, sounds = (functional.normalize(each, dim=1).reshape(-1, windows, each.shape[1]) for each in (seen, heard))
    return torch.bmm(faces, sounds.transpose(1, 2))


@torch.no_grad()
def expert_figures(network: SyncExpert, data: Wav2LipData, seed: int, clips: int, windows: int) -> dict[str, float]:
    """Return what an expert knows of clips: the loss of pairs, and as ``auc`` how often a true pair beats a wrong one.

    Args:
        network: in evaluation mode.
        data: clips that it has not learned from.
        seed: of the draws.
        clips: of each of `CHECKS` draws.
        windows: of each clip.
    """
    losses, ranks = [], []
    for number in range(CHECKS):
        batch = draw_pairs(np.random.default_rng([seed, number]), data, clips, windows)
        found = cosines(network.face(batch.mouths), network.audio(batch.sounds), windows)
        true = torch.eye(windows, dtype=torch.bool).expand_as(found)
        losses.append(pair_loss(found).item())
        ranks.append((found[true][:, None] > found[~true][None]).float().mean().item())
    return {"pairs": float(np.mean(losses)), "auc": float(np.mean(ranks))}


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
