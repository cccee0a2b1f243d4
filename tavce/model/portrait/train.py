"""Training of a portrait network on pictures in memory."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor
from torch.nn import functional

from tavce.model.descent import Curve, Descent, Log, Schedule, descend
from tavce.model.portrait.net import PortraitNet

LEAST_DISTANCE = 1e-3
LEAST_FEATURE_VARIANCE = 1e-4

Pictures = UInt8[np.ndarray, "pictures size size 3"]
Rows = Float32[np.ndarray, "rows coefficients"]
# Chance, pictures and their coefficients -> both as a training step sees them: moved, recoloured, compressed.
Alter = Callable[[np.random.Generator, Pictures, Rows], tuple[Pictures, Rows]]
# Chance and pictures of the known kind -> as many pictures of other kinds.
Spoil = Callable[[np.random.Generator, Pictures], Pictures]


@dataclass(frozen=True)
class PortraitSettings:
    """How a portrait network is trained.

    Attributes:
        schedule: of the descent.
        seed: of every draw.
        known: pictures of the known kind per step.
        other: pictures of other kinds per step.
        likeness: weight of the likeness's loss against that of the coefficients in deviations.
        radius: distance (see `spread_distance`) at which a picture is as likely known as not.
        sharpness: change of the log-odds of being known per change of the logarithm of the distance.
    """

    schedule: Schedule
    seed: int
    known: int
    other: int
    likeness: float
    radius: float
    sharpness: float


def train_portrait(
    settings: PortraitSettings,
    network: PortraitNet,
    frames: Pictures,
    coefficients: Rows,
    *,
    alter: Alter,
    spoil: Spoil,
    device: torch.device | None = None,
    log: Log | None = None,
) -> tuple[dict[str, Tensor], Curve]:
    """Train a portrait network in place; on one machine, the same bytes at the same number of threads.

    What `PortraitNet.likeness` measures by is to be set afterwards, by `PortraitNet.calibrate_likeness`.

    Args:
        settings: of the training.
        network: begins with the weights it has; mean and deviation of the coefficients are set here.
        frames: pictures of the known kind, drawn from evenly.
        coefficients: of each picture.
        alter: changes the pictures of a step.
        spoil: makes pictures of other kinds from them.
        device: where to train, the CPU by default.
        log: is told the number of each step and its losses.

    Returns:
        State dict of the moving average of the weights, and the curve.

    Raises:
        NotFiniteError: a loss or gradient was not finite.
        ValueError: no pictures, or not one row of coefficients for each.
    """
    if not 0 < len(frames) == len(coefficients):
        raise ValueError(f"{len(frames)} pictures with {len(coefficients)} rows of coefficients: need one row for each")
    network.calibrate(torch.from_numpy(coefficients))
    network.to(device).to(memory_format=torch.channels_last).train()  # thin convolutions run faster so
    descent = Descent(settings.schedule, network.parameters())

    def step(number: int) -> dict[str, float]:
        rng = np.random.default_rng([settings.seed, number])
        chosen = rng.integers(len(frames), size=settings.known)
        known, rows = alter(rng, frames[chosen], coefficients[chosen])
        other = spoil(rng, frames[rng.integers(len(frames), size=settings.other)])
        images = network_input(np.concatenate([known, other])).to(device)
        return descent.step(number, portrait_losses(settings, network, images, torch.from_numpy(rows).to(device)))

    return descend(settings.schedule, network, step, log)


def portrait_losses(
    settings: PortraitSettings,
    network: PortraitNet,
    images: Float[Tensor, "all 3 size size"],
    truth: Float[Tensor, "known coefficients"],
) -> dict[str, Tensor]:
    """Return the losses of a batch.

    Args:
        settings: of the training.
        network: in training mode.
        images: the pictures of the known kind first.
        truth: their coefficients.

    Returns:
        ``coefficients``, the Huber loss in deviations, mean over the known pictures and the coefficients; ``likeness``,
        the weighted cross entropy of being of the known kind, mean over all pictures.
    """
    known = len(truth)
    error = (network(images[:known]) - truth) / network.deviation
    distance = spread_distance(network.features(images), known)
    log_odds = settings.sharpness * (math.log(settings.radius) - torch.log(distance + LEAST_DISTANCE))
    is_known = (torch.arange(len(images), device=images.device) < known).float()
    surprise = functional.binary_cross_entropy_with_logits(log_odds, is_known)
    return {
        "coefficients": functional.smooth_l1_loss(error, torch.zeros_like(error)),
        "likeness": settings.likeness * surprise,
    }


def spread_distance(features: Float[Tensor, "all features"], known: int) -> Float[Tensor, " all"]:
    """Return the squared distance of each picture from the mean of the known ones, mean over the features.

    Each feature counts in deviations of the known pictures, whose mean distance is thus 1. Against a ball of fixed
    size, all features shrink to the same number, and nothing is left to tell a new kind of picture by.

    Args:
        features: those of the known pictures first.
        known: how many these are.
    """
    mean, variance = features[:known].mean(dim=0), features[:known].var(dim=0)
    return ((features - mean).square() / (variance + LEAST_FEATURE_VARIANCE)).mean(dim=1)


def network_input(pictures: Pictures) -> Float[Tensor, "pictures 3 size size"]:
    """Return pictures as a `PortraitNet` takes them: RGB in [0, 1]."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
