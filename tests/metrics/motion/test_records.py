"""What all motion metrics keep: same bits again, inputs left alone, light to import, on their page."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from metrics.beat_align import BEAT_ALIGN
from metrics.eyes import BLINK_RATE_ERROR, EYELID_DISTANCE
from metrics.head_motion import HEAD_MOTION_DIVERSITY
from metrics.landmark_velocity import LVD_FACE, LVD_MOUTH
from metrics.upper_face import UPPER_FACE_DISTANCE

ROOT = Path(__file__).parents[3]
RECORDS = (
    LVD_MOUTH,
    LVD_FACE,
    BLINK_RATE_ERROR,
    EYELID_DISTANCE,
    UPPER_FACE_DISTANCE,
    HEAD_MOTION_DIVERSITY,
    BEAT_ALIGN,
)
ALL = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.key)


def arguments(record, take):
    return (take.other, take.samples) if record.needs == "sound" else (take.other, take.landmarks)


@ALL
def test_the_same_clip_gives_the_same_bits_in_any_order_of_clips(record, takes):
    first = [record.measure(*arguments(record, take)) for take in takes[:4]]
    again = [record.measure(*arguments(record, take)) for take in takes[3::-1]][::-1]
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one, other, equal_nan=True)
    assert np.asarray(first[0]).dtype == np.float64
    assert np.shape(first[0]) == ((150,) if record.scope == "frame" else ())


@ALL
def test_inputs_are_left_alone_and_need_not_be_contiguous(record, takes):
    sides = arguments(record, takes[0])
    kept = [side.copy() for side in sides]
    whole = record.measure(*sides)
    assert all(np.array_equal(side, copy) for side, copy in zip(sides, kept, strict=True))
    striped = [np.repeat(side, 2, axis=0)[::2] for side in sides]
    assert not striped[0].flags.c_contiguous
    assert np.array_equal(record.measure(*striped), whole, equal_nan=True)


@ALL
def test_the_precision_of_the_landmarks_does_not_enter(record, takes):
    generated, other = arguments(record, takes[0])
    wide = other if record.needs == "sound" else other.astype(np.float64)
    assert np.array_equal(
        record.measure(generated.astype(np.float64), wide), record.measure(generated, other), equal_nan=True
    )


@ALL
def test_the_page_lists_it(record):
    page = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "metrics").glob("*.md"))
    assert f"| `{record.key}` | {record.better} | {record.unit or '-'} | `{record.protocol}` |" in page


def test_keys_and_protocols_are_unique():
    assert len({record.key for record in RECORDS}) == len({record.protocol for record in RECORDS}) == len(RECORDS)


def test_nothing_heavy_is_imported():
    modules = sorted({record.measure.__module__ for record in RECORDS})
    code = f"import sys, importlib; [importlib.import_module(m) for m in {modules}]; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "metrics.beat_align" in found.split()
    assert not {"scipy.signal", "pandas", "torch", "torchvision", "onnxruntime", "mediapipe"} & set(found.split())
