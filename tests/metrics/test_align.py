"""Alignment against insightface and scikit-image, and what a face looks like that was aligned by mistake."""

import inspect
import warnings

import cv2
import numpy as np
import pytest
from insightface.utils import face_align
from skimage.transform import SimilarityTransform

from metrics.align import SIDE, TEMPLATE, aligned_faces, five_points, similarity_to_template

FIT = 1e-6


def noisy_faces(count=20):
    """Five points of faces of all sizes, places and rotations, with errors that no similarity explains."""
    rng = np.random.default_rng(2)
    angles, scales = rng.uniform(-np.pi, np.pi, count), rng.uniform(0.3, 8, count)
    turned = [
        TEMPLATE @ (scale * np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]))
        for a, scale in zip(angles, scales, strict=True)
    ]
    return np.stack(turned) + rng.uniform(-50, 900, (count, 1, 2)) + rng.normal(0, 3, (count, 5, 2))


def picture(side=200):
    rng = np.random.default_rng(6)
    noise = cv2.GaussianBlur(rng.uniform(0, 255, (side, side, 3)), (0, 0), 3)
    return np.clip((noise - 127) * 6 + 127, 0, 255).astype(np.uint8)


def landmarks_of(points):
    """68 points whose five points are those given."""
    landmarks = np.zeros((len(points), 68, 2))
    landmarks[:, 36:42], landmarks[:, 42:48] = points[:, :1], points[:, 1:2]
    landmarks[:, 30], landmarks[:, 48], landmarks[:, 54] = points[:, 2], points[:, 3], points[:, 4]
    return landmarks


def test_the_fit_is_umeyama_of_scikit_image():
    points = noisy_faces()
    found = similarity_to_template(points)
    expected = np.stack([SimilarityTransform.from_estimate(face, TEMPLATE).params[:2] for face in points])
    np.testing.assert_allclose(found, expected, atol=FIT, rtol=FIT)


def test_other_fits_are_worse():
    """The least squares of the fit: a full affine map is no similarity, and any step away from it costs."""
    points = noisy_faces(4)
    found = similarity_to_template(points)

    def cost(matrices):
        mapped = np.einsum("fij,fpj->fpi", matrices[..., :2], points) + matrices[:, None, :, 2]
        return np.square(mapped - TEMPLATE).sum(axis=(1, 2))

    for step in ([[0, 0, 0.1], [0, 0, 0]], [[1e-4, 0, 0], [0, 1e-4, 0]], [[0, -1e-4, 0], [1e-4, 0, 0]]):
        assert (cost(found + np.array(step)) > cost(found)).all()
        assert (cost(found - np.array(step)) > cost(found)).all()


def test_no_reflection_even_where_it_would_fit_better():
    mirrored = np.stack([TEMPLATE * (-1, 1) + (112, 0), TEMPLATE])
    linear = similarity_to_template(mirrored)[..., :2]
    assert (np.linalg.det(linear) > 0).all()
    assert np.linalg.norm(linear[0] - np.eye(2)) > 0.1
    np.testing.assert_allclose(linear[1], np.eye(2), atol=1e-12)


def test_frames_do_not_touch_one_another():
    points = noisy_faces()
    whole = similarity_to_template(points)
    single = np.concatenate([similarity_to_template(points[k : k + 1]) for k in range(len(points))])
    assert np.array_equal(whole, single)


def test_five_points_are_eyes_nose_and_corners():
    rng = np.random.default_rng(1)
    landmarks = rng.uniform(0, 100, (2, 68, 2)).astype(np.float32)
    points = five_points(landmarks)
    np.testing.assert_allclose(points[1, 0], landmarks[1, 36:42].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(points[1, 1], landmarks[1, 42:48].mean(axis=0), rtol=1e-6)
    assert np.array_equal(points[:, 2:], landmarks[:, [30, 48, 54]])


def test_faces_are_those_of_insightface():
    points = noisy_faces(6)
    points = points / points.max(axis=(1, 2), keepdims=True) * 190
    frame = picture()
    found = aligned_faces(np.repeat(frame[None], 6, axis=0), landmarks_of(points))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # scikit-image's, on a method that insightface still calls
        expected = np.stack([face_align.norm_crop(frame, face.astype(np.float32)) for face in points])
    difference = np.abs(found.faces.astype(int) - expected)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.001
    assert found.found.all()
    assert expected.std() > 30


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(lambda x: x[..., ::-1, :], id="eyes exchanged"),
        pytest.param(lambda x: x[..., ::-1], id="x and y exchanged"),
        pytest.param(lambda x: x + 0.5, id="corner of the pixel for its centre"),
    ],
)
def test_mistaken_points_give_other_faces(mistake):
    frame, points = picture()[None], TEMPLATE[None] * 1.3 + 5
    right = aligned_faces(frame, landmarks_of(points)).faces
    wrong = aligned_faces(frame, landmarks_of(mistake(points))).faces
    assert np.abs(right.astype(int) - wrong).mean() > 2


def test_a_face_on_the_template_is_cut_out_pixel_by_pixel_with_black_around():
    frame = picture()
    shifted = landmarks_of(TEMPLATE + np.array([[(0, 0)], [(30, 17)], [(-20, 0)]]))
    faces = aligned_faces(np.stack([frame] * 3), shifted).faces
    assert np.array_equal(faces[0], frame[:SIDE, :SIDE])
    assert np.array_equal(faces[1], frame[17 : 17 + SIDE, 30 : 30 + SIDE])
    assert not faces[2, :, :20].any()
    assert np.array_equal(faces[2, :, 20:], frame[:SIDE, : SIDE - 20])


def test_frames_without_a_face_are_reported_and_black():
    landmarks = landmarks_of(np.stack([TEMPLATE] * 3))
    landmarks[1] = np.nan
    aligned = aligned_faces(np.stack([picture()] * 3), landmarks.astype(np.float32))
    assert aligned.found.tolist() == [True, False, True]
    assert not aligned.faces[1].any()
    assert aligned.faces[2].any()
    nobody = aligned_faces(np.stack([picture()] * 3), np.full((3, 68, 2), np.nan))
    assert not nobody.found.any()
    assert aligned_faces(picture()[None][:0], landmarks[:0]).faces.shape == (0, SIDE, SIDE, 3)


def symmetric_about_nothing():
    """Five points on which all rotations are equally bad: the regression on the template is 0."""
    centred = (TEMPLATE - TEMPLATE.mean(axis=0)) @ (1, 1j)
    other = np.array([1, 2j, -1, -1j, 0.5]) - np.mean([1, 2j, -1, -1j, 0.5])
    orthogonal = other - centred * (np.vdot(centred, other) / np.vdot(centred, centred))
    return np.stack([orthogonal.real, orthogonal.imag], axis=-1) + 60


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.full((5, 2), 40.0), "coincide or are not finite; the first are frames 1"),
        (np.full((5, 2), np.inf), "coincide or are not finite"),
        (symmetric_about_nothing(), "fit no similarity"),
    ],
)
def test_degenerate_points_are_refused(points, message):
    frames = np.stack([picture()] * 3)
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=message):
        aligned_faces(frames, landmarks_of(np.stack([TEMPLATE, points, TEMPLATE])))


def test_halves_of_faces_and_unequal_lengths_are_refused():
    landmarks = landmarks_of(TEMPLATE[None])
    with pytest.raises(ValueError, match="as many landmarks, got uint8 2, 1"):
        inspect.unwrap(aligned_faces)(np.stack([picture()] * 2), landmarks)
    landmarks[0, 5] = np.nan
    with pytest.raises(ValueError, match="NaN in part of a frame"):
        aligned_faces(picture()[None], landmarks)
