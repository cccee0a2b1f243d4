"""Weights under the keys of SadTalker's file fill the networks that hear, and nothing else does."""

import json
from pathlib import Path

import pytest
import torch

from tavce.model.animator.official import fill_sound_from_sadtalker
from tavce.model.motion.exp_net import ExpNet, ExpNetConfig
from tavce.model.motion.pose_vae import PAPER, PoseVae

GOLDEN = Path(__file__).parent / "golden"
SHAPES = {
    f"{prefix}.{key}": shape
    for prefix, file, name in (("audio2exp", "exp_net", "exp_net"), ("audio2pose", "pose_vae", "audio2pose"))
    for key, shape in json.loads((GOLDEN / f"{file}.keys.json").read_text())[name].items()
}
OTHERS = ("generator.first.weight", "face_3drecon.conv1.weight")


def published() -> dict[str, torch.Tensor]:
    values = {key: torch.full((), float(place)).expand(shape) for place, (key, shape) in enumerate(SHAPES.items())}
    return values | {key: torch.zeros(3) for key in OTHERS}


@pytest.fixture(scope="module")
def networks() -> tuple[ExpNet, PoseVae]:
    return ExpNet(ExpNetConfig(width=1.0, coefficients=64)), PoseVae(PAPER)


def test_published_files_fill_every_weight(networks: tuple[ExpNet, PoseVae]) -> None:
    fill_sound_from_sadtalker(*networks, published())
    for prefix, network in zip(("audio2exp", "audio2pose"), networks, strict=True):
        state = network.state_dict()
        wanted = {key: value for key, value in published().items() if key in SHAPES and key.startswith(prefix)}
        assert len(state) == len(wanted)
        assert all(bool((state[key.removeprefix(f"{prefix}.")] == value).all()) for key, value in wanted.items())


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda n: n.pop("audio2exp.mapping1.bias"), r"1 missing: mapping1\.bias"),
        (lambda n: n.update({"audio2pose.extra": torch.zeros(1)}), r"1 unexpected: extra"),
        (lambda n: n.update({"audio2exp.mapping1.bias": torch.zeros(70)}), r"\(70,\) instead of \(64,\)"),
    ],
    ids=["without a layer", "with a layer too many", "of another number of coefficients"],
)
def test_other_files_are_refused(networks: tuple[ExpNet, PoseVae], spoil, message: str) -> None:
    given = published()
    spoil(given)
    with pytest.raises(ValueError, match=message):
        fill_sound_from_sadtalker(*networks, given)
