"""From the outputs of S3FD to boxes in pixels: priors, offsets, suppression, thresholds and batches."""

import inspect

import numpy as np
import pytest
import torch
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.image_list import ImageList

from metrics.face_boxes import SIDES, STEPS, detect_faces, moved_boxes, prior_boxes
from metrics.networks.s3fd import S3FD, S3FDConfig

NARROW = S3FDConfig(width=0.125)
SIZES = ((32, 48), (16, 24), (8, 12), (4, 6), (2, 3), (1, 2))  # of a picture of 128 x 192
STARTS = np.cumsum([0, *(rows * columns for rows, columns in SIZES)])
FRAME = np.zeros((1, 512, 768, 3), dtype=np.uint8)


class Planted(S3FD):
    """An S3FD whose outputs are set by hand: (level, row, column, logit of a face, offsets) per box."""

    def __init__(self, *boxes):
        super().__init__(NARROW)
        self.boxes = boxes
        self.eval()

    def forward(self, pictures):
        assert pictures.shape[2:] == (128, 192)
        logits, offsets = torch.zeros(len(pictures), STARTS[-1], 2), torch.zeros(len(pictures), STARTS[-1], 4)
        logits[..., 0] = 9.0
        for level, row, column, logit, move in self.boxes:
            place = STARTS[level] + row * SIZES[level][1] + column
            logits[:, place] = torch.tensor([0.0, logit])
            offsets[:, place] = torch.tensor(move)
        return logits, offsets, SIZES


def faces(*boxes, **options):
    return detect_faces(Planted(*boxes), FRAME, **options)[0]


STILL = (0.0, 0.0, 0.0, 0.0)


def test_a_planted_face_lands_where_it_was_planted():
    """Level 2, row 3, column 5: the centre of the cell is (88, 56), the side 64; times 4, less half a pixel."""
    found = faces((2, 3, 5, 5.0, STILL))
    assert found[0, :4] == pytest.approx([223.5, 95.5, 479.5, 351.5], abs=1e-3)
    assert found[0, 4] == pytest.approx(1 / (1 + np.exp(-5)), abs=1e-6)
    swapped = faces((2, 5, 3, 5.0, STILL))[0, :4]
    assert swapped == pytest.approx([95.5, 223.5, 351.5, 479.5], abs=1e-3), "row and column"


def test_offsets_move_by_a_tenth_and_grow_by_a_fifth():
    growth = np.exp(0.2 * 1.5)
    found = faces((2, 3, 5, 5.0, (1.0, -2.0, 1.5, 0.0)))[0, :4] + 0.5
    width, height = found[2:] - found[:2]
    assert (width, height) == pytest.approx((256 * growth, 256), rel=1e-6)
    assert (found[:2] + found[2:]) / 2 == pytest.approx([352 + 25.6, 224 - 51.2], rel=1e-6)


def test_offsets_equal_those_of_torchvision():
    rng = np.random.default_rng(1)
    offsets = torch.from_numpy(rng.normal(0, 1.5, (1, 50, 4)))
    centres, sides = torch.from_numpy(rng.uniform(0, 1, (50, 2))), torch.from_numpy(rng.uniform(0.1, 0.9, (50, 2)))
    corners = torch.cat([centres - sides / 2, centres + sides / 2], dim=1)
    theirs = BoxCoder(weights=(10.0, 10.0, 5.0, 5.0)).decode_single(offsets[0], corners)
    ours = moved_boxes(offsets, torch.cat([centres, sides], dim=1))[0]
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)
    swapped = BoxCoder(weights=(5.0, 5.0, 10.0, 10.0)).decode_single(offsets[0], corners)
    assert (ours - swapped).abs().max() > 0.01


def test_priors_equal_those_of_torchvision():
    """Its generator adds a second, larger box per position, which S3FD has not; it knows square pictures only."""
    sizes = ((32, 32), (16, 16), (8, 8), (4, 4), (2, 2), (1, 1))
    generator = DefaultBoxGenerator(
        [[]] * 6, scales=[*(side / 128 for side in SIDES), 8.0], steps=list(STEPS), clip=False
    )
    maps = [torch.zeros(1, 1, *size) for size in sizes]
    theirs = generator(ImageList(torch.zeros(1, 3, 128, 128), [(128, 128)]), maps)[0][::2] / 128
    ours = prior_boxes(128, 128, sizes)
    corners = torch.cat([ours[:, :2] - ours[:, 2:] / 2, ours[:, :2] + ours[:, 2:] / 2], dim=1)
    assert torch.allclose(corners, theirs, rtol=0, atol=1e-6)


def test_priors_of_a_wide_picture_by_hand():
    priors = prior_boxes(128, 192, SIZES)
    assert len(priors) == STARTS[-1]
    assert priors[0].tolist() == pytest.approx([2 / 192, 2 / 128, 16 / 192, 16 / 128])
    assert priors[STARTS[1] + 24 + 2].tolist() == pytest.approx([20 / 192, 12 / 128, 32 / 192, 32 / 128])
    assert priors[-1].tolist() == pytest.approx([192 / 192, 64 / 128, 512 / 192, 512 / 128])
    assert prior_boxes(128, 192, SIZES) is priors, "made once per size"


def test_the_threshold_is_exclusive_and_a_parameter():
    logit = float(np.log(9))  # a score of 0.9, or just above or below by rounding
    score = float(torch.tensor([0.0, logit]).softmax(0)[1])
    assert len(faces((2, 3, 5, logit, STILL), threshold=score)) == 0
    assert len(faces((2, 3, 5, logit, STILL), threshold=np.nextafter(np.float32(score), np.float32(0)).item())) == 1
    assert len(faces((2, 3, 5, 1.0, STILL))) == 0
    assert len(faces((2, 3, 5, 1.0, STILL), threshold=0.7)) == 1
    assert faces().shape == (0, 5)


def moved(columns):
    """The offset that moves a box of level 2 (side 64) to the right by so many of its sides."""
    return (10.0 * columns, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(("apart", "kept"), [(0.5, 1), (0.6, 1), (0.8, 1), (0.83, 2), (1.0, 2)])
def test_overlaps_are_suppressed_down_to_a_tenth(apart, kept):
    """Squares that lie ``apart`` of their side from one another overlap by (1 - apart) / (1 + apart).

    0.33 at 0.5 (above 0.3), 0.25 at 0.6, 0.11 at 0.8 (above 0.1), 0.093 at 0.83.
    """
    found = faces((2, 3, 2, 5.0, STILL), (2, 3, 3, 6.0, moved(apart - 0.25)))
    assert len(found) == kept
    assert found[0, 4] == pytest.approx(1 / (1 + np.exp(-6))), "the better one stays, first"


def test_a_suppressed_box_suppresses_nothing():
    """A, B and C in a row, each half over the next, best first A, B, C: B falls to A, and C stays."""
    found = faces((2, 3, 1, 7.0, STILL), (2, 3, 2, 6.0, moved(0.25)), (2, 3, 3, 5.0, moved(0.5)))
    assert found[:, 0] == pytest.approx([-32.5, 223.5], abs=1e-3)


def test_a_weak_box_falls_before_it_can_matter():
    """The box above 0.05 and below the threshold suppresses nothing that is better, and is no face."""
    found = faces((2, 3, 2, 5.0, STILL), (2, 3, 3, 0.0, moved(-0.2)))
    assert len(found) == 1


def brute(boxes, scores, overlap):
    """Greedy suppression, box by box."""
    kept = []
    for k in np.argsort(-scores, kind="stable"):
        for j in kept:
            width, height = np.minimum(boxes[k, 2:], boxes[j, 2:]) - np.maximum(boxes[k, :2], boxes[j, :2])
            shared = max(width, 0) * max(height, 0)
            if (
                shared / (np.prod(boxes[k, 2:] - boxes[k, :2]) + np.prod(boxes[j, 2:] - boxes[j, :2]) - shared)
                > overlap
            ):
                break
        else:
            kept.append(k)
    return np.array(kept)


def test_crowds_equal_the_protocol_written_out():
    rng = np.random.default_rng(4)
    crowd = [(1, r, c, rng.normal(2, 3), tuple(rng.normal(0, 2, 4))) for r in range(16) for c in range(24)]
    found = faces(*crowd)
    network = Planted(*crowd)
    logits, offsets, _ = network(torch.zeros(1, 3, 128, 192))
    scores = logits[0].softmax(-1)[:, 1].numpy()
    boxes = moved_boxes(offsets, prior_boxes(128, 192, SIZES))[0].numpy()
    boxes, scores = boxes[scores > 0.05], scores[scores > 0.05]
    first = brute(boxes, scores, 0.3)
    first = first[scores[first] > 0.9]
    pixels = boxes[first] * [768, 512, 768, 512]
    last = brute(pixels, scores[first], 0.1)
    assert 5 < len(last) < len(first) < len(boxes)
    assert found[:, :4] == pytest.approx(pixels[last] - 0.5, abs=1e-3)
    assert found[:, 4] == pytest.approx(scores[first][last])


@pytest.fixture(scope="module")
def noisy():
    """A network with random weights that finds faces in anything, and frames that differ."""
    network = S3FD(NARROW).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(3)
    for parameter in network.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter, generator=generator)
    for head in network.loc:
        head.weight *= 0.02  # as trained ones: boxes move by parts of their size
    frames = np.random.default_rng(5).integers(0, 256, (6, 32, 48, 3), dtype=np.uint8)
    return network, frames.repeat(8, axis=1).repeat(8, axis=2)


def test_batches_do_not_matter(noisy):
    """Measured: boxes of up to 571 pixels move by 9.2e-5 pixels and scores by 7.7e-7 at most."""
    network, frames = noisy
    alone = detect_faces(network, frames, batch=1, threshold=0.6)
    assert sum(len(found) for found in alone) > 30
    assert any(not np.array_equal(alone[0], other) for other in alone[1:])
    for batch in (4, 100):
        together = detect_faces(network, frames, batch=batch, threshold=0.6)
        assert [len(found) for found in together] == [len(found) for found in alone]
        for ours, theirs in zip(together, alone, strict=True):
            assert np.abs(ours - theirs).max() < 1e-3
            assert np.abs(ours - theirs)[:, 4].max() < 1e-5


def test_red_and_blue_are_not_the_same(noisy):
    network, frames = noisy
    right, wrong = (detect_faces(network, clip, threshold=0.6) for clip in (frames, frames[..., ::-1]))
    assert [len(found) for found in right] != [len(found) for found in wrong]


def test_unusable_frames_are_refused(noisy):
    network, frames = noisy
    with pytest.raises(ValueError, match=r"48 x 32 at scale 0\.25 are smaller than the 28 pixels.*at least 0\.88"):
        detect_faces(network, frames[:, :32, :48])
    assert len(detect_faces(network, frames[:, :32, :48], scale=0.88)) == 6
    raw = inspect.unwrap(detect_faces)
    with pytest.raises(ValueError, match="need uint8 frames"):
        inspect.unwrap(raw)(network, frames[:0])
    with pytest.raises(ValueError, match="training mode"):
        detect_faces(S3FD(NARROW), frames)
