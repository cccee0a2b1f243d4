"""Training of a motion network on clips in memory."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor
from torch.nn import functional

from tavce.model.descent import Curve, Descent, Log, Schedule, descend
from tavce.model.motion.motion_net import MotionNet

SILENCE = -4.0  # a mel spectrogram's floor


@dataclass(frozen=True)
class MotionSettings:
    """How a motion network is trained.

    Attributes:
        schedule: of the descent.
        seed: of every draw.
        stretches: of consecutive frames, per step.
        frames: of a stretch.
        velocity: weight of the error of the change from frame to frame against that of the coefficients.
        silence: share of the stretches in which nothing is heard and the mouth rests.
    """

    schedule: Schedule
    seed: int
    stretches: int
    frames: int
    velocity: float
    silence: float


@dataclass(frozen=True)
class MotionData:
    """What a motion network learns from.

    Attributes:
        mels: windows that begin two frames before their frame.
        expression: coefficients that follow the sound.
        openness: of the eyes, 0 to 1.
        rest: expression of a mouth at rest.
    """

    mels: Float32[np.ndarray, "clips frames 80 16"]
    expression: Float32[np.ndarray, "clips frames expression"]
    openness: Float32[np.ndarray, "clips frames 1"]
    rest: Float32[np.ndarray, " expression"]


def train_motion(
    settings: MotionSettings,
    network: MotionNet,
    data: MotionData,
    *,
    device: torch.device | None = None,
    log: Log | None = None,
) -> tuple[dict[str, Tensor], Curve]:
    """Train a motion network in place; on one machine, the same bytes at the same number of threads.

    Args:
        settings: of the training.
        network: begins with the weights it has; its coefficients are calibrated here.
        data: clips, drawn from evenly; the portrait of a stretch is any frame of its clip.
        device: where to train, the CPU by default.
        log: is told the number of each step and its losses.

    Returns:
        State dict of the moving average of the weights, on the CPU, and the curve: mean errors of coefficients and of
        their changes, in deviations of the training's coefficients.

    Raises:
        NotFiniteError: a loss or gradient was not finite.
        ValueError: no clips, or clips shorter than a stretch.
    """
    if len(data.mels) == 0 or data.mels.shape[1] < settings.frames:
        raise ValueError(f"{len(data.mels)} clips of {data.mels.shape[1]} frames: need one of {settings.frames}")
    network.calibrate(torch.from_numpy(data.expression).flatten(0, 1))
    network.to(device).to(memory_format=torch.channels_last).train()  # thin convolutions run a quarter faster
    descent = Descent(settings.schedule, network.parameters())

    def step(number: int) -> dict[str, float]:
        mels, reference, openness, truth = _draw(settings, number, data, device)
        error = (network(mels, reference, openness) - truth) / network.deviation
        losses = {"expression": _absolute(error), "velocity": settings.velocity * _absolute(error.diff(dim=1))}
        return descent.step(number, losses)

    return descend(settings.schedule, network, step, log)


def _absolute(error: Float[Tensor, "stretches _ expression"]) -> Float[Tensor, ""]:
    return functional.smooth_l1_loss(error, torch.zeros_like(error))


def _draw(
    settings: MotionSettings, number: int, data: MotionData, device: torch.device | None
) -> tuple[
    Float[Tensor, "stretches frames 80 16"],
    Float[Tensor, "stretches expression"],
    Float[Tensor, "stretches frames 1"],
    Float[Tensor, "stretches frames expression"],
]:
    """Return windows, the portrait's expression, openness of the eyes and the truth."""
    rng = np.random.default_rng([settings.seed, number])
    clips, length = data.mels.shape[:2]
    clip = rng.integers(clips, size=settings.stretches)
    portrait = rng.integers(length, size=settings.stretches)
    frames = rng.integers(length - settings.frames + 1, size=(settings.stretches, 1)) + np.arange(settings.frames)
    mels, truth = data.mels[clip[:, None], frames], data.expression[clip[:, None], frames]
    silent = rng.random(settings.stretches) < settings.silence
    mels[silent], truth[silent] = SILENCE, data.rest
    drawn = (mels, data.expression[clip, portrait], data.openness[clip[:, None], frames], truth)
    return tuple(torch.from_numpy(each).to(device) for each in drawn)  # type: ignore[return-value]
