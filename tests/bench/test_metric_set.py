"""The whole metric set on a clip against the bare forward passes of its networks, in turns within one run."""

import time
from pathlib import Path

import numpy as np
import pytest
import torch

from metrics import METRICS
from metrics.inception import inception_input
from metrics.networks.inception import FidInception
from metrics.networks.iresnet import R50, IResNet, IResNetRecogniser, network_input
from metrics.networks.lpips import Lpips
from metrics.networks.syncnet import OFFICIAL as SYNCNET
from metrics.networks.syncnet import SyncNet
from stages.compare_clip import Pair
from stages.judging import OFFICIAL
from stages.observe import BATCH
from stages.panel import Panel
from stages.score_clip import score_clip
from tavce.media.audio import write_wav
from tavce.media.writer import write_video

FRAMES, SIDE, ROUNDS = 32, 256, 3
MOST = 1.15


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    rng = np.random.default_rng(0)
    base = np.kron(rng.integers(0, 256, (16, 16, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    for name, noise in (("truth", 0), ("made", 12)):
        frames = [np.roll(base, 3 * k, axis=1) for k in range(FRAMES)]
        spoilt = [np.clip(f + rng.normal(0, noise, f.shape), 0, 255).astype(np.uint8) for f in frames]
        write_video(tmp_path / f"{name}.mkv", spoilt)
        write_wav(tmp_path / f"{name}.wav", rng.integers(-9000, 9000, FRAMES * 640).astype(np.int16), 16_000)
    made, truth = tmp_path / "made.mkv", tmp_path / "truth.mkv"
    return Pair("d", "m", "c", "i", made, truth, truth, None, False, "")


def random_panel(landmarks: np.ndarray) -> Panel:
    """Return the panel; its landmarks are given, since no detector with random weights finds a face."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    panel = Panel(OFFICIAL, None)
    place = iter(range(0, 10**9, 32))

    def find(frames: np.ndarray) -> np.ndarray:
        first = next(place) % len(landmarks)
        return landmarks[first : first + len(frames)]

    panel.__dict__.update(  # where a cached property keeps what it opened
        lpips=Lpips("alex").eval(),
        inception=FidInception().eval(),
        sync=SyncNet(SYNCNET).eval(),
        recogniser=IResNetRecogniser("random", IResNet(R50).eval()),
        landmarks=find,
    )
    return panel


def drawn_landmarks() -> np.ndarray:
    rng = np.random.default_rng(1)
    points = rng.uniform(90, 170, (68, 2))
    points[36:42], points[42:48] = points[36:42] * 0.1 + (95, 95), points[42:48] * 0.1 + (145, 95)
    return (points + rng.normal(0, 1.0, (FRAMES, 68, 2))).astype(np.float32)


@torch.inference_mode()
def bare(panel) -> None:
    """Forward passes on inputs that lie ready, in the batches of the score stage, for both sides."""
    pixels = np.zeros((FRAMES, SIDE, SIDE, 3), np.uint8)
    picture = torch.zeros(BATCH, 3, SIDE, SIDE)
    seen, face = inception_input(pixels[:BATCH]), network_input(np.zeros((BATCH, 112, 112, 3), np.uint8))
    for _ in range(2 * FRAMES // BATCH):
        panel.lpips(picture)
        panel.inception(seen)
        panel.recogniser.network(face)
    windows = FRAMES - 5
    for first in range(0, windows, BATCH):
        panel.sync.lip(torch.zeros(1, 3, min(BATCH, windows - first) + 4, 224, 224))
        for _ in range(2):
            panel.sync.audio(torch.zeros(min(BATCH, windows - first), 1, 13, 20))


def seconds(function) -> float:
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def test_the_whole_metric_set_costs_little_more_than_its_networks(benchmark, pair):
    if not benchmark.enabled:
        pytest.skip("a benchmark: run `make bench`")
    panel = random_panel(drawn_landmarks())
    bare(panel)
    pairs = [(seconds(lambda: score_clip(pair, METRICS, panel)), seconds(lambda: bare(panel))) for _ in range(ROUNDS)]
    ratios = sorted(whole / network for whole, network in pairs)
    benchmark.extra_info["ratio to bare forward passes"] = round(ratios[len(ratios) // 2], 3)
    benchmark.pedantic(lambda: score_clip(pair, METRICS, panel), rounds=1)
    assert ratios[len(ratios) // 2] < MOST
