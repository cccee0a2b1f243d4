"""A page with three methods, six clips of three people, small videos whose brightness tells the frame."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports.aggregate import aggregate
from reports.describe import MethodInfo, MetricInfo, Provenance
from reports.page.data import Page, PageSection
from reports.page.write import write_page
from reports.tables import build_table
from tavce.media.writer import write_h264

SCRIPT = "</script><script>window.harm = 1</script>"
PSNR = MetricInfo("psnr", "PSNR", "dB", "higher", 2)
LPIPS = MetricInfo("lpips", "LPIPS", "", "lower", 4)
OFFSET = MetricInfo("av_offset", "AV offset", "frames", "zero", 2)
CLIPS = [f"clip{k}" for k in range(6)]
FRAMES, SIDE = 50, 96
METHODS = {
    "ground_truth": MethodInfo("Ground truth", "", "control"),
    "good": MethodInfo("Good", "own pose", "native"),
    "poor": MethodInfo(f"Poor {SCRIPT}<img src=x onerror='window.harm = 2'>", "own pose", "native"),
    "paint": MethodInfo("Paint", "in-painting", "native"),
}
LEVEL = {"ground_truth": math.inf, "good": 30.0, "poor": 20.0, "paint": 25.0}


def score_rows(make_row):
    lines = []
    for method, level in LEVEL.items():
        for k, clip in enumerate(CLIPS):
            person = {"identity": f"id{k % 3}"}
            lost = method == "poor" and k == 5
            reason = {"value": math.nan, "reason": f"no face {SCRIPT}"} if lost else {}
            lines.append(make_row(method, clip, "psnr", **({"value": level + k} | reason | person)))
            lines.append(make_row(method, clip, "lpips", **({"value": 3.0 / (level + k)} | reason | person)))
            lines.append(make_row(method, clip, "av_offset", value=float((-1) ** k * k), **person))
    return pd.DataFrame(lines)


@pytest.fixture(scope="session")
def make_page(make_row):
    """``make_page(videos, curves)``: a page of one data set with two tracks."""

    def make(videos=None, curves=None):
        rows = score_rows(make_row)
        means = aggregate(rows, {"talk": CLIPS}, methods=METHODS)
        metrics = [PSNR, LPIPS, OFFSET]
        provenance = Provenance(f"judges: {SCRIPT}", "code 1", {"talk": {"bad": "no sound"}})
        tables = [
            build_table(means, "talk", track, METHODS, metrics, provenance) for track in ("own pose", "in-painting")
        ]
        section = PageSection(
            "talk", provenance.judges, rows, tables, METHODS, metrics, ["psnr", "lpips"], {"bad": f"no sound {SCRIPT}"},
            videos or {}, curves or {}, {"sync_confidence": "Framewise confidence"},
        )  # fmt: skip
        return Page(f"Demo {SCRIPT}", "code 1", [section])

    return make


@dataclass(frozen=True)
class Made:
    """A page on disk."""

    folder: Path

    @property
    def url(self) -> str:
        return (self.folder / "index.html").as_uri()


@pytest.fixture(scope="session")
def made(make_page, tmp_path_factory) -> Made:
    """A page with videos of two clips; `poor` lacks that of the second."""
    folder = tmp_path_factory.mktemp("page")
    videos = {"reference": CLIPS[:2], "good": CLIPS[:2], "poor": CLIPS[:1], "paint": CLIPS[:2]}
    tone = (8000 * np.sin(np.arange(FRAMES * 640) / 8)).astype(np.int16)
    for method, clips in videos.items():
        for clip in clips:
            path = folder / "videos" / "talk" / method / f"{clip}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            frames = (np.full((SIDE, SIDE, 3), 5 * k, np.uint8) for k in range(FRAMES))
            write_h264(path, frames, crf=12, sound=tone)
    values = np.arange(FRAMES, dtype=np.float64)
    values[:2] = np.nan
    curves = {clip: {"sync_confidence": {"good": values, "poor": values[::-1].copy()}} for clip in CLIPS[:2]}
    write_page(make_page(videos, curves), folder)
    return Made(folder)
