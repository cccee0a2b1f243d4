"""What a metric is: a function from two clips to a value, and the facts needed to print and compare it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Better = Literal["higher", "lower", "zero"]
Needs = Literal[
    "frames", "lpips", "mouth", "landmarks", "identity", "sync", "sound", "inception", "i3d", "i3d_first", "tavc"
]
Scope = Literal["frame", "clip", "set"]


class NoValueError(ValueError):
    """A metric is not defined on this clip; the message is the reason that its row gets."""


@dataclass(frozen=True)
class Metric:
    """One metric under one protocol.

    What ``measure`` gets depends on ``needs``, generated before reference:

    - frames: RGB frames of both, uint8 ``frames height width 3``.
    - lpips: a `metrics.networks.lpips.Lpips`, then as for frames.
    - mouth: as for frames, then the reference's landmarks, as below.
    - landmarks: 68 iBUG points of both in pixels, ``frames 68 2``; NaN in frames without a face.
    - identity: face embeddings of both, ``frames channels``, unit length; NaN in frames without a face.
    - sync: a `metrics.sync.SyncDistances`.
    - sound: landmarks of the generated clip and its audio, int16 ``samples`` at 16 kHz.
    - tavc: embeddings of the generated clip's sound and of its mouth, see `metrics.tavc`.
    - inception: features of all frames of all clips of both, ``frames channels``.
    - i3d, i3d_first: features of all windows of 16 frames, or of the first, of all clips of both, ``windows channels``.

    What it returns depends on ``scope``: for a frame, float64 ``frames``, where inf says that the frame equals the
    reference exactly (where the metric has no finite value for that) and NaN that the frame has no value; for a clip or
    a set of clips, one finite float, or it raises `NoValueError`.

    Attributes:
        key: name in files and parameters; never changes meaning (a change of values raises ``version``).
        name: name in tables.
        unit: unit of the value, "" if it has none.
        better: direction of a better score; "zero": the nearer to 0.
        version: raised whenever the same input gives another value.
        protocol: short token that enters the signature; two protocols never share one.
        citation: where the definition comes from.
        needs: what ``measure`` gets.
        scope: what ``measure`` gives values for.
        decimals: digits after the point in tables.
        measure: the function.
        edge: frames at the ends of every clip that have no value of their own, since a value rests on several frames.
    """

    key: str
    name: str
    unit: str
    better: Better
    version: int
    protocol: str
    citation: str
    needs: Needs
    scope: Scope
    decimals: int
    measure: Callable[..., Any]
    edge: int = 0
