"""Training the sync judge: the fast form equals the network it becomes, batches pair what belongs together."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from metrics.networks.syncnet import SyncNet, SyncNetConfig, lip_features
from metrics.sync_crop import syncnet_whole
from stages.make_judges.corpus import Wanted, make_clips
from stages.make_judges.sync import LOWER_FACE, MOUTH, SETTINGS, fit_sync
from stages.make_judges.sync_batches import WHOLE, changed, draw_batch, half_size, sound_windows
from stages.make_judges.sync_folded import FoldedSyncNet
from tavce.media.mfcc import mfcc

CLEAN = SETTINGS.changes.scaled(0.0, side=64)


@pytest.fixture(scope="module")
def clips():
    return make_clips(Wanted(seed=31, split="train", identities=4, clips=4, seconds=1.6, size=64), workers=1)


@pytest.fixture
def folded():
    """A network whose running means and variances are those of no batch, as after training."""
    torch.manual_seed(3)
    folded = FoldedSyncNet(SyncNet(SyncNetConfig(width=0.125)), WHOLE).eval()
    for name, values in folded.net.named_buffers():
        if "running" in name:
            torch.nn.init.uniform_(values, 0.5, 1.5)
    return folded


@torch.no_grad()
def test_the_folded_network_equals_the_one_it_becomes(folded, clips):
    frames = clips.frames[0, :12]
    pictures = torch.from_numpy(half_size(frames)[None])
    torch.nn.init.uniform_(folded.net.netcnnlip[1].weight, 0.5, 1.5)
    ours = folded.lip(pictures, WHOLE).numpy()
    net = folded.unfolded()
    full = lip_features(net, syncnet_whole(frames), windows=8, batch=8)
    scale = np.abs(full).max()
    assert np.abs(ours - full).max() < 1e-4 * scale  # 1e-5 measured
    mirrored = lip_features(net, syncnet_whole(frames[:, :, ::-1].copy()), windows=8, batch=8)
    assert np.abs(ours - mirrored).max() > 1e-2 * scale
    net.netcnnlip[1].weight.neg_()
    late = lip_features(net, syncnet_whole(frames), windows=8, batch=8)
    folded.net.netcnnlip[1].weight.copy_(net.netcnnlip[1].weight)
    assert np.abs(folded.lip(pictures, WHOLE).numpy() - late).max() > 1e-2 * scale, "negative scales swap the maxima"


def test_scales_after_a_maximum_stay_positive(folded):
    torch.nn.init.constant_(folded.net.netcnnlip[1].weight, -1)
    folded.keep_order()
    assert (folded.net.netcnnlip[1].weight > 0).all()


@pytest.mark.parametrize(("region", "cells"), [(MOUTH, 4), (LOWER_FACE, 12), (WHOLE, 36)])
def test_a_region_starts_with_the_cells_it_fills(region, cells):
    last = FoldedSyncNet(SyncNet(SyncNetConfig(width=0.125)), region)._conv(18).weight
    assert int((last.detach()[0, 0, 0] != 0).sum()) == cells
    assert float(last.detach().square().sum()) == pytest.approx(2 * last.shape[0], rel=0.1), "signals keep their size"


def test_unchanged_pictures_are_those_of_scoring(clips):
    straight = mirrored = 0
    for seed in range(8):
        ours = changed(clips.frames[0, :2], CLEAN, WHOLE, np.random.default_rng(seed))
        errors = [np.abs(ours - half_size(each)).mean() for each in (clips.frames[0, :2], clips.frames[0, :2, :, ::-1])]
        assert min(errors) < 0.5  # rounding to levels
        assert max(errors) > 2
        straight += errors[0] < errors[1]
        mirrored += errors[1] < errors[0]
    assert straight > 0
    assert mirrored > 0


def test_a_region_is_cut_out_of_the_whole(clips):
    whole, part = (
        changed(clips.frames[1, :2], CLEAN, region, np.random.default_rng(5)) for region in (WHOLE, LOWER_FACE)
    )
    rows, columns = slice(48, 112), slice(16, 96)
    assert np.abs(whole[:, rows, columns] - part).max() <= 1
    assert np.abs(whole[:, 40:104, columns] - part).max() > 20


def test_lips_meet_their_own_sound_and_mouth(clips):
    batch = draw_batch(clips, CLEAN, MOUTH, segments=3, windows=6, seed=(1, 2))
    again = draw_batch(clips, CLEAN, MOUTH, segments=3, windows=6, seed=(1, 2))
    assert all(np.array_equal(one, two) for one, two in zip(vars(batch).values(), vars(again).values(), strict=True))
    assert batch.pictures.shape == (3, 10, 48, 48, 3)
    assert batch.heard.all()
    sounds = [sound_windows(mfcc(samples)) for samples in clips.samples]
    curves = np.lib.stride_tricks.sliding_window_view(clips.coefficients[..., :4], 5, axis=1)
    for own, mouth in zip(batch.own, batch.mouths, strict=True):
        places = [
            (clip, window)
            for clip, known in enumerate(sounds)
            for window in range(len(known))
            if np.array_equal(known[window], batch.sounds[own])
        ]
        assert any(np.array_equal(curves[clip, window].ravel(), mouth) for clip, window in places)
        assert not any(np.array_equal(curves[clip, window - 1].ravel(), mouth) for clip, window in places)


def test_silenced_sounds_count_as_unheard(clips):
    muted = replace(CLEAN, mute_share=1.0, mute_frames=15)
    heard = []
    for number in range(12):
        batch = draw_batch(clips, muted, MOUTH, segments=4, windows=12, seed=(number,))
        silent = batch.sounds[batch.own, 0] < -30  # c0 of digital silence is -36
        assert not (silent.any(axis=1) & batch.heard)[silent.all(axis=1)].any()
        heard.append(batch.heard)
    assert 0.1 < np.mean(heard) < 0.9


def test_training_repeats_itself(clips):
    phases = tuple(replace(phase, steps=2, segments=2, windows=4) for phase in SETTINGS.phases)
    settings = replace(
        SETTINGS, corpus=replace(SETTINGS.corpus, size=64), held_out=1, phases=phases, check_every=4, settling=2
    )
    one, curve = fit_sync(settings, clips)
    two, _ = fit_sync(settings, clips)
    other, _ = fit_sync(replace(settings, seed=1), clips)
    same = [torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True)]
    assert all(same)
    assert not torch.equal(one.netfclip[3].weight, other.netfclip[3].weight)
    assert [point["step"] for point in curve] == [4, 8]
    assert {"seconds", "lips", "offset_0", "lse_c"} <= set(curve[0])
    assert not one.training
