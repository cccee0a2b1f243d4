"""Head motion of a whole clip: seeded, of the clip's length, pieces joined as documented."""

from dataclasses import replace

import pytest
import torch

from tavce.model.motion.pose_sampling import sample_poses, smoothed
from tavce.model.motion.pose_vae import TINY, PoseVae, Posterior, divergence


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return PoseVae(replace(TINY, styles=2)).eval()


REFERENCE = torch.linspace(-1, 1, 6)


@pytest.mark.parametrize("frames", [1, 2, 20, 33, 34, 70])
def test_one_pose_per_frame_the_first_the_reference(network, frames):
    poses = sample_poses(network, torch.zeros(frames, 1, 80, 16), REFERENCE, style=0, seed=3)
    assert poses.shape == (frames, 6)
    assert torch.equal(poses[0], REFERENCE)
    assert smoothed(poses).shape == (frames, 6)


def test_the_seed_and_the_style_decide(network):
    mels = torch.zeros(40, 1, 80, 16)
    poses = sample_poses(network, mels, REFERENCE, style=0, seed=3)
    assert torch.equal(poses, sample_poses(network, mels, REFERENCE, style=0, seed=3))
    assert not torch.equal(poses, sample_poses(network, mels, REFERENCE, style=0, seed=4))
    assert not torch.equal(poses, sample_poses(network, mels, REFERENCE, style=1, seed=3))


def test_a_later_piece_does_not_change_an_earlier_one(network):
    torch.manual_seed(1)
    mels = torch.randn(70, 1, 80, 16)
    whole, part = (sample_poses(network, mels[:n], REFERENCE, style=0, seed=3) for n in (70, 33))
    assert torch.allclose(whole[:33], part, atol=1e-6)


def test_a_state_that_would_mislead_is_refused(network):
    mels = torch.zeros(4, 1, 80, 16)
    with pytest.raises(ValueError, match="style 2 of 2"):
        sample_poses(network, mels, REFERENCE, style=2, seed=0)
    network.train()
    with pytest.raises(ValueError, match="training mode True"):
        sample_poses(network, mels, REFERENCE, style=0, seed=0)
    network.eval()


def test_smoothing_keeps_a_parabola_and_calms_noise():
    torch.manual_seed(0)
    times = torch.linspace(0, 1, 50)[:, None]
    assert torch.allclose(smoothed(times**2), times**2, atol=1e-6)
    noise = torch.randn(50, 6)
    assert smoothed(noise).diff(dim=0).abs().mean() < 0.5 * noise.diff(dim=0).abs().mean()


def test_divergence_is_that_of_two_normal_distributions():
    mean, log_variance = torch.tensor([[0.5, -1.0]]), torch.tensor([[0.3, -0.7]])
    ours = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    expected = torch.distributions.kl_divergence(ours, torch.distributions.Normal(0.0, 1.0)).sum()
    assert torch.allclose(divergence(Posterior(mean, log_variance)), expected)
    assert divergence(Posterior(mean * 0, log_variance * 0)) == 0
