"""Known answers of sync judges: a perfect one passes, and each way of being wrong is named."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from metrics.known_sync import SHIFTS, failed_sync, known_answers, known_sync, moved
from metrics.networks.syncnet import SyncNet, SyncNetConfig, load_syncnet
from stages.make_judges.corpus import Wanted, make_clips
from tavce.media.mfcc import mfcc
from tavce.methods.controls import shift_audio

CLIPS, WINDOWS, FEATURES = 12, 70, 16
FROZEN = "metrics/standins/sync.pt"


@pytest.fixture(scope="module")
def speech():
    """Features of what is said in each window, five windows more at both ends; neighbours resemble each other."""
    white = np.random.default_rng(4).normal(size=(CLIPS, WINDOWS + 10 + 4, FEATURES))
    return np.mean([white[:, k : k + WINDOWS + 10] for k in range(5)], axis=0).astype(np.float32)


def seen(speech, late=0):
    """What a perfect judge sees: exactly what is said."""
    return speech[:, 5 - late : 5 - late + WINDOWS]


def held(speech):
    return np.repeat(seen(speech)[:, :1], WINDOWS, axis=1)


def heard(speech, sign=1):
    """What it hears of sound so many frames early."""
    return {shift: speech[:, 5 + sign * shift : 5 + sign * shift + WINDOWS] for shift in SHIFTS}


def test_a_perfect_judge_passes(speech):
    known = known_answers(seen(speech), held(speech), heard(speech))
    assert failed_sync(known) == []
    assert known.found == (1.0,) * 11
    assert known.offset_0 == known.least_shift == known.auc == 1.0
    assert known.clips == CLIPS
    assert known.lse_d_own == known.distance_own == pytest.approx(1e-6 * FEATURES**0.5)
    assert known.lse_c_own > known.lse_c_other > known.lse_c_still


def test_a_wrong_sign_is_caught(speech):
    known = known_answers(seen(speech), held(speech), heard(speech, sign=-1))
    assert known.offset_0 == 1.0
    assert known.found == tuple(float(shift == 0) for shift in SHIFTS)
    assert len(failed_sync(known)) == 10
    assert "moved by -5 frames on 0.000" in failed_sync(known)[0]


def test_a_judge_one_frame_late_is_caught(speech):
    known = known_answers(seen(speech, late=1), held(speech), heard(speech))
    assert known.found == (0.0,) * 11
    assert known.auc > 0.98, "it still tells own from foreign: the offset is what catches it"
    assert "finds offset 0 on 0.000" in failed_sync(known)[0]


def test_a_judge_that_hears_no_words_is_caught(speech):
    """Lips and sounds agree in what changes over time, but all clips say the same."""
    same = np.repeat(speech[:1], CLIPS, axis=0)
    known = known_answers(seen(same), held(same), heard(same))
    assert known.found == (1.0,) * 11
    assert known.auc == 0.5
    assert [reason.split(",")[0] for reason in failed_sync(known)] == [
        "tells own from foreign sound with an AUC of 0.500",
        "mean LSE-C of own sound",
    ]


def test_a_judge_of_constants_is_caught(speech):
    """The zeros beyond the ends are farther than equal features, so it "finds" offset 0: only moved sound tells."""
    same = np.ones_like(seen(speech))
    known = known_answers(same, same, dict.fromkeys(SHIFTS, same))
    assert known.offset_0 == 1.0
    assert known.lse_c_own > 0.4
    assert len(failed_sync(known)) == 12, "ten shifts, AUC, order of LSE-C"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"auc": 0.979}, "AUC of 0.979"),
        ({"lse_c_other": 9.0}, "does not fall"),
        ({"lse_c_still": 3.0}, "does not fall"),
        ({"found": (0.92, *(1.0,) * 10)}, "moved by -5 frames on 0.920"),
        ({"found": (*(1.0,) * 5, 0.94, *(1.0,) * 5)}, "finds offset 0 on 0.940"),
    ],
)
def test_each_bound_alone_fails(speech, change, reason):
    known = known_answers(seen(speech), held(speech), heard(speech))
    (failure,) = failed_sync(replace(known, **change))
    assert reason in failure


def test_one_clip_has_no_foreign_sound(speech):
    one = speech[:1]
    with pytest.raises(ValueError, match="at least two clips"):
        known_answers(seen(one), held(one), heard(one))


@pytest.mark.parametrize("frames", [-5, 0, 3])
def test_sound_moves_as_in_the_controls(frames):
    samples = np.random.default_rng(1).integers(-9000, 9000, 12_800).astype(np.int16)
    assert np.array_equal(moved(samples, frames), shift_audio(samples, frames))
    with pytest.raises(ValueError, match="too few to be moved by -20 frames"):
        moved(samples, -20)


@pytest.fixture(scope="module")
def clips():
    """People and sentences that the frozen judge has not learnt from."""
    return make_clips(Wanted(seed=4400, split="test", identities=5, clips=5, seconds=3.0, size=64), workers=1)


def test_the_frozen_judge_knows_the_answers(clips, pytestconfig):
    net = load_syncnet(pytestconfig.rootpath / FROZEN, SyncNetConfig(width=0.125))
    known = known_sync(net, clips.frames, clips.samples, mfcc)
    assert failed_sync(known) == []
    mirrored = known_sync(net, clips.frames[:, :, :, ::-1].copy(), clips.samples, mfcc)
    assert failed_sync(mirrored) == []


def test_an_untrained_network_does_not(clips):
    torch.manual_seed(0)
    known = known_sync(SyncNet(SyncNetConfig(width=0.125)).eval(), clips.frames[:3], clips.samples[:3], mfcc)
    assert known.least_shift < 0.5
    assert len(failed_sync(known)) > 5
