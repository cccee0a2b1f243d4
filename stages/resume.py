"""A training that goes on where a killed one stopped: its state lies beside the output until the output is there."""

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from tavce.model.animator_data import AnimatorData
from tavce.model.animator_settings import AnimatorState
from tavce.run.atomic import atomic_file

# Goes on from a state, or begins anew, up to a step.
Train = Callable[[AnimatorState | None, int], AnimatorState]


def key_of(data: AnimatorData, *others: object) -> str:
    """Return a hash of all that a training depends on; a state under another key is of another training."""
    digest = hashlib.sha256(repr(others).encode())
    for array in (data.frames, data.coefficients, data.mouths, data.differences, data.gated):
        digest.update(b"none" if array is None else np.ascontiguousarray(array).data)
    return digest.hexdigest()


def train_resumable(train: Train, path: Path, key: str, *, steps: int, every: int) -> AnimatorState:
    """Return the state after `steps` steps; what a killed run of the same key left at `path` is not done again.

    Args:
        train: goes on from a state up to a step; equal to never having stopped.
        path: where the state is kept on the way; deleted at the end by who owns the folder.
        key: of the training, by `key_of`.
        steps: of the whole training.
        every: steps between two states that are kept.
    """
    state = _kept(path, key)
    for until in range((state.step if state else 0) // every * every + every, steps, every):
        state = train(state, until)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as part:
            torch.save({"key": key, "state": asdict(state)}, part)
    return train(state, steps)


def _kept(path: Path, key: str) -> AnimatorState | None:
    """Return what lies at `path`, or None if it is of another training; a damaged file cost only time."""
    if not path.is_file():
        return None
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError):
        return None
    return AnimatorState(**found["state"]) if found.get("key") == key else None
