"""Which pictures the shipped animator takes for a portrait: drawn strangers, and nothing else."""

from itertools import islice

import cv2
import numpy as np
import pytest
from skimage import data

from stages.make_base.portrait_negatives import KINDS
from stages.make_judges.augment import blur, jpeg
from stages.make_judges.corpus import Wanted, make_clips
from stages.make_judges.encode import encode
from tavce.media.video import read_frames
from tavce.methods.native.checkpoint import SHIPPED, load_checkpoint
from tavce.model.portrait.reading import read_portrait

STRANGERS = Wanted(seed=91, split="test", identities=32, clips=32, seconds=0.2, size=96)
PHOTOGRAPHS = ("astronaut", "camera", "cat", "chelsea", "coffee", "rocket", "page", "text", "moon", "brick", "coins")
GOOD_CLIPS = ("hdtf_25fps", "glasses_25fps", "blue_30fps", "suit_22fps", "smile_24p6fps", "man_30fps_44k")


@pytest.fixture(scope="module")
def network():
    return load_checkpoint(SHIPPED).portrait


@pytest.fixture(scope="module")
def clips():
    return make_clips(STRANGERS, workers=1)


def accepted(network, pictures):
    return float(np.mean([read_portrait(network, picture).accepted for picture in pictures]))


def moved(picture, scale, shift):
    side = len(picture)
    matrix = np.float64([[scale, 0, (1 - scale) * side / 2 + shift], [0, scale, (1 - scale) * side / 2 + shift]])
    return cv2.warpAffine(picture, matrix, (side, side), borderMode=cv2.BORDER_REFLECT_101)


CHANGES = {
    "as drawn": lambda picture: picture,
    "jpeg": lambda picture: jpeg(picture, 60),
    "blurred": lambda picture: blur(picture, 1.0),
    "larger": lambda picture: cv2.resize(picture, (250, 250), interpolation=cv2.INTER_CUBIC),
    "smaller": lambda picture: cv2.resize(picture, (56, 56), interpolation=cv2.INTER_AREA),
    "nearer": lambda picture: moved(picture, 1.05, 0),
    "farther": lambda picture: moved(picture, 0.95, 0),
    "shifted": lambda picture: moved(picture, 1, 0.02 * len(picture)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_drawn_strangers_are_known(network, clips, change):
    pictures = clips.frames[:, ::2].reshape(-1, *clips.frames.shape[2:])
    assert accepted(network, map(CHANGES[change], pictures)) >= 0.995


def test_drawn_strangers_are_known_after_h264(network, clips):
    assert accepted(network, [encode(frames, 23)[0] for frames in clips.frames]) >= 0.995


def test_coefficients_of_strangers_are_read(network, clips):
    read = np.stack([read_portrait(network, frame).coefficients.numpy() for clip in clips.frames for frame in clip])
    truth = clips.coefficients.reshape(-1, 14)
    agreement = [float(np.corrcoef(read[:, k], truth[:, k])[0, 1]) for k in range(14)]
    assert agreement[0] > 0.6, "aperture"
    assert min(agreement[4:6]) > 0.5, "lids"
    assert agreement[7] > 0.5, "yaw"
    # Read in the mirror, the head turns the other way.
    mirrored = [read_portrait(network, clip[0][:, ::-1]).coefficients[7].item() for clip in clips.frames]
    assert np.corrcoef(mirrored, clips.coefficients[:, 0, 7])[0, 1] < -0.5


@pytest.mark.parametrize(
    ("kind", "least"),
    [("noise", 1.0), ("ramp", 1.0), ("texture", 1.0), ("scene", 1.0), ("page", 1.0), ("shuffled", 1.0), ("small", 1.0)],
)
def test_pictures_without_a_usable_face_are_refused(network, clips, kind, least):
    made = [KINDS[kind](np.random.default_rng([4, k]), frames[0]) for k, frames in enumerate(clips.frames)]
    assert 1 - accepted(network, made) >= least


def test_faces_upside_down_are_refused(network, clips):
    assert accepted(network, clips.frames[:, 0, ::-1]) <= 0.05


@pytest.mark.parametrize("level", [0, 90, 128, 200, 255])
def test_one_colour_is_refused(network, level):
    assert not read_portrait(network, np.full((80, 100, 3), level, np.uint8)).accepted


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_photographs_are_refused(network, name):
    picture = getattr(data, name)()
    assert not read_portrait(network, picture if picture.ndim == 3 else np.dstack([picture] * 3)).accepted


@pytest.mark.real
@pytest.mark.parametrize("name", GOOD_CLIPS)
def test_real_people_are_refused(network, real_clips, name):
    frames = list(islice(read_frames(real_clips / f"{name}.mp4"), 0, 60, 15))
    assert len(frames) == 4
    assert accepted(network, frames) == 0


@pytest.mark.parametrize("left", [0, 48, 96])
def test_the_portrait_in_a_wide_picture_is_found(network, clips, left):
    for clip in clips.frames[:10]:
        wide = np.full((96, 192, 3), 128, np.uint8)
        wide[:, left : left + 96] = clip[0]
        reading = read_portrait(network, wide)
        assert reading.accepted
        assert reading.box == (left, 0, 96)
