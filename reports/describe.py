"""What a report must be told, since score rows hold numbers only: names, directions, tracks, provenance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["control", "native", "external", "videos"]
GROUND_TRUTH = "ground_truth"
CONTROLS_ONLY = "controls"


@dataclass(frozen=True)
class MethodInfo:
    """How a method is shown.

    Attributes:
        label: name in tables.
        track: what the method is given (own pose, true pose, ...); methods of two tracks never share a table. A control
            stands in the tables of all tracks, so its own track is not read.
        kind: a "control" is set apart and never competes for the best value.
    """

    label: str
    track: str
    kind: Kind


@dataclass(frozen=True)
class MetricInfo:
    """How a metric is shown.

    Attributes:
        key: name in the score rows.
        label: name in tables.
        unit: printed behind the label, "" if none.
        better: direction of the arrow and of the best value; "zero": the nearer to 0.
        decimals: digits after the point.
    """

    key: str
    label: str
    unit: str
    better: Literal["higher", "lower", "zero"]
    decimals: int

    @property
    def heading(self) -> str:
        """Label and unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def arrow(self) -> str:
        """Where a better value lies."""
        return {"higher": "↑", "lower": "↓", "zero": "→0"}[self.better]


@dataclass(frozen=True)
class Provenance:
    """What stands around every table.

    Attributes:
        judges: the first line: which networks judged, and whether the values compare with published ones.
        code: name and version of the code that made the scores.
        excluded: data set -> {clip: why it cannot be used}; such clips are expected of no method.
    """

    judges: str
    code: str
    excluded: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def in_order(methods: Mapping[str, MethodInfo]) -> list[str]:
    """Return the methods in table order: ground truth, the other controls, then the rest, each in the order given."""
    return sorted(methods, key=lambda name: (methods[name].kind != "control", name != GROUND_TRUTH))


def tracks(methods: Mapping[str, MethodInfo]) -> list[str]:
    """Return the tracks, one table each; if all methods are controls, the one table of controls."""
    competing = dict.fromkeys(info.track for info in methods.values() if info.kind != "control")
    return list(competing) or [CONTROLS_ONLY]


def of_track(methods: Mapping[str, MethodInfo], track: str) -> list[str]:
    """Return the methods of one track's table, in its order.

    Raises:
        ValueError: if there is no such track.
    """
    if track not in tracks(methods):
        raise ValueError(f"no method is in track {track!r}; tracks: {', '.join(tracks(methods))}")
    return [name for name in in_order(methods) if methods[name].kind == "control" or methods[name].track == track]
