"""Drawn frames: repeatable, smooth, still where nothing moves, and edges where the landmarks say."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tavce.data.synthetic.geometry import landmarks
from tavce.data.synthetic.identity import make_identity
from tavce.data.synthetic.render import render
from tavce.errors import InputError

LIVELY = {"pose": (7.0, -4.0, 3.0), "shift": (0.03, -0.02), "aperture": 0.6, "teeth": 0.4, "gaze": (0.3, -0.2)}
GREEN = (20.0, 200.0, 20.0)


def frames(identity, performance, size, **options):
    return np.stack(list(render(identity, performance, size, **options)))


def plain(number, **looks):
    """A bald person with a green skin before a blue wall, so that every edge can be told by its colour."""
    identity = make_identity(0, number)
    bare = {"style": "bald", "beard": "none", "spectacles": "none", "freckles": 0.0, "lines": 0.0, "blush": 0.0}
    wall = {"room": (20.0, 20.0, 220.0), "room_second": (20.0, 20.0, 220.0), "room_kind": "studio", "mole": None}
    return replace(identity, looks=replace(identity.looks, skin=GREEN, **bare, **wall, **looks))


def crossing(values, start, level):
    """Return the sub-pixel place, nearest to `start`, where `values` crosses `level`."""
    high = values >= level
    at = np.flatnonzero(high[1:] != high[:-1])
    places = at + (level - values[at]) / (values[at + 1] - values[at])
    return places[np.argmin(np.abs(places - start))]


def test_frames_are_rgb_pictures_of_the_asked_size(act):
    video = frames(make_identity(0, 0), act(3), 64)
    assert video.shape == (3, 64, 64, 3)
    assert video.dtype == np.uint8
    assert not np.array_equal(video[..., 0], video[..., 2])


def test_same_arguments_give_the_same_bytes_at_any_block_and_thread_count(act):
    identity = make_identity(0, 12)
    performance = act(7, aperture=np.linspace(0, 1, 7), pose=np.linspace((-8, -4, -3), (8, 4, 3), 7))
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        one = frames(identity, performance, 96)
        cv2.setNumThreads(4)
        four = frames(identity, performance, 96, block=3)
    finally:
        cv2.setNumThreads(before)
    assert one.tobytes() == four.tobytes()
    assert one.tobytes() != frames(make_identity(1, 12), performance, 96).tobytes()


@pytest.mark.parametrize(("size", "block"), [(8, 32), (64, 0)])
def test_impossible_sizes_are_refused(size, block, act):
    with pytest.raises(InputError, match="cannot be drawn"):
        next(render(make_identity(0, 0), act(1), size, block=block))


def test_the_room_stands_still_and_the_head_does_not(act):
    moving = act(9, pose=np.linspace((-8, -5, -4), (8, 5, 4), 9), shift=np.linspace((-0.03, -0.02), (0.03, 0.02), 9))
    video = frames(make_identity(0, 4), moving, 128).astype(int)
    change = np.ptp(video, axis=0).max(-1)
    assert (change[:10] == 0).all()
    assert (change[:90, :18] == 0).all()
    assert (change[:90, -18:] == 0).all()
    assert change[40:90, 45:83].mean() > 20


def test_skin_carries_a_texture_so_that_a_warp_is_visible(act):
    picture = frames(make_identity(0, 2), act(1), 256)[0].astype(np.float32)
    cheek = picture[140:165, 150:175].mean(-1)
    fine = cheek - cv2.GaussianBlur(cheek, (0, 0), 4)
    assert 0.2 < fine.std() < 8


@pytest.mark.parametrize(
    "change",
    [
        {"aperture": 1.0},
        {"aperture": 0.5, "teeth": 1.0},
        {"width": 1.0, "protrusion": 1.0},
        {"lids": (0.0, 0.0)},
        {"brows": 1.0},
        {"gaze": (1.0, 1.0)},
        {"pose": (12.0, 8.0, 6.0)},
        {"shift": (0.03, 0.05)},
    ],
)
def test_small_motion_makes_small_change(change, act):
    """Sixty steps from rest to an extreme: no step may change the picture much more than the others (no popping)."""
    rest = {"lids": (1.0, 1.0), "width": 0.5, "protrusion": 0.1}
    share = np.linspace(0, 1, 61)[:, None]
    path = {}
    for name, end in change.items():
        first = np.atleast_1d(np.float64(rest.get(name, np.zeros_like(end))))
        path[name] = np.squeeze(first + share * (np.atleast_1d(end) - first))
    video = frames(make_identity(0, 1), act(61, **path), 96).astype(np.float32)
    steps = np.abs(np.diff(video, axis=0))
    whole = np.abs(video[-1] - video[0]).mean()
    assert whole > 0.05
    assert steps.mean((1, 2, 3)).max() < 0.08 * whole, "a sudden start would put everything into one step of sixty"
    assert steps.max() < 40


def test_a_large_picture_made_small_resembles_the_small_picture(act):
    for number in (0, 7, 13):
        identity, performance = make_identity(0, number), act(1, **LIVELY)
        small = frames(identity, performance, 128)[0].astype(np.float64)
        large = frames(identity, performance, 256)[0].astype(np.float32)
        halved = cv2.resize(large, (128, 128), interpolation=cv2.INTER_AREA)
        psnr = 10 * np.log10(255**2 / np.mean((small - halved) ** 2))
        moved = 10 * np.log10(255**2 / np.mean((small - np.roll(halved, 1, axis=1)) ** 2))
        assert psnr > 38
        assert moved < 30, "one pixel aside is seen"


CASES = [(2, {}), (8, {"pose": (10.0, 0.0, 0.0)}), (11, {"pose": (-9.0, 5.0, 0.0), "shift": (0.02, 0.01)})]


@pytest.mark.parametrize(("number", "pose"), CASES)
def test_the_inner_lips_are_drawn_where_points_62_and_66_are(number, pose, act):
    size = 256
    identity = plain(number, lips=(30.0, 60.0, 230.0))
    performance = act(4, aperture=[0.35, 0.55, 0.8, 1.0], **pose)
    video, points = frames(identity, performance, size).astype(np.float64), landmarks(identity, performance, size)
    errors = []
    for picture, face in zip(video, points, strict=True):
        blue = picture[..., 2] - picture[..., 0]
        errors.append([crossing(blue[:, round(float(x))], y, 30.0) - y for x, y in face[[62, 66]]])
    errors = np.array(errors)
    assert np.abs(errors).max() < 0.5
    assert np.abs(errors + 1).min() > 0.5, "points one pixel off would be seen"
    assert np.abs(points[:, 62, 0] - points[:, 62, 1]).min() > 20, "and so would swapped axes"


@pytest.mark.parametrize(("number", "pose"), CASES)
@pytest.mark.parametrize("lids", [0.0, 1.0])
def test_the_lids_are_drawn_where_their_points_are(number, pose, lids, act):
    size = 256
    identity = plain(number, hair=(10.0, 10.0, 10.0), lashes=0.3)
    performance = act(2, lids=lids, gaze=[(1.0, 0.0), (-1.0, 0.0)], **pose)
    video, points = frames(identity, performance, size).astype(np.float64), landmarks(identity, performance, size)
    errors = []
    for frame, number_ in ((0, 37), (1, 44)):  # the iris looks away from these columns
        x, y = points[frame, number_]
        column = video[frame][:, round(float(x))].sum(-1)
        rows = np.arange(round(float(y)) - 2, round(float(y)) + 3)
        ink = np.clip(160 - column[rows], 0, None)  # the lashes are darker than skin, its folds and the eyeball
        errors.append((rows * ink).sum() / ink.sum() - y)
    assert np.abs(errors).max() < 0.5, "one pixel up or down would be seen"


@pytest.mark.parametrize(("number", "pose"), CASES)
def test_the_brows_are_drawn_where_their_points_are(number, pose, act):
    size = 256
    identity = plain(number, brow=(230.0, 20.0, 20.0))
    performance = act(3, brows=[-0.8, 0.0, 0.8], **pose)
    video, points = frames(identity, performance, size).astype(np.float64), landmarks(identity, performance, size)
    errors = []
    for picture, face in zip(video, points, strict=True):
        for place in (18, 19, 20, 23, 24, 25):
            x, y = face[place]
            column = picture[:, round(float(x))]
            rows = np.arange(round(float(y)) - 7, round(float(y)) + 8)
            red = np.clip(column[rows, 0] - column[rows, 1], 0, None)
            errors.append((rows * red).sum() / red.sum() - y)
    assert np.abs(errors).max() < 0.6
    assert abs(np.mean(errors)) < 0.25, "one pixel up or down would be seen"


@pytest.mark.parametrize(("number", "pose"), CASES)
def test_the_cheeks_and_jaw_end_where_their_points_are(number, pose, act):
    size = 256
    identity = plain(number)
    performance = act(2, aperture=[0.0, 1.0], **pose)
    video, points = frames(identity, performance, size).astype(np.float64), landmarks(identity, performance, size)
    errors = []
    for picture, face in zip(video, points, strict=True):
        green = picture[..., 1] - picture[..., 2]
        for place, side in ((4, -1), (5, -1), (11, 1), (12, 1)):
            x, y = face[place]
            row = green[round(float(y))]
            slope = (face[place + 1] - face[place - 1]) / np.linalg.norm(face[place + 1] - face[place - 1])
            rounded = x + (round(float(y)) - y) * slope[0] / slope[1]
            level = 0.5 * (row[round(float(rounded)) - 5 * side] + row[round(float(rounded)) + 5 * side])
            errors.append(side * (crossing(row, rounded, level) - rounded) * abs(slope[1]))
    assert np.abs(errors).max() < 0.5, "a head one pixel wider or narrower would be seen"
