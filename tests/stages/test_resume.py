"""A killed training goes on where it stopped, and never from the state of another training."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from stages.resume import key_of, train_resumable
from tavce.model.animator_data import AnimatorData
from tavce.model.animator_settings import AnimatorState


class KilledError(Exception):
    """The process ended here."""


def counting(done: list[int], *, dies_at: int = 0) -> Callable[[AnimatorState | None, int], AnimatorState]:
    """Return a training whose weight is the sum of its steps, and that notes each step it takes."""

    def train(state: AnimatorState | None, until: int) -> AnimatorState:
        step, total = (state.step, state.network["sum"]) if state else (0, torch.zeros(1))
        for number in range(step + 1, until + 1):
            if number == dies_at:
                raise KilledError
            done.append(number)
            total = total + number
        return AnimatorState(until, {"sum": total}, {"sum": total}, {}, {}, {})

    return train


def test_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    done: list[int] = []
    path = tmp_path / "unfinished" / "seed0.pt"
    with pytest.raises(KilledError):
        train_resumable(counting(done, dies_at=8), path, "key", steps=10, every=3)
    assert done == [1, 2, 3, 4, 5, 6, 7]
    state = train_resumable(counting(done), path, "key", steps=10, every=3)
    assert done[7:] == [7, 8, 9, 10]  # from the state of step 6
    assert state.step == 10
    assert state.network["sum"].item() == sum(range(11))


def test_a_state_of_another_training_or_a_damaged_one_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "seed0.pt"
    train_resumable(counting([]), path, "old", steps=4, every=3)
    done: list[int] = []
    train_resumable(counting(done), path, "new", steps=4, every=3)
    assert done == [1, 2, 3, 4]
    path.write_bytes(path.read_bytes()[:100])
    done.clear()
    train_resumable(counting(done), path, "new", steps=4, every=3)
    assert done == [1, 2, 3, 4]


def test_the_key_sees_every_pixel_and_every_setting() -> None:
    frames = np.zeros((1, 2, 4, 4, 3), np.uint8)
    data = AnimatorData(frames, np.zeros((1, 2, 3), np.float32), np.zeros((1, 2, 4), np.float32))
    key = key_of(data, "settings")
    assert key_of(data, "settings") == key
    assert key_of(data, "other settings") != key
    frames[0, 1, 3, 3, 2] = 1
    assert key_of(data, "settings") != key
