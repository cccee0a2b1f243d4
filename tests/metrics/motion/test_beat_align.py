"""Beat alignment: beats of made sounds and movements, the kernel by hand, own sound against another's."""

import numpy as np
import pytest

from metrics.beat_align import SIGMA_S, beat_align, head_beats, head_speed, loudness_curve, speech_beats
from metrics.record import NoValueError

FRAMES = 150


def syllables(times, seconds=6.0, width=0.06, height=8000):
    """int16 sound: a swelling tone at each time."""
    t = np.arange(round(16_000 * seconds)) / 16_000
    swell = sum((np.exp(-0.5 * ((t - at) / width) ** 2) for at in times), np.zeros_like(t))
    return (height * swell * np.sin(2 * np.pi * 700 * t)).astype(np.int16)


def nodding(stops, frames=FRAMES, height=4.0):
    """Landmarks of a stiff face, 40 px between the eyes, that goes up or down from stop to stop."""
    face = np.random.default_rng(6).uniform(20, 80, (68, 2))
    face[36], face[45] = (30, 40), (70, 40)
    t = (np.arange(frames) + 0.5) / 25
    knots = np.concatenate([[stops[0] - 0.5], stops, [stops[-1] + 0.5]])
    k = np.clip(np.searchsorted(knots, t) - 1, 0, len(knots) - 2)
    share = np.clip((t - knots[k]) / (knots[k + 1] - knots[k]), 0, 1)
    between = 0.5 - 0.5 * np.cos(np.pi * share)
    y = height * np.where(k % 2 == 0, between, 1 - between)
    return face + np.stack([np.zeros(frames), y], axis=-1)[:, None]


STOPS = np.array([0.9, 1.45, 2.1, 2.52, 3.3, 3.87, 4.6, 5.1])


def test_syllables_are_found_where_they_are():
    assert speech_beats(syllables(STOPS)) == pytest.approx(STOPS, abs=0.011)  # columns of 10 ms
    assert speech_beats(syllables(STOPS + 0.2)) == pytest.approx(STOPS + 0.2, abs=0.011)
    for gain in (0.02, 3.9):
        assert np.array_equal(speech_beats(syllables(STOPS, height=8000 * gain)), speech_beats(syllables(STOPS)))


def test_what_is_no_syllable_is_no_beat():
    noise = np.random.default_rng(0).normal(0, 300, 96_000).astype(np.int16)
    assert len(speech_beats(noise)) == 0
    assert len(speech_beats(np.zeros(96_000, np.int16))) == 0
    assert len(speech_beats(np.zeros(0, np.int16))) == 0
    assert len(speech_beats((2000 * np.sin(np.arange(96_000))).astype(np.int16))) == 0
    rumble = (20_000 * np.sin(2 * np.pi * 60 * np.arange(96_000) / 16_000)).astype(np.int16)
    assert speech_beats(syllables(STOPS) // 4 + rumble) == pytest.approx(STOPS, abs=0.011)


def test_the_curve_has_a_column_every_10_ms():
    assert loudness_curve(np.zeros(16_000, np.int16)).shape == (101,)


def test_pauses_of_the_head_are_found_where_they_are(moved):
    found = head_beats(nodding(STOPS))
    # Between a slow and a fast swing the smoothing moves a pause towards the slow one: measured 0.031 s at most.
    assert found == pytest.approx(STOPS, abs=0.035)
    assert head_beats(moved(nodding(STOPS))) == pytest.approx(found, abs=1e-9)
    # Frame k is shown from k / 25 s on, its middle is 20 ms later: without that, all would be early.
    assert abs(np.mean(found - STOPS)) < 0.008  # measured 0.002 s


def test_the_speed_is_in_percent_of_the_eye_distance_per_frame():
    points = nodding(STOPS) * 0 + nodding(STOPS)[:1] + np.array([0.2, 0.0]) * np.arange(FRAMES)[:, None, None]
    assert head_speed(points)[10:-10] == pytest.approx(100 * 0.2 / 40)
    assert np.isnan(head_speed(points)[[0, -1]]).all()


def test_ripples_and_rest_are_no_pauses(jittered):
    ripple = nodding(STOPS)[:1] + np.linspace(0, 30, FRAMES)[:, None, None]
    ripple[..., 1] += 0.01 * np.sin(np.arange(FRAMES))[:, None]
    assert len(head_beats(ripple)) == 0
    assert len(head_beats(nodding(STOPS, height=0.0))) == 0
    assert len(head_beats(nodding(STOPS, height=0.02))) == 0


def test_the_kernel_by_hand():
    points, sound = nodding(STOPS), syllables([1.0, 3.0])
    pauses, beats = head_beats(points), speech_beats(sound)
    gaps = [min(abs(pause - beat) for pause in pauses) for beat in beats]
    assert len(beats) == 2
    assert beat_align(points, sound) == pytest.approx(np.mean([np.exp(-(gap**2) / 2 / 0.05**2) for gap in gaps]))
    assert pytest.approx(0.05) == SIGMA_S


def test_pauses_on_the_beats_are_1_and_a_delay_costs():
    points = nodding(STOPS)
    on_time = beat_align(points, syllables(STOPS))
    assert on_time > 0.9  # measured 0.94
    values = [beat_align(points, syllables(STOPS + delay)) for delay in (0.04, 0.08, 0.16)]
    assert on_time > values[0] > values[1] > values[2]
    assert values[0] == pytest.approx(np.exp(-0.5 * (0.04 / 0.05) ** 2), abs=0.1)
    assert values[2] < 0.15


def test_each_beat_of_the_sound_counts_and_not_each_pause():
    """A head with pauses beside the beats loses nothing; a beat without a pause does: the direction of the mean."""
    assert beat_align(nodding(STOPS), syllables(STOPS[::2])) > 0.9  # measured 0.94
    # Measured 0.40: the pauses at every other beat are near, the swings between them are not.
    assert beat_align(nodding(STOPS[::2]), syllables(STOPS)) < 0.55


def test_people_nod_on_their_own_syllables_and_not_on_anothers(takes, jittered):
    own = np.array([beat_align(take.landmarks, take.samples) for take in takes])
    other = np.array(
        [beat_align(a.landmarks, b.samples) for a in takes for b in takes if a is not b],
    )
    # Measured over 24 takes: 0.58 against 0.32, area under the curve 0.98.
    assert own.mean() - other.mean() > 0.15
    assert (own[:, None] > other).mean() > 0.9
    late = np.mean([beat_align(take.landmarks, np.roll(take.samples, 3 * 640)) for take in takes])
    assert late < own.mean() - 0.15
    noisy = np.mean([beat_align(jittered(take.landmarks), take.samples) for take in takes])
    assert noisy == pytest.approx(own.mean(), abs=0.08)


def test_beats_while_no_face_is_seen_do_not_count():
    points, sound = nodding(STOPS), syllables(STOPS)
    points[60:90] = np.nan  # 2.4 to 3.6 s: the beats at 2.52 and 3.3 s
    seen_beats = syllables(STOPS[[0, 1, 2, 5, 6, 7]])
    assert len(speech_beats(seen_beats)) == 6
    assert beat_align(points, sound) == pytest.approx(beat_align(points, seen_beats))
    # Counted, they would find no pause near by.
    pauses = head_beats(points)
    assert min(abs(pauses - 2.52)) > 0.1


def test_sound_beyond_the_video_does_not_count():
    points = nodding(STOPS)[:75]
    assert beat_align(points, syllables(STOPS)) == beat_align(points, syllables(STOPS)[: 75 * 640 + 8000])


def test_no_value_says_why():
    points, sound = nodding(STOPS), syllables(STOPS)
    with pytest.raises(NoValueError, match="the head has no pause"):
        beat_align(np.repeat(points[:1], FRAMES, axis=0), sound)
    for silent in (np.zeros(96_000, np.int16), np.zeros(0, np.int16)):
        with pytest.raises(NoValueError, match="the sound has no beat"):
            beat_align(points, silent)
    for blind in (np.full_like(points, np.nan), points[:0]):
        with pytest.raises(NoValueError, match="the sound has no beat while a face is seen"):
            beat_align(blind, sound)
    with pytest.raises(NoValueError, match="the head has no pause"):
        beat_align(nodding(STOPS)[:24], syllables([0.5]))
