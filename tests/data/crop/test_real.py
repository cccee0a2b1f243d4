"""Real talkers through scan and crop: all frames with a face, in the middle and upright."""

from pathlib import Path

import numpy as np
import pytest

from tavce.data.crop.clip import crop_clip
from tavce.data.crop.detect import make_detector
from tavce.data.folder import scan
from tavce.media.audio import read_wav
from tavce.media.video import probe, read_frames, read_video
from tests.data.crop.drawn import settings

pytestmark = pytest.mark.real

GOOD = {"blue_30fps", "glasses_25fps", "hdtf_25fps", "man_30fps_44k", "smile_24p6fps", "suit_22fps"}
SECONDS = 1.2


@pytest.fixture(scope="module")
def detector(real_clips: Path):
    return make_detector("mediapipe", str(real_clips / "face_landmarker.task"), 0)


def crop_all(real_clips, detector, policy, out):
    rules = settings(policy=policy, detector="mediapipe", size=128, max_seconds=SECONDS, min_face_px=64.0)
    rows = scan(real_clips, dataset="folder", split="test")
    return {row.id: crop_clip(real_clips / row.source, row, rules, detector, out) for row in rows}


@pytest.mark.parametrize("policy", ["fomm_union", "ffhq_first_frame", "whole_frame"])
def test_good_clips_show_a_face_in_every_frame_and_bad_ones_a_reason(real_clips, detector, tmp_path, policy):
    clips = crop_all(real_clips, detector, policy, tmp_path)
    assert set(clips) == GOOD | {"bad_no_audio", "bad_tiny_face"}
    assert "no audio stream" in clips["bad_no_audio"].reason
    assert "no face was found in any of its 30 frames" in clips["bad_tiny_face"].reason
    for name in GOOD:
        clip = clips[name]
        assert clip.usable, clip.reason
        assert clip.frames == SECONDS * 25
        assert len(read_wav(tmp_path / f"{name}.wav")) == clip.frames * 640
        data = np.load(tmp_path / f"{name}.npz")
        assert data["found"].all()
        if policy != "whole_frame":
            upright_and_central(data["landmarks"], policy)


def upright_and_central(landmarks, policy):
    eyes = landmarks[:, 36:48].mean(axis=1)
    mouth = landmarks[:, 48:68].mean(axis=1)
    assert (np.abs((eyes + mouth) / 2 - 63.5) < 128 * 0.2).all()
    assert (mouth[:, 1] - eyes[:, 1] > 128 * 0.12).all()
    tilt = landmarks[:, 42:48].mean(axis=1) - landmarks[:, 36:42].mean(axis=1)
    angle = np.degrees(np.arctan2(tilt[:, 1], tilt[:, 0]))
    assert np.abs(angle).max() < 25
    if policy == "ffhq_first_frame":
        assert abs(angle[0]) < 5


def test_detector_sees_the_landmarks_where_the_crop_says(real_clips, detector, tmp_path):
    # Landmarks found in the source and mapped must lie where the detector finds them in the crop itself.
    clips = crop_all(real_clips, detector, "fomm_union", tmp_path)
    for name in sorted(GOOD):
        mapped = np.load(tmp_path / f"{name}.npz")["landmarks"][::10]
        seen = np.stack([detector(frame)[0].landmarks for frame in read_video(tmp_path / f"{name}.mkv")[::10]])
        assert np.abs(np.median(seen - mapped, axis=(0, 1))).max() < 0.6, name
        assert clips[name].usable
        late = np.abs(np.roll(seen, 1, axis=0)[1:] - mapped[1:]).mean()
        assert np.abs(seen - mapped)[1:].mean() < late, name  # one sample late is worse


def test_scan_counts_frames_as_decoding_does(real_clips):
    for row in scan(real_clips, dataset="folder", split="test"):
        if row.usable and row.id in ("suit_22fps", "smile_24p6fps"):  # the uneven ones
            assert row.frames == sum(1 for _ in read_frames(real_clips / row.source)), row.id
            assert probe(real_clips / row.source).has_audio
