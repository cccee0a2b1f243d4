"""Wav2Lip and its sync expert against the outputs of the original networks, with weights and inputs from names."""

import copy
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tavce.model.wav2lip import generator, sync_expert
from tavce.model.wav2lip.data import expert_input, generator_input
from tavce.model.wav2lip.discriminator import QualityConfig, QualityDiscriminator
from tavce.model.wav2lip.generator import Wav2Lip
from tavce.model.wav2lip.sync_expert import SyncExpert

GOLDEN = Path(__file__).parent / "golden"
RELATIVE = 1e-5  # measured: 7.7e-7 for frames, 3.9e-7 for embeddings


def recipe():
    spec = importlib.util.spec_from_file_location("golden_recipe", GOLDEN / "recipe.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def net():
    return recipe().fill(Wav2Lip(generator.OFFICIAL))


@pytest.fixture(scope="module")
def expert():
    return recipe().fill(SyncExpert(sync_expert.OFFICIAL))


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "wav2lip.npz") as file:
        return {name: torch.from_numpy(file[name]) for name in file.files}


@pytest.fixture(scope="module")
def given():
    array = recipe().array_for
    return {
        "mel": array("mel", (2, 1, 80, 16), -4, 4),
        "face": array("face", (2, 6, 96, 96)),
        "window": array("window", (2, 15, 48, 96)),
    }


def error(ours, theirs):
    return float((ours - theirs).abs().max() / theirs.abs().max())


@torch.inference_mode()
def frames(net, given, **mistaken):
    now = given | mistaken
    return net(now["mel"], now["face"])


def official_keys(name):
    return json.loads((GOLDEN / "wav2lip.keys.json").read_text())[name]


@pytest.mark.parametrize(
    ("name", "fixture", "parameters"), [("wav2lip", "net", 36_298_035), ("sync_expert", "expert", 16_435_072)]
)
def test_keys_and_shapes_are_the_official_ones(name, fixture, parameters, request):
    network, official = request.getfixturevalue(fixture), official_keys(name)
    assert {key: list(value.shape) for key, value in network.state_dict().items()} == official
    assert list(network.state_dict()) == list(official)
    assert sum(value.numel() for value in network.parameters()) == parameters


def test_the_discriminator_has_as_many_tensors_and_weights_as_the_official_one():
    with torch.device("meta"):
        network = QualityDiscriminator(QualityConfig(side=96, width=1.0))
    assert len(network.state_dict()) == 28
    assert sum(value.numel() for value in network.parameters()) == 14_113_793
    assert network.face_encoder_blocks[1][0].conv_block[0].weight.shape == (64, 32, 5, 5)
    assert network.binary_pred[0].weight.shape == (1, 512, 1, 1)


def test_frames(net, given, golden):
    assert error(frames(net, given), golden["frames"]) < RELATIVE


def colours_swapped(x):
    return x.unflatten(1, (-1, 3)).flip(2).flatten(1, 2)


@pytest.mark.parametrize(
    ("place", "mistake"),
    [
        pytest.param("face", colours_swapped, id="RGB for BGR"),
        pytest.param("face", lambda x: x.roll(3, 1), id="reference before the masked face"),
        pytest.param("face", lambda x: x * 2 - 1, id="faces from -1 to 1"),
        pytest.param("face", lambda x: x.flip(3), id="mirrored"),
        pytest.param("mel", lambda x: x.flip(2), id="bands upside down"),
        pytest.param("mel", lambda x: x.roll(4, 3), id="sound one frame late"),
        pytest.param("mel", lambda x: (x + 4) / 8, id="mel from 0 to 1"),
    ],
)
def test_mistakes_in_the_input_move_the_frames(net, given, golden, place, mistake):
    assert error(frames(net, given, **{place: mistake(given[place])}), golden["frames"]) > 1e3 * RELATIVE


def test_colours_swapped_at_the_exit_are_wrong_too(net, given, golden):
    assert error(frames(net, given).flip(1), golden["frames"]) > 1e3 * RELATIVE


@pytest.mark.parametrize("part", ["face_encoder_blocks.1.1", "audio_encoder.1", "face_decoder_blocks.6.2"])
def test_a_lost_shortcut_moves_the_frames(net, given, golden, part, monkeypatch):
    monkeypatch.setattr(net.get_submodule(part), "residual", False)
    assert error(frames(net, given), golden["frames"]) > 1e3 * RELATIVE


@pytest.mark.parametrize("part", ["face_encoder_blocks.6.1", "face_decoder_blocks.0.0", "audio_encoder.12"])
def test_a_shortcut_too_many_moves_the_frames(net, given, golden, part, monkeypatch):
    """These have as many channels before as behind, and no shortcut."""
    monkeypatch.setattr(net.get_submodule(part), "residual", True)
    assert error(frames(net, given), golden["frames"]) > 1e3 * RELATIVE


def test_batch_norms_that_still_learn_move_the_frames(net, given, golden):
    assert error(frames(copy.deepcopy(net).train(), given), golden["frames"]) > 1e3 * RELATIVE


def test_what_the_expert_hears_and_sees(expert, given, golden):
    with torch.inference_mode():
        heard, seen = expert.audio(given["mel"]), expert.face(given["window"])
    assert error(heard, golden["expert_audio"]) < RELATIVE
    assert error(seen, golden["expert_face"]) < RELATIVE
    for embedding in (heard, seen):
        assert torch.allclose(embedding.norm(dim=1), torch.ones(2))
        assert (embedding >= 0).all()


def five_to_colours(x):
    """Return all blues of the five frames, then all greens and all reds: channel-major instead of time-major."""
    return x.unflatten(1, (5, 3)).transpose(1, 2).flatten(1, 2)


@torch.inference_mode()
@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(colours_swapped, id="RGB for BGR"),
        pytest.param(five_to_colours, id="frames within colours"),
        pytest.param(lambda x: x.unflatten(1, (5, 3)).flip(1).flatten(1, 2), id="frames backwards"),
        pytest.param(lambda x: x * 255, id="0 to 255"),
    ],
)
def test_mistakes_in_the_window_move_what_the_expert_sees(expert, given, golden, mistake):
    assert error(expert.face(mistake(given["window"])), golden["expert_face"]) > 1e3 * RELATIVE


@torch.inference_mode()
@pytest.mark.parametrize(
    ("part", "given_to", "name"), [("face_encoder.2", "window", "face"), ("audio_encoder.11", "mel", "audio")]
)
def test_a_lost_shortcut_moves_what_the_expert_knows(expert, given, golden, part, given_to, name, monkeypatch):
    monkeypatch.setattr(expert.get_submodule(part), "residual", False)
    assert error(getattr(expert, name)(given[given_to]), golden[f"expert_{name}"]) > 1e3 * RELATIVE


def test_five_faces_are_laid_out_as_the_expert_was_given_them(given):
    """The lower half, time-major: what the window of the golden file would be of five whole faces."""
    window = given["window"].unflatten(1, (5, 3))
    whole = torch.cat([torch.rand(window.shape), window], dim=3)
    assert torch.equal(expert_input(whole), given["window"])


def test_the_masked_face_comes_first(given):
    face, reference = given["face"][:, :3], given["face"][:, 3:]
    made = generator_input(face, reference)
    assert torch.equal(made[:, 3:], reference)
    assert torch.equal(made[:, :3, :48], face[:, :, :48])
    assert not made[:, :3, 48:].any()
