"""The networks of TAVCE's first step against the released ones, weights and inputs made by name on both sides."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tavce.model.correlation.audio_encoder import AudioEncoder
from tavce.model.correlation.metric import RELEASED
from tavce.model.correlation.mouth_encoder import MouthIResNet
from tavce.model.correlation.reconstruction import ReconstructionConfig, ReconstructionGenerator
from tavce.model.correlation.temporal import covariance, difference, matrix_similarity, similarity

GOLDEN = Path(__file__).parent / "golden"
RELATIVE = 1e-4  # measured: 0 for mouth and sound, 7e-7 for similarities, 1.5e-6 for the generator
GENERATOR = ReconstructionConfig(channels=64, blocks=9, embedding=128)


def load_recipe():
    spec = importlib.util.spec_from_file_location("golden_recipe", GOLDEN / "recipe.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RECIPE = load_recipe()


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "correlation.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def crops():
    return RECIPE.array_for("mouth", (3, 3, 112, 112), -1, 1)


@pytest.fixture(scope="module")
def windows():
    return RECIPE.array_for("tmel", (2, 1, 80, 16), -4, 4)


@pytest.fixture
def mouth():
    return RECIPE.fill(MouthIResNet(RELEASED.mouth))


@pytest.fixture
def audio():
    return RECIPE.fill(AudioEncoder(RELEASED.audio))


@pytest.fixture(scope="module")
def generator():
    return RECIPE.fill(ReconstructionGenerator(GENERATOR))


def error(found, expected):
    return float(np.abs(found.detach().numpy() - expected).max() / np.abs(expected).max())


def keys(name):
    return json.loads((GOLDEN / "correlation.keys.json").read_text())[name]


def shapes(module):
    return {key: list(value.shape) for key, value in module.state_dict().items()}


def test_keys_and_shapes_are_the_official_ones(mouth, audio, generator):
    for name, module in (("image_encoder", mouth), ("audio_encoder", audio), ("generator", generator)):
        assert list(module.state_dict()) == list(keys(name))
        assert shapes(module) == keys(name)


def test_sizes_are_those_of_the_release(mouth, audio, generator):
    counts = [sum(value.numel() for value in module.parameters()) / 1e6 for module in (mouth, audio, generator)]
    assert [round(count, 1) for count in counts] == [14.4, 2.9, 45.7]


@torch.inference_mode()
def test_mouth_embeddings(mouth, crops, golden):
    assert error(mouth(crops), golden["image_features"]) < RELATIVE


@torch.inference_mode()
@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(lambda x: x.flip(1), id="BGR"),
        pytest.param(lambda x: (x + 1) / 2, id="range 0 to 1"),
        pytest.param(lambda x: x.flip(3), id="mirrored"),
        pytest.param(lambda x: x.transpose(2, 3), id="x and y exchanged"),
    ],
)
def test_mistakes_in_the_crops_move_mouth_embeddings(mouth, crops, golden, mistake):
    assert error(mouth(mistake(crops)), golden["image_features"]) > 10 * RELATIVE


@torch.inference_mode()
def test_mistakes_in_the_mouth_network_move_embeddings(mouth, crops, golden):
    mouth.layer2[0].prelu = nn.ReLU()
    assert error(mouth(crops), golden["image_features"]) > 10 * RELATIVE


@torch.inference_mode()
def test_audio_embeddings(audio, windows, golden):
    assert error(audio(windows), golden["audio_features"]) < RELATIVE
    assert error(audio(windows.flip(3)), golden["audio_features"]) > 10 * RELATIVE, "time reversed"
    assert error(audio(windows / 4), golden["audio_features"]) > 10 * RELATIVE, "range -1 to 1"
    audio.audio_encoder[10].residual = False
    assert error(audio(windows), golden["audio_features"]) > 10 * RELATIVE, "a block without its input"


@torch.inference_mode()
def test_similarities_in_both_forms(golden):
    v, a = torch.from_numpy(golden["image_features"]), torch.from_numpy(golden["audio_features"])
    heard = difference(a[0], a[1])
    for name, other in (("positive_similarity", 1), ("negative_similarity", 2)):
        matrices = matrix_similarity(covariance(a[0], a[1]), covariance(v[0], v[other]))
        assert error(similarity(heard, difference(v[0], v[other]))[None], golden[name]) < RELATIVE
        assert error(matrices[None], golden[name]) < RELATIVE


@torch.inference_mode()
def test_reconstruction(generator, crops, golden):
    a, expected = torch.from_numpy(golden["audio_features"]), golden["reconstruction_stride2"]
    d = difference(a[:1], a[1:])
    assert error(generator(d, crops[:1])[:, :, ::2, ::2], expected) < RELATIVE
    assert error(generator(-d, crops[:1])[:, :, ::2, ::2], expected) < RELATIVE, "the released gate has no sign"
    assert error(generator(a[:1], crops[:1])[:, :, ::2, ::2], expected) > 10 * RELATIVE, "no difference taken"
    assert error(generator(d * 0, crops[:1])[:, :, ::2, ::2], expected) > 10 * RELATIVE, "no gate"


@torch.inference_mode()
def test_reconstruction_uses_running_statistics(generator, crops, golden):
    a, expected = torch.from_numpy(golden["audio_features"]), golden["reconstruction_stride2"]
    per_picture = RECIPE.fill(ReconstructionGenerator(GENERATOR)).train()
    found = per_picture(difference(a[:1], a[1:]), crops[:1])
    assert error(found[:, :, ::2, ::2], expected) > 10 * RELATIVE
