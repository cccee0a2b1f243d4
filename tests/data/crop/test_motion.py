"""Motion coefficients of real faces: read by name, signs as in synthtalk, and as the crop shows them."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tavce.data.crop.clip import crop_clip
from tavce.data.crop.detect import make_detector
from tavce.data.crop.mediapipe_faces import MOTION_PARTS, MediapipeDetector
from tavce.data.crop.motion import BLENDSHAPES, COEFFICIENTS, EXPRESSION, head_pose, motion_in_crop, motion_row
from tavce.data.synthetic.head_pose import view
from tavce.data.synthetic.identity import make_identity
from tavce.data.synthetic.performance import Performance
from tavce.errors import InputError
from tavce.media.video import read_frames, read_video
from tests.data.crop.drawn import row, settings

FRAME = np.zeros((90, 160, 3), dtype=np.uint8)
SCORES = {name: (k + 1) / 100 for k, name in enumerate(sorted(BLENDSHAPES))}
POSES = [(20.0, 0.0, 0.0), (0.0, 15.0, 0.0), (0.0, 0.0, 10.0), (-25.0, 12.0, -8.0), (30.0, -20.0, 15.0)]


def turn(axis, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    a, b = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    result = np.eye(3)
    result[[a, a, b, b], [a, b, a, b]] = c, -s, s, c
    return result


def matrix(yaw, pitch, roll, place=(0.0, 0.0, -40.0)):
    """MediaPipe's axes: x right, y up, z to the viewer; looking up and tilting clockwise are negative turns there."""
    result = np.eye(4, dtype=np.float32)
    result[:3, :3] = turn("z", -roll) @ turn("y", yaw) @ turn("x", -pitch)
    result[:3, 3] = place
    return result


@pytest.fixture(scope="module")
def results():
    """MediaPipe's own result classes, filled by hand."""
    pytest.importorskip("mediapipe", reason="needs mediapipe's result classes: install tavce-bench[mediapipe]")
    from mediapipe.tasks.python.components.containers.category import Category
    from mediapipe.tasks.python.components.containers.landmark import NormalizedLandmark
    from mediapipe.tasks.python.vision import FaceLandmarkerResult

    def shapes(scores):
        order = np.random.default_rng(3).permutation(sorted(scores))
        return [Category(index=k, score=scores[name], category_name=str(name)) for k, name in enumerate(order)]

    def made(scores, matrices):
        points = [[NormalizedLandmark(x=k / 478, y=0.5, z=0.0) for k in range(478)] for _ in range(2)]
        return FaceLandmarkerResult(points, [shapes(each) for each in scores], matrices)

    return made


@dataclass(frozen=True)
class Answers:
    result: Any

    def detect(self, image):
        return self.result


def seen(result):
    return MediapipeDetector("mediapipe-x", Answers(result))(FRAME)


def test_layout_is_expression_eyes_pose():
    assert len(COEFFICIENTS) == len(set(COEFFICIENTS)) == 57
    assert COEFFICIENTS[:28] == EXPRESSION
    assert {name for name in BLENDSHAPES if name.startswith(("jaw", "mouth", "cheekPuff", "tongue"))} == set(EXPRESSION)
    assert COEFFICIENTS[28:30] == ("eyeBlinkLeft", "eyeBlinkRight")
    assert COEFFICIENTS[-6:] == ("yaw", "pitch", "roll", "x", "y", "z")


def test_names_are_those_of_mediapipe():
    theirs = pytest.importorskip("mediapipe.tasks.python.vision.face_landmarker", reason="needs tavce-bench[mediapipe]")
    theirs = [each.name for each in theirs.Blendshapes]
    ours = ["".join(f"_{letter}" if letter.isupper() else letter for letter in name).upper() for name in BLENDSHAPES]
    assert sorted([*ours, "NEUTRAL"]) == sorted(theirs)
    assert [name for name in theirs if name in ours[:28]] == ours[:28]  # in the model's own order


def test_blendshapes_are_read_by_name_and_neutral_is_dropped(results):
    others = {name: 1 - score for name, score in SCORES.items()}
    result = results([{**SCORES, "_neutral": 0.9, "tongueOut": 0.8}, others], [matrix(0, 0, 0), matrix(20, 0, 0)])
    first, second = (face.coefficients for face in seen(result))
    assert first.dtype == np.float32
    np.testing.assert_allclose(first[:51], [SCORES[name] for name in BLENDSHAPES], rtol=1e-6)
    np.testing.assert_allclose(second[:51], [1 - SCORES[name] for name in BLENDSHAPES], rtol=1e-6)
    assert second[51] == pytest.approx(20, abs=1e-4)
    by_index = [each.score for each in result.face_blendshapes[0]][:51]
    assert np.abs(first[:51] - by_index).max() > 0.1  # the mistake: by place in the list


def test_missing_blendshape_is_named(results):
    lacking = {name: score for name, score in SCORES.items() if name not in ("jawOpen", "eyeBlinkLeft")}
    with pytest.raises(
        InputError, match="mediapipe-x: gives no blendshape jawOpen, eyeBlinkLeft; take face_landmarker"
    ):
        seen(results([lacking, SCORES], [matrix(0, 0, 0)] * 2))


@pytest.mark.parametrize(("shapes", "matrices"), [(0, 2), (2, 0), (0, 0), (2, 1)])
def test_faces_without_motion_keep_their_landmarks(results, shapes, matrices):
    # One matrix for two faces: nobody knows whose it is.
    faces = seen(results([SCORES] * shapes, [matrix(9, 0, 0)] * matrices))
    assert [face.coefficients for face in faces] == [None, None]
    assert all(face.landmarks.shape == (68, 2) for face in faces)


@pytest.mark.parametrize("parts", [sorted(MOTION_PARTS), sorted(MOTION_PARTS)[:1], sorted(MOTION_PARTS)[1:], []])
def test_motion_is_asked_only_of_a_model_that_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts):
    vision = pytest.importorskip("mediapipe.tasks.python.vision", reason="needs tavce-bench[mediapipe]")
    asked = []

    def create(options):
        asked.extend([options.output_face_blendshapes, options.output_facial_transformation_matrixes])
        return SimpleNamespace(close=lambda: None)

    monkeypatch.setattr(vision.FaceLandmarker, "create_from_options", create)
    with zipfile.ZipFile(tmp_path / "made.task", "w") as bundle:
        for name in ("face_detector.tflite", *parts):
            bundle.writestr(name, b"")
    make_detector("mediapipe", str(tmp_path / "made.task"), 0)
    assert asked == [len(parts) == 2] * 2


@pytest.mark.parametrize("pose", POSES)
def test_angles_are_those_of_the_rotation_in_degrees(pose):
    np.testing.assert_allclose(head_pose(matrix(*pose)), [*pose, 0, 0, -40], atol=1e-4)
    mirrored = (-pose[0], pose[1], -pose[2])
    transposed = head_pose(np.block([[matrix(*pose)[:3, :3].T, np.array([[0], [0], [-40]])], [np.array([0, 0, 0, 1])]]))
    for mistake in (mirrored, np.radians(pose), transposed[:3]):
        if pose != mirrored:
            assert np.abs(np.array(mistake) - head_pose(matrix(*pose))[:3]).max() > 5


@pytest.mark.parametrize("pose", POSES)
def test_signs_are_those_of_synthtalk(pose):
    still, pair = np.zeros(1, np.float32), np.zeros((1, 2), np.float32)
    angles = np.array([pose], np.float32)
    performance = Performance(still, still, still, still, pair, still, angles, pair, pair)
    head = view(make_identity(0, 0), performance)
    nose, side = head.tilt[0] @ head.lift[0], head.tilt[0] @ head.plane[0][:, 0]  # y down
    rotation = matrix(*pose)[:3, :3]
    np.testing.assert_allclose(rotation[:2, 2] * (1, -1), nose, atol=1e-6)
    np.testing.assert_allclose(rotation[:2, 0] * (1, -1), side, atol=1e-6)


def test_a_face_beside_the_axis_is_not_taken_for_a_turned_one():
    # MediaPipe turns a frontal face to the middle of the picture by about a quarter of its angle off the axis.
    left = head_pose(matrix(6.0, 0.0, 0.0, place=(-16.0, 0.0, -40.0)))
    assert abs(left[0]) < 0.5
    above = head_pose(matrix(0.0, -6.0, 0.0, place=(0.0, 16.0, -40.0)))
    assert abs(above[1]) < 0.5
    assert left[3:].tolist() == [-16, 0, -40]


def project(place, width, height):
    x, y, z = place
    focal = height / 2 / np.tan(np.radians(31.5))
    return np.array([width / 2 + focal * x / -z, height / 2 - focal * y / -z]), focal / -z


def crop_map(scale, degrees, shift):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.column_stack([scale * np.array([[c, -s], [s, c]]), shift])


@pytest.mark.parametrize("degrees", [0.0, 12.0])
def test_crop_shows_the_face_where_its_coefficients_say(degrees):
    place = (7.0, -3.0, -55.0)
    source = motion_row(SCORES, matrix(10, -5, 4, place), "made")
    affine = crop_map(0.4, degrees, (-210.0, -60.0))
    moved = motion_in_crop(source[None], (1280, 720), affine, 256)[0]
    (pixel, size), (seen_at, seen_size) = project(place, 1280, 720), project(moved[-3:], 256, 256)
    np.testing.assert_allclose(seen_at, affine @ [*pixel, 1], atol=1e-3)
    assert seen_size == pytest.approx(0.4 * size, rel=1e-5)  # pixels per centimetre
    assert moved[53] - source[53] == pytest.approx(degrees, abs=1e-4)
    np.testing.assert_array_equal(moved[:53], source[:53])
    swapped = motion_in_crop(source[None], (720, 1280), affine, 256)[0]
    assert np.abs(swapped[-3:] - moved[-3:]).max() > 5  # the mistake: the camera's angle is that of the height


def test_whole_square_picture_at_any_size_changes_nothing():
    source = motion_row(SCORES, matrix(10, -5, 4, (7, -3, -55)), "made")[None]
    np.testing.assert_allclose(motion_in_crop(source, (512, 512), crop_map(0.25, 0.0, (0, 0)), 128), source, rtol=1e-5)


@pytest.fixture(scope="module")
def landmarker(real_clips: Path):
    return make_detector("mediapipe", str(real_clips / "face_landmarker.task"), 0)


def first_frame(path):
    return next(read_frames(path, max_frames=1))


@pytest.mark.real
@pytest.mark.parametrize("name", ["suit_22fps", "glasses_25fps"])
def test_mirror_image_turns_and_tilts_the_other_way(landmarker, real_clips: Path, name):
    frame = first_frame(real_clips / f"{name}.mp4")
    (face,), (other,) = landmarker(frame), landmarker(np.ascontiguousarray(frame[:, ::-1]))
    yaw, pitch, roll, x, y, z = face.coefficients[-6:]
    np.testing.assert_allclose(other.coefficients[-6:], [-yaw, pitch, -roll, -x, y, z], atol=1.5)
    nose, left, right = face.landmarks[30], face.landmarks[0], face.landmarks[16]
    assert yaw * (nose - (left + right) / 2)[0] > 0
    assert roll * (right - left)[1] > 0
    assert min(abs(yaw), abs(roll)) > 5


@pytest.mark.real
def test_pose_does_not_tell_where_in_the_picture_the_face_is(landmarker, real_clips: Path):
    frame = first_frame(real_clips / "smile_24p6fps.mp4")
    yaws = []
    for start in (0, 400):
        wide = np.full((frame.shape[0], frame.shape[1] + 400, 3), 127, np.uint8)
        wide[:, start : start + frame.shape[1]] = frame
        yaws.append(landmarker(wide)[0].coefficients[51])
    assert abs(yaws[0] - yaws[1]) < 3  # MediaPipe's own differ by 11


@pytest.mark.real
@pytest.mark.parametrize("policy", ["fomm_union", "ffhq_first_frame"])
def test_coefficients_of_a_crop_are_those_the_detector_sees_in_it(landmarker, real_clips: Path, tmp_path, policy):
    path = real_clips / "blue_30fps.mp4"  # beside and above the middle, tilted by 7 degrees
    rules = settings(policy=policy, detector="mediapipe", size=128, max_seconds=0.4, min_face_px=64.0)
    assert crop_clip(path, row(path), rules, landmarker, tmp_path).usable
    kept = np.load(tmp_path / "blue_30fps.npz")["coefficients"]
    assert kept.shape == (10, 57)
    again = np.stack([landmarker(frame)[0].coefficients for frame in read_video(tmp_path / "blue_30fps.mkv")])
    apart = np.abs((again - kept).mean(axis=0))
    assert apart[:51].max() < 0.15
    assert apart[51:].max() < 1.5
    source = np.stack([landmarker(frame)[0].coefficients for frame in read_frames(path, max_frames=10)])
    assert np.abs((again - source).mean(axis=0))[54:].max() > 10  # the mistake: the place in the source


@pytest.mark.real
def test_task_file_without_blendshapes_gives_the_same_landmarks(landmarker, real_clips: Path, tmp_path):
    older = tmp_path / "older.task"
    with zipfile.ZipFile(real_clips / "face_landmarker.task") as bundle, zipfile.ZipFile(older, "w") as made:
        for name in bundle.namelist():
            if name != "face_blendshapes.tflite":
                made.writestr(name, bundle.read(name))
    frame = first_frame(real_clips / "suit_22fps.mp4")
    (old,), (new,) = make_detector("mediapipe", str(older), 0)(frame), landmarker(frame)
    assert old.coefficients is None
    assert new.coefficients is not None
    assert np.array_equal(old.landmarks, new.landmarks)
