"""Section `methods` of params.yaml: the compared methods."""

from dataclasses import dataclass
from typing import Literal

from tavce.methods.controls import Control


@dataclass(frozen=True)
class Method:
    """A compared method; `control` says which one, `label` what tables call it."""

    kind: Literal["control"]
    label: str
    control: Control
