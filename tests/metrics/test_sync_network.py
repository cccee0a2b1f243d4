"""SyncNet over clips: one pass equals windows, batches do not matter, and wrong inputs move the numbers."""

import inspect

import numpy as np
import pytest
import torch

from metrics.networks.syncnet import SyncNet, SyncNetConfig, audio_features, lip_features, load_syncnet
from metrics.sync import pair_distances, shift_means, sync_scores, window_count
from tavce.media.mfcc import mfcc

FRAMES = 24
WINDOWS = FRAMES - 5
TOLERANCE = 2e-6  # of the largest feature; rounding alone gives up to 9e-7
NARROW = SyncNetConfig(width=0.125)


@pytest.fixture(scope="module")
def net():
    """Random weights that keep the size of signals from layer to layer, so that the input is heard at the end."""
    net = SyncNet(NARROW).eval()
    generator = torch.Generator().manual_seed(5)
    for parameter in net.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter, generator=generator)
        elif parameter.ndim == 1:
            torch.nn.init.uniform_(parameter, 0, 1, generator=generator)
    return net


@pytest.fixture(scope="module")
def frames():
    """A red mouth that opens and closes on a coloured gradient, with noise."""
    rng = np.random.default_rng(2)
    y, x = np.mgrid[0:224, 0:224]
    clip = []
    for _ in range(FRAMES):
        mouth = ((x - 112) / 40) ** 2 + ((y - 150) / (4 + 20 * rng.uniform())) ** 2 < 1
        picture = np.stack([60 + x / 2 + 90 * mouth, 40 + y / 3 - 30 * mouth, 90 - x / 4 + y / 4], axis=-1)
        clip.append(picture + rng.normal(0, 4, picture.shape))
    return np.clip(clip, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def samples():
    """Bursts of noise, one loudness per frame."""
    rng = np.random.default_rng(3)
    loudness = np.repeat(rng.uniform(50, 8000, FRAMES), 640)
    return (loudness * rng.normal(size=FRAMES * 640)).clip(-32768, 32767).astype(np.int16)


def distances(net, frames, cepstra, *, batch=20, windows=WINDOWS - 1):
    lip = lip_features(net, frames, windows=windows, batch=batch)
    return pair_distances(lip, audio_features(net, cepstra, windows=windows, batch=batch))


def differs(ours, theirs):
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


@torch.inference_mode()
def test_one_pass_over_a_clip_equals_its_windows(net, frames):
    clip = lip_features(net, frames, windows=WINDOWS, batch=WINDOWS)
    bgr = frames[..., ::-1].astype(np.float32)
    alone = [net.lip(torch.from_numpy(bgr[i : i + 5].transpose(3, 0, 1, 2)[None].copy())) for i in range(WINDOWS)]
    windows = torch.cat(alone)[:, 0].numpy()
    assert differs(clip, windows) < TOLERANCE
    assert differs(clip[1:], windows[:-1]) > 100 * TOLERANCE, "one frame late"
    assert clip.shape == (WINDOWS, 128)


@torch.inference_mode()
def test_audio_windows_start_every_fourth_row(net, samples):
    cepstra = mfcc(samples)
    features = audio_features(net, cepstra, windows=WINDOWS, batch=7)
    for i in (0, 1, WINDOWS - 1):
        window = torch.from_numpy(cepstra[4 * i : 4 * i + 20].T.astype(np.float32))[None, None]
        assert differs(features[i], net.audio(window)[0].numpy()) < TOLERANCE
    transposed = torch.from_numpy(cepstra[:20].astype(np.float32).reshape(1, 1, 13, 20))
    assert differs(features[0], net.audio(transposed)[0].numpy()) > 100 * TOLERANCE


def test_batches_do_not_matter(net, frames, samples):
    cepstra = mfcc(samples)
    lip = lip_features(net, frames, windows=WINDOWS, batch=WINDOWS)
    audio = audio_features(net, cepstra, windows=WINDOWS, batch=WINDOWS)
    whole = sync_scores(shift_means(pair_distances(lip, audio)))
    for batch in (1, 4, 7, 1000):
        lip_too = lip_features(net, frames, windows=WINDOWS, batch=batch)
        audio_too = audio_features(net, cepstra, windows=WINDOWS, batch=batch)
        assert differs(lip_too, lip) < TOLERANCE
        assert differs(audio_too, audio) < TOLERANCE
        scores = sync_scores(shift_means(pair_distances(lip_too, audio_too)))
        assert scores.lse_d == pytest.approx(whole.lse_d, rel=TOLERANCE)
        assert scores.distance_at_0 == pytest.approx(whole.distance_at_0, rel=TOLERANCE)
        assert scores.offset == whole.offset


def test_the_same_call_gives_the_same_bytes(net, frames, samples):
    first, second = (distances(net, frames, mfcc(samples)) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("mistake", ["RGB", "one frame late", "mirrored", "dark", "one row late", "int16 scale"])
def test_mistakes_move_the_distance(mistake, net, frames, samples):
    cepstra = mfcc(samples)
    right = sync_scores(shift_means(distances(net, frames, cepstra)))
    pictures, sounds = frames, cepstra
    if mistake == "RGB":
        pictures = frames[..., ::-1]
    elif mistake == "one frame late":
        pictures = frames[1:]
    elif mistake == "mirrored":
        pictures = frames[:, :, ::-1]
    elif mistake == "dark":
        pictures = frames // 2
    elif mistake == "one row late":
        sounds = cepstra[1:]
    else:
        sounds = cepstra - np.eye(13)[0] * 2 * np.log(32768)  # what samples in [-1, 1) would give
    wrong = sync_scores(shift_means(distances(net, pictures, sounds)))
    assert abs(wrong.distance_at_0 - right.distance_at_0) > 100 * TOLERANCE * right.distance_at_0
    assert abs(wrong.lse_d - right.lse_d) > 100 * TOLERANCE * right.lse_d


def test_the_windows_of_a_clip_use_all_that_it_has(net, frames, samples):
    """The shortest inputs that ``window_count`` allows are enough: 4 T - 1 rows, T - 1 frames."""
    windows = window_count(FRAMES, len(samples))
    cepstra = mfcc(samples)
    assert len(lip_features(net, frames[:-1], windows=windows, batch=20)) == windows == WINDOWS
    assert len(audio_features(net, cepstra, windows=windows, batch=20)) == windows
    with pytest.raises(ValueError, match="19 windows need 23 frames, got 22"):
        lip_features(net, frames[:-2], windows=windows, batch=20)
    with pytest.raises(ValueError, match="19 windows need 92 rows of mel cepstra, got 91"):
        audio_features(net, cepstra[:91], windows=windows, batch=20)


def test_training_mode_and_other_sizes_are_refused(net, frames, samples):
    with pytest.raises(ValueError, match="training mode"):
        audio_features(SyncNet(NARROW), mfcc(samples), windows=3, batch=20)
    with pytest.raises(ValueError, match="at least 1"):
        lip_features(net, frames, windows=3, batch=0)
    raw = inspect.unwrap(lip_features)
    with pytest.raises(ValueError, match="uint8 of 224 x 224 x 3"):
        raw(net, frames[:, :112], windows=3, batch=20)
    with pytest.raises(ValueError, match="got float64"):
        raw(net, frames / 255, windows=3, batch=20)


def test_load_gives_the_same_network_in_evaluation_mode(net, frames, tmp_path):
    torch.save(net.state_dict(), tmp_path / "syncnet.pt")
    loaded = load_syncnet(tmp_path / "syncnet.pt", NARROW)
    assert not loaded.training
    ours, theirs = (lip_features(each, frames, windows=4, batch=20) for each in (net, loaded))
    assert np.array_equal(ours, theirs)


def test_only_the_batch_counters_may_be_missing(net, tmp_path):
    path = tmp_path / "old.pt"
    state = {key: value for key, value in net.state_dict().items() if not key.endswith("num_batches_tracked")}
    torch.save(state, path)
    load_syncnet(path, NARROW)
    del state["netfclip.3.bias"]
    torch.save(state, path)
    with pytest.raises(ValueError, match=r"does not fit SyncNet: 1 missing: netfclip\.3\.bias"):
        load_syncnet(path, NARROW)


def test_another_width_is_refused(net, tmp_path):
    torch.save(net.state_dict(), tmp_path / "narrow.pt")
    with pytest.raises(ValueError, match=r"of another shape: netcnnaud\.0\.weight \(8, 1, 3, 3\) instead of \(16"):
        load_syncnet(tmp_path / "narrow.pt", SyncNetConfig(width=0.25))
