"""What the portrait network of the base animator learns from, and the record of how it was made."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from stages.make_base import portrait
from stages.make_base.portrait import FAR, alter, make_portrait
from stages.make_base.portrait_negatives import KINDS, spoil
from stages.make_judges.corpus import Wanted, make_clips
from tavce.data.synthetic.geometry import landmarks
from tavce.data.synthetic.identity import make_identity
from tavce.data.synthetic.performance import COEFFICIENTS, Performance
from tavce.model.portrait.net import SMALL, PortraitNet
from tavce.model.state import fill_strictly

SIZE = 64
STILL = replace(FAR, shift=0.0, scale=0.0, colour=0.0, share=0.0)


@pytest.fixture(scope="module")
def clips():
    return make_clips(Wanted(seed=81, split="test", identities=8, clips=8, seconds=0.2, size=SIZE), workers=1)


@pytest.fixture(scope="module")
def portraits(clips):
    return clips.frames[:, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_another_picture_and_repeats_itself(kind, portraits):
    before = portraits.copy()
    first, again, other = (
        np.stack([KINDS[kind](np.random.default_rng([seed, k]), each) for k, each in enumerate(portraits)])
        for seed in (0, 0, 1)
    )
    assert first.shape == portraits.shape
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(portraits, before)
    assert (np.abs(first.astype(int) - portraits).mean(axis=(1, 2, 3)) > 1).all()


def test_shuffling_leaves_no_patch_in_its_place(portraits):
    marked = np.zeros_like(portraits[0])
    marked[..., 0], marked[..., 1] = np.arange(SIZE)[:, None], np.arange(SIZE)
    for seed in range(20):
        made = KINDS["shuffled"](np.random.default_rng(seed), marked)
        assert (made[..., :2] != marked[..., :2]).any(axis=2).all()


def test_all_kinds_are_drawn(monkeypatch, portraits):
    met = []
    for name, make in list(KINDS.items()):

        def noted(rng, picture, name=name, make=make):
            met.append(name)
            return make(rng, picture)

        monkeypatch.setitem(KINDS, name, noted)
    spoil(np.random.default_rng(0), np.repeat(portraits, 20, axis=0))
    assert set(met) == set(KINDS)


def face(coefficients):
    values = dict(zip(COEFFICIENTS, coefficients[:, None], strict=True))
    pairs = {
        name: np.column_stack([values[one], values[other]])
        for name, one, other in (
            ("lids", "lid_right", "lid_left"),
            ("shift", "shift_x", "shift_y"),
            ("gaze", "gaze_x", "gaze_y"),
        )
    }
    pose = np.column_stack([values[name] for name in ("yaw", "pitch", "roll")])
    single = {name: values[name] for name in ("aperture", "width", "protrusion", "teeth", "brows")}
    return landmarks(make_identity(5, 0), Performance(**single, **pairs, pose=pose), SIZE)[0]


def test_a_mirror_changes_the_coefficients_as_it_changes_the_face(monkeypatch, portraits):
    monkeypatch.setattr(portrait, "FAR", STILL)
    monkeypatch.setattr(portrait, "NEAR", STILL)
    monkeypatch.setattr(portrait, "MIRRORED", 1.0)
    row = np.float32([0.6, 0.4, 0.2, 0.1, 0.3, 0.9, 0.2, 9.0, 4.0, 5.0, 0.03, 0.02, 0.5, 0.2])
    pictures, rows = alter(np.random.default_rng(0), portraits[:1], row[None])
    np.testing.assert_array_equal(pictures[0], portraits[0][:, ::-1])
    mirrored = face(row) * [-1, 1] + [SIZE - 1, 0]
    inner = [slice(27, 31), slice(8, 9)]  # bridge of the nose and chin: on no side
    for part in inner:
        np.testing.assert_allclose(face(rows[0])[part], mirrored[part], atol=0.05)
    assert np.abs(face(row)[27:31] - mirrored[27:31]).max() > 1
    # Each eye takes the lid of the other.
    upper, lower = ([37, 38], [41, 40]), ([44, 43], [46, 47])
    gaps = [np.linalg.norm(face(rows[0])[top] - face(rows[0])[bottom], axis=1) for top, bottom in (upper, lower)]
    before = [np.linalg.norm(face(row)[top] - face(row)[bottom], axis=1) for top, bottom in (upper, lower)]
    np.testing.assert_allclose(gaps, before[::-1], atol=0.1)
    assert np.abs(np.subtract(*before)).min() > 0.3
    assert rows[0, COEFFICIENTS.index("gaze_x")] == -row[COEFFICIENTS.index("gaze_x")]


def test_altering_moves_no_coefficient_but_by_the_mirror(clips):
    pictures, rows = clips.frames.reshape(-1, SIZE, SIZE, 3), clips.coefficients.reshape(-1, 14)
    before = pictures.copy()
    altered, changed = alter(np.random.default_rng(0), pictures, rows)
    np.testing.assert_array_equal(pictures, before)
    mirrored = changed[:, 7] != rows[:, 7]
    assert 0.2 < mirrored.mean() < 0.8
    np.testing.assert_array_equal(changed[~mirrored], rows[~mirrored])
    np.testing.assert_array_equal(changed[:, :4], rows[:, :4])
    assert (altered != pictures).any(axis=(1, 2, 3)).all()


def test_the_record_tells_all_and_the_same_seed_gives_the_same_bytes(monkeypatch, clips):
    schedule = replace(portrait.SETTINGS.schedule, steps=3, every=2)
    monkeypatch.setattr(portrait, "SETTINGS", replace(portrait.SETTINGS, schedule=schedule, known=6, other=6))
    monkeypatch.setattr(portrait, "EXAMPLES", 4)
    (state, record), (again, other) = (make_portrait(clips, clips, seed=3) for _ in range(2))
    assert all(torch.equal(state[name], again[name]) for name in state)
    assert record == other
    fill_strictly(PortraitNet(SMALL), state)
    record = json.loads(json.dumps(record, allow_nan=False))
    assert record["settings"]["seed"] == 3
    assert [point["step"] for point in record["curve"]] == [2, 3]
    assert list(record["held_out"]["coefficients"]) == list(COEFFICIENTS)
    assert set(record["held_out"]["refused"]) == set(KINDS)
    assert state["threshold"] < 0
