"""IResNet-18 against the outputs of the original network, with weights and inputs that both sides make from names."""

import importlib.util
import inspect
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from metrics.networks.iresnet import (
    R18,
    R50,
    R100,
    IResNet,
    IResNetConfig,
    IResNetRecogniser,
    load_iresnet,
    network_input,
)

GOLDEN = Path(__file__).parent / "golden"
RELATIVE = 1e-4  # measured: 0 where PyTorch is the one that made the file
TINY = IResNetConfig(blocks=(1, 1, 1, 1), width=0.125, embedding=16, side=56, dropout=0.0)


def recipe():
    spec = importlib.util.spec_from_file_location("golden_recipe", GOLDEN / "recipe.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def net():
    return recipe().fill(IResNet(replace(R18, embedding=128)))


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "iresnet.npz") as file:
        return file["image_features"]


@pytest.fixture(scope="module")
def faces():
    return recipe().array_for("mouth", (3, 3, 112, 112), -1, 1)


def relative_error(net, faces, golden):
    with torch.inference_mode():
        return np.abs(net(faces).numpy() - golden).max() / np.abs(golden).max()


def test_keys_and_shapes_are_the_official_ones(net):
    official = json.loads((GOLDEN / "iresnet.keys.json").read_text())["image_encoder"]
    assert {key: list(value.shape) for key, value in net.state_dict().items()} == official
    assert list(net.state_dict()) == list(official)


@pytest.mark.parametrize(("config", "parameters"), [(R18, 24_025_600), (R50, 43_590_848), (R100, 65_156_160)])
def test_the_official_sizes(config, parameters):
    with torch.device("meta"):
        assert sum(value.numel() for value in IResNet(config).parameters()) == parameters


def test_embeddings(net, faces, golden):
    assert relative_error(net, faces, golden) < RELATIVE


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(lambda x: x.flip(1), id="BGR"),
        pytest.param(lambda x: (x + 1) / 2, id="range 0 to 1"),
        pytest.param(lambda x: x.flip(3), id="mirrored"),
        pytest.param(lambda x: x.transpose(2, 3), id="x and y exchanged"),
    ],
)
def test_mistakes_in_the_input_move_embeddings(net, faces, golden, mistake):
    assert relative_error(net, mistake(faces), golden) > 10 * RELATIVE


def relu(net):
    for block in net.layer2:
        block.prelu = nn.ReLU()


def without_first_norm(net):
    net.layer3[1].bn1 = nn.Identity()


def stride_in_the_first_convolution(net):
    block = net.layer4[0]
    block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride


def without_last_norm(net):
    net.features = nn.Identity()


def epsilon_of_gluon(net):
    for norm in net.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.eps = 1e-3


@pytest.mark.parametrize(
    "mistake", [relu, without_first_norm, stride_in_the_first_convolution, without_last_norm, epsilon_of_gluon]
)
def test_mistakes_in_the_network_move_embeddings(net, faces, golden, mistake):
    mistake(net)
    assert relative_error(net, faces, golden) > 2 * RELATIVE


def test_training_mode_is_another_network_and_is_refused(net, faces, golden):
    assert relative_error(net.train(), faces, golden) > 10 * RELATIVE
    with pytest.raises(ValueError, match="call eval"):
        IResNetRecogniser("random", net)(np.zeros((2, 112, 112, 3), np.uint8))


def test_a_stand_in_has_the_same_keys_fewer_weights_and_any_embedding():
    stand_in = IResNet(TINY)
    official = set(IResNet(replace(TINY, width=1.0, side=112, embedding=512)).state_dict())
    assert set(stand_in.state_dict()) == official
    assert sum(value.numel() for value in stand_in.parameters()) < 100_000
    assert stand_in.features.num_features == 16
    assert not stand_in.features.weight.requires_grad
    for side in (8, 48, 224):
        with pytest.raises(ValueError, match="must divide 112"):
            IResNet(replace(TINY, side=side))


def test_pixels_become_minus_one_to_one_and_squares_their_mean():
    faces = np.zeros((1, 112, 112, 3), np.uint8)
    faces[..., 0], faces[0, 1::2, :, 2] = 255, 255
    planes = network_input(faces)
    assert planes.shape == (1, 3, 112, 112)
    assert planes[:, 0].eq(1).all()
    assert planes[:, 1].eq(-1).all()
    assert network_input(faces, 56)[:, 2].eq(0).all()
    for wrong in (faces.astype(np.float32), faces[:, :56], faces[..., 0]):
        with pytest.raises(ValueError, match="uint8 of 112"):
            inspect.unwrap(network_input)(wrong)


def test_a_file_gives_a_frozen_network_or_is_refused(tmp_path):
    state = recipe().fill(IResNet(TINY)).state_dict()
    torch.save({key: value for key, value in state.items() if "num_batches" not in key}, tmp_path / "fits.pt")
    loaded = load_iresnet(tmp_path / "fits.pt", TINY)
    assert not loaded.training
    assert not any(value.requires_grad for value in loaded.parameters())
    assert all(torch.equal(loaded.state_dict()[key], value) for key, value in state.items())
    torch.save({key: value for key, value in state.items() if key != "layer3.0.prelu.weight"}, tmp_path / "less.pt")
    with pytest.raises(ValueError, match=r"missing: layer3\.0\.prelu\.weight"):
        load_iresnet(tmp_path / "less.pt", TINY)
    with pytest.raises(ValueError, match="of another shape"):
        load_iresnet(tmp_path / "fits.pt", replace(TINY, width=0.25))
    with pytest.raises(FileNotFoundError):
        load_iresnet(tmp_path / "none.pt", TINY)
