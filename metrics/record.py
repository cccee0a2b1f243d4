"""What a metric is: a function from two clips to one value per frame, and the facts needed to print and compare it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Better = Literal["higher", "lower"]
Needs = Literal["frames", "landmarks"]


@dataclass(frozen=True)
class Metric:
    """One metric under one protocol.

    Attributes:
        key: name in files and parameters; never changes meaning (a change of values raises ``version``).
        name: name in tables.
        unit: unit of the value, "" if it has none.
        better: direction of a better score.
        version: raised whenever the same input gives another value.
        protocol: short token that enters the signature; two protocols never share one.
        citation: where the definition comes from.
        needs: what ``per_frame`` compares: RGB frames (uint8 ``frames height width 3``) or landmarks (``frames 68 2``).
        whole_clip: whether a frame's value also depends on the other frames of its clip (a normaliser over the clip).
            If not, a clip may be scored in pieces of any length.
        decimals: digits after the point in tables.
        per_frame: (generated, reference), equally shaped -> float64 ``frames``. inf says the frame equals the reference
            exactly, where the metric has no finite value for that; NaN says the frame has no value.
    """

    key: str
    name: str
    unit: str
    better: Better
    version: int
    protocol: str
    citation: str
    needs: Needs
    whole_clip: bool
    decimals: int
    per_frame: Callable[[Any, Any], np.ndarray[Any, Any]]
