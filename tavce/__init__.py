"""The library of TAVCE-Bench: media, data, model, methods and executors; it knows nothing of params.yaml or DVC."""

from importlib import import_module
from typing import Any

__all__ = ["animate"]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Return `animate`, loaded where it is first asked for: torch comes with it, and takes seconds."""
    if name == "animate":
        return import_module("tavce.methods.native.animate").animate
    raise AttributeError(f"module 'tavce' has no attribute {name!r}")
