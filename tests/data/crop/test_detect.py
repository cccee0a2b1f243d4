"""Detectors: what they refuse, and what they see."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tavce.data.crop.detect import Detector, make_detector
from tavce.data.crop.ibug import MEDIAPIPE_OF_IBUG
from tavce.data.crop.mediapipe_faces import MediapipeDetector
from tavce.errors import InputError
from tavce.media.video import read_frames
from tests.data.crop.drawn import BlockDetector, unit_face

DET_SIZE = 64
RED = np.full((128, 128, 3), (255, 0, 0), dtype=np.uint8)


@pytest.fixture(scope="module")
def landmarker(real_clips: Path):
    return make_detector("mediapipe", str(real_clips / "face_landmarker.task"), 0)


@pytest.mark.parametrize(
    ("kind", "model", "det_size", "said"),
    [
        ("dlib", "", 0, "choose one of mediapipe, insightface, annotation"),
        ("annotation", "x.task", 0, "set model to an empty string"),
        ("annotation", "", 640, "set det_size to 0"),
        ("mediapipe", "face_landmarker", 640, "set det_size to 0"),
        ("mediapipe", "no_such_model", 0, "known names: face_landmarker"),
        ("insightface", "somewhere", 0, "multiple of 32"),
        ("insightface", "somewhere", 100, "multiple of 32"),
        ("insightface", "no/such/folder", 640, "holds no ONNX model"),
    ],
)
def test_wrong_settings(kind, model, det_size, said):
    with pytest.raises(InputError, match=said):
        make_detector(kind, model, det_size)


def test_annotation_needs_no_detector():
    assert make_detector("annotation", "", 0) is None
    assert isinstance(BlockDetector(), Detector)


def test_file_that_is_no_landmark_model(tmp_path: Path):
    path = tmp_path / "face.task"
    path.write_bytes(b"not a model")
    with pytest.raises(InputError, match="not a MediaPipe face landmark model"):
        make_detector("mediapipe", str(path), 0)


def test_missing_system_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from mediapipe.tasks.python import vision

    def absent(options):
        raise OSError("libGLESv2.so.2: cannot open shared object file")

    monkeypatch.setattr(vision.FaceLandmarker, "create_from_options", absent)
    path = tmp_path / "face.task"
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"libGLESv2.*apt-get install libegl1 libgles2"):
        make_detector("mediapipe", str(path), 0)


def test_ibug_points_are_distinct_mesh_points():
    assert len(MEDIAPIPE_OF_IBUG) == 68
    assert len(set(MEDIAPIPE_OF_IBUG)) == 68
    assert max(MEDIAPIPE_OF_IBUG) < 468


@pytest.mark.real
def test_landmarks_are_in_ibug_order(landmarker: MediapipeDetector, real_clips: Path):
    frame = next(read_frames(real_clips / "man_30fps_44k.mp4", max_frames=1))
    (face,) = landmarker(frame)
    x, y = face.landmarks.T
    assert (np.diff(x[4:13]) > 0).all()  # along the chin, from the left of the image to the right
    assert y[8] == max(y)
    assert (np.diff(x[17:27]) > 0).all()
    assert (np.diff(y[27:31]) > 0).all()
    assert (np.diff(x[31:36]) > 0).all()
    assert x[36] < x[37] < x[38] < x[39] < x[42] < x[43] < x[44] < x[45]
    assert max(y[37], y[38]) < min(y[40], y[41])
    assert max(y[43], y[44]) < min(y[46], y[47])
    assert x[48] == min(x[48:68])
    assert x[54] == max(x[48:68])
    assert (np.diff(x[48:55]) > 0).all()
    assert (np.diff(x[54:60]) < 0).all()
    assert y[51] < y[62] <= y[66] < y[57]
    assert x[60] < x[61] < x[62] < x[63] < x[64]


@pytest.mark.real
def test_name_and_same_answer_again(landmarker: MediapipeDetector, real_clips: Path):
    assert landmarker.name.startswith("mediapipe-")
    assert landmarker.name.endswith("-64184e22")
    frames = list(read_frames(real_clips / "smile_24p6fps.mp4", max_frames=4))
    alone = landmarker(frames[3])[0].landmarks
    after = [landmarker(frame) for frame in frames][3][0].landmarks
    assert np.array_equal(alone, after)  # no memory between frames


@pytest.mark.real
def test_view_with_padded_rows_is_read_right(landmarker: MediapipeDetector, real_clips: Path):
    frame = next(read_frames(real_clips / "suit_22fps.mp4", max_frames=1))
    padded = np.zeros((frame.shape[0], frame.shape[1] + 4, 3), dtype=np.uint8)
    padded[:, :-4] = frame
    (packed,), (view,) = landmarker(np.ascontiguousarray(frame)), landmarker(padded[:, :-4])
    assert np.array_equal(packed.landmarks, view.landmarks)


@pytest.mark.real
def test_landmarks_turn_with_the_picture(landmarker: MediapipeDetector, real_clips: Path):
    # A picture cut by 40 pixels moves the landmarks by 40, not by some multiple of the new width.
    frame = next(read_frames(real_clips / "blue_30fps.mp4", max_frames=1))
    (whole,), (part,) = landmarker(frame), landmarker(frame[20:, 40:])
    np.testing.assert_allclose(part.landmarks + np.array([40, 20]), whole.landmarks, atol=4)


@pytest.mark.real
def test_landmarks_count_from_pixel_centres(landmarker: MediapipeDetector, real_clips: Path):
    apart = []
    for name in ("man_30fps_44k", "smile_24p6fps", "suit_22fps"):
        frame = next(read_frames(real_clips / f"{name}.mp4", max_frames=1))
        frame = frame[: frame.shape[0] // 4 * 4, : frame.shape[1] // 4 * 4]
        small = cv2.resize(frame, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        (large,), (little,) = landmarker(frame), landmarker(small)
        apart.append((little.landmarks + 0.5) * 4 - 0.5 - large.landmarks)
    # Half a pixel taken off, as if x counted from the edge, would leave 1.5 here.
    assert np.abs(np.median(apart, axis=(0, 1))).max() < 0.6


def detection_model(path: Path, box, stride=8, score=0.9):
    """An SCRFD head whose every anchor is silent but the one at the middle, which reports `box` in a red picture."""
    limits = {"first": 0, "last": 1, "nothing": 0.0, "all": 1.0}
    tensors = [
        numpy_helper.from_array(
            np.array(value, np.float32 if isinstance(value, float) else np.int64).reshape(shape), name
        )
        for (name, value), shape in zip(limits.items(), ((1,), (1,), (), ()), strict=True)
    ]
    axis = numpy_helper.from_array(np.array([1], np.int64), "axis")
    nodes = [
        helper.make_node("Slice", ["input", "first", "last", "axis"], ["channel"]),  # the network's input is RGB
        helper.make_node("ReduceMean", ["channel"], ["mean"], keepdims=0),
        helper.make_node("Clip", ["mean", "nothing", "all"], ["red"]),
    ]
    outputs, tensors = [], [*tensors, axis]
    for kind, width in (("score", 1), ("bbox", 4)):
        for step in (8, 16, 32):
            values = np.zeros(((DET_SIZE // step) ** 2 * 2, width), dtype=np.float32)
            if step == stride:
                side = DET_SIZE // step
                anchor = 2 * (side // 2 * side + side // 2)
                values[anchor] = score if kind == "score" else np.array(box) / step
            tensors.append(numpy_helper.from_array(values, f"{kind}{step}_values"))
            outputs.append(helper.make_tensor_value_info(f"{kind}{step}", TensorProto.FLOAT, values.shape))
            inputs = [f"{kind}{step}_values", "red" if kind == "score" else "all"]
            nodes.append(helper.make_node("Mul", inputs, [f"{kind}{step}"]))
    _save(path, nodes, [1, 3, DET_SIZE, DET_SIZE], outputs, tensors)


def landmark_model(path: Path):
    """A 68-point head that always answers the unit face within its window (x, y in [-1, 1])."""
    points = np.zeros((1103, 3), dtype=np.float32)
    points[-68:, :2] = unit_face() - 0.5
    points[-68:, 2] = np.linspace(-0.2, 0.2, 68)
    tensor = numpy_helper.from_array(points.reshape(1, -1), "points")
    output = helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 3309])
    _save(path, [helper.make_node("Identity", ["points"], ["out"])], [1, 3, 192, 192], [output], [tensor])


def _save(path, nodes, shape, outputs, tensors):
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "made", [given], outputs, tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)


def test_insightface_reads_a_local_folder(tmp_path: Path):
    # The anchor at (32, 32) sees 12 left, 16 up, 12 right, 16 down; the picture is twice as large as the input.
    detection_model(tmp_path / "det.onnx", (12, 16, 12, 16))
    detector = make_detector("insightface", str(tmp_path), DET_SIZE)
    (face,) = detector(RED)
    assert face.box == pytest.approx((40, 32, 88, 96))
    assert face.score == pytest.approx(0.9, abs=0.01)
    assert face.landmarks is None
    assert detector.name.startswith("insightface-")
    assert detector.name.endswith("-64")
    assert detector(np.ascontiguousarray(RED[..., ::-1])) == []  # blue: the channels are not exchanged


def test_insightface_weak_detection_is_left_out_and_name_follows_the_weights(tmp_path: Path):
    names = []
    for score in (0.9, 0.4):
        folder = tmp_path / str(score)
        folder.mkdir()
        detection_model(folder / "det.onnx", (12, 16, 12, 16), score=score)
        detector = make_detector("insightface", str(folder), DET_SIZE)
        names.append(detector.name)
        assert len(detector(RED)) == (score > 0.5)
    assert names[0] != names[1]


def test_insightface_landmarks(tmp_path: Path):
    detection_model(tmp_path / "det.onnx", (12, 16, 12, 16))
    landmark_model(tmp_path / "lm.onnx")
    (face,) = make_detector("insightface", str(tmp_path), DET_SIZE)(RED)
    # The network's window is 1.5 times the longer side of the box (64) around its centre (64, 64).
    expected = (unit_face() - 0.5) * 48 + 64
    np.testing.assert_allclose(face.landmarks, expected, atol=0.1)
    assert face.landmarks.dtype == np.float32


def test_insightface_without_detection_model(tmp_path: Path):
    landmark_model(tmp_path / "lm.onnx")
    with pytest.raises(InputError, match=r"no detection model among \['lm.onnx'\]"):
        make_detector("insightface", str(tmp_path), DET_SIZE)


def test_insightface_damaged_file(tmp_path: Path):
    (tmp_path / "det.onnx").write_bytes(b"\x00 nothing")
    with pytest.raises(InputError, match="not an ONNX model"):
        make_detector("insightface", str(tmp_path), DET_SIZE)
