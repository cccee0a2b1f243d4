"""The motion of a whole clip from a portrait and sound alone: mouth, head and blinks; brows and gaze stay."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from tavce.model.motion.motion_net import MotionNet
from tavce.model.motion.pose_sampling import sample_poses, smoothed
from tavce.model.motion.pose_vae import PoseVae

FPS = 25
# Log-normal intervals with a mean of 26 blinks a minute, as in conversation (Bentivoglio et al., "Analysis of Blink
# Rate Patterns in Normal Subjects", Movement Disorders 1997); lids fall, rest and rise for these times, as synthtalk's.
BLINK_MEAN_S, BLINK_SIGMA, BLINK_LEAST_S = 2.3, 0.6, 0.5
BLINK_FALL_S, BLINK_HOLD_S, BLINK_RISE_S = 0.080, 0.030, 0.180
HALF_OPEN = 0.5


@dataclass(frozen=True)
class Layout:
    """Where the motion coefficients of a frame hold what.

    Attributes:
        expression: columns that follow the sound, in a `MotionNet`'s order.
        pose: columns of the head's pose, in a `PoseVae`'s order.
        pose_units: of each column of `pose`, how much of it is 1 to the `PoseVae`.
        lids: columns of how open the eyes are, 0 to 1.
    """

    expression: tuple[int, ...]
    pose: tuple[int, ...]
    pose_units: tuple[float, ...]
    lids: tuple[int, ...]


@torch.inference_mode()
def sample_motion(
    motion: MotionNet,
    pose: PoseVae,
    portrait: Float[Tensor, " coefficients"],
    mels: Float[Tensor, "frames 80 16"],
    layout: Layout,
    *,
    seed: int,
) -> Float[Tensor, "frames coefficients"]:
    """Return the coefficients of each frame; columns that `layout` does not name are the portrait's throughout.

    Lids blink from where the portrait has them; a portrait caught in a blink opens its eyes.

    Args:
        motion: in evaluation mode.
        pose: in evaluation mode.
        portrait: its coefficients.
        mels: windows that begin two frames before their frame.
        layout: of the coefficients.
        seed: not negative, of head and blinks; the same seed gives the same motion.

    Raises:
        ValueError: no frames, coefficients that are not finite, or a network in training mode.
    """
    if len(mels) == 0 or not portrait.isfinite().all():
        raise ValueError(f"{len(mels)} frames, portrait {portrait.tolist()}: need a frame and finite coefficients")
    lids, columns = list(layout.lids), list(layout.pose)
    whole = portrait.expand(len(mels), -1).clone()
    open_lids = torch.where(portrait[lids] < HALF_OPEN, 1.0, portrait[lids])
    whole[:, lids] = open_lids * torch.from_numpy(sample_blinks(len(mels), seed))[:, None].to(portrait)
    openness = whole[:, lids].mean(dim=1)
    expression = list(layout.expression)
    whole[:, expression] = hear_expression(motion, mels, portrait[expression], openness)
    units = torch.tensor(layout.pose_units).to(portrait)
    whole[:, columns] = smoothed(_chain(pose, mels, portrait[columns] / units, seed)) * units
    return whole


@torch.inference_mode()
def hear_expression(
    motion: MotionNet,
    mels: Float[Tensor, "frames 80 16"],
    reference: Float[Tensor, " expression"],
    openness: Float[Tensor, " frames"],
) -> Float[Tensor, "frames expression"]:
    """Return the expression of each frame of one clip.

    Args:
        motion: in evaluation mode.
        mels: windows that begin two frames before their frame.
        reference: expression of the portrait.
        openness: of the eyes, 0 to 1.

    Raises:
        ValueError: a network in training mode, which would not keep to its range.
    """
    if motion.training:
        raise ValueError("the motion network is in training mode")
    expression: Tensor = motion(mels[None], reference[None], openness[None, :, None])[0]
    return expression


def sample_blinks(frames: int, seed: int) -> Float32[np.ndarray, " frames"]:
    """Return how open the lids are at each frame's centre, 0 closed .. 1 open; none blinks before the first frame."""
    rng = np.random.default_rng([seed, 0])
    scale = np.log(BLINK_MEAN_S) - BLINK_SIGMA**2 / 2
    since_first = rng.uniform(0, BLINK_MEAN_S)
    gaps = np.maximum(BLINK_LEAST_S, rng.lognormal(scale, BLINK_SIGMA, 1 + int(frames / FPS / BLINK_LEAST_S)))
    starts = np.concatenate([[0.0], np.cumsum(gaps)]) + since_first
    since = (np.arange(frames) + 0.5)[:, None] / FPS - starts
    fall = 0.5 - 0.5 * np.cos(np.pi * np.clip(since / BLINK_FALL_S, 0, 1))
    rise = 0.5 + 0.5 * np.cos(np.pi * np.clip((since - BLINK_FALL_S - BLINK_HOLD_S) / BLINK_RISE_S, 0, 1))
    return np.asarray(1 - np.minimum(fall, rise).max(axis=1), np.float32)


def _chain(
    pose: PoseVae, mels: Float[Tensor, "frames 80 16"], reference: Float[Tensor, " values"], seed: int
) -> Float[Tensor, "frames values"]:
    """Return poses whose pieces each start where the one before ended, so that the head never jumps."""
    rng, piece, rest = np.random.default_rng([seed, 1]), pose.config.frames, len(mels) - 1
    # A last piece that is cut short would be the end of a motion; the whole piece begins where it should.
    whole = torch.cat([mels, mels[-1:].expand(-rest % piece, -1, -1)])
    poses = [reference[None]]
    for start in range(0, rest, piece):
        heard = whole[start : start + piece + 1, None]
        poses.append(sample_poses(pose, heard, poses[-1][-1], style=0, seed=int(rng.integers(2**31)))[1:])
    return torch.cat(poses)[: len(mels)]
