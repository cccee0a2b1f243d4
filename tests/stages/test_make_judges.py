"""The recipes of the stand-ins: repeatable to the byte, and each loss falls where it is easy."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from stages.make_judges import identity, landmarks, perception
from stages.make_judges.augment import Augmentation, degrade, faceless, move, recolour
from stages.make_judges.corpus import Wanted, make_clips
from stages.make_judges.descend import descend, halved, repeatable, weights_bytes
from stages.make_judges.distortions import KINDS, distort
from stages.make_judges.encode import encode

TINY = Wanted(seed=7104, split="train", identities=2, clips=4, seconds=0.4, size=128)
HARD = Augmentation(
    shift=0.05, scale=0.1, rotation=10.0, smallest=48, blur=2.0, jpeg=20, colour=0.2, noise=10.0, share=1.0
)


@pytest.fixture(scope="module")
def clips():
    return make_clips(TINY, workers=1)


def fit(name, clips):
    """Two steps of a recipe; the weights and the curve."""
    if name == "landmarks":
        part = replace(landmarks.SETTINGS.face, steps=2, batch=2)
        settings = replace(landmarks.SETTINGS, corpus=TINY, face=part, lips=replace(part, spot=2.0))
        network, curve = landmarks.fit_landmarks(settings, clips)
    elif name == "identity":
        network, curve = identity.fit_identity(replace(identity.SETTINGS, corpus=TINY, steps=2, batch=4), clips)
    elif name == "inception":
        settings = replace(perception.INCEPTION, corpus=TINY, steps=2, batch=2, part=299, whole=0.5)
        network, curve = perception.fit_inception(settings, clips)
    else:
        network, curve = perception.fit_lpips(replace(perception.LPIPS, corpus=TINY, steps=2, batch=2), clips)
    return network, curve


@pytest.mark.parametrize("name", ["landmarks", "identity", "inception", "lpips"])
def test_training_is_repeatable(name, clips):
    one, curve = fit(name, clips)
    torch.rand(3)  # the state of the global generator must not matter
    other, again = fit(name, clips)
    assert weights_bytes(one.state_dict()) == weights_bytes(other.state_dict())
    assert curve == again
    assert not one.training
    assert not any(parameter.requires_grad for parameter in one.parameters())


def test_another_seed_gives_other_weights(clips):
    settings = replace(identity.SETTINGS, corpus=TINY, steps=1, batch=4)
    one, other = (identity.fit_identity(replace(settings, seed=seed), clips)[0] for seed in (1, 2))
    assert weights_bytes(one.state_dict()) != weights_bytes(other.state_dict())


def test_lpips_splits_into_the_files_that_its_loader_reads(clips, tmp_path):
    from metrics.networks.lpips import load_lpips

    network, _ = fit("lpips", clips)
    paths = [tmp_path / "trunk.pt", tmp_path / "linear.pt"]
    for path, state in zip(paths, perception.split_lpips(network), strict=True):
        path.write_bytes(weights_bytes(state))
    loaded = load_lpips(*paths, "alex", width=perception.LPIPS.width).state_dict()
    assert all(
        torch.equal(loaded[name], value.half().float())
        for name, value in network.state_dict().items()
        if value.ndim > 1
    )


def test_descent_leaves_no_trace():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    with repeatable(1):
        network = torch.nn.Linear(3, 1)
        curve = descend(
            network,
            lambda: {"loss": (network(torch.ones(4, 3)) - 2).square().mean()},
            steps=120,
            rate=0.1,
            decay=0.0,
            label="line",
        )
    assert torch.equal(before, torch.get_rng_state())
    assert curve[-1]["loss"] < 0.01 < curve[0]["loss"]
    assert [point["step"] for point in curve] == list(range(3, 121, 3))


def test_halved_keeps_norms_and_counts():
    state = torch.nn.BatchNorm2d(3).state_dict() | {"weight2": torch.ones(2, 2)}
    kinds = {name: value.dtype for name, value in halved(state).items()}
    assert kinds["running_var"] == torch.float32
    assert kinds["num_batches_tracked"] == torch.int64
    assert kinds["weight2"] == torch.float16


def test_points_move_with_the_picture(clips):
    """A bright dot under each of three points stays under it."""
    rng = np.random.default_rng(0)
    points = np.array([(40, 50), (80, 60), (64, 90)], np.float32)
    frame = np.zeros((128, 128, 3), np.uint8)
    for x, y in points.astype(int):
        frame[y - 1 : y + 2, x - 1 : x + 2] = 255
    for _ in range(5):
        moved, there = move(rng, HARD, frame, points)
        for x, y in there:
            column, row = round(float(x)), round(float(y))
            patch = moved[row - 4 : row + 5, column - 4 : column + 5, 0].astype(float)
            centre = np.array([(patch.sum(0) @ np.arange(9)), (patch.sum(1) @ np.arange(9))]) / patch.sum() - 4
            assert np.hypot(centre[0] + column - x, centre[1] + row - y) < 0.1  # pixels; 0.03 at most was measured
    assert np.abs(there - points).max() > 1


def test_changes_keep_type_and_size(clips):
    rng = np.random.default_rng(1)
    frame = clips.frames[0, 0]
    changed = [recolour(rng, HARD, frame), degrade(rng, HARD, frame), *(faceless(rng, frame) for _ in range(12))]
    for each in changed:
        assert each.dtype == np.uint8
        assert each.shape == frame.shape
        assert not np.array_equal(each, frame)


@pytest.mark.parametrize("kind", KINDS)
def test_distortions_grow_with_strength(kind, clips):
    frame, other = clips.frames[0, 0], clips.frames[0, 9]
    if kind == "ghost":
        other = clips.frames[1, 0]
    errors = [
        np.abs(distort(np.random.default_rng(2), kind, strength, frame, other).astype(float) - frame).mean()
        for strength in (0.1, 0.4, 0.7, 1.0)
    ]
    assert all(a < b for a, b in pairwise(errors))


def test_encode_loses_more_at_a_higher_rate_factor(clips):
    clip = clips.frames[0]
    errors = [np.abs(encode(clip, factor).astype(float) - clip).mean() for factor in (18, 30, 40)]
    assert errors[0] < errors[1] < errors[2]
    assert errors[0] < 3
