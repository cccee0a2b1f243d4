"""Eyelids: the aspect ratio by hand, every blink of synthtalk found and no other, and how the metrics fail."""

from itertools import islice

import numpy as np
import pytest

from metrics.eyes import blink_rate, blink_rate_error, blinks, eye_aspect_ratio, eyelid_closure, eyelid_distance
from metrics.eyes import open_level as level_of
from metrics.record import NoValueError
from tavce.data.crop.mediapipe_faces import mediapipe_detector
from tavce.data.landmarks import frame_landmarks
from tavce.media.video import read_frames


def eyes(ratios):
    """Landmarks whose eyes are 10 px wide and have these aspect ratios, one per frame."""
    points = np.zeros((len(ratios), 68, 2))
    for first in (36, 42):
        x = 5.0 * first + np.array([0, 3, 7, 10, 7, 3])
        points[:, first : first + 6, 0] = x
        points[:, first + 1 : first + 3, 1] = -5 * np.array(ratios)[:, None]
        points[:, first + 4 : first + 6, 1] = 5 * np.array(ratios)[:, None]
    return points


def closing(*closures, before=40, after=40, level=0.3):
    return eyes(level * (1 - np.array([0.0] * before + list(closures) + [0.0] * after)))


def still(points, frame, frames=150):
    return np.repeat(points[frame : frame + 1], frames, axis=0)


def whole_blinks(take):
    """How often the lids are fully down within the clip: 80 to 110 ms after a blink begins."""
    return sum(0 <= start + 0.095 < len(take.landmarks) / 25 for start in take.blinks)


def test_the_aspect_ratio_by_hand():
    points = eyes([0.3, 0.05])
    points[0, 37, 1] = -4.0  # |p1 - p5| = 1.5 + 4, |p2 - p4| = 3
    assert eye_aspect_ratio(points) == pytest.approx(np.array([[(5.5 + 3) / 20, 0.3], [0.05, 0.05]]))


def test_place_scale_and_tilt_do_not_matter(takes, moved):
    points = takes[0].landmarks
    assert eye_aspect_ratio(moved(points)) == pytest.approx(eye_aspect_ratio(points), rel=1e-6)


def test_the_closure_follows_synthtalks_lids(takes):
    for take in takes:
        closure = eyelid_closure(take.landmarks, level_of(take.landmarks))
        assert np.corrcoef(closure, 1 - take.truth["lid_right"])[0, 1] > 0.99
        # Measured 0.994 and more. The brows, which move on the same face, are no substitute.
        assert abs(np.corrcoef(closure, take.truth["brows"])[0, 1]) < 0.6


def test_every_blink_is_found_and_no_other(takes, jittered, moved):
    assert sum(whole_blinks(take) for take in takes) > 15
    for take in takes:
        found = blinks(take.landmarks)
        assert len(found) == whole_blinks(take)
        starts = 25 * np.array(take.blinks)
        assert all(np.abs((first + last) / 2 - (starts + 3.5)).min() < 2 for first, last in found)
        assert blinks(moved(take.landmarks)) == found
        assert len(blinks(jittered(take.landmarks))) == len(found)


def test_noise_of_the_landmarks_makes_no_blink(takes, jittered):
    for take in takes:
        awake = int(np.argmin(eyelid_closure(take.landmarks, level_of(take.landmarks))))
        assert blinks(jittered(still(take.landmarks, awake, 1500))) == []
        asleep = int(np.argmax(eyelid_closure(take.landmarks, level_of(take.landmarks))))
        if eye_aspect_ratio(take.landmarks)[asleep].mean() < 0.05:
            assert blinks(jittered(still(take.landmarks, asleep, 1500))) == []


@pytest.mark.parametrize(
    ("closures", "found"),
    [
        ([0.4, 0.9, 0.4], [(40, 42)]),
        ([0.9], []),  # one frame: a slip of the detector
        ([0.29, 0.9, 0.29], []),
        ([0.4, 0.49, 0.45, 0.4], []),  # a glance down
        ([0.8] * 15, [(40, 54)]),
        ([0.8] * 16, []),  # asleep, or looking at notes
        ([0.9, 0.9, 0.35, 0.9, 0.9], [(40, 44)]),  # trembling at the bottom is one blink
        ([0.9, 0.9, 0.1, 0.9, 0.9], [(40, 41), (43, 44)]),
    ],
)
def test_the_rule_of_a_blink(closures, found):
    assert blinks(closing(*closures)) == found
    for level in (0.15, 0.6):  # narrow and wide eyes
        assert blinks(closing(*closures, level=level)) == found


def test_a_fixed_threshold_would_fail_on_narrow_eyes():
    narrow = closing(*[0.8] * 4, level=0.18)
    assert (eye_aspect_ratio(narrow) < 0.2).all()  # the customary threshold of 0.2 sees one long blink, or none
    assert len(blinks(narrow)) == 1


def test_a_blink_at_either_end_counts():
    assert blinks(closing(0.9, 0.9, 0.5, before=0)) == [(0, 2)]
    assert blinks(closing(0.5, 0.9, after=0)) == [(40, 41)]


def test_frames_without_a_face_neither_cut_nor_make_a_blink():
    points = closing(0.9, 0.9, 0.9, 0.9, 0.9)
    for lost in (slice(42, 43), slice(41, 44), slice(10, 30)):
        holed = points.copy()
        holed[lost] = np.nan
        assert blinks(holed) == [(40, 44)]
    holed = points.copy()
    holed[40:45] = np.nan
    assert blinks(holed) == []


def test_a_long_closure_stays_one_although_frames_of_it_are_lost():
    points = closing(*[0.9] * 17)
    points[45:50] = np.nan  # 12 of 17 frames are left
    assert blinks(points) == []


def test_the_open_level_is_that_of_the_open_eyes_although_they_are_mostly_shut():
    assert level_of(eyes([0.3] * 40 + [0.02] * 60)) == pytest.approx(0.3)
    assert blinks(eyes([0.3] * 40 + [0.02] * 55 + [0.3] * 5)) == []


def test_the_rate_is_per_minute_of_seen_time():
    points = closing(0.9, 0.9, before=74, after=74)  # 150 frames, 6 s
    assert blink_rate(points) == 10
    assert blink_rate_error(points, closing(before=75, after=75)) == 10
    points[:50] = np.nan  # 4 s are seen
    assert blink_rate(points) == 15


def test_the_moment_of_a_blink_matters_to_the_distance_and_not_to_the_rate():
    early, late = closing(0.9, 0.9, before=20, after=60), closing(0.9, 0.9, before=60, after=20)
    assert blink_rate_error(early, late) == 0
    assert eyelid_distance(early, late).mean() == pytest.approx(4 * 0.9 / 82)
    assert eyelid_distance(early, early).sum() == 0


def test_eyes_that_stay_half_closed_cost_although_they_never_blink():
    half = eyes([0.15] * 82)
    assert blinks(half) == []
    assert eyelid_distance(half, closing(0.0, 0.0)) == pytest.approx(0.5)


def test_a_still_face_is_caught_by_both(takes):
    lively = [take for take in takes if len(blinks(take.landmarks)) >= 2]
    assert len(lively) >= 4
    for take in lively:
        frozen = still(take.landmarks, 40)
        assert blink_rate_error(frozen, take.landmarks) == blink_rate(take.landmarks) >= 20
        late = np.roll(take.landmarks, 12, axis=0)
        assert blink_rate_error(late, take.landmarks) <= 10  # a blink may be cut in two by the ends
        assert eyelid_distance(late, take.landmarks).mean() > 0.03


def test_frames_lost_on_either_side_are_nan(takes):
    ours, theirs = takes[0].other.copy(), takes[0].landmarks.copy()
    whole = eyelid_distance(ours, theirs)
    ours[3], theirs[7] = np.nan, np.nan
    values = eyelid_distance(ours, theirs)
    assert np.flatnonzero(np.isnan(values)).tolist() == [3, 7]
    assert np.delete(values, [3, 7]) == pytest.approx(np.delete(whole, [3, 7]), abs=0.02)


def test_no_value_says_why():
    short, long = closing(0.9, 0.9, before=8, after=8), closing(0.9, 0.9)
    with pytest.raises(NoValueError, match="18 frames with a face are too few to tell how open"):
        eyelid_distance(short, short)
    with pytest.raises(NoValueError, match="18 frames with a face are too few for a blink rate"):
        blink_rate_error(short, short)
    with pytest.raises(NoValueError, match="0 frames"):
        blink_rate_error(np.full_like(long, np.nan), long)
    with pytest.raises(NoValueError, match=r"eyes are shut \(aspect ratio 0.04\)"):
        eyelid_distance(long, eyes([0.04] * len(long)))
    assert blink_rate_error(eyes([0.04] * len(long)), long) == pytest.approx(1500 / 82)  # shut eyes do not escape


@pytest.mark.real
def test_the_blinks_of_a_real_clip_are_those_that_one_sees(real_clips):
    pytest.importorskip("mediapipe", reason="the optional extra `mediapipe` finds the landmarks")
    detector = mediapipe_detector(str(real_clips / "face_landmarker.task"))
    frames = list(islice(read_frames(real_clips / "hdtf_25fps.mp4"), 116))
    found = blinks(np.concatenate([frame_landmarks(frame[None], detector) for frame in frames]))
    # Read off the pictures: shut in the first, wide open in the second.
    assert all(any(first <= k <= last for first, last in found) for k in (11, 35, 80, 97, 111))
    assert not any(first <= k <= last for first, last in found for k in (*range(0, 8), *range(15, 22), *range(84, 95)))
