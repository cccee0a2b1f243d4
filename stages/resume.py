"""A training that goes on where a killed one stopped: its state lies beside the output until the output is there."""

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

import tavce.model
from tavce.model.animator.data import AnimatorData
from tavce.model.animator.settings import AnimatorDivergedError, AnimatorState
from tavce.model.descent import Log
from tavce.run.atomic import atomic_file

# Goes on from a state, or begins anew, up to a step, and logs each step.
Train = Callable[[AnimatorState | None, int, Log], AnimatorState]


def key_of(data: AnimatorData, *others: object) -> str:
    """Return a hash of all that a training depends on, the library's code and PyTorch's version included.

    A state under another key is of another training.
    """
    digest = hashlib.sha256(repr((torch.__version__, *others)).encode())
    for path in sorted(Path(tavce.model.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    for array in (data.frames, data.coefficients, data.mouths, data.differences, data.gated):
        digest.update(b"none" if array is None else np.ascontiguousarray(array).data)
    return digest.hexdigest()


def train_resumable(train: Train, path: Path, key: str, *, steps: int, every: int, log: Log) -> AnimatorState:
    """Return the state after `steps` steps; what a killed run of the same key left at `path` is not done again.

    Args:
        train: goes on from a state up to a step; equal to never having stopped.
        path: where the state is kept on the way, with what was logged; deleted at the end by who owns the folder.
        key: of the training, by `key_of`.
        steps: of the whole training.
        every: steps between two states that are kept.
        log: is told of each step once, in order: first of those that a killed run has done.

    Raises:
        AnimatorDivergedError: from `train`; the last good state is kept at `path`.
    """
    state, logged = _kept(path, key)
    for step, told in logged:
        log(step, told)

    def noted(step: int, told: dict[str, float]) -> None:
        logged.append((step, told))
        log(step, told)

    try:
        for until in range((state.step if state else 0) // every * every + every, steps, every):
            state = train(state, until, noted)
            _keep(path, key, state, logged)
        return train(state, steps, noted)
    except AnimatorDivergedError as error:
        _keep(path, key, error.state, [(step, told) for step, told in logged if step <= error.state.step])
        raise


def _keep(path: Path, key: str, state: AnimatorState, logged: list[tuple[int, dict[str, float]]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as part:
        torch.save({"key": key, "state": asdict(state), "logged": logged}, part)


def _kept(path: Path, key: str) -> tuple[AnimatorState | None, list[tuple[int, dict[str, float]]]]:
    """Return what lies at `path`; nothing if it is of another training, or damaged, which costs only time."""
    if not path.is_file():
        return None, []
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError):
        return None, []
    if found.get("key") != key:
        return None, []
    return AnimatorState(**found["state"]), found["logged"]
