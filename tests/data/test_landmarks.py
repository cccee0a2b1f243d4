"""Landmarks of a cropped video, by a detector that knows the drawing."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tavce.data.crop.clip import crop_clip
from tavce.data.crop.faces import Face
from tavce.data.landmarks import frame_landmarks
from tavce.errors import InputError
from tavce.media.video import read_video
from tests.data.crop.drawn import BlockDetector, row, scene, settings, write_source


@dataclass(frozen=True)
class BoxDetector:
    """Sees a box in every frame, and no landmarks."""

    name: str = "boxes"

    def __call__(self, frame: np.ndarray) -> list[Face]:
        return [Face((0.0, 0.0, 9.0, 9.0), 1.0, None)]


def test_they_lie_where_the_crop_put_the_face(tmp_path: Path):
    path = write_source(tmp_path / "a.mkv", scene(20, step=1))
    crop_clip(path, row(path), settings(detector="mediapipe"), BlockDetector(), tmp_path / "crop")
    with np.load(tmp_path / "crop/a.npz") as crop:
        exact = crop["landmarks"]
    found = frame_landmarks(read_video(tmp_path / "crop/a.mkv"), BlockDetector())
    np.testing.assert_allclose(found, exact, atol=1.5)
    assert not np.allclose(found[1:], exact[:-1], atol=1e-3)


def test_a_frame_without_a_face_is_nan_and_boxes_alone_are_refused():
    empty = np.zeros((2, 64, 64, 3), np.uint8)
    assert np.isnan(frame_landmarks(empty, BlockDetector())).all()
    with pytest.raises(InputError, match="gives no landmarks"):
        frame_landmarks(empty, BoxDetector())
