"""Head pose: angles put in come out, synthtalk's pose is recovered, and what the spread of poses sees."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.head_motion import RIGID_POINTS, TEMPLATE, head_motion_diversity, head_pose
from metrics.record import NoValueError

SMALL = st.floats(-60, 60)


def rotation(yaw, pitch, roll):
    (cy, sy), (cp, sp), (cr, sr) = ((np.cos(a), np.sin(a)) for a in np.deg2rad([yaw, pitch, roll]))
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def seen(*angles, scale=0.4, place=(64.0, 60.0), template=TEMPLATE):
    """Landmarks of the template, one frame for each (yaw, pitch, roll)."""
    points = np.zeros((len(angles), 68, 2))
    for k, each in enumerate(angles):
        points[k, RIGID_POINTS] = scale * (template @ rotation(*each).T)[:, :2] + place
    return points


@given(yaw=SMALL, pitch=SMALL, roll=st.floats(-179, 179), scale=st.floats(0.05, 20), x=st.floats(-500, 500))
@settings(max_examples=60, deadline=None)
def test_the_angles_put_in_come_out(yaw, pitch, roll, scale, x):
    found = head_pose(seen((yaw, pitch, roll), scale=scale, place=(x, 3.0)))
    assert found == pytest.approx(np.array([[yaw, pitch, roll]]), abs=1e-6)


def test_the_signs():
    frontal, turned = seen((0, 0, 0), (20, 0, 0))
    assert turned[30, 0] > frontal[30, 0]  # yaw > 0: the nose goes to the image's right
    assert seen((0, 20, 0))[0, 30, 1] < frontal[30, 1]  # pitch > 0: the nose goes up
    assert seen((0, 0, 20))[0, 45, 1] > frontal[45, 1]  # roll > 0: the eye on the image's right goes down


def test_synthtalks_pose_is_recovered(takes):
    for take in takes:
        found = head_pose(take.landmarks)
        # Measured over 48 takes: yaw 0.99994 and more, pitch 0.9999, roll 1.0000; slopes 0.88-0.97, 0.92-1.44, 1.
        for column, name in enumerate(("yaw", "pitch", "roll")):
            truth = take.truth[name]
            assert np.corrcoef(found[:, column], truth)[0, 1] > 0.999
            assert 0.85 < np.polyfit(truth, found[:, column], 1)[0] < 1.5
        assert np.abs(found[:, 2] - take.truth["roll"]).max() < 0.01


@pytest.mark.parametrize("mistake", ["mirrored", "upside down", "x and y exchanged", "yaw for pitch"])
def test_mistakes_lose_the_pose(mistake, takes):
    points, truth = takes[0].landmarks, takes[0].truth
    wrong = {
        "mirrored": points * np.float32([-1, 1]),
        "upside down": points * np.float32([1, -1]),
        "x and y exchanged": points[..., ::-1],
        "yaw for pitch": points,
    }[mistake]
    found = head_pose(wrong)
    if mistake == "yaw for pitch":
        found = found[:, [1, 0, 2]]
    fits = [np.corrcoef(found[:, k], truth[name])[0, 1] for k, name in enumerate(("yaw", "pitch", "roll"))]
    assert min(fits) < 0.9


def test_a_face_unlike_the_template_mixes_no_angles():
    """With another nose and longer face, turning the head still leaves roll at 0, as the nearest rotation would not."""
    other = TEMPLATE * (1.0, 1.2, 1.0) + (0.0, 0.0, 1.0) * (0.3 * TEMPLATE[:, 1:2] + 3)
    sway = [(yaw, -8.0, 0.0) for yaw in np.linspace(-15, 15, 40)]
    found = head_pose(seen(*sway, template=other))
    assert np.abs(found[:, 2]).max() < 1e-9
    assert np.ptp(found[:, 1]) < 1e-9
    assert np.corrcoef(found[:, 0], np.linspace(-15, 15, 40))[0, 1] > 0.9999


def test_the_mouth_the_jaw_and_the_brows_do_not_enter(takes):
    points = takes[0].landmarks.copy()
    points[:, [*range(27), *range(48, 68)]] += 5
    assert np.array_equal(head_pose(points), head_pose(takes[0].landmarks))


def test_diversity_of_a_sine_has_a_closed_form():
    phase = 2 * np.pi * np.arange(400) / 200  # 8 s a period: the smoothing leaves it alone
    points = seen(*zip(6 * np.sin(phase), 4 * np.cos(phase), 2 * np.sin(phase), strict=True))
    assert head_motion_diversity(points, points) == pytest.approx((6 + 4 + 2) / 3 / np.sqrt(2), rel=2e-3)


def test_diversity_does_not_jump_where_roll_passes_180_degrees():
    steady = seen(*((0, 0, roll) for roll in np.linspace(175, 185, 50)))
    upright = seen(*((0, 0, roll) for roll in np.linspace(-5, 5, 50)))
    assert head_motion_diversity(steady, steady) == pytest.approx(head_motion_diversity(upright, upright))


def test_diversity_is_of_the_generated_side_and_follows_the_truth(takes, jittered):
    values, truths = [], []
    for take in takes:
        points = take.landmarks
        frozen = np.repeat(points[:1], len(points), axis=0)
        assert head_motion_diversity(frozen, points) == pytest.approx(0, abs=1e-5)
        values.append(head_motion_diversity(points, frozen))
        truths.append(np.mean([take.truth[name].std() for name in ("yaw", "pitch", "roll")]))
        # Without smoothing, noise of 0.3 px at 128 px makes a still head move by 1.1 degrees; measured 0.46 with it.
        assert head_motion_diversity(jittered(frozen), points) < 0.7
    assert np.corrcoef(values, truths)[0, 1] > 0.9
    assert np.mean(values) == pytest.approx(np.mean(truths), rel=0.15)


def test_a_shaking_head_beats_a_person(takes):
    """The published direction is "higher"; this is why the ground truth's value must stand beside it."""
    shaking = seen(*((15 * (-1) ** (k // 12), 0, 0) for k in range(150)))
    assert head_motion_diversity(shaking, takes[0].landmarks) > 2 * head_motion_diversity(
        takes[0].landmarks, takes[0].landmarks
    )


def test_frames_without_a_face_are_nan_and_leave_the_others_alone(takes, moved):
    points = takes[0].landmarks.copy()
    points[50:60] = np.nan
    found, whole = head_pose(points), head_pose(takes[0].landmarks)
    assert np.isnan(found[50:60]).all()
    assert np.array_equal(np.delete(found, slice(50, 60), axis=0), np.delete(whole, slice(50, 60), axis=0))
    assert head_motion_diversity(points, points) == pytest.approx(
        head_motion_diversity(takes[0].landmarks, points), rel=0.1
    )
    assert head_motion_diversity(moved(points), moved(points)) == pytest.approx(
        head_motion_diversity(points, points), rel=1e-6
    )


def test_too_few_frames_have_no_value(takes):
    points = takes[0].landmarks[:30].copy()
    assert head_motion_diversity(points[:25], points[:25]) > 0
    points[:6] = np.nan
    with pytest.raises(NoValueError, match="24 frames with a face are too few for the spread of head poses"):
        head_motion_diversity(points, points)
    with pytest.raises(NoValueError, match="0 frames"):
        head_motion_diversity(points[:0], points[:0])
