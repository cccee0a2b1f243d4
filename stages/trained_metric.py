"""data/correlation/<dataset>/<name> -> the trained correlation metric, ready to listen and look."""

import json

import torch

from stages.correlation import FIGURES, WEIGHTS, Correlation
from stages.params import read_section
from stages.paths import correlation_folder
from tavce.errors import InputError
from tavce.model.correlation.metric import CorrelationMetric
from tavce.model.state import fill_strictly


def trained_correlation(dataset: str, name: str) -> CorrelationMetric | str:
    """Return the metric in evaluation mode, its weights frozen; or the reason why its stage trained none.

    Raises:
        InputError: its stage has not run, or its weights do not fit its section of params.yaml.
    """
    chosen: Correlation = read_section(Correlation, "correlations", name)
    path = correlation_folder(dataset, name) / WEIGHTS
    if not path.is_file():
        figures = path.with_name(FIGURES)
        if figures.is_file():
            return str(json.loads(figures.read_text(encoding="utf-8"))["reason"])
        raise InputError(path, "there are no weights", f"run: dvc repro correlation@{dataset}-{name}")
    metric = CorrelationMetric(chosen.network)
    try:
        fill_strictly(metric, torch.load(path, map_location="cpu", weights_only=True))
    except ValueError as error:
        raise InputError(path, str(error), f"run: dvc repro -f correlation@{dataset}-{name}") from error
    return metric.eval().requires_grad_(False)
