"""Arrays that an earlier stage wrote, read with a clear word where they are absent or damaged."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tavce.errors import InputError


def load_array(path: Path, name: str = "") -> np.ndarray:
    """Return array `name` of an npz file, or the array of an npy file; pickles are refused.

    Raises:
        InputError: there is no such file or array, or the file is damaged.
    """
    with _explained(path):
        loaded = np.load(path, allow_pickle=False)
        return np.asarray(loaded[name] if name else loaded)


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return all arrays of an npz file by name; otherwise as `load_array`."""
    with _explained(path), np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(path, "there is no such file", "run the stages before: dvc repro") from error
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(path, f"cannot be read ({error})", "delete it and run: dvc repro") from error
