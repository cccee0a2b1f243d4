"""Upper-face dynamics: known answers, what must not matter, and the order of better and worse faces."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from metrics.record import NoValueError
from metrics.upper_face import upper_face_curves, upper_face_distance, wasserstein


def still(points):
    return np.repeat(points[:1], len(points), axis=0)


def scaled(points, factor):
    """The same movement with another amplitude, around the clip's first frame; the head must be still."""
    return points[:1] + factor * (points - points[:1])


def mean(distance, takes):
    return np.mean([distance(take) for take in takes])


@pytest.fixture(scope="session")
def resting(takes):
    """Faces whose head does not move: the upper face of each take on its first frame's nose and eye corners."""
    faces = []
    for take in takes:
        points = still(take.landmarks).astype(np.float64)
        unit = np.hypot(*(points[0, 45] - points[0, 36])) / 100
        lids, brow = (1 - take.truth["lid_right"])[:, None], take.truth["brows"][:, None]
        points[:, [37, 38, 43, 44], 1] += 12 * unit * lids
        points[:, 17:27, 1] -= 6 * unit * brow
        faces.append(points)
    return faces


def test_the_curves_by_hand():
    face = np.random.default_rng(4).uniform(0, 60, (68, 2))
    face[[36, 39, 42, 45, 27]] = [(10, 20), (25, 20), (35, 20), (50, 20), (30, 22)]
    face[[37, 38, 43, 44], 1], face[[40, 41, 46, 47], 1] = 17, 23
    face[17:27, 1] = [10, 12, 10, 8, 8, 6, 4, 10, 14, 10]
    expected = 100 / 40 * np.array([6, 6, 20 - 11, 20 - 8, 20 - 5, 20 - 12])
    assert upper_face_curves(np.repeat(face[None], 3, axis=0)) == pytest.approx(np.repeat(expected[None], 3, axis=0))


def test_the_head_is_taken_out(takes, moved):
    rng = np.random.default_rng(3)
    for take in takes[:3]:
        points = take.landmarks.astype(np.float64)
        curves = upper_face_curves(points)
        assert upper_face_curves(moved(points)) == pytest.approx(curves, abs=1e-9)
        # Another turn, size and place in every frame.
        turn, size = rng.uniform(-0.5, 0.5, len(points)), rng.uniform(0.7, 1.4, len(points))
        matrix = size[:, None, None] * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]).T
        shaken = points @ matrix + rng.uniform(-20, 20, (len(points), 1, 2))
        shaken = np.concatenate([points[:1], shaken[1:]])
        assert np.abs(upper_face_curves(shaken) - curves).max() < 0.05
        assert np.abs(points - shaken).max() > 20


def test_the_curves_follow_synthtalks_lids_and_brows(takes):
    for take in takes:
        curves = upper_face_curves(take.landmarks)
        # Measured over 24 takes: lids 0.95 and more (median 0.9998), inner brows 0.997 and more.
        assert np.corrcoef(curves[:, 0], take.truth["lid_right"])[0, 1] > 0.94
        assert np.corrcoef(curves[:, 3], take.truth["brows"])[0, 1] > 0.99
        # The raw height in the picture, with the head in it, does not.
        raw = -take.landmarks[:, 20:22, 1].mean(axis=1)
        assert np.corrcoef(raw, take.truth["brows"])[0, 1] < 0.95


def test_wasserstein_equals_scipys_and_closed_forms():
    rng = np.random.default_rng(0)
    for m, n in ((40, 40), (37, 61), (1, 5)):
        one, other = rng.normal(0, 1, m), rng.normal(0.5, 2, n).round(1)
        assert wasserstein(one, other) == pytest.approx(wasserstein_distance(one, other), rel=1e-12)
    assert wasserstein(np.zeros(3), np.array([1.0, -2.0, 3.0])) == pytest.approx(2)
    assert wasserstein(np.arange(5.0), np.arange(5.0) + 0.25) == pytest.approx(0.25)


def test_equal_is_0_still_is_1_either_way(takes):
    for take in takes:
        points = take.landmarks
        assert upper_face_distance(points, points) == 0
        assert upper_face_distance(still(points), points) == pytest.approx(1, abs=1e-9)
        assert upper_face_distance(points, still(points)) == pytest.approx(1, abs=1e-9)
        assert upper_face_distance(still(points), still(points)) == 0
        assert upper_face_distance(take.other, points) == pytest.approx(upper_face_distance(points, take.other))


@pytest.mark.parametrize(("factor", "expected"), [(0.5, 1 / 3), (2, 1 / 3), (3, 1 / 2), (0.2, 2 / 3)])
def test_the_same_movement_at_another_amplitude_has_a_closed_form(factor, expected, resting):
    for points in resting:
        assert upper_face_distance(scaled(points, factor), points) == pytest.approx(expected, abs=1e-9)


def test_when_a_movement_happens_does_not_matter(takes):
    late = mean(lambda t: upper_face_distance(np.roll(t.landmarks, 10, axis=0), t.landmarks), takes)
    later = mean(lambda t: upper_face_distance(t.landmarks[25:], t.landmarks[:-25]), takes)
    assert late < 0.06  # measured 0.035 over 24 takes, the seam included
    assert later < 0.2
    # Frame by frame the late face is farther from the truth than a still one.
    rolled = mean(lambda t: _apart(np.roll(t.landmarks, 10, axis=0), t.landmarks), takes)
    assert rolled > mean(lambda t: _apart(still(t.landmarks), t.landmarks), takes)


def _apart(one, other):
    """Mean absolute difference of the curves' changes from frame to frame, compared at the same frames."""
    one, other = (np.diff(upper_face_curves(side), axis=0) for side in (one, other))
    return np.abs(one - other).mean()


def test_worse_faces_are_farther(takes):
    other = mean(lambda t: upper_face_distance(t.other, t.landmarks), takes)
    backwards = mean(lambda t: upper_face_distance(t.landmarks[::-1], t.landmarks), takes)
    shuffled = mean(
        lambda t: upper_face_distance(np.random.default_rng(1).permutation(t.landmarks), t.landmarks), takes
    )
    blinkless = mean(lambda t: upper_face_distance(_without_blinks(t.landmarks), t.landmarks), takes)
    forwards = mean(lambda t: upper_face_distance(np.roll(t.landmarks, 10, axis=0), t.landmarks), takes)
    # Measured over 24 takes: other 0.22 (what a perfect method can reach on 6 s), backwards 0.095, shuffled 0.30.
    assert 0.1 < other < 0.35
    assert backwards > 1.5 * forwards  # a blink shuts faster than it opens
    assert shuffled > 0.2
    assert blinkless > 0.4
    assert blinkless > other + 0.1


def _without_blinks(points):
    """Lids frozen in the head: the eyes' points move as the eye corners do."""
    frozen = points.astype(np.float64).copy()
    for first in (36, 42):
        corners = frozen[:, [first, first + 3]].mean(axis=1, keepdims=True)
        inside = [first + k for k in (1, 2, 4, 5)]
        frozen[:, inside] = corners + (frozen[60:61, inside] - corners[60:61])
    return frozen


def test_no_frame_is_special(takes, jittered):
    """A first frame with a slipped eye corner would tilt and stretch all others if they were laid on it alone."""
    for take in takes[:4]:
        points = take.landmarks.copy()
        points[0, 36] += np.float32([3, 3])
        change = upper_face_curves(points)[1:] - upper_face_curves(take.landmarks)[1:]
        assert np.abs(change).max() < 0.1  # measured 0.023; laid on the first frame alone, 3.1 and more


def test_trembling_does_not_pass_for_life(takes, jittered):
    both = mean(lambda t: upper_face_distance(jittered(still(t.landmarks)), jittered(t.landmarks)), takes)
    assert both > 0.42  # measured 0.48 over 24 takes, 0.31 without smoothing
    for take in takes:
        trembling = jittered(still(take.landmarks), px=0.3)
        assert upper_face_distance(trembling, take.landmarks) > 0.35
        # A detector's noise on both sides costs little: measured 0.063 over 24 takes, at most 0.072.
        assert upper_face_distance(jittered(take.landmarks), jittered(take.landmarks)) < 0.09


def test_mouth_jaw_and_nose_tip_do_not_enter(takes):
    points = takes[0].landmarks.copy()
    points[:, [*range(17), *range(28, 36), *range(48, 68)]] += np.float32(
        np.random.default_rng(1).normal(0, 2, (150, 45, 2))
    )
    assert upper_face_distance(points, takes[0].landmarks) == 0


def test_frames_without_a_face_are_left_out(takes):
    whole = upper_face_distance(takes[0].other, takes[0].landmarks)
    holed = takes[0].other.copy()
    holed[[20, 21, 90]] = np.nan
    assert np.isnan(upper_face_curves(holed)).all(axis=1).nonzero()[0].tolist() == [20, 21, 90]
    value = upper_face_distance(holed, takes[0].landmarks)
    assert value != whole
    assert value == pytest.approx(whole, abs=0.05)
    assert np.isnan(upper_face_curves(np.full((4, 68, 2), np.nan))).all()


def test_too_short_clips_have_no_value(takes):
    points = takes[0].landmarks
    assert upper_face_distance(points[:41], points[:41]) == 0
    with pytest.raises(NoValueError, match="generated clip has 24 pairs of frames with a face 16 frames apart"):
        upper_face_distance(points[:40], points[:40])
    blind = points.copy()
    blind[::2] = np.nan
    with pytest.raises(NoValueError, match="reference has 0 pairs of frames with a face 1 frames apart"):
        upper_face_distance(points, blind)
    folded = points.copy()
    folded[5, 36] = folded[5, 45]
    with pytest.raises(ValueError, match="eye corners"):
        upper_face_distance(folded, points)
