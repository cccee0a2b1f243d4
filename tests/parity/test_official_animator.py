"""Weights under the keys of the published files fill an animator of the published size, and nothing else does."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tavce.model.animator.attention import AttentionConfig
from tavce.model.animator.face_animator import FaceAnimator
from tavce.model.animator.official import fill_from_sadtalker
from tavce.model.animator.sizes import PAPER

KEYS = json.loads((Path(__file__).parent / "golden" / "face_renderer.keys.json").read_text())
PREFIXES = {"kp_detector": "kp_extractor.", "generator": "generator."}
OTHERS = ("he_estimator.conv1.weight", "audio2exp.mapping1.weight", "audio2pose.netG.encoder.linear_means.weight")
ATTENTION = AttentionConfig(dims=128, gate="diagonal")


def published():
    """Return both files' tensors, each value the number of its place in the list of keys; no memory behind them."""
    networks = {
        prefix + key: torch.full((), float(place)).expand(shape)
        for name, prefix in PREFIXES.items()
        for place, (key, shape) in enumerate(KEYS[name].items())
    }
    mapping = {
        key: torch.full((), -float(place)).expand(shape) for place, (key, shape) in enumerate(KEYS["mapping"].items())
    }
    return networks | {key: torch.zeros(3) for key in OTHERS}, mapping


@pytest.fixture(scope="module")
def animator():
    torch.manual_seed(0)
    return FaceAnimator(replace(PAPER, renderer=replace(PAPER.renderer, attention=ATTENTION)))


def test_published_files_fill_every_weight(animator):
    attention = {name: value.clone() for name, value in animator.attention.state_dict().items()}
    networks, mapping = published()
    fill_from_sadtalker(animator, networks, mapping)
    state = animator.state_dict()
    assert len(state) == 75 + 386 + 18 + len(attention)
    for key, value in networks.items():
        assert key in OTHERS or bool((state[key] == value).all()), key
    assert all(bool((state[f"mapping.{key}"] == value).all()) for key, value in mapping.items())
    kept = animator.attention.state_dict()
    assert all(torch.equal(kept[name], value) for name, value in attention.items())
    assert torch.equal(kept["proj2.weight"], torch.zeros(512, 128, 1, 1))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda n, m: n.pop("generator.decoder.up_0.conv_s.weight_u"), r"1 missing: generator\.decoder\.up_0"),
        (lambda n, m: n.update({"generator.extra": torch.zeros(1)}), r"1 unexpected: generator\.extra"),
        (lambda n, m: m.pop("fc_exp.bias"), r"1 missing: mapping\.fc_exp\.bias"),
        (
            lambda n, m: m.update({"first.0.weight": torch.zeros(1024, 73, 7)}),
            r"\(1024, 73, 7\) instead of \(1024, 70, 7\)",
        ),
    ],
    ids=["without a vector of a spectral norm", "with a layer too many", "without a head", "of the full-picture mode"],
)
def test_other_files_are_refused_and_change_nothing(animator, spoil, message):
    networks, mapping = published()
    fill_from_sadtalker(animator, networks, mapping)
    networks["generator.fourth.bias"] = networks["generator.fourth.bias"] + 1000
    spoil(networks, mapping)
    with pytest.raises(ValueError, match=message):
        fill_from_sadtalker(animator, networks, mapping)
    assert animator.generator.fourth.bias.max() < 1000


def test_keypoints_and_generator_are_not_exchanged(animator):
    """The prefixes decide: under the other's, no key fits."""
    networks, mapping = published()
    swapped = {key.replace("kp_extractor.", "generator.", 1): value for key, value in networks.items()}
    with pytest.raises(ValueError, match=r"75 unexpected: generator\.predictor"):
        fill_from_sadtalker(animator, swapped, mapping)
