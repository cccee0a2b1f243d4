"""A whole clip: its four files, its row, and nothing but a reason where it cannot be used."""

import pickle
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tavce.data.clips import file_sha256
from tavce.data.crop.clip import crop_clip
from tavce.data.crop.warp import transform_points
from tavce.errors import InputError
from tavce.media.audio import read_wav
from tavce.media.video import read_video
from tests.data.crop.drawn import BlockDetector, MovingDetector, noise, row, scene, settings, write_source

SEEN = BlockDetector()


def crop(path, out, detector=SEEN, clip=None, **changes):
    kind = "mediapipe" if detector else "annotation"
    return crop_clip(path, clip or row(path), settings(detector=kind, **changes), detector, out)


def refused(path, out, said, **keys):
    clip = crop(path, out, **keys)
    assert clip.status == "unusable"
    assert said in clip.reason
    assert (clip.frames, clip.box, clip.video_sha256) == (0, None, "")
    assert not list(out.rglob("*"))


def test_files_and_row(tmp_path: Path):
    path, out = write_source(tmp_path / "a.mkv", scene(20, step=1)), tmp_path / "out"
    clip = crop(path, out)
    assert sorted(file.name for file in out.iterdir()) == ["a.mkv", "a.npz", "a.png", "a.wav"]
    assert (clip.status, clip.frames, clip.start_s, clip.end_s) == ("ok", 20, 0.0, 0.8)
    video = read_video(out / "a.mkv")
    assert video.shape == (20, 64, 64, 3)
    assert np.array_equal(cv2.imread(str(out / "a.png"))[..., ::-1], video[0])
    sound = read_wav(out / "a.wav")
    assert len(sound) == 20 * 640
    assert np.array_equal(sound, noise(0.8))
    assert clip.video_sha256 == file_sha256(out / "a.mkv")
    assert clip.audio_sha256 == file_sha256(out / "a.wav")


def test_box_affine_and_landmarks_agree_with_the_picture(tmp_path: Path):
    path, out = write_source(tmp_path / "a.mkv", scene(20, step=1)), tmp_path / "out"
    clip = crop(path, out)
    # Red squares of 48 from x = 39.5 to 106.5 over the clip, y 29.5 to 77.5: union 67 x 48, crop side 80.4.
    assert clip.box == pytest.approx((73 - 40.2, 53.5 - 40.2, 73 + 40.2, 53.5 + 40.2), abs=1e-3)
    assert clip.affine[0] == pytest.approx(64 / 80.4)
    data = np.load(out / "a.npz")
    for k in (0, 19):
        x0, y0, x1, y1 = data["boxes"][k]
        red = read_video(out / "a.mkv")[k][..., 0] > 205
        rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
        assert (x0, x1) == pytest.approx((columns[0] - 0.5, columns[-1] + 0.5), abs=0.75)
        assert (y0, y1) == pytest.approx((rows[0] - 0.5, rows[-1] + 0.5), abs=0.75)
        chin = data["landmarks"][k, 8]
        assert chin == pytest.approx([(x0 + x1) / 2, y1], abs=1e-3)
    assert data["found"].all()
    assert data["landmarks"].dtype == np.float32
    assert data["size"] == 64


def test_same_bytes_again(tmp_path: Path):
    path = write_source(tmp_path / "a.mkv", scene(8))
    crop(path, tmp_path / "1")
    crop(path, tmp_path / "2")
    for name in ("a.mkv", "a.wav", "a.png", "a.npz"):
        assert file_sha256(tmp_path / "1" / name) == file_sha256(tmp_path / "2" / name), name


def test_part_from_start_to_end(tmp_path: Path):
    path = write_source(tmp_path / "a.mkv", scene(30, step=1))
    whole = crop(path, tmp_path / "whole", policy="whole_frame")
    part = crop(path, tmp_path / "part", clip=row(path, start_s=0.4, end_s=0.8), policy="whole_frame")
    assert (part.frames, part.start_s, part.end_s, whole.frames) == (10, 0.4, 0.8, 30)
    assert np.array_equal(read_video(tmp_path / "part/a.mkv"), read_video(tmp_path / "whole/a.mkv")[10:20])
    assert np.array_equal(read_wav(tmp_path / "part/a.wav"), read_wav(tmp_path / "whole/a.wav")[6400:12800])
    landmarks = [np.load(tmp_path / name / "a.npz")["landmarks"] for name in ("part", "whole")]
    assert np.array_equal(landmarks[0], landmarks[1][10:20])


def test_max_seconds(tmp_path: Path):
    path = write_source(tmp_path / "a.mkv", scene(30))
    clip = crop(path, tmp_path / "out", max_seconds=0.5)
    assert (clip.frames, clip.end_s) == (12, 0.48)
    assert len(read_wav(tmp_path / "out/a.wav")) == 12 * 640


def test_short_sound_is_padded(tmp_path: Path):
    path = write_source(tmp_path / "a.mkv", scene(20), seconds=0.4)
    crop(path, tmp_path / "out")
    sound = read_wav(tmp_path / "out/a.wav")
    assert len(sound) == 20 * 640
    assert not sound[6400:].any()


def test_annotation_of_a_drawn_clip_at_its_own_size_is_a_copy(tmp_path: Path):
    frames = list(scene(6, width=64, height=64, side=24, x=10, y=12, step=1))
    path = write_source(tmp_path / "a.mkv", frames)
    landmarks = np.random.default_rng(0).uniform(10, 50, (6, 68, 2)).astype(np.float32)
    np.savez(tmp_path / "a.npz", landmarks=landmarks, coefficients=np.arange(12.0).reshape(6, 2))
    crop(path, tmp_path / "out", detector=None, policy="synthetic")
    assert np.array_equal(read_video(tmp_path / "out/a.mkv"), np.stack(frames))
    data = np.load(tmp_path / "out/a.npz")
    assert np.array_equal(data["landmarks"], landmarks)
    assert data["coefficients"].tolist() == np.arange(12.0).reshape(6, 2).tolist()


def test_interpolated_frames_are_flagged(tmp_path: Path):
    frames = list(scene(12))
    frames[5][frames[5][..., 0] == 255] = (190, 70, 70)  # paler: not seen, and no cut
    path = write_source(tmp_path / "a.mkv", frames)
    assert crop(path, tmp_path / "out").usable
    data = np.load(tmp_path / "out/a.npz")
    assert np.flatnonzero(~data["found"]).tolist() == [5]
    np.testing.assert_allclose(data["landmarks"][5], data["landmarks"][4], atol=1e-4)


def test_coefficients_of_the_followed_face_are_kept(tmp_path: Path):
    frames = list(scene(8, width=64, height=64, side=24, x=16, y=20, step=2))
    frames[5][frames[5][..., 0] == 255] = (190, 70, 70)  # paler: not seen, and no cut
    path = write_source(tmp_path / "a.mkv", frames)
    crop(path, tmp_path / "out", detector=MovingDetector(), policy="synthetic")
    data = np.load(tmp_path / "out/a.npz")
    assert data["coefficients"].dtype == np.float32
    assert data["coefficients"].shape == (8, 57)
    np.testing.assert_allclose(data["coefficients"][:, 0], 15.5 + 2 * np.arange(8))
    assert np.flatnonzero(~data["found"]).tolist() == [5]
    np.testing.assert_allclose(data["coefficients"][:, -3], 15.5 + 2 * np.arange(8), rtol=1e-5)  # a crop that is a copy
    crop(path, tmp_path / "half", detector=MovingDetector(), policy="fomm_union")
    half = np.load(tmp_path / "half/a.npz")["coefficients"]
    np.testing.assert_array_equal(half[:, :53], data["coefficients"][:, :53])
    assert np.abs(half[:, 54:] - data["coefficients"][:, 54:]).max() > 1


def test_coefficients_of_the_annotation_win(tmp_path: Path):
    path = write_source(tmp_path / "a.mkv", scene(8))
    np.savez(tmp_path / "a.npz", coefficients=np.arange(16.0).reshape(8, 2))
    crop(path, tmp_path / "out", detector=MovingDetector())
    assert np.load(tmp_path / "out/a.npz")["coefficients"].tolist() == np.arange(16.0).reshape(8, 2).tolist()
    crop(write_source(tmp_path / "b.mkv", scene(8)), tmp_path / "out")
    assert "coefficients" not in np.load(tmp_path / "out/b.npz")  # a detector that does not tell


def test_unusable_clips_leave_a_reason_and_no_file(tmp_path: Path):
    out = tmp_path / "out"
    out.mkdir()
    refused(write_source(tmp_path / "mute.mkv", scene(8), audio=False), out, "no audio stream")
    refused(write_source(tmp_path / "single.mkv", scene(1)), out, "only 1 frames, at least 2")
    refused(write_source(tmp_path / "short.mkv", scene(8)), out, "only 8 frames, at least 10", min_frames=10)
    refused(write_source(tmp_path / "empty.mkv", scene(8, side=0)), out, "no face was found in any of its 8 frames")
    refused(write_source(tmp_path / "tiny.mkv", scene(8, side=6)), out, "6 pixels wide")
    spliced = [*scene(20, seed=1), *scene(20, seed=2)]
    refused(write_source(tmp_path / "cut.mkv", spliced), out, "cut at 0.80 s; split the video there")
    refused(write_source(tmp_path / "edge.mkv", scene(8, x=0, y=0)), out, "outside of the picture", max_outside=0.1)
    text = tmp_path / "text.mkv"
    text.write_text("no video")
    refused(text, out, "cannot be opened")
    whole = write_source(tmp_path / "whole.mkv", scene(50, step=1)).read_bytes()
    torn = tmp_path / "torn.mkv"
    torn.write_bytes(whole[: len(whole) // 2])
    refused(torn, out, " ")
    refused(write_source(tmp_path / "later.mkv", scene(8)), out, "no frames", clip=row(text, start_s=9.0))
    refused(write_source(tmp_path / "bare.mkv", scene(8)), out, "no annotation beside it", detector=None)
    np.savez(tmp_path / "bare.npz", boxes=np.tile([10.0, 10, 50, 50], (7, 1)))
    refused(tmp_path / "bare.mkv", out, "7 frames where the video has 8", detector=None)
    np.savez(tmp_path / "bare.npz", coefficients=np.ones((9, 2)))
    refused(tmp_path / "bare.mkv", out, "9 rows of coefficients", clip=row(tmp_path / "bare.mkv"), max_seconds=9.0)


def test_unusable_row_passes_through(tmp_path: Path):
    clip = row(tmp_path / "absent.mkv").unusable("never fetched")
    assert crop(tmp_path / "absent.mkv", tmp_path / "out", clip=clip) == clip
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"policy": "fomm"}, "policy is 'fomm'; choose one of synthetic"),
        ({"detector": "dlib"}, "detector is 'dlib'; choose one of mediapipe"),
        ({"size": 0}, "size is 0; choose 16 to 4096"),
        ({"min_frames": 1}, "min_frames is 1"),
        ({"max_seconds": float("nan")}, "max_seconds is nan"),
        ({"max_outside": 1.5}, "max_outside is 1.5; choose 0 to 1"),
    ],
)
def test_wrong_settings(changes, said):
    with pytest.raises(InputError, match=said):
        settings(**changes)


def test_settings_that_fit_no_clip_stop_the_run(tmp_path: Path):
    path = write_source(tmp_path / "a.mkv", scene(8))
    np.savez(tmp_path / "a.npz", boxes=np.tile([10.0, 10, 50, 50], (8, 1)))
    with pytest.raises(InputError, match="needs landmarks"):
        crop(path, tmp_path / "out", detector=None, policy="ffhq_first_frame")
    with pytest.raises(InputError, match="was not handed over"):
        crop_clip(path, row(path), settings(detector="mediapipe"), None, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_goes_to_a_worker(tmp_path: Path):
    path = write_source(tmp_path / "a.mkv", scene(8))
    work = pickle.loads(pickle.dumps((crop_clip, row(path), settings(detector="mediapipe"), SEEN)))  # noqa: S301
    assert work[0](path, *work[1:], tmp_path / "out").usable


def test_row_maps_the_crop_back_to_the_source(tmp_path: Path):
    path = write_source(tmp_path / "a.mkv", scene(8))
    clip = crop(path, tmp_path / "out")
    affine = np.array(clip.affine).reshape(2, 3)
    x0, y0, _, _ = clip.box
    np.testing.assert_allclose(transform_points(np.array([[x0, y0]]), affine), [[-0.5, -0.5]], atol=1e-9)


def test_several_detectors_move_the_speed_alone(tmp_path: Path):
    path = write_source(tmp_path / "a.mkv", scene(20, step=1))
    one = crop_clip(path, row(path), settings(detector="mediapipe"), SEEN, tmp_path / "one")
    more = [BlockDetector(), BlockDetector()]
    three = crop_clip(path, row(path), settings(detector="mediapipe"), SEEN, tmp_path / "three", more=more)
    assert three == one
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "three" / file.name).read_bytes()


def test_frames_that_do_not_fit_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write_source(tmp_path / "a.mkv", scene(20, step=1))
    kept = crop(path, tmp_path / "kept")
    monkeypatch.setattr("tavce.data.crop.clip.KEPT", 5 * 160 * 120 * 3)
    assert crop(path, tmp_path / "again") == kept
    assert (tmp_path / "again" / "a.mkv").read_bytes() == (tmp_path / "kept" / "a.mkv").read_bytes()


def comb(frames):
    """Weave each picture with the next: the top lines show the earlier moment."""
    pictures = list(frames)
    for picture, later in zip(pictures[0::2], pictures[1::2], strict=True):
        woven = picture.copy()
        woven[1::2] = later[1::2]
        yield woven


def in_yuv(path, pictures):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv444p"
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame.reformat(format="yuv444p")))
        container.mux(stream.encode(None))
    return path


def teeth(path):
    """How much neighbouring lines differ more than every other line does, as combs do."""
    video = read_video(path).astype(float)
    return np.abs(np.diff(video, axis=1)).mean() - np.abs(video[:, 2:] - video[:, :-2]).mean()


def test_interlaced_pictures_are_taken_apart(tmp_path: Path):
    wave = write_source(tmp_path / "sound.mkv", scene(40))
    moving = list(scene(80, step=1, x=10, side=60))
    clips = {
        "combed": in_yuv(tmp_path / "combed.mkv", comb(moving)),
        "whole": in_yuv(tmp_path / "whole.mkv", moving[0::2]),
    }
    rules = settings(policy="whole_frame", detector="mediapipe", size=120)
    for path in clips.values():
        made = crop_clip(path, row(path), rules, SEEN, tmp_path / "out", sound=wave)
        assert made.usable, made.reason
    assert teeth(tmp_path / "out" / "combed.mkv") < teeth(tmp_path / "out" / "whole.mkv") + 0.3
    whole = read_video(tmp_path / "out" / "whole.mkv").astype(float)
    mended = read_video(tmp_path / "out" / "combed.mkv").astype(float)
    assert np.abs(mended - whole).mean() < 2
