"""Pages to look at: a small one with everything that can go wrong, its videos, and one of the largest size."""

import math

import numpy as np
import pandas as pd
import pytest

from reports.aggregate import aggregate
from reports.describe import MethodInfo, MetricInfo, Provenance, tracks
from reports.page.data import Page, PageSection
from reports.page.write import page_html
from reports.tables import build_table
from tavce.media.writer import write_h264

FRAMES, SIDE = 75, 96
SCRIPT = "</script><script>window.injected = 1</script>"
IMAGE = '<img src="x" onerror="window.injected = 1">'
METHODS = {
    "own_a": MethodInfo("Own A", "own pose", "native"),
    "still": MethodInfo("Still frame", "", "control"),
    "own_b": MethodInfo(f"Own B {IMAGE}", "own pose", "external"),
    "ground_truth": MethodInfo("Ground truth", "", "control"),
    "broken": MethodInfo("Broken & gone", "own pose", "external"),
    "paint": MethodInfo("Paint", "in-painting", "external"),
}
METRICS = [
    MetricInfo("psnr", "PSNR", "dB", "higher", 2),
    MetricInfo("lmd", "LMD", "% IOD", "lower", 1),
    MetricInfo("offset", "AV offset", "frames", "zero", 0),
]
CLIPS = [f"clip_{k}" for k in range(8)]


def score_row(dataset, method, clip, identity, metric, value, reason=None):
    """One score row; infinite values are those of copies."""
    copy = math.isinf(value)
    return {
        "dataset": dataset, "method": method, "clip": clip, "identity": identity, "metric": metric, "value": value,
        "reason": reason, "frames_used": 0 if copy or reason else FRAMES, "frames_expected": FRAMES,
        "frames_generated": FRAMES, "identical_frames": FRAMES if copy else 0, "signature": f"{metric}|v1|size:96",
    }  # fmt: skip


def small_rows():
    """Eight clips of four people. ``own_b`` fails on clip_3, ``broken`` everywhere; the ground truth copies."""
    lines = []
    for k, clip in enumerate(CLIPS):
        person = f"person {k // 2} {SCRIPT}" if k >= 6 else f"person {k // 2}"
        wave = (k * 5) % 8
        values = {
            "ground_truth": (math.inf, 0.0, 0.0),
            "still": (20.0 + k / 4, 9.0, wave - 4.0),
            "own_a": (30.0 + wave, 4.0 + wave / 2, wave - 3.0),
            "own_b": (29.0 + k, 3.0 + k / 2, 1.0 - k),
            "paint": (math.inf if k == 0 else 33.0 + wave, 2.0, 0.0),
        }
        for method, found in values.items():
            lost = method == "own_b" and k == 3
            for metric, value in zip(METRICS, found, strict=True):
                reason = f"video has 0 frames {SCRIPT}" if lost else None
                lines.append(score_row("talk", method, clip, person, metric.key, math.nan if lost else value, reason))
        lines += [score_row("talk", "broken", clip, person, m.key, math.nan, "no face found") for m in METRICS]
    return pd.DataFrame(lines)


def make_section(rows, methods, metrics, main, clips=None, **more):
    """One data set with the tables that the report would make of its rows, or of those of some clips."""
    dataset = rows["dataset"].iloc[0]
    clips = clips or sorted(rows["clip"].unique())
    provenance = Provenance("judges: stand-ins (1234abcd)", "tavce 0.1 (0fedcba)", {dataset: more.get("excluded", {})})
    means = aggregate(rows[rows["clip"].isin(clips)], {dataset: clips}, methods=methods)
    groups = [part for part in (metrics[:main], metrics[main:]) if part]
    tables = [
        build_table(means, dataset, track, methods, part, provenance) for track in tracks(methods) for part in groups
    ]
    keys = [metric.key for metric in metrics[:main]]
    return PageSection(dataset, provenance.judges, rows, tables, methods, metrics, keys, **more)


def random_rows(methods, clips, metrics):
    names = [f"clip_{k:03}" for k in range(clips)]
    keys = pd.MultiIndex.from_product(
        [[each.key for each in metrics], methods, names], names=["metric", "method", "clip"]
    )
    rows = keys.to_frame(index=False).assign(dataset="large", reason=None, identical_frames=0)
    rows["identity"] = "person " + (rows["clip"].str[-3:].astype(int) % 40).astype(str)
    rows["signature"] = rows["metric"] + "|v1"
    rows[["frames_used", "frames_expected", "frames_generated"]] = FRAMES
    return rows.assign(value=np.random.default_rng(0).normal(10, 3, len(rows)))


@pytest.fixture(scope="session")
def section_of():
    return make_section


@pytest.fixture(scope="session")
def row_of():
    return score_row


@pytest.fixture(scope="session")
def small():
    """Two data sets; the first has videos, values per frame, failures, and names that try to be code."""
    wave = np.sin(np.arange(FRAMES) / 6).astype(np.float32)
    wave[:3] = np.nan
    dent = np.where(np.arange(FRAMES) == 40, np.nan, wave / 2).astype(np.float32)
    other = small_rows().assign(dataset="other")
    first = make_section(
        small_rows(),
        METHODS,
        METRICS,
        2,
        excluded={f"clip_x {IMAGE}": "no_face"},
        videos={
            "reference": CLIPS,
            "own_a": CLIPS,
            "own_b": [clip for clip in CLIPS if clip != "clip_3"],
            "still": CLIPS,
            "paint": CLIPS,
        },
        curves={clip: {"psnr": {"own_a": wave, "own_b": dent}, "lmd": {"own_a": wave + 3}} for clip in CLIPS[:4]},
    )
    second = make_section(other[other["clip"] == "clip_0"], METHODS, METRICS, 3)
    return Page(f"Talking heads {SCRIPT}", "tavce 0.1 (0fedcba)", [first, second])


@pytest.fixture(scope="session")
def large():
    """Twenty methods, 200 clips, 23 metrics."""
    metrics = [MetricInfo(f"metric_{k}", f"Metric {k}", "dB", "higher", 3) for k in range(23)]
    methods = {f"method_{k}": MethodInfo(f"Method number {k}", "own pose", "native") for k in range(20)}
    rows = random_rows(list(methods), 200, metrics)
    few = [f"clip_{k:03}" for k in range(10)]  # the tables are as large with any number of clips
    return Page("Large", "tavce", [make_section(rows, methods, metrics, 9, few)])


@pytest.fixture(scope="session")
def large_text(large):
    return page_html(large)


def brightness(frame):
    """The frame's number, readable from its grey."""
    return 15 + 3 * frame


@pytest.fixture(scope="session")
def write_videos():
    """Return what writes the videos that a section names: 3 s of grey that says which frame it is, with a tone."""

    def write(section, folder):
        source = folder / "source.mp4"
        tone = (3000 * np.sin(np.arange(FRAMES * 640) / 8)).astype(np.int16)
        frames = (np.full((SIDE, SIDE, 3), brightness(k), np.uint8) for k in range(FRAMES))
        write_h264(source, frames, crf=12, sound=tone, preset="veryfast")
        for method, clips in section.videos.items():
            target = folder / "videos" / section.dataset / method
            target.mkdir(parents=True)
            for clip in clips:
                (target / f"{clip}.mp4").write_bytes(source.read_bytes())
        source.unlink()

    return write
