"""LSE, offset and relatives: hand-made distances, known shifts, and mistakes that must move them."""

import inspect

import numpy as np
import pytest
import torch
from scipy.signal import medfilt

from metrics.lse import audio_margin, av_offset, av_offset_abs
from metrics.median_filter import median_filter
from metrics.record import NoValueError
from metrics.sync import (
    MAX_SHIFT,
    SyncDistances,
    framewise_confidence,
    own_audio_margin,
    pair_distances,
    shift_means,
    sync_scores,
    valid_shift_means,
    window_count,
)


def features(windows, seed=0, size=64):
    """Features of a clip, independent from window to window; two of them are about 11 apart."""
    return np.random.default_rng(seed).normal(size=(windows, size)).astype(np.float32)


def noisy(values, seed=1):
    return values + np.random.default_rng(seed).normal(0, 0.5, values.shape).astype(np.float32)


def shifted(values, frames):
    """The sequence a with a[t] = v[t + frames], noise where v has ended."""
    filler = features(len(values), seed=9)
    audio = np.roll(values, -frames, axis=0)
    edge = slice(len(values) - frames, None) if frames > 0 else slice(0, -frames)
    audio[edge] = filler[edge]
    return audio


@pytest.mark.parametrize(
    ("frames", "samples", "windows"),
    [(6, 3840, 1), (75, 48_000, 70), (75, 47_999, 69), (80, 48_000, 70), (75, 60_000, 70)],
)
def test_windows_are_one_fewer_than_would_fit(frames, samples, windows):
    assert window_count(frames, samples) == windows


@pytest.mark.parametrize(("frames", "samples"), [(5, 48_000), (75, 3839), (0, 0)])
def test_a_clip_too_short_says_so(frames, samples):
    with pytest.raises(ValueError, match=f"{frames} frames, {samples} samples.*too short.*at least 6"):
        window_count(frames, samples)


def test_hand_made_distances_with_zeros_beyond_the_ends():
    lip, audio = np.float32([[3, 4], [6, 8]]), np.float32([[0, 0], [6, 0]])
    distances = pair_distances(lip, audio)
    expected = np.tile([[5.0], [10.0]], (1, 31))  # against the zero vector
    expected[:, 15] = [5, 8]  # its own window
    expected[:, 14] = [5, 10]  # the window before: none for the first
    expected[:, 16] = [5, 10]  # the window after: (3, -4) from (6, 0); none for the last
    assert distances == pytest.approx(expected, abs=3e-6)
    assert shift_means(distances)[15] == pytest.approx(6.5, abs=3e-6)
    scores = sync_scores(shift_means(distances))
    assert (scores.lse_d, scores.lse_c) == pytest.approx((6.5, 1.0), abs=3e-6)
    assert (scores.offset, scores.distance_at_0) == (0, scores.lse_d)


def test_equal_features_are_a_millionth_apart_in_each_number():
    values = features(20, size=1024)
    assert pair_distances(values, values)[:, 15] == pytest.approx(np.full(20, 3.2e-5), rel=1e-6)


def test_distances_equal_the_published_computation():
    lip, audio = features(40), noisy(features(40))
    padded = torch.nn.functional.pad(torch.from_numpy(audio), (0, 0, 15, 15))
    rows = [
        torch.nn.functional.pairwise_distance(torch.from_numpy(lip[i : i + 1]).repeat(31, 1), padded[i : i + 31])
        for i in range(40)
    ]
    assert pair_distances(lip, audio) == pytest.approx(torch.stack(rows).numpy(), rel=1e-6)


@pytest.mark.parametrize("means", [shift_means, valid_shift_means])
@pytest.mark.parametrize("offset", [-15, -5, -1, 0, 1, 5, 15])
def test_positive_offset_means_that_audio_leads(means, offset):
    lip = features(90)
    scores = sync_scores(means(pair_distances(lip, noisy(shifted(lip, offset)))))
    assert scores.offset == offset
    assert (scores.distance_at_0 > scores.lse_d) == (offset != 0)


def test_a_constant_delay_costs_the_distance_at_0_and_hardly_lse_d():
    lip = features(480)
    plain, late = (sync_scores(shift_means(pair_distances(lip, noisy(shifted(lip, k))))) for k in (0, 5))
    assert late.lse_d < 1.1 * plain.lse_d
    assert late.distance_at_0 > 2 * plain.distance_at_0


def test_scores_of_hand_made_means():
    means = np.linspace(10, 13, 31)
    means[22] = 4
    scores = sync_scores(means)
    assert (scores.lse_d, scores.offset, scores.distance_at_0) == (4, -7, 11.5)
    assert scores.lse_c == np.median(means) - 4
    assert scores.lse_c != pytest.approx(means.mean() - 4, abs=1e-3), "a mean in place of the median"


def test_zero_padding_makes_confidence_grow_with_length_and_valid_pairs_do_not():
    padded, valid = [], []
    for windows in (20, 45, 120, 240):
        lip = features(windows)
        distances = pair_distances(lip, noisy(lip))
        padded.append(sync_scores(shift_means(distances)).lse_c)
        valid.append(sync_scores(valid_shift_means(distances)).lse_c)
    assert (np.diff(padded) > 0).all()
    assert padded[0] < 0.9 * padded[-1]
    assert np.ptp(valid) < 0.04 * np.mean(valid)
    assert valid[-1] > padded[-1]


def test_valid_pairs_by_hand():
    distances = np.arange(17 * 31, dtype=float).reshape(17, 31)
    means = valid_shift_means(distances)
    assert means[0] == distances[15:, 0].mean(), "shift -15: only windows 15 and 16 have a partner"
    assert means[30] == distances[:2, 30].mean(), "shift +15: only windows 0 and 1"
    assert means[15] == shift_means(distances)[15] == distances[:, 15].mean()
    with pytest.raises(ValueError, match=r"15 windows are too few .* need 16"):
        valid_shift_means(distances[:15])


def test_framewise_confidence_by_hand():
    rng = np.random.default_rng(3)
    distances = rng.uniform(9, 11, (40, 31))
    distances[:, 12] = 5 + np.sin(np.arange(40) / 3)
    means = distances.mean(axis=0)
    expected = medfilt(np.median(means) - distances[:, 12], 9)
    assert framewise_confidence(distances) == pytest.approx(expected, rel=1e-12)
    without_filter = np.median(means) - distances[:, 12]
    assert np.abs(framewise_confidence(distances) - without_filter).max() > 0.1


def test_a_stretch_out_of_sync_shows_in_its_frames():
    lip = features(120)
    audio = noisy(lip)
    audio[50:70] = features(20, seed=9)
    confidence = framewise_confidence(pair_distances(lip, audio))
    assert confidence[55:65].max() < confidence[20:40].min()


def test_margin_by_hand_and_its_sign():
    own, other = np.full((20, 31), 9.0), np.full((20, 31), 9.0)
    own[:, MAX_SHIFT], other[:, MAX_SHIFT] = 5.0, 7.5
    assert own_audio_margin(own, other) == 2.5
    assert own_audio_margin(other, own) == -2.5
    assert own_audio_margin(own, own) == 0
    with pytest.raises(ValueError, match="same windows, got 20 and 19"):
        inspect.unwrap(own_audio_margin)(own, other[:19])


@pytest.mark.parametrize("problem", ["shapes", "nothing", "nan"])
def test_features_that_cannot_be_compared_are_refused(problem):
    lip, audio = features(20), features(20)
    if problem == "shapes":
        audio = audio[:19]
    elif problem == "nothing":
        lip, audio = lip[:0], audio[:0]
    else:
        audio[3, 4] = np.nan
    with pytest.raises(ValueError, match=r"shape|finite|window"):
        inspect.unwrap(pair_distances)(lip, audio)


@pytest.mark.parametrize("kernel", [1, 9, 13])
@pytest.mark.parametrize("count", [1, 8, 40])
@pytest.mark.filterwarnings("ignore:kernel_size exceeds volume extent")
def test_the_median_filter_is_scipys(kernel, count):
    values = np.random.default_rng(count).uniform(1, 9, count)
    assert np.array_equal(median_filter(values, kernel), medfilt(values, kernel))


@pytest.mark.parametrize("kernel", [0, 4, -3])
def test_an_even_kernel_has_no_middle(kernel):
    with pytest.raises(ValueError, match="odd and positive"):
        median_filter(np.ones(20), kernel)


def test_the_mean_size_of_offsets_sees_what_their_mean_hides():
    lip = features(60)
    clips = [SyncDistances(pair_distances(lip, shifted(lip, k)), None, "alone") for k in (-4, 4, 0)]
    assert [av_offset(clip) for clip in clips] == [-4, 4, 0]
    assert [av_offset_abs(clip) for clip in clips] == [4, 4, 0]


def test_a_margin_without_another_sound_says_why():
    own = pair_distances(features(20), features(20))
    with pytest.raises(NoValueError, match=r"^the other clip is mute$"):
        audio_margin(SyncDistances(own, None, "the other clip is mute"))
    assert audio_margin(SyncDistances(own, own[:12] + 1, "")) == pytest.approx(1)
