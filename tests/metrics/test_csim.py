"""CSIM on embeddings made by hand: values, lost faces, refusals."""

import inspect
from pathlib import Path

import numpy as np
import pytest

from metrics.clip_value import reduce
from metrics.csim import CSIM, CSIM_PAIRED, CSIM_ZERO, _checked, csim, csim_paired, csim_zero
from metrics.record import NoValueError


def unit(degrees):
    angles = np.radians(np.asarray(degrees, dtype=np.float64))
    return np.stack([np.cos(angles), np.sin(angles), np.zeros_like(angles)], axis=1).astype(np.float32)


def without(embeddings, *frames):
    lost = embeddings.copy()
    lost[list(frames)] = np.nan
    return lost


def random_embeddings(frames, channels=512, seed=0):
    raw = np.random.default_rng(seed).normal(size=(frames, channels))
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)


def test_values_are_cosines_and_the_two_references_differ():
    generated, reference = unit([0, 60, 100, 210]), unit([30, 60, 10, 120])
    np.testing.assert_allclose(csim(generated, reference), np.cos(np.radians([30, 30, 70, 180])), atol=1e-7)
    np.testing.assert_allclose(csim_paired(generated, reference), np.cos(np.radians([30, 0, 90, 90])), atol=1e-7)


def test_the_same_face_gives_exactly_one():
    clip = random_embeddings(200)
    assert (csim_paired(clip, clip) == 1).all()
    still = np.repeat(clip[:1], 200, axis=0)
    assert (csim(still, clip) == 1).all()
    assert csim(clip, clip)[0] == 1
    assert abs(csim(clip, clip)[1:]).max() < 0.2, "strangers"
    plain = (clip * clip).sum(axis=1)  # the plain product of float32 misses 1
    assert (plain != 1).any()


@pytest.mark.parametrize("measure", [csim, csim_paired, csim_zero])
def test_the_order_of_frames_does_not_matter_and_each_stands_alone(measure):
    generated, reference = random_embeddings(40, seed=1), random_embeddings(40, seed=2)
    reference = np.repeat(reference[:1], 40, axis=0) if measure is not csim_paired else reference
    values = measure(generated, reference)
    order = np.random.default_rng(0).permutation(40)
    assert np.array_equal(measure(generated[order], reference[order]), values[order])
    alone = [measure(generated[k : k + 1], reference[k : k + 1])[0] for k in range(40)]
    assert np.array_equal(alone, values)


def test_lost_faces_are_counted_or_cost():
    generated, reference = without(unit([0, 60, 60, 0]), 1), without(unit([0, 0, 0, 0]), 3)
    counted, zero, paired = (reduce(measure(generated, reference)) for measure in (csim, csim_zero, csim_paired))
    assert (counted.frames_used, zero.frames_used, paired.frames_used) == (3, 4, 2)
    assert counted.value == pytest.approx((1 + 0.5 + 1) / 3)
    assert zero.value == pytest.approx((1 + 0 + 0.5 + 1) / 4)
    assert paired.value == pytest.approx((1 + 0.5) / 2)
    assert np.isnan(csim_paired(generated, reference)).tolist() == [False, True, False, True]


def test_a_video_without_any_face_has_no_value_or_zero():
    nobody = without(unit([0, 0]), 0, 1)
    assert reduce(csim(nobody, unit([0, 0]))).reason == "none of 2 frames has a value"
    assert reduce(csim_zero(nobody, unit([0, 0]))).value == 0


@pytest.mark.parametrize("measure", [csim, csim_zero])
def test_a_source_without_a_face_is_a_reason(measure):
    with pytest.raises(NoValueError, match="no face in the source image"):
        measure(unit([0, 0]), without(unit([0, 0]), 0))
    assert reduce(measure(unit([0, 0]), without(unit([0, 0]), 1))).frames_used == 2


@pytest.mark.parametrize("measure", [csim, csim_zero, csim_paired])
def test_what_is_no_embedding_is_refused(measure):
    good = unit([0, 10])
    halves = good.copy()
    halves[1, 0] = np.nan
    for wrong in (2 * good, 0 * good, halves):
        with pytest.raises(ValueError, match="generated embeddings must be of unit"):
            measure(wrong, good)
        with pytest.raises(ValueError, match="reference embeddings must be of unit"):
            measure(good, wrong)


def test_unequal_lengths_are_refused_also_where_types_are_not_checked():
    with pytest.raises(ValueError, match=r"\(1, 3\) and \(2, 3\)"):
        inspect.unwrap(_checked)(unit([0]), unit([0, 10]))


@pytest.mark.parametrize("record", [CSIM, CSIM_PAIRED, CSIM_ZERO], ids=lambda record: record.key)
def test_records(record):
    assert (record.needs, record.scope, record.better, record.decimals) == ("identity", "frame", "higher", 3)
    values = record.measure(random_embeddings(5, seed=1), random_embeddings(5, seed=2))
    assert values.dtype == np.float64
    assert values.shape == (5,)
    assert record.measure(random_embeddings(5)[:0], random_embeddings(5)[:0]).shape == (0,)


def test_three_protocols():
    assert len({record.protocol for record in (CSIM, CSIM_PAIRED, CSIM_ZERO)}) == 3


def test_the_page_lists_every_protocol():
    page = (Path(__file__).parents[2] / "docs" / "metrics" / "README.md").read_text(encoding="utf-8")
    for record in (CSIM, CSIM_PAIRED, CSIM_ZERO):
        assert f"| `{record.key}` | {record.better} | -1 to 1 | `{record.protocol}` |" in page
