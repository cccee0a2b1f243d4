"""One training on two processes is the same training: every mean is one over both, or the curves part."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed

from stages.make_base.renderer import SETTINGS as BASE
from tavce.model.animator import alignment
from tavce.model.animator import train as train_animator
from tavce.model.animator.alignment import make_alignment
from tavce.model.animator.attention import AttentionConfig
from tavce.model.animator.data import AnimatorData
from tavce.model.animator.discriminator import TINY as TINY_DISCRIMINATOR
from tavce.model.animator.parallel import slice_of
from tavce.model.animator.residual_renderer import SMALL, ResidualRenderer
from tavce.model.animator.settings import AnimatorDivergedError, LossWeights
from tavce.model.correlation.audio_encoder import AudioEncoderConfig
from tavce.model.correlation.metric import CorrelationConfig, CorrelationMetric
from tavce.model.correlation.mouth_encoder import MouthEncoderConfig

DIMS, STEPS = 4, 5
SAME = 1e-5  # of each loss, relative; measured: 4e-7; the mildest mistake: 7e-2
METRIC = CorrelationConfig(
    audio=AudioEncoderConfig(width=0.05, embedding=DIMS),
    mouth=MouthEncoderConfig("iresnet18", width=0.1, side=16, blocks=(1, 1, 1, 1), stem_stride=2, embedding=DIMS),
)
SETTINGS = replace(
    BASE,
    steps=STEPS,
    sources=3,  # two processes get one and two of them
    neighbours=True,
    rate=3e-4,
    warm_up=0.2,
    average=0.99,
    largest_gradient=0.5,
    weights=LossWeights(l1=1.0, mouth=9.0, perceptual=1.0, gan=0.1, matching=1.0, alignment=1.0),
    discriminator=replace(TINY_DISCRIMINATOR, blocks=2),
    keep_every=2,
)


def own_gradients(parameters):
    """A mistake: no process hears of the others."""


def own_means(summed, weight):
    """A mistake: the mean of each process, averaged, which is no mean where the weights differ."""
    return summed / weight.clamp(min=1) / distributed.get_world_size()


def curve(variant):
    """Return the losses of each step, the weights at the end, and what stopped it."""
    rng = np.random.default_rng(0)
    sides = rng.uniform(4, 24, (4, 6, 2))
    differences = rng.standard_normal((4, 6, DIMS)).astype(np.float32)
    differences[:, 0] = differences[::2, 2:5] = 0
    # Smooth pictures: in noise, rounding grows a hundredfold within a few steps.
    across, down = np.sin(np.arange(32) / 6 + rng.uniform(0, 6, (2, 4, 6, 3, 1)))
    frames = 127 + 60 * across[..., None, :] + 60 * down[..., :, None]
    data = AnimatorData(
        frames=np.ascontiguousarray(np.moveaxis(frames, 2, 4).astype(np.uint8)),
        coefficients=rng.standard_normal((4, 6, 3)).astype(np.float32),
        mouths=np.concatenate([np.full((4, 6, 2), 4.0), 4 + sides], axis=2).astype(np.float32),
        differences=differences,
        gated=differences,
    )
    # Other weights in each process, as careless users have them: the first one's count.
    torch.manual_seed(distributed.get_rank() if distributed.is_initialized() else 0)
    config = replace(SMALL, size=32, coefficients=3, keypoints=3, channels=16, code=8, fine=16, blocks=1, hidden=16)
    network = ResidualRenderer(replace(config, attention=AttentionConfig(dims=DIMS, gate="diagonal")))
    torch.manual_seed(0)
    metric = CorrelationMetric(METRIC).eval().requires_grad_(False)
    calls = []

    def perceptual(made, target):
        calls.append(made)
        broken = variant == "broken" and len(calls) == 4 and len(made) == 2  # in the process that has one portrait
        return (made - target).square().mean() * (float("nan") if broken else 1)

    told, stopped = {}, ""
    try:
        state = train_animator.train_animator(
            SETTINGS,
            network,
            data,
            perceptual=perceptual,
            alignment=make_alignment(metric, data, form="released", similarity="signed"),
            log=lambda step, values: told.update({step: values}),
        )
    except AnimatorDivergedError as error:
        state, stopped = error.state, str(error)
    weights = torch.cat([value.flatten().float() for value in state.network.values()])
    return {"told": list(told.values()), "stopped": stopped, "step": state.step, "weights": weights.tolist()}


def work(rank, folder):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    found = {name: curve(name) for name in ("right", "broken")}
    kept = train_animator.sum_gradients, train_animator.share_of_mean
    train_animator.sum_gradients = own_gradients
    found["own gradients"] = curve("own gradients")
    train_animator.sum_gradients = kept[0]
    for module in (train_animator, alignment):
        module.share_of_mean = own_means
        found[f"own means in {module.__name__}"] = curve("own means")
        module.share_of_mean = kept[1]
    distributed.destroy_process_group()
    (folder / f"{rank}.json").write_text(json.dumps(found))


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    root = Path(__file__).parents[2]
    command = [sys.executable, __file__]
    where = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    workers = [subprocess.Popen([*command, str(rank), str(folder)], cwd=root, env=where) for rank in (0, 1)]
    assert [worker.wait(timeout=240) for worker in workers] == [0, 0]
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1)]


@pytest.fixture(scope="module")
def alone():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    found = curve("right")
    torch.set_num_threads(threads)
    return found


def apart(one, other):
    """Return the largest relative distance of two curves, of what is the same number in every process."""
    names = [name for name in one["told"][0] if name != "residual"]
    rows = [[[step[name] for name in names] for step in curve["told"]] for curve in (one, other)]
    ours, theirs = np.array(rows)
    return np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-3))


def test_two_processes_follow_the_curve_of_one(both, alone):
    assert len(alone["told"]) == STEPS
    for found in both:
        assert apart(found["right"], alone) < SAME
        assert np.abs(np.subtract(found["right"]["weights"], alone["weights"])).max() < SAME
    assert both[0]["right"]["weights"] == both[1]["right"]["weights"]


@pytest.mark.parametrize(
    "mistake",
    ["own gradients", "own means in tavce.model.animator.train", "own means in tavce.model.animator.alignment"],
)
def test_mistakes_part_the_curves(both, alone, mistake):
    assert apart(both[0][mistake], alone) > 1e3 * SAME


def test_a_number_that_is_not_finite_stops_both(both):
    for found in both:
        assert "the perceptual loss of step 4 is not finite; the state of step 2 is kept" in found["broken"]["stopped"]
        assert found["broken"]["step"] == 2
    assert both[0]["broken"]["weights"] == both[1]["broken"]["weights"]
    assert np.isfinite(both[0]["broken"]["weights"]).all()


def test_portraits_are_shared_without_loss(monkeypatch):
    from tavce.model.animator import parallel

    for count, ranks in ((8, 2), (7, 3), (3, 3), (5, 1)):
        taken = []
        for rank in range(ranks):
            monkeypatch.setattr(parallel, "processes", lambda rank=rank, ranks=ranks: (rank, ranks))
            taken += list(range(count))[slice_of(count)]
        assert taken == list(range(count))
    monkeypatch.setattr(parallel, "processes", lambda: (0, 4))
    with pytest.raises(ValueError, match="3 portraits per step cannot be shared among 4 processes"):
        slice_of(3)


if __name__ == "__main__":
    work(int(sys.argv[1]), Path(sys.argv[2]))
