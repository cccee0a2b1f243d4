"""Training of a `PoseVae` on clips in memory.

Source: Zhang et al., "SadTalker", CVPR 2023, section 3.2, and OpenTalker/SadTalker@48f328a,
src/audio2pose_models/audio2pose.py: reconstruction, Kullback-Leibler divergence and an adversarial loss on differences
to the first pose; the audio encoder does not learn. The released code does not train: the terms' weights are ours.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from torch import Tensor, nn
from torch.nn import functional

from tavce.model.descent import Curve, Descent, Log, Schedule, descend
from tavce.model.motion.pose_vae import TINY, PoseVae, PoseVaeConfig, divergence

# An eighth of `TINY`, for heads that move by 5 values: 3 angles and 2 of translation.
SMALL = replace(TINY, width=0.0625, unet=(8, 8, 8, 8), hidden=40, latent=16, values=5, heard=2, discriminator=(8, 8, 8))
LEAST_SPREAD = 1e-3


@dataclass(frozen=True)
class PoseSettings:
    """How a `PoseVae` is trained.

    Attributes:
        schedule: of the descent, the discriminator's too.
        seed: of every draw.
        pieces: of the network's length, per step.
        velocity: weight of the squared error of the change from frame to frame against that of the poses.
        divergence: weight of the Kullback-Leibler divergence in nats.
        gan: weight of the hinge loss; 0 leaves the discriminator untrained.
    """

    schedule: Schedule
    seed: int
    pieces: int
    velocity: float
    divergence: float
    gan: float


@dataclass(frozen=True)
class PoseData:
    """What a `PoseVae` learns from.

    Attributes:
        mels: windows that begin two frames before their frame.
        poses: in units in which heads rarely move by more than 1, which the network's sigmoids reach soon.
    """

    mels: Float32[np.ndarray, "clips frames 80 16"]
    poses: Float32[np.ndarray, "clips frames values"]


def train_pose(
    settings: PoseSettings,
    network: PoseVae,
    data: PoseData,
    *,
    device: torch.device | None = None,
    log: Log | None = None,
) -> tuple[dict[str, Tensor], Curve]:
    """Train a network of one style in place; on one machine, the same bytes at the same number of threads.

    Args:
        settings: of the training.
        network: begins with the weights it has. Its audio encoder keeps them, even random ones, which tell loudness
            well enough; only its means and variances are taken from the data.
        data: clips, drawn from evenly; the pose before a piece is its reference.
        device: where to train, the CPU by default.
        log: is told the number of each step and its losses.

    Returns:
        State dict of the moving average of the weights, on the CPU, and the curve.

    Raises:
        NotFiniteError: a loss or gradient was not finite.
        ValueError: no clips, or clips no longer than a piece.
    """
    if len(data.poses) == 0 or data.poses.shape[1] <= network.config.frames:
        raise ValueError(
            f"{len(data.poses)} clips of {data.poses.shape[1]} frames: need more than {network.config.frames}"
        )
    network.to(device).train()
    sound = _hear(network, data.mels, device)
    generator, judges = list(network.netG.parameters()), list(network.netD_motion.parameters())
    descent, critic = Descent(settings.schedule, generator), Descent(settings.schedule, judges)
    spread = (
        torch.from_numpy(data.poses - data.poses[:, :1]).flatten(0, 1).std(dim=0).clamp(min=LEAST_SPREAD).to(device)
    )

    def step(number: int) -> dict[str, float]:
        drawn = _draw(settings, number, data, network.config, device)
        heard = sound[drawn.clip[:, None], drawn.frames]
        posterior = network.netG.encoder(drawn.motion, heard, drawn.reference, drawn.style)
        latent = posterior.mean + drawn.noise * torch.exp(0.5 * posterior.log_variance)
        made = network.netG.decoder(latent, heard, drawn.reference, drawn.style)
        error = (made - drawn.motion) / spread
        losses = {
            "pose": error.square().mean(),
            "velocity": settings.velocity * error.diff(dim=1).square().mean(),
            "divergence": settings.divergence * divergence(posterior),
        }
        if not settings.gan:
            return descent.step(number, losses)
        losses["gan"] = -settings.gan * network.netD_motion(made).mean()
        told = descent.step(number, losses)
        return told | critic.step(number, {"discriminator": _hinge(network, drawn.motion, made.detach())})

    return descend(settings.schedule, network, step, log)


def _hinge(
    network: PoseVae, true: Float[Tensor, "pieces frames values"], made: Float[Tensor, "pieces frames values"]
) -> Float[Tensor, ""]:
    """Return the discriminator's loss: mean of max(0, 1 - true) + max(0, 1 + made) over stretches and pieces."""
    judge = network.netD_motion
    return functional.relu(1 - judge(true)).mean() + functional.relu(1 + judge(made)).mean()


@torch.no_grad()
def _hear(
    network: PoseVae, mels: Float32[np.ndarray, "clips frames 80 16"], device: torch.device | None
) -> Float[Tensor, "clips frames features"]:
    """Return what is heard in each clip, once the encoder's means and variances are those of all clips."""
    for layer in network.audio_encoder.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # the mean over all batches
    for clip in mels:
        network.hear(torch.from_numpy(clip)[None, :, None].to(device))
    network.audio_encoder.eval()
    return torch.cat([network.hear(torch.from_numpy(clip)[None, :, None].to(device)) for clip in mels])


class Drawn(NamedTuple):
    """What a step learns from.

    Attributes:
        clip: of each piece.
        frames: of each piece.
        reference: the pose before it.
        motion: its poses less that one.
        style: 0.
        noise: of the latent vectors.
    """

    clip: Int[Tensor, " pieces"]
    frames: Int[Tensor, "pieces frames"]
    reference: Float[Tensor, "pieces values"]
    motion: Float[Tensor, "pieces frames values"]
    style: Int[Tensor, " pieces"]
    noise: Float[Tensor, "pieces latent"]


def _draw(
    settings: PoseSettings, number: int, data: PoseData, config: PoseVaeConfig, device: torch.device | None
) -> Drawn:
    rng = np.random.default_rng([settings.seed, number])
    clips, length = data.poses.shape[:2]
    clip = rng.integers(clips, size=settings.pieces)
    before = rng.integers(length - config.frames, size=settings.pieces)
    frames = before[:, None] + 1 + np.arange(config.frames)
    reference = data.poses[clip, before]
    motion = data.poses[clip[:, None], frames] - reference[:, None]
    noise = rng.standard_normal((settings.pieces, config.latent), dtype=np.float32)
    drawn = (clip, frames, reference, motion, np.zeros(settings.pieces, np.int64), noise)
    return Drawn(*(torch.from_numpy(each).to(device) for each in drawn))
