"""Head, lids, brows and gaze, and their union with the mouth in a performance."""

import numpy as np
import pytest

from tavce.data.synthetic import motion
from tavce.data.synthetic.performance import COEFFICIENTS, Performance, frame_centres, perform
from tavce.data.synthetic.script import script
from tavce.data.synthetic.speech import fit_speech, speak
from tavce.data.synthetic.voices import VOICES
from tavce.errors import InputError

TIMES = frame_centres(2500)


@pytest.fixture(scope="module")
def spoken():
    return speak(script("train", 8.0, VOICES[3], 2), VOICES[3], 2)


def test_coefficients_come_in_the_order_of_their_names():
    def fill(*values: float) -> np.ndarray:
        return np.full((4, len(values)), values, np.float32).squeeze()

    names = ("aperture", "width", "protrusion", "teeth", "lids", "brows", "pose", "shift", "gaze")
    values = [(0,), (1,), (2,), (3,), (4, 5), (6,), (7, 8, 9), (10, 11), (12, 13)]
    performance = Performance(**{name: fill(*value) for name, value in zip(names, values, strict=True)})
    assert performance.coefficients()[0].tolist() == list(range(len(COEFFICIENTS)))
    assert COEFFICIENTS[4:10] == ("lid_right", "lid_left", "brows", "yaw", "pitch", "roll")
    assert performance.coefficients().dtype == np.float32


def test_performance_repeats_and_depends_on_the_seed(spoken):
    first, again, other = (perform(spoken, 6.0, seed).coefficients() for seed in (1, 1, 2))
    assert first.shape == (150, 14)
    assert first.tobytes() == again.tobytes()
    assert np.isfinite(first).all()
    # The mouth belongs to the speech, the rest to the seed.
    assert first[:, :4].tobytes() == other[:, :4].tobytes()
    assert all(np.abs(first[:, k] - other[:, k]).max() > 0.005 for k in range(4, 14))


def test_a_longer_performance_begins_like_a_shorter_one(spoken):
    long, short = perform(spoken, 6.0, 1), perform(spoken, 3.0, 1)
    assert np.allclose(long.lids[:75], short.lids)
    assert np.allclose(long.gaze[:60], short.gaze[:60], atol=1e-6)


def test_a_broken_number_of_frames_is_refused(spoken):
    with pytest.raises(InputError, match="whole number of frames"):
        perform(spoken, 3.013, 0)


def test_lids_follow_the_blink_list():
    for seed in range(5):
        blinks = motion.blink_times(100.0, seed)
        lids = motion.lids(TIMES, blinks)
        since = TIMES[:, None] - np.array(blinks)
        blinking = ((since > 0) & (since < 0.29)).any(axis=1)
        shut = ((since >= 0.08) & (since <= 0.11)).any(axis=1)
        assert (lids[~blinking] == 1).all()
        assert lids[shut].max() < 1e-9
        assert motion.lids(TIMES + 0.2, blinks)[shut].max() > 0.5
        assert np.allclose(motion.lids(np.array([blinks[1] + 0.04, blinks[1] + 0.2]), blinks[1:2]), 0.5)


def test_blinks_come_as_often_as_said():
    gaps = np.concatenate([np.diff(motion.blink_times(400.0, seed)) for seed in range(12)])
    assert gaps.min() >= 0.5
    assert gaps.mean() == pytest.approx(2.3, rel=0.05)
    assert np.log(gaps).std() == pytest.approx(0.6, rel=0.08)


def test_head_stays_within_its_limits_and_moves():
    for seed in range(20):
        pose = motion.head_pose(TIMES, [1.0, 2.0, 2.1], seed)
        assert (np.abs(pose) <= [8.0, 5.0, 4.0]).all()
        assert (pose.std(axis=0) > [0.8, 0.2, 0.4]).all()
        # Below 1 Hz: no jump from frame to frame.
        assert np.abs(np.diff(pose[200:], axis=0)).max() < 1.5


def test_the_head_nods_on_stressed_vowels(spoken):
    clip = fit_speech(spoken, 8.0)
    times, stresses = frame_centres(200), motion.stressed_times(clip.phonemes)
    assert len(stresses) >= 8

    def correlation(seed: int, shift_s: float) -> float:
        beat = np.zeros(200)
        for each in stresses:
            beat = np.maximum(beat, np.clip(1 - np.abs(times - each - shift_s) / 0.15, 0, 1))
        return float(np.corrcoef(beat, perform(clip, 8.0, seed).pose[:, 1])[0, 1])

    on_time = np.mean([correlation(seed, 0.0) for seed in range(12)])
    late = np.mean([correlation(seed, 0.2) for seed in range(12)])
    assert on_time < -0.5
    assert late > on_time + 0.4


def test_stresses_keep_their_distance(spoken):
    assert min(np.diff(motion.stressed_times(spoken.phonemes))) >= motion.NOD_GAP_S


def test_brows_rise_on_some_stresses():
    stresses = list(np.arange(1.0, 99.0, 1.0))
    at = np.searchsorted(TIMES, stresses)
    brows = np.mean([motion.brows(TIMES, stresses, seed) for seed in range(8)], axis=0)
    assert brows[at].mean() > brows[at - 12].mean() + 0.15
    assert np.abs(brows).max() <= 1


def test_gaze_holds_the_camera_and_counters_the_head():
    still = np.zeros((2500, 3))
    gaze = motion.gaze(TIMES, still, 100.0, 3)
    assert 0.4 < (np.abs(gaze).max(axis=1) < 1e-9).mean() < 0.85
    moved = np.abs(np.diff(gaze, axis=0)).max(axis=1)
    assert (moved < 1e-9).mean() > 0.85
    turned = motion.gaze(TIMES, still + np.array([7.0, 3.5, 0.0]), 100.0, 3)
    assert np.allclose(turned - gaze, [-0.2, 0.1])


def test_curves_do_not_depend_on_the_frame_rate():
    dense = np.sort(np.concatenate([TIMES, TIMES + 0.011]))
    picked = np.searchsorted(dense, TIMES)
    for curve in (
        lambda t: motion.head_pose(t, [3.0, 5.0], 1),
        lambda t: motion.brows(t, [3.0], 1),
        lambda t: motion.gaze(t, np.zeros((len(t), 3)), 100.0, 1),
        lambda t: motion.lids(t, [2.0, 6.0]),
    ):
        assert np.allclose(curve(dense)[picked], curve(TIMES))
