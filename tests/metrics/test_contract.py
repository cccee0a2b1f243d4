"""What metrics of pixels and of landmark places must keep: direction, independence of batches, checks, mistakes."""

import inspect
from pathlib import Path

import numpy as np
import pytest

from metrics import METRICS, VARIANTS, metric
from metrics.frames import check_pair

DOCS = Path(__file__).parents[2] / "docs"
TABLE = (
    "psnr ssim ssim_mouth lpips fid kid lse_c lse_d av_offset_abs av_offset distance_at_0 audio_margin csim "
    "csim_paired lmd_mouth lmd_face lvd_mouth lvd_face eyelid_distance blink_rate_error upper_face_distance "
    "head_motion_diversity beat_align"
)
PLACES = ("lmd_mouth", "lmd_face")
ALL = pytest.mark.parametrize(
    "record",
    [r for r in METRICS + VARIANTS if r.needs == "frames" or r.key in PLACES],
    ids=lambda record: record.key,
)
PIXELS = pytest.mark.parametrize(
    "record", [r for r in METRICS + VARIANTS if r.needs == "frames"], ids=lambda record: record.key
)


@pytest.fixture
def pair(record, generated, reference, landmarks):
    """(slightly wrong, reference) of the kind that the metric needs."""
    if record.needs == "frames":
        return generated, reference
    noise = np.random.default_rng(4).normal(0, 0.5, landmarks.shape)
    return (landmarks + noise).astype(np.float32), landmarks


def worsened(record, pair):
    """The reference with three times the error of the pair."""
    wrong, right = (side.astype(np.float64) for side in pair)
    far = right + 3 * (wrong - right)
    return np.clip(far, 0, 255).astype(np.uint8) if record.needs == "frames" else far.astype(np.float32)


def worse(record, value, than):
    return value < than if record.better == "higher" else value > than


@ALL
def test_shape_and_type(record, pair):
    values = record.measure(*pair)
    assert values.shape == (len(pair[0]),)
    assert values.dtype == np.float64
    assert np.isfinite(values).all()


@ALL
def test_a_worse_clip_scores_worse_in_every_frame(record, pair):
    near, far = record.measure(*pair), record.measure(worsened(record, pair), pair[1])
    assert worse(record, far, than=near).all()
    assert worse(record, near, than=record.measure(pair[1], pair[1])).all()


@ALL
def test_one_frame_at_a_time_gives_the_same_bits(record, pair):
    wrong, right = pair
    if record.key in PLACES:  # the normaliser belongs to the clip: hold it fixed by a reference that does not move
        right = np.repeat(right[:1], len(right), axis=0)
    whole = record.measure(wrong, right)
    single = [record.measure(wrong[k : k + 1], right[k : k + 1])[0] for k in range(len(wrong))]
    assert np.array_equal(whole, single)


@ALL
def test_inputs_are_left_alone_and_need_not_be_contiguous(record, pair):
    wrong, right = (side.copy() for side in pair)
    values = record.measure(wrong[::2], right[::2])
    assert all(np.array_equal(side, kept) for side, kept in zip((wrong, right), pair, strict=True))
    assert np.array_equal(values, record.measure(wrong[::2].copy(), right[::2].copy()))


@ALL
def test_one_frame_late_is_worse(record, pair):
    _, right = pair
    late = np.concatenate([right[:1], right[:-1]])
    assert worse(record, record.measure(late, right), than=record.measure(right, right))[1:].all()


@PIXELS
@pytest.mark.parametrize("mistake", [lambda f: f[..., ::-1], lambda f: f[:, :, ::-1]], ids=["BGR", "mirrored"])
def test_bgr_order_and_mirrored_frames_are_worse(record, mistake, pair):
    wrong, right = pair
    moved = record.measure(mistake(wrong), right)
    assert worse(record, moved, than=record.measure(wrong, right)).all()


@PIXELS
def test_float_frames_are_refused(record, pair):
    wrong, right = pair
    with pytest.raises(TypeError):
        record.measure(wrong / np.float32(255), right / np.float32(255))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((2, 12, 12, 3), np.float32), "uint8"),
        (np.zeros((2, 12, 13, 3), np.uint8), r"\(2, 12, 13, 3\).*\(2, 12, 12, 3\)"),
        (np.zeros((1, 12, 12, 3), np.uint8), "shape"),
    ],
)
def test_pairs_are_refused_also_where_types_are_not_checked(wrong, message):
    with pytest.raises(ValueError, match=message):
        inspect.unwrap(check_pair)(wrong, np.zeros((2, 12, 12, 3), np.uint8))
    four = np.zeros((2, 12, 12, 4), np.uint8)
    with pytest.raises(ValueError, match="height, width, 3"):
        inspect.unwrap(check_pair)(four, four)


@ALL
def test_unequal_lengths_are_refused(record, pair):
    wrong, right = pair
    with pytest.raises(TypeError):
        record.measure(wrong[:-1], right)


@ALL
def test_no_frames_give_no_values(record, pair):
    assert record.measure(pair[0][:0], pair[1][:0]).shape == (0,)


def test_keys_are_unique_and_unknown_ones_are_refused_with_the_allowed_ones():
    records = METRICS + VARIANTS
    assert len({record.key for record in records}) == len(records)
    assert all(metric(record.key) is record for record in records)
    with pytest.raises(ValueError, match="'pnsr'; allowed: psnr, ssim, ssim_mouth, lpips"):
        metric("pnsr")


def test_the_pages_of_metrics_list_every_protocol():
    pages = (DOCS / "metrics" / "README.md").read_text(encoding="utf-8")
    for record in METRICS + VARIANTS:
        assert f"| `{record.key}` | {record.better} |" in pages
        assert f"| `{record.protocol}` |" in pages


def test_the_table_order_is_frozen():
    assert " ".join(record.key for record in METRICS) == TABLE
