"""Section `score` of params.yaml: what is measured."""

from dataclasses import dataclass

from metrics import METRICS, metric
from metrics.record import Metric


@dataclass(frozen=True)
class Score:
    """What is measured: keys of `metrics.METRICS`, in any order; tables keep the order of `METRICS`."""

    metrics: tuple[str, ...]

    def __post_init__(self) -> None:
        for key in self.metrics:
            metric(key)

    @property
    def chosen(self) -> tuple[Metric, ...]:
        """The metrics, in table order."""
        return tuple(each for each in METRICS if each.key in self.metrics)
