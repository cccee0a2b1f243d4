"""The frozen stand-ins hold their bounds on people they never saw; networks with a plausible mistake do not."""

import inspect
from functools import partial

import numpy as np
import pytest
import torch

from metrics.known_identity import failed_identity, known_identity
from metrics.known_landmarks import failed_landmarks, known_landmarks, landmark_figures
from metrics.known_perception import Ladder, failed_ladders, known_inception, known_lpips
from metrics.networks.inception import FidInception
from metrics.networks.iresnet import IResNetRecogniser
from metrics.networks.landmarks68 import LandmarkNetwork, find_landmarks
from metrics.networks.lpips import Lpips
from metrics.standins import load
from stages.make_judges.corpus import Wanted, make_clips
from stages.make_judges.encode import encode

HELD_OUT = Wanted(seed=7103, split="test", identities=8, clips=16, seconds=0.8, size=128)


@pytest.fixture(scope="module")
def clips():
    """16 clips of 20 frames of 8 people."""
    return make_clips(HELD_OUT, workers=1)


@pytest.fixture(scope="module")
def finder():
    return partial(find_landmarks, load.standin_landmarks())


def untrained(network, seed=0):
    """The same architecture, weights at random."""
    torch.manual_seed(seed)
    return type(network)(network.config).eval()


# --- landmarks


def test_landmarks_hold_their_bounds(clips, finder):
    known = known_landmarks(finder, clips.frames, clips.landmarks, encode)
    assert failed_landmarks(known) == []


def test_landmarks_off_by_half_a_pixel_are_noticed(clips, finder):
    found = np.stack([finder(clip) for clip in clips.frames])
    right = landmark_figures("drawn", found, clips.landmarks)
    shifted = landmark_figures("drawn", found + np.float32(0.5), clips.landmarks)
    assert right.bias < 0.4 < shifted.bias


def test_landmarks_from_swapped_channels_are_worse(clips, finder):
    right = landmark_figures("drawn", np.stack([finder(clip) for clip in clips.frames[:6]]), clips.landmarks[:6])
    swapped = np.stack([finder(clip[..., ::-1].copy()) for clip in clips.frames[:6]])
    assert landmark_figures("drawn", swapped, clips.landmarks[:6]).mean > 1.2 * right.mean


def test_random_landmarks_fail(clips, finder):
    random = partial(find_landmarks, LandmarkNetwork(load.LANDMARKS).eval())
    known = known_landmarks(random, clips.frames[:2], clips.landmarks[:2], encode)
    assert any("mean" in line for line in failed_landmarks(known))
    assert any("aperture" in line for line in failed_landmarks(known))


def test_a_detector_that_gives_up_is_no_good_one(clips):
    known = known_landmarks(
        lambda clip: np.full((len(clip), 68, 2), np.nan, np.float32), clips.frames[:2], clips.landmarks[:2], encode
    )
    assert any("missed" in line for line in failed_landmarks(known))
    assert known.ghosts == 0


def test_a_detector_that_sees_faces_everywhere_fails(clips, finder):
    always = lambda clip: np.nan_to_num(finder(clip), nan=5.0)  # noqa: E731
    known = known_landmarks(always, clips.frames[:2], clips.landmarks[:2], encode)
    assert any("without a face" in line for line in failed_landmarks(known))


def test_landmarks_do_not_depend_on_the_batch(clips, finder):
    network = finder.args[0]
    frames = clips.frames[0]
    apart = find_landmarks(network, frames, batch=7) - find_landmarks(network, frames, batch=20)
    assert np.abs(apart).max() < 1e-3


@pytest.mark.parametrize(("height", "width"), [(64, 64), (100, 140), (256, 256)])
def test_landmarks_are_in_pixels_of_the_given_frames(clips, finder, height, width):
    import cv2

    frames = np.stack([cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in clips.frames[0]])
    scale = np.array([width, height]) / 128
    expected = (clips.landmarks[0] + 0.5) * scale - 0.5
    error = np.linalg.norm((finder(frames) - expected) / scale, axis=2).mean()
    assert error < 1.0  # pixels of 128


def test_landmark_input_is_checked(finder):
    network = finder.args[0]
    with pytest.raises(ValueError, match="uint8"):
        inspect.unwrap(find_landmarks)(network, np.zeros((2, 64, 64, 3), np.float32))
    with pytest.raises(ValueError, match="uint8"):
        find_landmarks(network, np.zeros((0, 64, 64, 3), np.uint8))
    with pytest.raises(ValueError, match="training mode"):
        find_landmarks(LandmarkNetwork(load.LANDMARKS), np.zeros((1, 64, 64, 3), np.uint8))


# --- perception


def test_lpips_grows_along_every_ladder(clips):
    assert failed_ladders(known_lpips(load.standin_lpips(), clips.frames[:, ::5], encode)) == []


def test_fid_and_kid_grow_along_every_ladder(clips):
    assert failed_ladders(known_inception(load.standin_inception(), clips.frames[:, ::10], encode)) == []


def test_a_ladder_out_of_order_fails():
    ladder = Ladder("lpips", "blur", (1.0, 2.0, 3.0), (0.1, 0.3, 0.2))
    (line,) = failed_ladders((ladder,))
    assert "lpips does not grow with blur" in line
    assert failed_ladders((Ladder("lpips", "blur", (1.0, 2.0), (0.1, 0.1)),))
    assert failed_ladders((Ladder("fid", "blur", (1.0, 2.0), (0.0, 0.1)),))
    assert failed_ladders((Ladder("kid", "blur", (1.0, 2.0), (-0.01, 0.1)),)) == []


def test_networks_without_a_trunk_fail(clips):
    """Weights all zero: every picture has the same features, so no distortion costs anything."""
    few = clips.frames[:4, ::10]
    for network, known in ((Lpips("alex", width=0.25), known_lpips), (FidInception(width=1 / 16), known_inception)):
        for parameter in network.parameters():
            torch.nn.init.zeros_(parameter)
        network.eval()
        assert len(failed_ladders(known(network, few, encode))) >= 3


def test_channel_weights_are_not_negative():
    network = load.standin_lpips()
    assert min(float(network.get_submodule(f"lin{k}.model.1").weight.min()) for k in range(5)) >= 0


# --- identity


def test_identity_holds_its_bounds_and_random_weights_do_not(clips):
    recogniser = load.standin_identity()
    random = IResNetRecogniser("random", untrained(recogniser.network))
    few = clips.frames[:, ::5], clips.landmarks[:, ::5], clips.identity
    known = known_identity(recogniser, random, *few, encode)
    assert failed_identity(known) == []
    assert any("AUC" in line for line in failed_identity(known_identity(random, random, *few, encode)))


def test_identity_with_swapped_channels_fails(clips):
    class Swapped(IResNetRecogniser):
        def __call__(self, faces):
            return super().__call__(faces[..., ::-1])

    recogniser = load.standin_identity()
    swapped = Swapped("swapped", recogniser.network)
    few = clips.frames[:, ::10], clips.landmarks[:, ::10], clips.identity
    failed = failed_identity(known_identity(swapped, recogniser, *few, encode))
    assert any("apart" in line for line in failed)


def test_identity_of_strangers_by_name_fails(clips):
    """The labels turned by one person: pairs that count as alike show two people."""
    recogniser = load.standin_identity()
    few = clips.frames[:, ::10], clips.landmarks[:, ::10]
    wrong = np.concatenate([clips.identity[:8], np.roll(clips.identity[8:], 1)])
    known = known_identity(recogniser, recogniser, *few, wrong, encode)
    assert any("AUC" in line for line in failed_identity(known))


def test_identity_needs_two_clips_of_a_person(clips):
    recogniser = load.standin_identity()
    few = clips.frames[:3, :2], clips.landmarks[:3, :2], clips.identity[:3]
    with pytest.raises(ValueError, match="two clips of one person"):
        known_identity(recogniser, recogniser, *few, encode)
