"""Section `score` of params.yaml: what is measured."""

from dataclasses import dataclass

from metrics import METRICS, VARIANTS, metric
from metrics.record import Metric


@dataclass(frozen=True)
class Score:
    """What is measured: keys of `metrics.METRICS` and `VARIANTS`; tables keep their order."""

    metrics: tuple[str, ...]

    def __post_init__(self) -> None:
        for key in self.metrics:
            metric(key)
        if len(set(self.metrics)) < len(self.metrics):
            raise ValueError(f"metrics {list(self.metrics)} name one twice")

    @property
    def chosen(self) -> tuple[Metric, ...]:
        """The metrics, in table order."""
        return tuple(each for each in METRICS + VARIANTS if each.key in self.metrics)
