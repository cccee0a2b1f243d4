"""The motion of a whole clip: each column from its source, no jump, no NaN, the seed decides."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tavce.model.motion.motion_net import MotionConfig, MotionNet
from tavce.model.motion.pose_sampling import sample_poses
from tavce.model.motion.pose_vae import PoseVae
from tavce.model.motion.sampling import FPS, Layout, hear_expression, sample_blinks, sample_motion
from tavce.model.motion.train_pose import SMALL

LAYOUT = Layout(expression=(0, 1), pose=(4, 5, 6, 8, 7), pose_units=(10.0, 10.0, 10.0, 0.1, 0.1), lids=(2, 3))
PORTRAIT = torch.tensor([0.1, 0.5, 1.0, 0.8, 3.0, -2.0, 1.0, 0.01, 0.02, 0.3])
UNNAMED = 9


@pytest.fixture(scope="module")
def motion():
    torch.manual_seed(0)
    network = MotionNet(MotionConfig(width=0.0625, hidden=8, expression=2))
    network.calibrate(torch.rand(20, 2))
    return network.eval()


@pytest.fixture(scope="module")
def pose():
    torch.manual_seed(0)
    return PoseVae(SMALL).eval()


def sound(frames):
    torch.manual_seed(5)
    return torch.randn(frames, 80, 16)


@pytest.mark.parametrize("frames", [1, 2, 20, 33, 34, 75])
def test_one_row_per_frame_the_rest_as_in_the_portrait(motion, pose, frames):
    made = sample_motion(motion, pose, PORTRAIT, sound(frames), LAYOUT, seed=1)
    assert made.shape == (frames, len(PORTRAIT))
    assert made.isfinite().all()
    assert (made[:, UNNAMED] == PORTRAIT[UNNAMED]).all()


def test_each_part_is_where_the_layout_has_it(motion, pose):
    mels = sound(60)
    made = sample_motion(motion, pose, PORTRAIT, mels, LAYOUT, seed=1)
    openness = made[:, [2, 3]].mean(dim=1)
    assert torch.equal(made[:, :2], hear_expression(motion, mels, PORTRAIT[:2], openness))
    assert made[:, [4, 5, 6]].diff(dim=0).abs().mean() > 30 * made[:, [7, 8]].diff(dim=0).abs().mean()
    assert torch.allclose(made[:, 2], torch.from_numpy(sample_blinks(60, 1)))
    assert torch.allclose(made[:, 3], 0.8 * torch.from_numpy(sample_blinks(60, 1)))


def test_the_seed_decides_head_and_blinks_and_not_the_mouth(motion, pose):
    mels = sound(75)
    made, again, other = (sample_motion(motion, pose, PORTRAIT, mels, LAYOUT, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(made, again)
    columns = [*LAYOUT.pose, *LAYOUT.lids]
    assert (made[:, columns] != other[:, columns]).any(dim=0).all()
    heard = [hear_expression(motion, mels, PORTRAIT[:2], each[:, 2]) for each in (made, other)]
    assert (heard[0] - heard[1]).abs().max() < 0.5


def test_pieces_of_the_head_join_where_published_ones_jump(motion, pose):
    wild = lively(pose)
    units = torch.tensor(LAYOUT.pose_units)
    chained, published = [], []
    for seed in range(8):
        made = sample_motion(motion, wild, PORTRAIT, sound(97), LAYOUT, seed=seed)[:, LAYOUT.pose] / units
        poses = sample_poses(wild, sound(97)[:, None], PORTRAIT[list(LAYOUT.pose)] / units, style=0, seed=seed)
        chained.append(made.diff(dim=0)[32].abs().mean())
        published.append(poses.diff(dim=0)[32].abs().mean())
    assert torch.stack(chained).mean() < 0.3 * torch.stack(published).mean()


def lively(pose):
    """Return a network that moves evenly away from the reference, in a direction that the latent vector decides."""

    class Ramp(torch.nn.Module):
        def forward(self, latent, heard, reference, style):
            frames = torch.arange(1, SMALL.frames + 1)[None, :, None] / SMALL.frames
            return frames * latent[:, None, : SMALL.values] + 0 * reference[:, None]

    network = PoseVae(SMALL)
    network.netG.decoder = Ramp()
    return network.eval()


def test_a_portrait_caught_in_a_blink_opens_its_eyes(motion, pose):
    shut = PORTRAIT.clone()
    shut[2:4] = torch.tensor([0.1, 0.2])
    made = sample_motion(motion, pose, shut, sound(75), LAYOUT, seed=1)
    assert made[:, 2:4].amax() == 1
    assert sample_motion(motion, pose, PORTRAIT, sound(75), LAYOUT, seed=1)[:, 3].amax() == PORTRAIT[3]


def test_blinks_are_as_often_and_as_long_as_documented():
    lids = np.stack([sample_blinks(1500, seed) for seed in range(10)])  # ten minutes
    assert lids.min() >= 0
    assert lids.max() == 1
    shut = lids < 0.5
    blinks = (shut[:, 1:] & ~shut[:, :-1]).sum() / 10
    assert 21 < blinks < 30  # 26 a minute
    # From half shut to half open: 0.040 of the fall, the hold and 0.090 of the rise.
    assert abs(shut.sum() / FPS / (blinks * 10) - 0.160) < 0.02
    assert (sample_blinks(1, 3) > 0.4).all()


@pytest.mark.parametrize("seed", range(20))
def test_the_first_frame_is_not_in_a_blink(seed):
    assert sample_blinks(3, seed)[0] > 0.8


def test_input_that_would_mislead_is_refused(motion, pose):
    with pytest.raises(ValueError, match="0 frames"):
        sample_motion(motion, pose, PORTRAIT, sound(0), LAYOUT, seed=0)
    with pytest.raises(ValueError, match="finite"):
        sample_motion(motion, pose, PORTRAIT * torch.nan, sound(4), LAYOUT, seed=0)
    training = MotionNet(motion.config)
    with pytest.raises(ValueError, match="training mode"):
        sample_motion(training, pose, PORTRAIT, sound(4), LAYOUT, seed=0)
    with pytest.raises(ValueError, match="training mode"):
        sample_motion(motion, PoseVae(replace(SMALL)), PORTRAIT, sound(4), LAYOUT, seed=0)
