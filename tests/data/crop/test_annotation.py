"""Annotations beside the clip: what is read, and what is refused with a sentence."""

from pathlib import Path

import numpy as np
import pytest

from tavce.data.crop.annotation import read_coefficients, read_official_box, read_track
from tavce.data.crop.faces import UnusableError
from tavce.data.crop.policies import OfficialBox
from tests.data.crop.drawn import unit_face

ALL = slice(0, 100)


def landmarks(frames):
    return np.stack([unit_face() * 50 + k for k in range(frames)])


def test_landmarks_alone_give_head_boxes(tmp_path: Path):
    np.savez(tmp_path / "a.npz", landmarks=landmarks(5), coefficients=np.arange(10.0).reshape(5, 2))
    track = read_track(tmp_path / "a.mp4", ALL)
    np.testing.assert_allclose(track.landmarks, landmarks(5))
    np.testing.assert_allclose(track.boxes[2], [2, -2.5 + 2, 52, 52], atol=1e-4)
    assert track.found.all()
    assert read_coefficients(tmp_path / "a.mp4", slice(1, 3)).tolist() == [[2, 3], [4, 5]]
    assert read_coefficients(tmp_path / "b.mp4", ALL) is None


def test_own_boxes_win_and_part_is_taken(tmp_path: Path):
    boxes = np.arange(20.0).reshape(5, 4)
    np.savez(tmp_path / "a.npz", landmarks=landmarks(5), boxes=boxes)
    track = read_track(tmp_path / "a.mp4", slice(2, 4))
    np.testing.assert_array_equal(track.boxes, boxes[2:4])
    np.testing.assert_array_equal(track.landmarks, landmarks(5)[2:4])


def test_csv(tmp_path: Path):
    (tmp_path / "a.csv").write_text("frame,x0,y0,x1,y1\n0,1,2,3,4\n1,5,6,7,8.5\n")
    track = read_track(tmp_path / "a.mp4", ALL)
    assert track.boxes.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8.5]]
    assert np.isnan(track.landmarks).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("frame,x,y,w,h\n0,1,2,3,4\n", "has columns"),
        ("frame,x0,y0,x1,y1\n0,1,2,3,4\n2,1,2,3,4\n", "without a gap"),
        ("frame,x0,y0,x1,y1\n0,1,2,3,\n", "NaN"),
        ("frame,x0,y0,x1,y1\n0,1,2,3,wide\n", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_wrong_csv(tmp_path: Path, text, said):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(UnusableError, match=said):
        read_track(tmp_path / "a.mp4", ALL)


def test_wrong_npz(tmp_path: Path):
    with pytest.raises(UnusableError, match="no annotation beside it"):
        read_track(tmp_path / "a.mp4", ALL)
    (tmp_path / "a.npz").write_bytes(b"x")
    with pytest.raises(UnusableError, match="not an npz file"):
        read_track(tmp_path / "a.mp4", ALL)
    np.savez(tmp_path / "a.npz", landmarks=landmarks(5)[:, :, ::-1].transpose(0, 2, 1), boxes=np.ones((5, 4)))
    with pytest.raises(UnusableError, match="shape"):
        read_track(tmp_path / "a.mp4", ALL)
    np.savez(tmp_path / "a.npz", boxes=np.full((5, 4), np.nan))
    with pytest.raises(UnusableError, match="NaN"):
        read_track(tmp_path / "a.mp4", ALL)


def test_official_box(tmp_path: Path):
    assert read_official_box(tmp_path / "a.mp4") is None
    np.savez(tmp_path / "a.npz", hdtf_crop=np.array([10, 20, 30, 20, 720]))
    assert read_official_box(tmp_path / "a.mp4") == OfficialBox(x=10.0, w=20.0, y=30.0, h=20.0, reference_height=720.0)
    np.savez(tmp_path / "a.npz", hdtf_crop=np.array([10, 20, 30, 0]))
    with pytest.raises(UnusableError, match="hdtf_crop"):
        read_official_box(tmp_path / "a.mp4")
