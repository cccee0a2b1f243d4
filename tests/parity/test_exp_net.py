"""ExpNet against the outputs of the original network, with weights and inputs that both sides make from names."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tavce.model.motion.exp_net import ExpNet, ExpNetConfig

GOLDEN = Path(__file__).parent / "golden"
RELATIVE = 1e-5  # measured: 3.2e-7
OFFICIAL = ExpNetConfig(width=1.0, coefficients=64)


def recipe():
    spec = importlib.util.spec_from_file_location("golden_recipe", GOLDEN / "recipe.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def net():
    return recipe().fill(ExpNet(OFFICIAL))


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "exp_net.npz") as file:
        return torch.from_numpy(file["exp"])


@pytest.fixture
def given():
    array = recipe().array_for
    mels = array("mels", (5, 1, 80, 16), -4, 4)[None]
    return [mels, array("ref", (1, 5, 64), -1, 1), array("ratio", (1, 5, 1))]


def error(net, given, golden):
    with torch.inference_mode():
        return float((net(*given) - golden).abs().max() / golden.abs().max())


def test_keys_and_shapes_are_the_official_ones(net):
    official = json.loads((GOLDEN / "exp_net.keys.json").read_text())["exp_net"]
    assert {key: list(value.shape) for key, value in net.state_dict().items()} == official
    assert list(net.state_dict()) == list(official)
    assert sum(value.numel() for value in net.parameters()) == 2_849_664


def test_expression(net, given, golden):
    assert error(net, given, golden) < RELATIVE


@pytest.mark.parametrize(
    ("place", "mistake"),
    [
        pytest.param(0, lambda x: x.flip(3), id="bands upside down"),
        pytest.param(0, lambda x: x.roll(1, 1), id="one frame late"),
        pytest.param(0, lambda x: (x + 4) / 8, id="mel from 0 to 1"),
        pytest.param(1, torch.zeros_like, id="no reference"),
        pytest.param(2, lambda x: 1 - x, id="eyes closed for open"),
    ],
)
def test_mistakes_in_the_input_move_the_expression(net, given, golden, place, mistake):
    given[place] = mistake(given[place])
    assert error(net, given, golden) > 1e3 * RELATIVE


def test_a_lost_shortcut_moves_the_expression(net, given, golden):
    net.audio_encoder[4].residual = False
    assert error(net, given, golden) > 1e3 * RELATIVE


def test_frames_do_not_see_one_another(net, given):
    with torch.inference_mode():
        alone = net(*(x[:, 2:3] for x in given))
        assert torch.allclose(net(*given)[:, 2:3], alone, atol=1e-5)


def test_a_narrow_one_has_the_same_keys():
    narrow = ExpNet(ExpNetConfig(width=0.25, coefficients=12))
    assert list(narrow.state_dict()) == list(ExpNet(OFFICIAL).state_dict())
    assert sum(value.numel() for value in narrow.parameters()) < 200_000
