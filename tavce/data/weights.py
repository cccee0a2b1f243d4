"""Model files: which there are, where they lie on this machine, and that they are the right bytes."""

import os
from dataclasses import dataclass
from pathlib import Path

from tavce.data.clips import file_sha256
from tavce.errors import InputError

WEIGHTS_VARIABLE = "TAVCE_WEIGHTS"


@dataclass(frozen=True)
class Weights:
    """One published model file.

    Attributes:
        name: what parameters call it.
        file: file name in the weights folder.
        url: where its authors publish it.
        bytes: its size.
        sha256: of its contents, in hex.
        licence: of the weights, not of the code around them.
        used_by: the parts of this project that read it.
    """

    name: str
    file: str
    url: str
    bytes: int
    sha256: str
    licence: str
    used_by: str


REGISTRY = (
    Weights(
        name="face_landmarker",
        file="face_landmarker.task",
        url="https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task",
        bytes=3_758_596,
        sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        licence="Apache-2.0",
        used_by="crop, detector mediapipe",
    ),
)


def weights_folder() -> Path:
    """Return the folder of model files: the variable TAVCE_WEIGHTS, else ``~/.cache/tavce/weights``."""
    return Path(os.environ.get(WEIGHTS_VARIABLE) or Path.home() / ".cache" / "tavce" / "weights")


def weights_path(name_or_path: str) -> Path:
    """Return the path of a model file, given as a path or as a name in the registry.

    An existing file is taken as it is, unchecked, so that own models can be tried. A registry name means the file of
    that entry in the weights folder, and its bytes are checked.

    Raises:
        InputError: neither a file nor a name; the registered file is absent, or its sha256 differs.
    """
    given = Path(name_or_path)
    if name_or_path and given.is_file():
        return given
    entry = next((each for each in REGISTRY if each.name == name_or_path), None)
    if entry is None:
        names = ", ".join(each.name for each in REGISTRY)
        raise InputError(name_or_path or "model", "is neither a file nor a registered model", f"known names: {names}")
    path = weights_folder() / entry.file
    if not path.is_file():
        remedy = f"download {entry.url} into {path.parent} (sha256 {entry.sha256}), or set {WEIGHTS_VARIABLE}"
        raise InputError(path, f"model {entry.name} is not there", remedy)
    found = file_sha256(path)
    if found != entry.sha256:
        problem = f"sha256 is {found}, expected {entry.sha256} ({path.stat().st_size} bytes, expected {entry.bytes})"
        raise InputError(path, problem, f"delete it and download {entry.url} again")
    return path
