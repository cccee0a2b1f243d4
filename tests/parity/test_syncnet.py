"""SyncNet against the outputs of the original network, with weights and inputs that both sides make from names."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from metrics.networks.syncnet import OFFICIAL, SyncNet, SyncNetConfig

GOLDEN = Path(__file__).parent / "golden"
RELATIVE = 1e-4


def recipe():
    spec = importlib.util.spec_from_file_location("golden_recipe", GOLDEN / "recipe.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def net():
    return recipe().fill(SyncNet(OFFICIAL))


@pytest.fixture(scope="module")
def golden():
    return np.load(GOLDEN / "syncnet.npz")


@torch.inference_mode()
def relative_error(features, golden):
    return np.abs(features.numpy() - golden).max() / np.abs(golden).max()


def test_keys_and_shapes_are_the_official_ones(net):
    official = json.loads((GOLDEN / "syncnet.keys.json").read_text())["syncnet"]
    assert {key: list(value.shape) for key, value in net.state_dict().items()} == official
    assert sum(parameter.numel() for parameter in net.parameters()) == 13_631_616


def test_a_narrower_network_has_the_same_keys_and_fewer_weights(net):
    narrow = SyncNet(SyncNetConfig(width=0.125))
    assert list(narrow.state_dict()) == list(net.state_dict())
    assert sum(parameter.numel() for parameter in narrow.parameters()) < 250_000
    assert narrow.netfclip[3].out_features == narrow.netfcaud[3].out_features == 128


@torch.inference_mode()
def test_lip_features(net, golden):
    clips = recipe().array_for("lip", (2, 3, 5, 224, 224), 0, 255)
    assert relative_error(net.lip(clips)[:, 0], golden["lip"]) < RELATIVE
    assert relative_error(net.lip(clips.flip(1))[:, 0], golden["lip"]) > 10 * RELATIVE, "RGB for BGR"
    assert relative_error(net.lip(clips / 255)[:, 0], golden["lip"]) > 10 * RELATIVE, "range 0..1"
    assert relative_error(net.lip(clips.flip(2))[:, 0], golden["lip"]) > 10 * RELATIVE, "time reversed"
    assert relative_error(net.lip(clips.transpose(3, 4))[:, 0], golden["lip"]) > 10 * RELATIVE, "x and y exchanged"


@torch.inference_mode()
def test_audio_features(net, golden):
    windows = recipe().array_for("mfcc", (2, 1, 13, 20), -20, 20)
    assert relative_error(net.audio(windows), golden["aud"]) < RELATIVE
    assert relative_error(net.audio(windows.flip(3)), golden["aud"]) > 10 * RELATIVE, "time reversed"
    float_scale = windows.clone()
    float_scale[:, :, 0] -= 2 * np.log(32768)
    assert relative_error(net.audio(float_scale), golden["aud"]) > 10 * RELATIVE, "samples in [-1, 1)"


@torch.inference_mode()
def test_training_mode_is_another_network(net, golden):
    clips = recipe().array_for("mfcc", (2, 1, 13, 20), -20, 20)
    trained = recipe().fill(SyncNet(OFFICIAL)).train()
    assert relative_error(trained.audio(clips), golden["aud"]) > 10 * RELATIVE
