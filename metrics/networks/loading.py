"""A weights file -> a network, with every key accounted for."""

import pickle
import struct
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

SHOWN = 6  # keys named in a message
# A file cut short or of another kind fails in as many ways as the unpickler has instructions; found by cutting and
# changing files at random places.
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


def load_strictly(module: nn.Module, path: Path, *, optional: tuple[str, ...] = ()) -> None:
    """Fill ``module`` from a state dict on disk, so that no parameter or buffer keeps its random start by accident.

    The keys of the file and of the module must be the same, and so must their shapes; values are converted to the
    module's data types and copied to its devices. The training mode is left as it is. If anything is refused, the
    module is unchanged.

    Args:
        module: the network.
        path: a file as ``read_state_dict`` reads it.
        optional: last parts of keys that the file may lack, such as ``num_batches_tracked``, which files from before
            PyTorch 0.4.1 do not hold and which evaluation never reads. They then keep the module's values.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file cannot be read, or a key is missing, unexpected or of another shape.
    """
    found, wanted = read_state_dict(path), module.state_dict()
    missing = [key for key in wanted if key not in found and key.rpartition(".")[2] not in optional]
    unexpected = [key for key in found if key not in wanted]
    reshaped = [
        f"{key} {tuple(found[key].shape)} instead of {tuple(wanted[key].shape)}"
        for key in wanted
        if key in found and found[key].shape != wanted[key].shape
    ]
    named = {"missing": missing, "unexpected": unexpected, "of another shape": reshaped}
    problems = [f"{len(keys)} {what}: {_shortened(keys)}" for what, keys in named.items() if keys]
    if problems:
        raise ValueError(f"{path} does not fit {type(module).__name__}: {'; '.join(problems)}")
    module.load_state_dict(wanted | found)


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a weights file by key, on the CPU, without running code from a pickle.

    A file of ``torch.save`` is read with ``weights_only``; a TorchScript archive is loaded and its state dict taken.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is broken or cut short, needs code to be run, or holds something else than tensors by key.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not a file; fetch these weights first")
    try:
        content = _read(path)
    except BROKEN as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path} is not a readable weights file: {reason}; fetch it again") from error
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise ValueError(f"{path} holds a {type(content).__name__} that is not a state dict (tensors by key)")
    return {str(key): value for key, value in content.items()}


def _read(path: Path) -> object:
    if not _is_torchscript(path):
        return torch.load(path, map_location="cpu", weights_only=True)
    with warnings.catch_warnings():
        # PyTorch advises against making such files; the published ones stay as they are.
        warnings.filterwarnings("ignore", message=r"`torch\.jit\.load` is deprecated", category=FutureWarning)
        return torch.jit.load(path, map_location="cpu").state_dict()  # type: ignore[no-untyped-call]


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _shortened(keys: list[str]) -> str:
    return ", ".join(keys[:SHOWN]) + (f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else "")
