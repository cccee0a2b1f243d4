"""Bounds of what an animator with the base renderer can reach, as parameters; `native.bounds` computes them.

Apart from there, so that reading parameters does not load PyTorch.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class TrueMotion:
    """All motion of the clip through the renderer: what is lost is the renderer's doing; no motion can do better."""

    name: Literal["true_motion"]


@dataclass(frozen=True)
class EnvelopeMouth:
    """The mouth opens with the loudness of the sound: what any method that was trained should beat.

    Attributes:
        opening: of the first expression coefficient at the loudest frame of the clip.
    """

    name: Literal["envelope_mouth"]
    opening: float

    def __post_init__(self) -> None:
        if self.opening <= 0:
            raise ValueError(f"opening {self.opening} must be above 0")


Bound = TrueMotion | EnvelopeMouth
