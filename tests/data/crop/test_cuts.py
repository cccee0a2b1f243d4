"""Cuts fire between scenes, and neither on motion nor on repeated frames."""

from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from tavce.data.crop.cuts import change, face_jumped, first_cut, thumbnail
from tavce.media.video import read_frames
from tests.data.crop.drawn import face_at, scene

GOOD = ("hdtf_25fps", "glasses_25fps", "blue_30fps", "suit_22fps", "smile_24p6fps", "man_30fps_44k")


def changes_of(frames):
    small = [thumbnail(frame) for frame in frames]
    return np.array([0.0] + [change(a, b) for a, b in pairwise(small)])


def never(changes):
    return np.zeros(len(changes), dtype=bool)


def test_two_drawn_scenes_cut_where_they_meet():
    changes = changes_of([*scene(30, step=1, seed=1), *scene(30, step=1, seed=2)])
    assert first_cut(changes, never(changes)) == 30


def test_motion_is_no_cut():
    changes = changes_of(scene(40, step=2))
    assert changes.max() > 1  # it does move
    assert first_cut(changes, ~never(changes)) is None


def test_steady_violent_change_is_no_cut_but_one_step_is():
    changes = np.full(50, 25.0)
    assert first_cut(changes, never(changes)) is None
    changes = np.full(50, 4.0)
    changes[20] = 25.0
    assert first_cut(changes, never(changes)) == 20


def test_small_step_needs_a_jump_of_the_face():
    changes, jumps = np.full(50, 1.0), np.zeros(50, dtype=bool)
    changes[20] = 14.0
    assert first_cut(changes, jumps) is None
    jumps[20] = True
    assert first_cut(changes, jumps) == 20


def test_two_frames_are_enough():
    assert first_cut(np.array([0.0, 90.0]), np.array([False, False])) == 1
    assert first_cut(np.array([0.0]), np.array([False])) is None


def test_face_jump():
    assert face_jumped([face_at(0, 0, 50), face_at(90, 0, 10)], [face_at(60, 0, 50)])
    assert not face_jumped([face_at(0, 0, 50)], [face_at(5, 0, 50)])
    assert not face_jumped([], [face_at(5, 0, 50)])


@pytest.mark.real
def test_real_talkers_have_no_cut_and_a_splice_has_one(real_clips: Path):
    heads = {name: list(islice(read_frames(real_clips / f"{name}.mp4"), 75)) for name in GOOD}
    for name, frames in heads.items():
        changes = changes_of(frames)
        assert first_cut(changes, ~never(changes)) is None, name
    for a, b in pairwise(GOOD):
        changes = changes_of([*heads[a][:40], *heads[b][:40]])
        assert first_cut(changes, never(changes)) == 40, (a, b)
