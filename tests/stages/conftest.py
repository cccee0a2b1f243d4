"""A panel of small judges with random weights, and a drawn clip with sound: enough to test how scores come about."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from metrics.networks.inception import FidInception
from metrics.networks.iresnet import IResNet, IResNetConfig, IResNetRecogniser
from metrics.networks.lpips import Lpips
from metrics.networks.syncnet import SyncNet, SyncNetConfig
from stages.compare_clip import Pair
from stages.judging import STANDINS, Judges
from stages.panel import Panel
from tavce.media.audio import write_wav
from tavce.media.writer import write_video

FRAMES, SIDE = 30, 96
MakePanel = Callable[..., Panel]


def face(frames: np.ndarray) -> np.ndarray:
    """Landmarks that follow the brightest red column: a stand-in for a detector that sees only this drawing."""
    column = frames[..., 0].astype(np.float64).mean(axis=1).argmax(axis=1)
    rng = np.random.default_rng(3)
    points = rng.uniform(-14, 14, (68, 2)) + np.array([0, 50])
    points[36:42], points[42:48] = (
        rng.uniform(-3, 3, (6, 2)) + np.array([-12, 40]),
        rng.uniform(-3, 3, (6, 2)) + np.array([12, 40]),
    )
    return (points[None] + np.stack([column, np.zeros_like(column)], axis=1)[:, None]).astype(np.float32)


@pytest.fixture(scope="session")
def make_panel() -> MakePanel:
    """``make_panel(sync_crop=..., ...)``: small networks with random weights under any settings."""

    def make(**changes: str) -> Panel:
        settings: Judges = replace(STANDINS, **changes)
        panel = Panel(settings, None)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            recogniser = IResNet(IResNetConfig((1, 1, 1, 1), 0.125, 32, 56, 0.0)).eval()
            panel.__dict__.update(  # where a cached property keeps what it opened
                lpips=Lpips("alex", width=0.125).eval(),
                inception=FidInception(width=1 / 16).eval(),
                sync=SyncNet(SyncNetConfig(0.0625)).eval(),
                recogniser=IResNetRecogniser("random", recogniser),
                landmarks=face,
            )
        return panel

    return make


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """A bar that wanders over a checkerboard, and the same with noise; sound with a rhythm, and another sound."""
    rng = np.random.default_rng(0)
    board = np.kron(rng.integers(0, 120, (8, 8, 3)), np.ones((SIDE // 8, SIDE // 8, 1)))
    for name, noise in (("truth", 0.0), ("made", 9.0)):
        frames = []
        for k in range(FRAMES):
            frame = board.copy()
            frame[:, 40 + k // 3 : 46 + k // 3, 0] = 250
            frames.append(np.clip(frame + rng.normal(0, noise, frame.shape), 0, 255).astype(np.uint8))
        write_video(tmp_path / f"{name}.mkv", frames)
        write_wav(tmp_path / f"{name}.wav", voice(0), 16_000)
    write_video(tmp_path / "other.mkv", frames)
    write_wav(tmp_path / "other.wav", voice(1), 16_000)
    made, truth = tmp_path / "made.mkv", tmp_path / "truth.mkv"
    return Pair("d", "m", "c", "i", made, truth, tmp_path / "other.mkv", None, copied=False, failed="")


def voice(seed: int) -> np.ndarray:
    t = np.arange(FRAMES * 640) / 16_000
    rng = np.random.default_rng(seed)
    loud = 0.5 + 0.5 * np.sin(2 * np.pi * (3 + seed) * t + seed)
    return (8000 * loud * np.sin(2 * np.pi * 180 * t) + rng.normal(0, 200, len(t))).astype(np.int16)
