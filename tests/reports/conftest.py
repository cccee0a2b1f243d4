"""Score rows of a small benchmark: two tracks, controls, an exact copy, a method that fails."""

import math

import pandas as pd
import pytest

from reports.describe import MethodInfo, MetricInfo, Provenance

CLIPS = [f"clip_{k}" for k in range(4)]


def row(method, clip, metric="psnr", value=30.0, **changes):
    """One score row; a null value needs its reason among the changes."""
    plain = {
        "dataset": "talk", "method": method, "clip": clip, "identity": f"id_{clip}", "metric": metric, "value": value,
        "reason": None, "frames_used": 75, "frames_expected": 75, "frames_generated": 75, "identical_frames": 0,
        "signature": f"{metric}|v1|rgb|size:128|mode:clean",
    }  # fmt: skip
    if math.isinf(value):
        plain |= {"frames_used": 0, "identical_frames": 75}
    elif math.isnan(value):
        plain |= {"frames_used": 0}
    return plain | changes


@pytest.fixture(scope="session")
def make_row():
    return row


@pytest.fixture
def expected():
    return {"talk": list(CLIPS)}


@pytest.fixture
def rows():
    """Four clips, two metrics. ``own_b`` fails on clip_3, ``broken`` everywhere; the ground truth copies."""
    lines = []
    for k, clip in enumerate(CLIPS):
        lines += [row("ground_truth", clip, value=math.inf), row("ground_truth", clip, "lmd", 0.0)]
        lines += [row("still", clip, value=20.0 + k), row("still", clip, "lmd", 9.0)]
        lines += [row("own_a", clip, value=30.0 + k), row("own_a", clip, "lmd", 4.0 + k)]
        lines += [row("broken", clip, m, math.nan, reason="no face found") for m in ("psnr", "lmd")]
        if clip != "clip_3":
            lines += [row("own_b", clip, value=28.0 + k), row("own_b", clip, "lmd", 3.0 + k, frames_used=70)]
        else:
            lines += [row("own_b", clip, m, math.nan, reason="video has 0 frames") for m in ("psnr", "lmd")]
        lines += [row("paint", clip, value=math.inf if k == 0 else 33.0 + k), row("paint", clip, "lmd", 2.0)]
    return pd.DataFrame(lines)


@pytest.fixture
def methods():
    return {
        "own_a": MethodInfo("Own A", "own pose", "native"),
        "still": MethodInfo("Still frame", "", "control"),
        "own_b": MethodInfo("Own_B & co", "own pose", "external"),
        "ground_truth": MethodInfo("Ground truth", "", "control"),
        "broken": MethodInfo("Broken", "own pose", "external"),
        "paint": MethodInfo("Paint", "in-painting", "external"),
    }


@pytest.fixture
def metrics():
    return [MetricInfo("psnr", "PSNR", "dB", "higher", 2), MetricInfo("lmd", "LMD", "% IOD", "lower", 1)]


@pytest.fixture
def provenance():
    return Provenance("judges: stand-ins (1234abcd)", "0fedcba", {"talk": {"clip_x": "no_face", "clip_y": "no_face"}})
