"""A file of weights -> its tensors by key, without running code from a pickle."""

import pickle
import struct
import warnings
import zipfile
from pathlib import Path

import torch
from torch import Tensor

from tavce.errors import InputError

# A file cut short or of another kind fails in as many ways as the unpickler has instructions.
BROKEN = (
    RuntimeError,
    EOFError,
    OSError,
    pickle.UnpicklingError,
    struct.error,
    LookupError,
    AttributeError,
    TypeError,
    ValueError,
    AssertionError,
)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file by key, on the CPU: of a training checkpoint, those of its network.

    A file of ``torch.save`` is read with ``weights_only``; of a TorchScript archive the state dict is taken. Keys of
    networks that were saved from within a wrapper for several GPUs lose its prefix ``module.``.

    Raises:
        InputError: there is no such file, it is damaged or needs code to be run, or it holds no tensors by key.
    """
    if not path.is_file():
        raise InputError(path, "there is no such file", "name a file of weights")
    try:
        content = _read(path)
    except BROKEN as error:
        problem = f"cannot be read as weights ({(str(error).strip() or type(error).__name__).splitlines()[0]})"
        raise InputError(path, problem, "fetch it again") from error
    state = content.get("state_dict", content) if isinstance(content, dict) else content
    if not isinstance(state, dict) or not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise InputError(path, "holds no tensors by key", "name a file of weights")
    return {str(key).removeprefix("module."): value for key, value in state.items()}


def _read(path: Path) -> object:
    if not _is_torchscript(path):
        return torch.load(path, map_location="cpu", weights_only=True)
    with warnings.catch_warnings():
        # PyTorch advises against making such files; the published ones stay as they are.
        warnings.filterwarnings("ignore", message=r"`torch\.jit\.load` is deprecated", category=FutureWarning)
        return dict(torch.jit.load(path, map_location="cpu").state_dict())  # type: ignore[no-untyped-call]


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())
