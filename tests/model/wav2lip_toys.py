"""Clips and networks small enough to train in a test of Wav2Lip."""

import numpy as np
import torch

from tavce.model.wav2lip.data import Wav2LipData
from tavce.model.wav2lip.discriminator import QualityConfig, QualityDiscriminator
from tavce.model.wav2lip.generator import Wav2Lip, Wav2LipConfig
from tavce.model.wav2lip.sync_expert import SyncExpert, SyncExpertConfig

SIDE, WIDTH = 24, 0.1
MOUTH = (slice(14, 20), slice(8, 16))  # rows and columns of a toy face


def corpus(seed: int, clips: int = 12, frames: int = 14) -> Wav2LipData:
    """Return clips of people of one colour whose mouth is as bright as they are loud."""
    rng = np.random.default_rng(seed)
    loud = rng.random((clips, frames + 5)).astype(np.float32)
    faces = np.empty((clips, frames, SIDE, SIDE, 3), np.uint8)
    faces[:] = rng.integers(60, 200, (clips, 1, 1, 1, 3))
    faces[:, :, *MOUTH] = loud[:, :frames, None, None, None] * 255
    heard = np.arange(frames)[:, None] + (np.arange(16) / 3.2).astype(int)  # 3.2 columns of sound per frame
    mels = np.repeat((8 * loud[:, heard] - 4)[:, :, None], 80, axis=2)
    shapes = np.stack([(loud[:, :frames] - 0.5) / 0.29] * 2, axis=2)
    mouths = np.tile(np.float32([8, 14, 15, 19]), (clips, frames, 1))
    return Wav2LipData(faces, mouths, mels, shapes)


def numbered(clips: int = 3, frames: int = 12) -> Wav2LipData:
    """Return clips in which the pixels and sounds of frame k of clip n are 20 n + k."""
    number = 20 * np.arange(clips)[:, None] + np.arange(frames)
    faces = np.broadcast_to(number[..., None, None, None], (clips, frames, SIDE, SIDE, 3)).astype(np.uint8)
    mels = np.broadcast_to(number[..., None, None], (clips, frames, 80, 16)).astype(np.float32)
    mouths = np.tile(np.float32([8, 14, 15, 19]), (clips, frames, 1))
    return Wav2LipData(faces, mouths, mels, np.zeros((clips, frames, 2), np.float32))


def expert_of(seed: int = 0) -> SyncExpert:
    torch.manual_seed(seed)
    return SyncExpert(SyncExpertConfig(SIDE, WIDTH))


def generator_of(seed: int = 0) -> Wav2Lip:
    torch.manual_seed(seed)
    return Wav2Lip(Wav2LipConfig(SIDE, WIDTH))


def discriminator_of(seed: int = 0) -> QualityDiscriminator:
    torch.manual_seed(seed)
    return QualityDiscriminator(QualityConfig(SIDE, WIDTH))


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


def some_mels(count: int = 2) -> torch.Tensor:
    return torch.rand(count, 1, 80, 16) * 8 - 4
