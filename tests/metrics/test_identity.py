"""From frames to CSIM with a small network: rotation, scale, batches, order, lost faces, mistakes.

The network's weights are random; its normalisations have seen the test's faces once, so that strangers come out apart
(mean cosine below 0.1) as under a trained one. Without that, a random network puts all faces at a cosine above 0.9 and
no mistake would show.
"""

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from metrics.align import AlignedFaces, aligned_faces
from metrics.csim import csim, csim_paired
from metrics.identity import embeddings
from metrics.networks.iresnet import IResNet, IResNetConfig, IResNetRecogniser, network_input
from stages.make_judges.corpus import Wanted, make_clips

SIZE = 160
PEOPLE = 8
CONFIG = IResNetConfig(blocks=(1, 1, 1, 1), width=0.25, embedding=64, side=112, dropout=0.0)


@pytest.fixture(scope="module")
def clips():
    return make_clips(Wanted(seed=5, split="train", identities=PEOPLE, clips=PEOPLE, seconds=0.4, size=SIZE), workers=1)


@pytest.fixture(scope="module")
def faces(clips):
    return [aligned_faces(*clip) for clip in zip(clips.frames, clips.landmarks, strict=True)]


@pytest.fixture(scope="module")
def recogniser(faces):
    torch.manual_seed(0)
    network = IResNet(CONFIG).train()
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
            norm.momentum = None  # the plain mean over what it sees
    with torch.inference_mode():
        network(network_input(np.concatenate([clip.faces[::3] for clip in faces])))
    return IResNetRecogniser("random", network.eval())


@pytest.fixture(scope="module")
def found(recogniser, faces):
    return [embeddings(recogniser, clip) for clip in faces]


def test_strangers_are_apart_and_a_face_is_near_itself(found):
    first = np.stack([clip[0] for clip in found])
    others = (first @ first.T)[np.triu_indices(PEOPLE, 1)]
    assert others.mean() < 0.1
    assert np.mean([csim(clip, clip)[1:].mean() for clip in found]) > others.mean() + 0.5
    assert all((csim_paired(clip, clip) == 1).all() for clip in found)


@pytest.mark.parametrize(
    ("degrees", "scale", "least"),
    [
        # Measured, the least cosine of any frame: .958, .958, .999998, .924, .989, .989. A quarter turn moves pixels
        # onto pixels; any other resamples the picture once more, and a smaller one has fewer pixels.
        (10, 1.0, 0.93),
        (25, 1.0, 0.93),
        (90, 1.0, 0.9999),
        (0, 0.75, 0.88),
        (0, 2.0, 0.97),
        (25, 1.5, 0.97),
    ],
)
def test_rotation_and_scale_of_the_picture_hardly_matter(recogniser, clips, found, degrees, scale, least):
    side = 4 * SIZE
    move = cv2.getRotationMatrix2D(((SIZE - 1) / 2, (SIZE - 1) / 2), degrees, scale)
    move[:, 2] += (side - SIZE) / 2
    for person in (0, 3):
        moved = np.stack([cv2.warpAffine(frame, move, (side, side)) for frame in clips.frames[person]])
        points = (clips.landmarks[person] @ move[:, :2].T + move[:, 2]).astype(np.float32)
        assert csim_paired(embeddings(recogniser, aligned_faces(moved, points)), found[person]).min() > least
        left_behind = clips.landmarks[person] + np.float32((side - SIZE) / 2)
        mistake = csim_paired(embeddings(recogniser, aligned_faces(moved, left_behind)), found[person])
        assert mistake.max() < 0.5, "landmarks of the picture as it was; measured at most .378"


def test_the_batch_moves_embeddings_by_rounding_only(recogniser, faces, found):
    clip = AlignedFaces(np.concatenate([part.faces for part in faces])[:40], np.ones(40, bool))
    together = embeddings(recogniser, clip, batch=32)
    source = np.repeat(together[:1], 40, axis=0)
    for batch in (1, 7):
        apart = embeddings(recogniser, clip, batch=batch)
        np.testing.assert_allclose(apart, together, atol=2e-6)  # measured 5e-7
        np.testing.assert_allclose(csim(apart, source), csim(together, source), atol=2e-6)
    assert np.array_equal(embeddings(recogniser, clip, batch=32), together)
    with torch.inference_mode():
        few, more = (IResNet(CONFIG).train()(network_input(clip.faces[:count]))[:2] for count in (2, 4))
    assert (few - more).abs().max() > 0.1, "in training mode, which is refused, the batch matters"


def test_the_order_of_frames_does_not_matter(recogniser, faces, found):
    order = np.random.default_rng(1).permutation(len(faces[0].faces))
    shuffled = AlignedFaces(faces[0].faces[order], faces[0].found[order])
    assert np.array_equal(embeddings(recogniser, shuffled), found[0][order])


def test_embeddings_have_unit_length_and_lost_faces_none(recogniser, clips, found):
    landmarks = clips.landmarks[0].copy()
    landmarks[[0, 4]] = np.nan
    part = embeddings(recogniser, aligned_faces(clips.frames[0], landmarks), batch=3)
    assert np.isnan(part).all(axis=1).tolist() == [k in (0, 4) for k in range(len(part))]
    np.testing.assert_allclose(np.linalg.norm(part[1:4], axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(part[5:], found[0][5:], atol=2e-6)
    nobody = embeddings(recogniser, AlignedFaces(np.zeros((3, 112, 112, 3), np.uint8), np.zeros(3, bool)))
    assert nobody.shape == (3, 64)
    assert np.isnan(nobody).all()


@pytest.mark.parametrize(
    "mistake",
    [
        # Measured, the greatest cosine of any frame: .39, below 0, .27.
        pytest.param(lambda x: x[..., ::-1], id="BGR"),
        pytest.param(lambda x: x // 255, id="range 0 to 1"),
        pytest.param(lambda x: np.roll(x, 4, axis=2), id="four pixels aside"),
    ],
)
def test_mistakes_on_one_side_cost(recogniser, faces, found, mistake):
    wrong = embeddings(recogniser, AlignedFaces(np.ascontiguousarray(mistake(faces[0].faces)), faces[0].found))
    assert csim_paired(wrong, found[0]).max() < 0.5


def test_a_broken_network_and_a_batch_of_nothing_are_refused(faces):
    network = IResNet(CONFIG).eval()
    with torch.no_grad():
        network.features.weight.zero_()
    with pytest.raises(ValueError, match="broken gives no direction for frame 0"):
        embeddings(IResNetRecogniser("broken", network), faces[0])
    with torch.no_grad():
        network.features.weight.fill_(np.nan)
    with pytest.raises(ValueError, match="no direction"):
        embeddings(IResNetRecogniser("broken", network), faces[0])
    with pytest.raises(ValueError, match="at least 1, got 0"):
        embeddings(IResNetRecogniser("broken", network), faces[0], batch=0)
