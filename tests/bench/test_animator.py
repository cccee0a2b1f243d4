"""Work on the portrait done once per clip against the same work for every frame: in training, and at inference."""

import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from stages.make_base.renderer import SETTINGS as BASE
from tavce.model.animator.data import AnimatorData
from tavce.model.animator.face_animator import FaceAnimator
from tavce.model.animator.residual_renderer import SMALL, ResidualRenderer
from tavce.model.animator.sizes import TINY
from tavce.model.animator.train import train_animator

SIDE, CLIPS, LENGTH = 64, 6, 12
SOURCES, FRAMES, STEPS, ROUNDS = 4, 4, 3, 3
CLIP = 20  # frames of an inference
# Measured twice, others at work: 1.12 and 1.13, 1.16 and 1.28 in training; 1.18 and 1.20, 1.48 and 1.49 at inference.
LEAST_TRAINING = {"small": 1.05, "published, tiny": 1.08}
LEAST_INFERENCE = {"small": 1.08, "published, tiny": 1.3}
SETTINGS = replace(BASE, steps=10_000, sources=SOURCES, frames=FRAMES, keep_every=10_000)


def networks() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    return {"small": ResidualRenderer(SMALL), "published, tiny": FaceAnimator(TINY)}


def corpus() -> AnimatorData:
    rng = np.random.default_rng(0)
    return AnimatorData(
        frames=rng.integers(0, 256, (CLIPS, LENGTH, SIDE, SIDE, 3), dtype=np.uint8),
        coefficients=rng.standard_normal((CLIPS, LENGTH, 14)).astype(np.float32),
        mouths=np.tile(np.float32([20, 36, 44, 54]), (CLIPS, LENGTH, 1)),
    )


class PerFrame(nn.Module):
    """An animator as it is usually trained: pairs of a portrait and one frame, features anew for each."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.window, self.decoder = network, network.window, network.decoder

    def forward(self, image: Tensor, still: Tensor, wanted: Tensor, gated: None) -> Tensor:
        frames = wanted.shape[1]
        image, still = image.repeat_interleave(frames, dim=0), still.repeat_interleave(frames, dim=0)
        return self.network(image, still, wanted.flatten(0, 1)[:, None]).unflatten(0, (-1, frames)).squeeze(2)


def seconds(function) -> float:
    """Return the processor's time, since others may share it."""
    begin = time.process_time()
    function()
    return time.process_time() - begin


def alternately(ours, theirs) -> tuple[float, float]:
    """Return the shortest time of each, in turns: whatever else the machine does disturbs both."""
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


@pytest.fixture
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", ["small", "published, tiny"])
def test_training_steps(benchmark, one_thread, name):
    if not benchmark.enabled:
        pytest.skip("a benchmark: run `make bench`")
    data, ours, theirs = corpus(), networks()[name], PerFrame(networks()[name])
    curves: dict[str, list[float]] = {"ours": [], "theirs": []}

    def train(network: nn.Module, curve: list[float]) -> None:
        train_animator(SETTINGS, network, data, until=STEPS, log=lambda step, told: curve.append(told["l1"]))

    ours_s, theirs_s = alternately(lambda: train(ours, curves["ours"]), lambda: train(theirs, curves["theirs"]))
    assert curves["ours"][:STEPS] == pytest.approx(curves["theirs"][:STEPS], rel=1e-3)  # the same training
    benchmark.extra_info.update(
        steps_per_s=round(STEPS / ours_s, 2), per_frame_steps_per_s=round(STEPS / theirs_s, 2), ratio=theirs_s / ours_s
    )
    benchmark.pedantic(train, args=(ours, []), rounds=1)
    assert theirs_s / ours_s > LEAST_TRAINING[name], f"{ours_s:.2f} s against {theirs_s:.2f} s"


@pytest.mark.parametrize("name", ["small", "published, tiny"])
def test_inference(benchmark, one_thread, name):
    if not benchmark.enabled:
        pytest.skip("a benchmark: run `make bench`")
    network = networks()[name].eval()
    image, still = torch.rand(1, 3, SIDE, SIDE), torch.randn(1, 14, network.window)
    wanted = torch.randn(1, CLIP, 14, network.window)
    kept: list[Tensor] = []

    @torch.inference_mode()
    def once_per_clip() -> None:
        source = network.encode_source(image, still)
        kept[:] = [torch.cat([network.render(source, wanted[:, k : k + 1]) for k in range(CLIP)], dim=1)]

    @torch.inference_mode()
    def once_per_frame() -> None:
        kept[1:] = [torch.cat([network(image, still, wanted[:, k : k + 1]) for k in range(CLIP)], dim=1)]

    ours_s, theirs_s = alternately(once_per_clip, once_per_frame)
    assert torch.allclose(*kept, atol=1e-5)
    benchmark.extra_info.update(ms_per_frame=round(1e3 * ours_s / CLIP, 2), ratio=theirs_s / ours_s)
    benchmark.pedantic(once_per_clip, rounds=1)
    assert theirs_s / ours_s > LEAST_INFERENCE[name], f"{ours_s:.2f} s against {theirs_s:.2f} s"
