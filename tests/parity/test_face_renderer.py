"""Keypoints, mapping and renderer against the outputs of the original networks, weights and inputs made from names."""

import importlib.util
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from tavce.model.animator import blocks, dense_motion, keypoints
from tavce.model.animator.keypoints import KeypointDetector, coordinate_grid, degrees, move_keypoints
from tavce.model.animator.mapping import MappingNet
from tavce.model.animator.renderer import Renderer
from tavce.model.animator.sizes import PAPER

GOLDEN = Path(__file__).parent / "golden"
RELATIVE = 1e-5  # of motion and occlusion; measured: 7.3e-7 at most
KEYPOINTS = 1e-6  # measured: 4.9e-7 for canonical ones, 1.1e-7 for those moved
# Weights made from names have singular values estimated as small as 0.0018, a sum of large terms that cancel; the
# decoder divides by them. The golden picture itself is 9.9e-5 of its maximum off the network in float64 (ours in
# float32: 1.2e-4), in single pixels.
PICTURE_MEAN_SQUARE, PICTURE_LARGEST = 1e-4, 3e-4
COUNT = PAPER.keypoints.keypoints


def recipe():
    spec = importlib.util.spec_from_file_location("golden_recipe", GOLDEN / "recipe.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "face_renderer.npz") as file:
        return {name: torch.from_numpy(file[name]) for name in file.files}


@pytest.fixture(scope="module")
def networks():
    detector, mapping = KeypointDetector(PAPER.keypoints), MappingNet(PAPER.mapping, COUNT)
    return tuple(recipe().fill(net) for net in (detector, mapping, Renderer(PAPER.renderer, COUNT)))


@pytest.fixture(scope="module")
def computed(networks):
    """Everything the networks say, once: a frame costs 600 billion multiplications."""
    detector, mapping, renderer = networks
    array = recipe().array_for
    found = {}
    renderer.dense_motion_network.register_forward_hook(lambda net, given, flow: found.update(flow=flow))
    renderer.decoder.register_forward_hook(lambda net, given, picture: found.update(features=given[0]))
    with torch.inference_mode():
        image = array("source", (1, 3, 256, 256))
        canonical = detector(image)
        source, driving = (mapping(array(f"{name}_coeff", (1, 70, 27), -1, 1)) for name in ("source", "driving"))
        places = [move_keypoints(canonical, motion) for motion in (source, driving)]
        encoded = renderer.encode_source(image)
        picture = renderer.render(encoded, places[0], places[1][:, None])
    return found | {
        "canonical": canonical,
        "source": source,
        "driving": driving,
        "places": places,
        "volume": encoded.volume,
        "picture": picture[0],
    }


def error(ours, theirs):
    return float((ours - theirs).abs().max() / theirs.abs().max())


def mean_square_error(ours, theirs):
    return float((ours - theirs).norm() / theirs.norm())


@pytest.mark.parametrize("number", range(3))
def test_keys_and_shapes_are_the_official_ones(networks, number):
    official = json.loads((GOLDEN / "face_renderer.keys.json").read_text())
    wanted = official[("kp_detector", "mapping", "generator")[number]]
    assert {key: list(value.shape) for key, value in networks[number].state_dict().items()} == wanted
    assert list(networks[number].state_dict()) == list(wanted)


def test_parameters_are_as_many_as_published(networks):
    counts = [sum(value.numel() for value in net.parameters()) for net in networks]
    assert counts == [41_940_047, 10_195_190, 100_988_176]


def test_canonical_keypoints(computed, golden):
    assert error(computed["canonical"], golden["kp_canonical"]) < KEYPOINTS


def test_motion_of_the_portrait(computed, golden):
    motion = computed["source"]
    for name in ("yaw", "pitch", "roll"):
        assert error(getattr(motion, name), golden[f"he_{name}"]) < RELATIVE
    assert error(motion.expression, golden["he_exp"]) < RELATIVE
    assert error(motion.translation[:, 1], golden["he_t"][:, 1]) < RELATIVE


def test_keypoints_of_portrait_and_frame(computed, golden):
    assert error(computed["places"][0], golden["kp_source"]) < KEYPOINTS
    assert error(computed["places"][1], golden["kp_driving"]) < KEYPOINTS


def test_occlusion(computed, golden):
    assert error(computed["flow"].visible, golden["occlusion"]) < RELATIVE


def test_picture(computed, golden):
    ours = computed["picture"][:, :, ::4, ::4]
    assert mean_square_error(ours, golden["prediction_stride4"]) < PICTURE_MEAN_SQUARE
    assert error(ours, golden["prediction_stride4"]) < PICTURE_LARGEST


def test_an_exact_pi_moves_keypoints(computed, golden, monkeypatch):
    monkeypatch.setattr(keypoints, "PI", math.pi)
    moved = move_keypoints(golden["kp_canonical"], computed["driving"])
    assert error(moved, golden["kp_driving"]) > 3 * KEYPOINTS  # measured: 3.6e-6, with angles of 1 to 7 degrees


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(lambda m: m._replace(yaw=m.roll, roll=m.yaw), id="roll and yaw exchanged"),
        pytest.param(lambda m: m._replace(pitch=m.yaw, yaw=m.pitch), id="pitch and yaw exchanged"),
        pytest.param(lambda m: m._replace(translation=m.translation.roll(1, 1)), id="moved along x"),
        pytest.param(lambda m: m._replace(expression=m.expression.view(1, 3, -1).mT.flatten(1)), id="xxx yyy zzz"),
        pytest.param(lambda m: m._replace(expression=torch.zeros_like(m.expression)), id="no expression"),
    ],
)
def test_mistakes_in_the_motion_move_keypoints(computed, golden, mistake):
    moved = move_keypoints(computed["canonical"], mistake(computed["driving"]))
    assert error(moved, golden["kp_driving"]) > 1e3 * KEYPOINTS


def test_another_order_of_the_turns_moves_keypoints(computed, golden, monkeypatch):
    real = keypoints.rotation
    monkeypatch.setattr(keypoints, "rotation", lambda yaw, pitch, roll: real(-yaw, -pitch, -roll).mT)
    moved = move_keypoints(computed["canonical"], computed["driving"])
    assert error(moved, golden["kp_driving"]) > 1e3 * KEYPOINTS


def test_angles_come_from_their_bins():
    logits = torch.full((2, 66), -50.0)
    logits[0, 33] = logits[1, 0] = 50.0
    assert degrees(logits).tolist() == [0.0, -99.0]


def test_a_consistent_grid_moves_keypoints(networks, golden, monkeypatch):
    """The grid that sampling would call the identity is not the published one."""

    def centres(size, like):
        return coordinate_grid(size, like) * torch.tensor([1 - 1 / n for n in reversed(size)])

    monkeypatch.setattr(keypoints, "coordinate_grid", centres)
    with torch.inference_mode():
        moved = networks[0](recipe().array_for("source", (1, 3, 256, 256)))
    assert error(moved, golden["kp_canonical"]) > 1e3 * KEYPOINTS


def test_sampling_with_aligned_corners_moves_the_occlusion(networks, computed, golden, monkeypatch):
    def aligned(x, positions):
        return torch.nn.functional.grid_sample(x, positions, align_corners=True)

    monkeypatch.setattr(dense_motion, "warp", aligned)
    with torch.inference_mode():
        flow = networks[2].dense_motion_network(computed["volume"], *computed["places"])
    assert error(flow.visible, golden["occlusion"]) > 100 * RELATIVE


def test_mistakes_in_the_decoder_move_the_picture(networks, computed, golden):
    """Features that the occlusion does not dim."""
    with torch.inference_mode():
        picture = networks[2].decoder(computed["features"] / computed["flow"].visible)
    assert mean_square_error(picture[:, :, ::4, ::4], golden["prediction_stride4"]) > 100 * PICTURE_MEAN_SQUARE


def test_a_weight_that_is_not_normalised_is_another_convolution(networks):
    convolution = networks[2].decoder.up_1.conv_1
    x = recipe().array_for("features", (1, 64, 8, 8))
    sigma = convolution.weight_u @ (convolution.weight_orig.flatten(1) @ convolution.weight_v)
    with torch.inference_mode():
        plain = torch.nn.functional.conv2d(x, convolution.weight_orig, padding=1) / sigma
        assert torch.allclose(convolution(x) - convolution.bias[:, None, None], plain, rtol=1e-4, atol=1e-4)
    assert abs(sigma.item() - 1) > 0.5
    assert isinstance(convolution, blocks.SpectralConv2d)
