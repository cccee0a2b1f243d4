"""data/generate/<dataset>/<method> + data/features/<dataset> -> data/score: one row per clip and metric."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Float32

from metrics import METRICS, metric
from metrics.record import Metric
from metrics.signature import signature
from stages.entry import one_argument, run
from stages.params import read_section, workers
from stages.paths import crop_folder, features_folder, generated_folder, score_file
from stages.score_clip import ROW_COLUMNS, Pair, score_clip
from tavce.data.clips import FPS, Clip, read_clips
from tavce.data.crop.detect import make_detector
from tavce.data.crop.settings import CropSettings
from tavce.data.crop.track import follow
from tavce.errors import InputError
from tavce.media.video import decoder_version, read_frames
from tavce.methods.contract import Outcome, read_manifest
from tavce.run.atomic import atomic_file
from tavce.run.pool import run_all

_detector = cache(make_detector)


@dataclass(frozen=True)
class Score:
    """What is measured: keys of `metrics.METRICS`, in any order (tables keep the order of `METRICS`)."""

    metrics: tuple[str, ...]

    def __post_init__(self) -> None:
        for key in self.metrics:
            metric(key)


@dataclass(frozen=True)
class Evaluate:
    """Which clips are generated and scored."""

    split: Literal["train", "test"]
