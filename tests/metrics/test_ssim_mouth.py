"""SSIM of the mouth: parity with scikit-image on the crop, the crop of TAVCE, and places that would be wrong."""

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from metrics.ssim_mouth import mouth_squares, ssim_mouth
from tavce.data.features import mouth_boxes

WANG = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255, "channel_axis": -1}
SIDE = 96
MOUTH = (slice(62, 89), slice(36, 63))  # rows and columns: 27 pixels around (49, 75)


@pytest.fixture
def places():
    """A mouth around (49, 75) in three frames of 96 x 96."""
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    points = np.random.default_rng(0).uniform(10, 60, (3, 68, 2))
    points[:, 48:] = np.stack([49 + 9 * np.cos(angle), 75 + 4 * np.sin(angle)], axis=-1)
    return points.astype(np.float32)


@pytest.fixture
def clips():
    """(generated, reference): the truth, and noise that is stronger the nearer to the mouth."""
    rng = np.random.default_rng(1)
    reference = np.kron(rng.integers(0, 256, (3, 24, 24, 3)), np.ones((1, 4, 4, 1))).astype(np.uint8)
    y, x = np.mgrid[:SIDE, :SIDE]
    near = np.exp(-((x - 49) ** 2 + (y - 75) ** 2) / 400)[..., None]
    made = reference + rng.normal(0, 60, reference.shape) * near
    return np.clip(made, 0, 255).astype(np.uint8), reference


def test_equals_scikit_image_on_the_crop(clips, places):
    generated, reference = clips
    expected = [structural_similarity(a[MOUTH], b[MOUTH], **WANG) for a, b in zip(generated, reference, strict=True)]
    assert ssim_mouth(generated, reference, places) == pytest.approx(expected, abs=1e-7)
    rows, columns = MOUTH
    late = (slice(rows.start + 1, rows.stop + 1), columns)
    wrong = [structural_similarity(a[late], b[late], **WANG) for a, b in zip(generated, reference, strict=True)]
    assert np.abs(ssim_mouth(generated, reference, places) - wrong).min() > 1e-4


def test_equal_frames_give_one(clips, places):
    assert ssim_mouth(clips[1], clips[1], places) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("mistake", ["half a width aside", "x and y exchanged", "of the eyes", "of a generated face"])
def test_another_place_moves_it(clips, places, mistake):
    elsewhere = {
        "half a width aside": places + np.float32([13.5, 0]),
        "x and y exchanged": places[..., ::-1].copy(),
        "of the eyes": np.concatenate([places[:, :48], places[:, 28:48]], axis=1),
        "of a generated face": places - np.float32([6, 10]),
    }[mistake]
    moved = ssim_mouth(*clips, elsewhere) - ssim_mouth(*clips, places)
    assert (moved > 0.01).all()  # farther from the mouth there is less noise


def test_what_lies_outside_of_the_square_does_not_count(clips, places):
    generated, reference = (side.copy() for side in clips)
    value = ssim_mouth(generated, reference, places)
    generated[:, :40] = 0
    assert np.array_equal(ssim_mouth(generated, reference, places), value)
    generated[:, 75, 49] += np.uint8(100)
    assert (ssim_mouth(generated, reference, places) != value).all()


@pytest.mark.parametrize("size", [64, 96, 128, 256, 500])
def test_the_square_is_the_crop_of_tavce_in_whole_pixels(size):
    rng = np.random.default_rng(2)
    landmarks = (rng.uniform(0, size, (200, 1, 2)) + rng.normal(0, size / 16, (200, 68, 2))).astype(np.float32)
    squares, boxes = mouth_squares(landmarks, size, size), mouth_boxes(landmarks, size)
    ours = np.concatenate([squares[:, :2], squares[:, :2] + squares[:, 2:]], axis=1) - 0.5
    assert np.abs(ours - boxes).max() <= 0.5 + 0.5 * (size * 72 % 256 > 0) + 1e-4
    assert (squares[:, :2] >= 0).all()
    assert (squares[:, :2] + squares[:, 2:] <= size).all()
    assert np.abs(np.median(ours - boxes, axis=0)).max() < 0.3  # no shift by half a pixel
    assert set(squares[:, 2]) == {round(size * 72 / 256)}


def test_an_oblong_frame_takes_the_share_of_its_shorter_side():
    landmarks = np.full((1, 68, 2), 300.0, np.float32)
    assert mouth_squares(landmarks, 128, 256).tolist() == [[256 - 36, 128 - 36, 36]]


def test_frames_without_a_face_have_no_value_and_leave_the_others_alone(clips, places):
    whole = ssim_mouth(*clips, places)
    lost = places.copy()
    lost[1] = np.nan
    values = ssim_mouth(*clips, lost)
    assert np.isnan(values).tolist() == [False, True, False]
    assert np.array_equal(values[[0, 2]], whole[[0, 2]])
    assert np.isnan(ssim_mouth(*clips, np.full_like(places, np.nan))).all()
    assert ssim_mouth(clips[0][:0], clips[1][:0], places[:0]).shape == (0,)


def test_one_frame_at_a_time_gives_the_same_bits(clips, places):
    single = [ssim_mouth(*(side[k : k + 1] for side in clips), places[k : k + 1])[0] for k in range(3)]
    assert np.array_equal(ssim_mouth(*clips, places), single)


def test_what_it_is_not_defined_on_is_refused(clips, places):
    generated, reference = clips
    with pytest.raises(ValueError, match="smaller than the SSIM window"):
        ssim_mouth(generated[:, :37, :37], reference[:, :37, :37], places)
    assert np.isfinite(ssim_mouth(generated[:, :38, :38], reference[:, :38, :38], places)).all()
    with pytest.raises(TypeError):
        ssim_mouth(generated, reference, places[:2])
    with pytest.raises(ValueError, match="infinite"):
        ssim_mouth(generated, reference, np.full_like(places, np.inf))
