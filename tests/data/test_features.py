"""Features of a cropped clip: shapes, the mouth box rule, same bytes, and crops that do not fit."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tavce.data.clips import file_sha256
from tavce.data.crop.clip import crop_clip
from tavce.data.features import clip_features, mouth_boxes, write_features
from tavce.errors import InputError
from tavce.media.mel import mel_spectrogram
from tavce.media.mfcc import mfcc
from tests.data.crop.drawn import BlockDetector, noise, row, scene, settings, write_source


@pytest.fixture
def cropped(tmp_path: Path):
    path = write_source(tmp_path / "a.mkv", scene(20, step=1))
    np.savez(tmp_path / "a.npz", coefficients=np.ones((20, 3)))
    clip = crop_clip(path, row(path), settings(detector="mediapipe"), BlockDetector(), tmp_path / "crop")
    return clip, tmp_path / "crop"


def test_what_is_in_it(cropped, tmp_path: Path):
    clip, folder = cropped
    write_features(clip, folder, tmp_path / "features", mel_start=-2)
    data = np.load(tmp_path / "features/a.npz")
    assert sorted(data.files) == [
        "coefficients",
        "found",
        "landmarks",
        "mel",
        "mel_start",
        "mfcc",
        "mouth_boxes",
    ]
    np.testing.assert_array_equal(data["mel"], mel_spectrogram(noise(0.8)))
    np.testing.assert_allclose(data["mfcc"], mfcc(noise(0.8)), rtol=1e-6)
    assert data["mel_start"] == -2
    assert data["landmarks"].shape == (20, 68, 2)
    assert data["mouth_boxes"].shape == (20, 4)
    assert data["coefficients"].shape == (20, 3)


def test_same_bytes_whenever_written(cropped, tmp_path: Path):
    clip, folder = cropped
    for name in ("1", "2"):
        write_features(clip, folder, tmp_path / name, mel_start=0)
    assert file_sha256(tmp_path / "1/a.npz") == file_sha256(tmp_path / "2/a.npz")
    with zipfile.ZipFile(tmp_path / "1/a.npz") as file:
        assert {(each.date_time[0], each.compress_type) for each in file.infolist()} == {(1980, zipfile.ZIP_STORED)}


def test_mouth_box_rule():
    landmarks = np.zeros((3, 68, 2), dtype=np.float32)
    landmarks[:, 48:68] = np.array([[[128.0, 180.0]], [[10.0, 128.0]], [[250.0, 255.0]]])
    landmarks[0, 48] = 1000  # the median does not follow one stray point, as the mean would
    boxes = mouth_boxes(landmarks, 256)
    assert boxes[0].tolist() == [92, 144, 164, 216]
    assert boxes[1].tolist() == [-0.5, 92, 71.5, 164]
    assert boxes[2].tolist() == [183.5, 183.5, 255.5, 255.5]
    np.testing.assert_allclose(mouth_boxes(landmarks / 2 - 0.25, 128)[0], boxes[0] / 2 - 0.25)


def test_unusable_clip_writes_nothing(cropped, tmp_path: Path):
    clip, folder = cropped
    write_features(clip.unusable("no face"), folder, tmp_path / "features", mel_start=0)
    assert not (tmp_path / "features").exists()


def test_crops_that_do_not_fit(cropped):
    clip, folder = cropped
    with pytest.raises(InputError, match="mel_start"):
        clip_features(clip, folder, mel_start=1)
    with pytest.raises(InputError, match="20 frames and 12800 samples; the clip table says 19"):
        clip_features(replace(clip, frames=19), folder, mel_start=0)
    with np.load(folder / "a.npz") as file:
        arrays = dict(file)
    np.savez(folder / "a.npz", **{**arrays, "landmarks": np.full_like(arrays["landmarks"], np.nan)})
    blind = clip_features(clip, folder, mel_start=0)  # only boxes are annotated
    assert np.isnan(blind["mouth_boxes"]).all()
    assert np.isfinite(blind["mfcc"]).all()
    (folder / "a.npz").unlink()
    with pytest.raises(InputError, match="no such file"):
        clip_features(clip, folder, mel_start=0)
