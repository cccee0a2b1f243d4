"""The published renderer at its tiny size: identity at the start, gates, source work once, gradients, sizes."""

from dataclasses import replace

import pytest
import torch

from tavce.model.animator.attention import AttentionConfig, ChannelAttention
from tavce.model.animator.face_animator import FaceAnimator
from tavce.model.animator.keypoints import KeypointDetector, coordinate_grid
from tavce.model.animator.mapping import MappingNet, coefficient_windows
from tavce.model.animator.renderer import Renderer
from tavce.model.animator.sizes import PAPER, TINY
from tavce.model.state import fill_strictly

GATES = ("diagonal", "signed", "matrix", "sigmoid", "null")
DIMS = 32
COUNT = TINY.keypoints.keypoints
IDENTITY = 1e-6  # measured: 2.4e-7


def with_attention(config, gate="diagonal"):
    return replace(config, attention=AttentionConfig(dims=DIMS, gate=gate))


@pytest.fixture
def given():
    torch.manual_seed(0)
    return [torch.rand(2, 3, 64, 64), torch.rand(2, COUNT, 3) - 0.5, torch.rand(2, 3, COUNT, 3) - 0.5]


@pytest.fixture
def differences():
    torch.manual_seed(1)
    return torch.randn(2, 3, DIMS)


def warmed_up(network, given, *rest):
    """Return the network with batch statistics of its own, in evaluation mode."""
    for _ in range(3):
        network(*given, *rest)
    return network.eval()


@pytest.mark.parametrize("gate", GATES)
def test_attention_changes_nothing_before_the_first_step(given, differences, gate):
    plain = warmed_up(Renderer(TINY.renderer, COUNT), given)
    attentive = Renderer(with_attention(TINY.renderer, gate), COUNT).eval()
    fill_strictly(attentive, plain.state_dict(), fresh=("attention.",))
    with torch.inference_mode():
        before, after = plain(*given), attentive(*given, differences)
    assert (before - after).abs().max() < IDENTITY
    torch.nn.init.normal_(attentive.attention.proj2.weight)
    with torch.inference_mode():
        moved = (before - attentive(*given, differences)).abs().max()
    assert moved < IDENTITY if gate == "null" else moved > 1e3 * IDENTITY


def test_attention_started_at_random_is_no_identity(given, differences):
    plain = warmed_up(Renderer(TINY.renderer, COUNT), given)
    attentive = Renderer(with_attention(TINY.renderer), COUNT).eval()
    fill_strictly(attentive, plain.state_dict(), fresh=("attention.",))
    attentive.attention.linear.reset_parameters()
    with torch.inference_mode():
        assert (plain(*given) - attentive(*given, differences)).abs().max() > 1e3 * IDENTITY


def test_attention_is_the_published_formula():
    torch.manual_seed(0)
    attention = ChannelAttention(16, AttentionConfig(dims=DIMS, gate="diagonal"))
    for parameter in attention.parameters():
        torch.nn.init.normal_(parameter)
    features, difference = torch.rand(1, 16, 4, 4), torch.randn(1, 1, DIMS)
    covariance = torch.einsum("bi,bj->bij", difference[0], difference[0]) / 2
    rows = torch.nn.functional.normalize(covariance, dim=-1)
    weighed = torch.einsum("bcc,bchw->bchw", rows, attention.proj1(features))
    published = attention.linear(features + attention.proj2(weighed))
    assert torch.allclose(attention(features, difference)[:, 0], published, atol=1e-5, rtol=1e-5)


def test_a_first_frame_has_no_gate(given):
    torch.manual_seed(0)
    attention = ChannelAttention(16, AttentionConfig(dims=DIMS, gate="diagonal"))
    torch.nn.init.normal_(attention.proj2.weight)
    features = torch.rand(2, 16, 4, 4)
    assert torch.equal(attention(features, torch.zeros(2, 1, DIMS))[:, 0], attention.linear(features))


@pytest.mark.parametrize("attention", [True, False])
def test_frames_rendered_together_or_alone_are_the_same(given, differences, attention):
    config = with_attention(TINY.renderer) if attention else TINY.renderer
    rest = [differences] if attention else []
    network = warmed_up(Renderer(config, COUNT), given, *rest)
    image, source, driving = given
    with torch.inference_mode():
        together = network(*given, *rest)
        encoded = network.encode_source(image[1:])
        alone = network.render(encoded, source[1:], driving[1:, 2:], *(r[1:, 2:] for r in rest))
    assert torch.allclose(together[1, 2], alone[0, 0], atol=1e-5)
    assert not torch.allclose(together[1, 1], alone[0, 0], atol=1e-3)


def test_attention_and_differences_go_together(given, differences):
    with pytest.raises(ValueError, match="without attention"):
        Renderer(TINY.renderer, COUNT)(*given, differences)
    with pytest.raises(ValueError, match="needs the audio differences"):
        Renderer(with_attention(TINY.renderer), COUNT)(*given)


def test_every_part_learns(given, differences):
    """A second step, since the gradient of proj1 waits for proj2 to leave zero."""
    network = Renderer(with_attention(TINY.renderer), COUNT)
    descent = torch.optim.Adam(network.parameters(), 1e-3)
    target = torch.rand(2, 3, 3, 64, 64)
    for _ in range(2):
        descent.zero_grad()
        (network(*given, differences) - target).abs().mean().backward()
        descent.step()
    dead = [name for name, value in network.named_parameters() if value.grad is None or value.grad.norm() == 0]
    assert dead == []


def test_sizes():
    with torch.device("meta"):
        counts = [
            [sum(value.numel() for value in part.parameters()) for part in FaceAnimator(config).children()]
            for config in (PAPER, TINY)
        ]
    assert counts == [[41_940_047, 10_195_190, 100_988_176], [58_710, 57_627, 388_688]]


def test_an_animator_chains_the_three_networks():
    torch.manual_seed(0)
    animator = FaceAnimator(TINY).eval()
    image, coefficients = torch.rand(2, 3, 64, 64), torch.randn(2, 5, 14)
    windows = coefficient_windows(coefficients, animator.window)
    with torch.inference_mode():
        frames = animator(image, windows[:, 0], windows)
        again = animator.render(animator.encode_source(image, windows[:, 0]), windows[:, 3:4] + 1)
    assert frames.shape == (2, 5, 3, 64, 64)
    assert 0 < frames.min() < frames.max() < 1
    assert not torch.allclose(frames[:, 3:4], again, atol=1e-6)


def test_windows_repeat_the_ends():
    windows = coefficient_windows(torch.arange(4.0)[None, :, None], 5)
    assert windows.shape == (1, 4, 1, 5)
    assert windows[0, 0, 0].tolist() == [0, 0, 0, 1, 2]
    assert windows[0, 3, 0].tolist() == [1, 2, 3, 3, 3]
    assert torch.equal(coefficient_windows(windows[..., 2], 1)[..., 0], windows[..., 2])


def test_a_window_too_short_is_refused():
    with pytest.raises(ValueError, match="too short"):
        MappingNet(replace(TINY.mapping, window=24), COUNT)


def test_coordinates_name_x_first():
    grid = coordinate_grid(torch.Size([2, 3, 5]), torch.zeros(1))
    assert grid.shape == (2, 3, 5, 3)
    assert grid[0, 0, -1].tolist() == [1, -1, -1]
    assert grid[-1, 0, 0].tolist() == [-1, -1, 1]


def test_keypoints_of_a_bright_spot_follow_it():
    """A detector whose scores are the picture itself finds the spot, x first."""
    detector = KeypointDetector(replace(TINY.keypoints, keypoints=1))
    bright = torch.zeros(1, 1, 4, 8, 8)
    bright[..., 2, 5] = 100.0
    detector.predictor.forward, detector.kp.forward = (lambda image: bright), (lambda volume: volume)
    x, y, z = detector(torch.zeros(1, 3, 64, 64))[0, 0].tolist()
    assert (round(x, 3), round(y, 3), round(z, 3)) == (round(2 * 5 / 7 - 1, 3), round(2 * 2 / 7 - 1, 3), 0.0)
