"""PoseVAE against the outputs of the original network, with weights and inputs that both sides make from names."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tavce.model.motion.pose_vae import PAPER, PoseVae

GOLDEN = Path(__file__).parent / "golden"
RELATIVE = 1e-5  # measured: 2.1e-7
STYLE = torch.zeros(1, dtype=torch.long)


def recipe():
    spec = importlib.util.spec_from_file_location("golden_recipe", GOLDEN / "recipe.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def net():
    return recipe().fill(PoseVae(PAPER))


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "pose_vae.npz") as file:
        return {name: torch.from_numpy(file[name]) for name in file.files}


@pytest.fixture(scope="module")
def mels():
    return recipe().array_for("pose_mels", (1, 32, 1, 80, 16), -4, 4)


@pytest.fixture
def given(golden):
    array = recipe().array_for
    return [array("z", (1, 64), -1, 1), golden["audio_emb"], array("pose_ref", (1, 6), -1, 1), STYLE]


def error(ours, theirs):
    return float((ours - theirs).abs().max() / theirs.abs().max())


def decoded(net, given):
    with torch.inference_mode():
        return net.netG.decoder(*given)


def test_keys_and_shapes_are_the_official_ones(net):
    official = json.loads((GOLDEN / "pose_vae.keys.json").read_text())["audio2pose"]
    assert {key: list(value.shape) for key, value in net.state_dict().items()} == official
    assert list(net.state_dict()) == list(official)
    assert sum(value.numel() for value in net.parameters()) == 11_251_897


def test_what_is_heard(net, mels, golden):
    with torch.inference_mode():
        assert error(net.hear(mels), golden["audio_emb"]) < RELATIVE


def test_motion(net, given, golden):
    assert error(decoded(net, given), golden["pose"]) < RELATIVE


@pytest.mark.parametrize(
    ("place", "mistake"),
    [
        pytest.param(0, torch.zeros_like, id="no latent vector"),
        pytest.param(1, lambda x: x.flip(1), id="sound backwards"),
        pytest.param(2, lambda x: x.roll(3, 1), id="translation before angles"),
        pytest.param(3, lambda x: x + 1, id="another style"),
    ],
)
def test_mistakes_in_the_input_move_the_motion(net, given, golden, place, mistake):
    given[place] = mistake(given[place])
    assert error(decoded(net, given), golden["pose"]) > 500 * RELATIVE


def test_the_motion_is_a_difference_to_the_reference(net, given, golden):
    assert error(decoded(net, given) + given[2][:, None], golden["pose"]) > 1e3 * RELATIVE


@pytest.mark.parametrize("head", ["means", "own"])
def test_the_idle_layer_idles_as_released_and_works_when_asked(net, mels, head):
    network = recipe().fill(PoseVae(replace(PAPER, variance_head=head)))
    motion, noise = torch.zeros(1, 32, 6), torch.zeros(1, 64)
    reference = recipe().array_for("pose_ref", (1, 6), -1, 1)
    rebuilt, posterior = network(motion, mels, reference, STYLE, noise)
    assert rebuilt.shape == (1, 32, 6)
    posterior.log_variance.sum().backward()
    idle = network.netG.encoder.linear_logvar.weight.grad is None
    assert idle == (head == "means") == torch.equal(posterior.mean, posterior.log_variance)
