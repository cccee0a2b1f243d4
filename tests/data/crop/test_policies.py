"""Each policy against its formula written out again, and the slips that its users make."""

import numpy as np
import pytest

from tavce.data.crop.faces import FaceTrack, UnusableError
from tavce.data.crop.policies import OfficialBox, crop_box, enlarged, oriented_square
from tavce.data.crop.warp import transform_points
from tavce.errors import InputError
from tests.data.crop.drawn import unit_face


def track(boxes, landmarks=None):
    boxes = np.array(boxes, dtype=np.float32)
    points = np.full((len(boxes), 68, 2), np.nan, dtype=np.float32) if landmarks is None else landmarks
    return FaceTrack(boxes, points, np.ones(len(boxes), dtype=bool))


def crop(policy, face=None, picture=(400, 300), size=128, official=None, min_iou=0.25, max_outside=0.5):
    return crop_box(policy, face, picture, size, official=official, min_iou=min_iou, max_outside=max_outside)


def corners_to_crop(result, size):
    """The affine map must send the box's corners to the crop's corners."""
    x0, y0, x1, y1 = result.box
    got = transform_points(np.array([[x0, y0], [x1, y1]]), result.affine)
    np.testing.assert_allclose(got, [[-0.5, -0.5], [size - 0.5, size - 0.5]], atol=1e-9)


def test_synthetic_is_the_whole_square_picture():
    result = crop("synthetic", picture=(256, 256))
    assert result.box == (-0.5, -0.5, 255.5, 255.5)
    corners_to_crop(result, 128)
    np.testing.assert_array_equal(crop("synthetic", picture=(128, 128)).affine, [[1, 0, 0], [0, 1, 0]])
    with pytest.raises(UnusableError, match="400x300"):
        crop("synthetic")


def test_whole_frame_pads_the_shorter_side_equally():
    result = crop("whole_frame", max_outside=0.0)
    assert result.box == (-0.5, -50.5, 399.5, 349.5)
    corners_to_crop(result, 128)
    assert result.affine[0, 0] == result.affine[1, 1]  # never stretched


@pytest.mark.parametrize("box", [(100.0, 50.0, 180.0, 150.0), (100.0, 50.0, 220.0, 150.0)])
def test_enlargement_is_that_of_fomm(box):
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    width_increase = max(0.1, ((1 + 2 * 0.1) * height - width) / (2 * width))
    height_increase = max(0.1, ((1 + 2 * 0.1) * width - height) / (2 * height))
    expected = (
        left - width_increase * width,
        top - height_increase * height,
        right + width_increase * width,
        bottom + height_increase * height,
    )
    assert enlarged(box, 0.1) == pytest.approx(expected)
    side = 1.2 * max(width, height)
    assert expected[2] - expected[0] == pytest.approx(side)
    assert expected[3] - expected[1] == pytest.approx(side)


def test_fomm_union_holds_all_boxes_and_does_not_cut():
    result = crop("fomm_union", track([(100, 10, 160, 90), (110, 5, 170, 85), (130, 12, 190, 92)]))
    # Union (100, 5, 190, 92): 90 wide, 87 high; centre (145, 48.5), side 108; it overflows the top and stays square.
    assert result.box == pytest.approx((91, -5.5, 199, 102.5))
    corners_to_crop(result, 128)
    first_only = crop("fomm_union", track([(100, 10, 160, 90)]))
    assert first_only.box != pytest.approx(result.box)


def test_fomm_union_drops_a_face_that_leaves_its_place():
    moving = track([(100, 50, 160, 110)] * 10 + [(150, 50, 210, 110)] * 2)  # overlap 10 / 110
    with pytest.raises(UnusableError, match=r"moves away .* at 0.40 s"):
        crop("fomm_union", moving)
    crop("fomm_union", moving, min_iou=0.05)


def test_too_much_padding_is_refused():
    near_corner = track([(0, 0, 100, 100)])  # crop -10..110, of which 110.5/120 squared lies inside
    with pytest.raises(UnusableError, match="15% of the crop lies outside"):
        crop("fomm_union", near_corner, max_outside=0.1)
    crop("fomm_union", near_corner, max_outside=0.16)


def test_hdtf_box_is_x_w_y_h_and_scales_with_height():
    official = OfficialBox(x=600.0, w=500.0, y=80.0, h=500.0, reference_height=720.0)
    result = crop("hdtf_official", picture=(1920, 1080), official=official)
    assert result.box == pytest.approx((899.5, 119.5, 1649.5, 869.5))
    corners_to_crop(result, 128)
    unscaled = crop("hdtf_official", picture=(1280, 720), official=official)
    assert unscaled.box == pytest.approx((599.5, 79.5, 1099.5, 579.5))
    with pytest.raises(InputError, match="annotated box"):
        crop("hdtf_official")


def test_hdtf_box_beyond_the_picture_is_refused():
    tall = OfficialBox(x=0.0, w=776.0, y=0.0, h=776.0, reference_height=720.0)
    with pytest.raises(UnusableError, match="outside"):
        crop("hdtf_official", picture=(1280, 720), official=tall, max_outside=0.05)


def turned_face(angle, side=60.0, at=(200.0, 150.0)):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return ((unit_face() - 0.5) * side @ turn.T + np.array(at)).astype(np.float32)


@pytest.mark.parametrize("angle", [0.0, 0.4, -0.7])
def test_oriented_square_is_that_of_ffhq(angle):
    lm = turned_face(angle).astype(np.float64)
    eye_left, eye_right = lm[36:42].mean(0), lm[42:48].mean(0)
    eye_avg, eye_to_eye = (eye_left + eye_right) * 0.5, eye_right - eye_left
    eye_to_mouth = (lm[48] + lm[54]) * 0.5 - eye_avg
    x = eye_to_eye - np.flipud(eye_to_mouth) * [-1, 1]
    x /= np.hypot(*x)
    x *= max(np.hypot(*eye_to_eye) * 2.0, np.hypot(*eye_to_mouth) * 1.8)
    y = np.flipud(x) * [-1, 1]
    c = eye_avg + eye_to_mouth * 0.1
    np.testing.assert_allclose(oriented_square(lm), np.stack([c - x - y, c - x + y, c + x + y, c + x - y]))


@pytest.mark.parametrize("angle", [0.0, 0.4, -0.7])
def test_ffhq_sets_a_turned_face_upright_and_keeps_the_first_frame(angle):
    landmarks = np.stack([turned_face(angle), turned_face(0.0, at=(100.0, 100.0))])
    result = crop("ffhq_first_frame", track(np.tile([170, 120, 230, 180], (2, 1)), landmarks), size=256)
    face = transform_points(landmarks[0].astype(np.float64), result.affine)
    left, right = face[36:42].mean(axis=0), face[42:48].mean(axis=0)
    assert left[0] < right[0]
    assert left[1] == pytest.approx(right[1], abs=1e-3)
    assert (left[0] + right[0]) / 2 == pytest.approx(127.5, abs=1e-3)
    assert 90 < left[1] < 127.5 < face[48:68, 1].mean() < 200
    assert np.linalg.det(result.affine[:, :2]) > 0  # no mirror image


def test_what_is_missing_is_said():
    with pytest.raises(InputError, match="choose one of synthetic"):
        crop("fomm")
    with pytest.raises(InputError, match="needs a face track"):
        crop("fomm_union")
    with pytest.raises(InputError, match="needs landmarks"):
        crop("ffhq_first_frame", track([(0, 0, 10, 10)]))
