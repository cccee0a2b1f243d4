"""Training of the pose network on a toy corpus: the latent vector tells, the seed decides, NaN stops."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tavce.model.descent import NotFiniteError, Schedule
from tavce.model.motion.pose_sampling import sample_poses
from tavce.model.motion.pose_vae import PoseVae
from tavce.model.motion.train_pose import SMALL, PoseData, PoseSettings, train_pose

CONFIG = replace(SMALL, frames=8, values=2, hidden=24, latent=4)
SETTINGS = PoseSettings(
    schedule=Schedule(
        steps=140, rate=2e-2, warm_up=0.1, weight_decay=0.01, average=0.9, largest_gradient=5.0, every=20
    ),
    seed=4,
    pieces=12,
    velocity=10.0,
    divergence=0.0003,
    gan=0.0,
)
SHORT = replace(SETTINGS, schedule=replace(SETTINGS.schedule, steps=3))


def corpus(seed, clips=100, frames=10):
    """Return clips whose heads turn evenly, in a direction and at a speed of its own."""
    rng = np.random.default_rng(seed)
    speed = rng.uniform(-1, 1, (clips, 1, 2)) * 0.01
    poses = speed * np.arange(frames)[:, None] + rng.uniform(-0.1, 0.1, (clips, 1, 2))
    mels = rng.normal(0, 1, (clips, frames, 80, 16))
    return PoseData(mels.astype(np.float32), poses.astype(np.float32))


def trained(settings, data=None):
    torch.manual_seed(0)
    network = PoseVae(CONFIG)
    state, curve = train_pose(settings, network, corpus(0) if data is None else data)
    network.load_state_dict(state)
    return network.eval(), curve


@pytest.fixture(scope="module")
def learnt():
    return trained(SETTINGS)


def test_the_latent_vector_tells_how_the_head_moves_unless_it_costs_too_much(learnt):
    network, curve = learnt
    stilled, of_stilled = trained(replace(SETTINGS, divergence=1.0))
    assert curve[-1]["pose"] < 0.7 * of_stilled[-1]["pose"]
    mels = torch.from_numpy(corpus(1).mels[0, :9, None])
    ends, still_ends = (
        torch.stack([sample_poses(each, mels, torch.zeros(2), style=0, seed=seed)[-1] for seed in range(20)])
        for each in (network, stilled)
    )
    assert (ends.std(dim=0) > 3 * still_ends.std(dim=0)).all()


def test_the_encoder_keeps_its_weights_and_takes_means_of_the_data():
    torch.manual_seed(0)
    before = PoseVae(CONFIG).state_dict()
    after = trained(SHORT)[0].state_dict()
    hearing = [name for name in before if name.startswith("audio_encoder.")]
    same = {name for name in hearing if torch.equal(before[name], after[name])}
    statistics = {name for name in hearing if name.endswith(("running_mean", "running_var", "num_batches_tracked"))}
    assert same == set(hearing) - statistics
    first = "audio_encoder.audio_encoder.0.conv_block."
    data = torch.from_numpy(corpus(0).mels).flatten(0, 1)[:, None]
    seen = torch.nn.functional.conv2d(data, after[first + "0.weight"], after[first + "0.bias"], padding=1)
    assert torch.allclose(after[first + "1.running_mean"], seen.mean(dim=(0, 2, 3)), atol=1e-3)
    assert not torch.allclose(before[first + "1.running_mean"], seen.mean(dim=(0, 2, 3)), atol=1e-3)


def test_the_discriminator_learns_only_where_it_is_asked():
    torch.manual_seed(0)
    before = PoseVae(CONFIG).netD_motion.state_dict()
    for gan, moved in ((0.0, False), (0.7, True)):
        network, curve = trained(replace(SHORT, gan=gan))
        after = network.netD_motion.state_dict()
        assert any(not torch.equal(before[name], after[name]) for name in before) is moved
        assert ({"gan", "discriminator"} <= set(curve[0])) is moved


def test_the_same_seed_gives_the_same_weights_and_another_others():
    state, again = trained(SHORT)[0].state_dict(), trained(SHORT)[0].state_dict()
    assert all(torch.equal(value, again[name]) for name, value in state.items())
    other = trained(replace(SHORT, seed=5))[0].state_dict()
    assert any(not torch.equal(value, other[name]) for name, value in state.items())


def test_what_is_not_finite_stops_the_training():
    data = corpus(0)
    data.poses[:] = np.nan
    with pytest.raises(NotFiniteError, match="loss of step 1 is not finite"):
        trained(SHORT, data)


def test_clips_too_short_are_refused():
    with pytest.raises(ValueError, match="100 clips of 8 frames: need more than 8"):
        trained(SHORT, corpus(0, frames=8))
