"""A killed training goes on where it stopped, and never from the state of another training."""

from pathlib import Path

import numpy as np
import pytest
import torch

from stages.resume import Train, key_of, train_resumable
from tavce.model.animator.data import AnimatorData
from tavce.model.animator.settings import AnimatorDivergedError, AnimatorState
from tavce.model.descent import Log


class KilledError(Exception):
    """The process ended here."""


def counting(done: list[int], *, dies_at: int = 0, diverges_at: int = 0) -> Train:
    """Return a training whose weight is the sum of its steps, and that notes each step it takes."""

    def train(state: AnimatorState | None, until: int, log: Log) -> AnimatorState:
        step, total = (state.step, state.network["sum"]) if state else (0, torch.zeros(1))
        for number in range(step + 1, until + 1):
            if number == dies_at:
                raise KilledError
            if number == diverges_at:
                raise AnimatorDivergedError(number, "the loss", state_of(step, total))
            done.append(number)
            total = total + number
            log(number, {"sum": total.item()})
        return state_of(until, total)

    return train


def state_of(step: int, total: torch.Tensor) -> AnimatorState:
    return AnimatorState(step, {"sum": total}, {"sum": total}, {}, {}, {})


def forget(step: int, told: dict[str, float]) -> None:
    pass


def test_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    done: list[int] = []
    path = tmp_path / "unfinished" / "seed0.pt"
    with pytest.raises(KilledError):
        train_resumable(counting(done, dies_at=8), path, "key", steps=10, every=3, log=forget)
    assert done == [1, 2, 3, 4, 5, 6, 7]
    state = train_resumable(counting(done), path, "key", steps=10, every=3, log=forget)
    assert done[7:] == [7, 8, 9, 10]  # from the state of step 6
    assert state.step == 10
    assert state.network["sum"].item() == sum(range(11))


def test_the_log_after_a_kill_is_that_of_a_training_that_never_stopped(tmp_path: Path) -> None:
    whole: list[tuple[int, float]] = []
    train_resumable(
        counting([]), tmp_path / "a.pt", "key", steps=10, every=3, log=lambda k, t: whole.append((k, t["sum"]))
    )
    assert [step for step, _ in whole] == list(range(1, 11))
    with pytest.raises(KilledError):
        train_resumable(counting([], dies_at=8), tmp_path / "b.pt", "key", steps=10, every=3, log=forget)
    resumed: list[tuple[int, float]] = []
    train_resumable(
        counting([]), tmp_path / "b.pt", "key", steps=10, every=3, log=lambda k, t: resumed.append((k, t["sum"]))
    )
    assert resumed == whole


def test_the_last_good_state_of_a_training_that_diverged_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    with pytest.raises(AnimatorDivergedError):
        train_resumable(counting([], diverges_at=2), path, "key", steps=10, every=3, log=forget)
    kept = torch.load(path, weights_only=True)
    assert kept["state"]["step"] == 0  # before the first state of its own: what it began with
    with pytest.raises(AnimatorDivergedError):
        train_resumable(counting([], diverges_at=8), path, "other", steps=10, every=3, log=forget)
    kept = torch.load(path, weights_only=True)
    assert kept["state"]["step"] == 6
    assert [step for step, _ in kept["logged"]] == [1, 2, 3, 4, 5, 6]


def test_a_state_of_another_training_or_a_damaged_one_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "seed0.pt"
    train_resumable(counting([]), path, "old", steps=4, every=3, log=forget)
    done: list[int] = []
    train_resumable(counting(done), path, "new", steps=4, every=3, log=forget)
    assert done == [1, 2, 3, 4]
    path.write_bytes(path.read_bytes()[:100])
    done.clear()
    train_resumable(counting(done), path, "new", steps=4, every=3, log=forget)
    assert done == [1, 2, 3, 4]


def test_the_key_sees_every_pixel_and_every_setting() -> None:
    frames = np.zeros((1, 2, 4, 4, 3), np.uint8)
    data = AnimatorData(frames, np.zeros((1, 2, 3), np.float32), np.zeros((1, 2, 4), np.float32))
    key = key_of(data, "settings")
    assert key_of(data, "settings") == key
    assert key_of(data, "other settings") != key
    frames[0, 1, 3, 3, 2] = 1
    assert key_of(data, "settings") != key
