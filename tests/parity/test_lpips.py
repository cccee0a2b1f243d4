"""LPIPS against the `lpips` package on the same random trunk, and mistakes that must move it."""

import inspect
import warnings

import numpy as np
import pytest
import torch

from metrics.lpips import lpips_against, lpips_distance, lpips_features
from metrics.networks import lpips as module
from metrics.networks.loading import read_state_dict
from metrics.networks.lpips import Lpips, load_lpips, published_linear

TOLERANCE = 1e-5  # relative; values here are about 0.01, so 1e-7 in absolute terms
NETS = ["alex", "vgg"]


def random_trunk(net, *, width=1.0):
    """Weights under which activations keep their size, and a classifier as torchvision's files have one."""
    generator = torch.Generator().manual_seed(1)
    state = {"classifier.1.weight": torch.zeros(2, 2)}
    for name, value in Lpips(net, width=width).features.state_dict().items():
        noise = torch.randn(value.shape, generator=generator)
        state[f"features.{name}"] = noise * (2 / value[0].numel()) ** 0.5 if value.ndim == 4 else 0.1 * noise
    return state


@pytest.fixture(scope="module")
def trunks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trunks")
    for net in NETS:
        torch.save(random_trunk(net), folder / f"{net}.pth")
    return {net: folder / f"{net}.pth" for net in NETS}


@pytest.fixture(scope="module")
def networks(trunks):
    return {net: load_lpips(trunks[net], published_linear(net), net) for net in NETS}


@pytest.fixture(scope="module")
def published(trunks):
    """The package's class with its own channel weights; its random trunk is overwritten by ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it names arguments that torchvision has renamed
        import lpips

        found = {net: lpips.LPIPS(net=net, pnet_rand=True, verbose=False) for net in NETS}
    for net, network in found.items():
        state = torch.load(trunks[net], weights_only=True)
        for name, value in network.net.state_dict().items():
            value.copy_(state[f"features.{name.split('.', 1)[1]}"])
    return found


def pictures(seed, height, width, count=2):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, height // 8, width // 8, 3))
    smooth = coarse.repeat(8, axis=1).repeat(8, axis=2)
    return np.clip(smooth + rng.normal(0, 15, smooth.shape), 0, 255).astype(np.uint8)


def changed(frames, seed=9):
    noise = np.random.default_rng(seed).normal(0, 20, frames.shape)
    return np.clip(frames + noise, 0, 255).astype(np.uint8)


def by_package(network, one, other, *, scale=127.5, shift=1.0):
    pair = [
        torch.from_numpy(frames.transpose(0, 3, 1, 2).astype(np.float32)) / scale - shift for frames in (one, other)
    ]
    with torch.inference_mode():
        return network(*pair).numpy().reshape(-1).astype(np.float64)


def ours(network, one, other):
    return lpips_distance(network, lpips_features(network, one), lpips_features(network, other))


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("size", [(64, 64), (72, 128), (160, 192)])
def test_equals_the_package(networks, published, net, size):
    reference = pictures(1, *size)
    generated = changed(reference)
    expected = by_package(published[net], generated, reference)
    assert expected.min() > 1e-3
    np.testing.assert_allclose(ours(networks[net], generated, reference), expected, rtol=TOLERANCE)
    assert abs(expected[0] / expected[1] - 1) > 100 * TOLERANCE  # the frames are told apart at all


@pytest.mark.parametrize("net", NETS)
def test_values_in_0_to_1_and_swapped_channels_move_it(networks, published, net):
    reference = pictures(2, 64, 64)
    generated = changed(reference)
    right = ours(networks[net], generated, reference)
    half_range = by_package(published[net], generated, reference, scale=255, shift=0)
    assert (np.abs(half_range - right) > 1e-3).all()
    swapped = ours(networks[net], generated[..., ::-1], reference[..., ::-1])
    assert (np.abs(swapped / right - 1) > 100 * TOLERANCE).all()


@pytest.mark.parametrize("net", NETS)
def test_equal_frames_give_exactly_zero_and_the_order_does_not_matter(networks, net):
    reference = pictures(3, 64, 64, count=3)
    generated = changed(reference)
    np.testing.assert_array_equal(ours(networks[net], reference, reference.copy()), 0)
    np.testing.assert_array_equal(ours(networks[net], generated, reference), ours(networks[net], reference, generated))


def test_one_reference_serves_several_clips_and_the_batch_moves_it_by_rounding_only(networks):
    network = networks["alex"]
    reference = pictures(4, 64, 64, count=7)
    clips = [changed(reference, seed) for seed in (1, 2)] + [reference]
    values = lpips_against(network, reference, clips, batch=3)
    assert values.shape == (3, 7)
    for row, clip in zip(values, clips, strict=True):
        np.testing.assert_allclose(row, ours(network, clip, reference), rtol=TOLERANCE)
    for batch in (1, 7, 100):
        again = lpips_against(network, reference, clips, batch=batch)
        np.testing.assert_allclose(again, values, rtol=TOLERANCE)
        np.testing.assert_array_equal(again[2], 0)
    late = lpips_against(network, reference[1:], [clips[0][:-1]])
    assert np.abs(late - values[0, 1:]).min() > 1e-3  # one frame late


def test_the_reference_runs_through_the_network_once_per_batch(networks):
    calls = []
    handle = networks["alex"].register_forward_hook(lambda _, inputs, __: calls.append(len(inputs[0])))
    frames = pictures(5, 64, 64, count=4)
    lpips_against(networks["alex"], frames, [frames, frames, frames], batch=4)
    handle.remove()
    assert calls == [4] * 4


def test_a_narrow_stand_in_is_loaded_strictly(tmp_path):
    narrow = Lpips("alex", width=0.25)
    trunk = random_trunk("alex", width=0.25)
    linear = {name: value.abs() for name, value in narrow.state_dict().items() if name.startswith("lin")}
    torch.save(trunk, tmp_path / "trunk.pth")
    torch.save(linear, tmp_path / "linear.pth")
    network = load_lpips(tmp_path / "trunk.pth", tmp_path / "linear.pth", width=0.25)
    frames = pictures(6, 64, 64)
    assert (ours(network, changed(frames), frames) > 0).all()
    with pytest.raises(ValueError, match="do not fit"):
        load_lpips(tmp_path / "trunk.pth", published_linear("alex"), width=0.25)
    torch.save(trunk | {"features.99.weight": torch.zeros(1)}, tmp_path / "more.pth")
    with pytest.raises(ValueError, match=r"features\.99\.weight"):
        load_lpips(tmp_path / "more.pth", tmp_path / "linear.pth", width=0.25)


def test_published_weights_are_non_negative_and_checked_against_their_hash(monkeypatch):
    for net in NETS:
        assert all((value >= 0).all() for value in read_state_dict(published_linear(net)).values())
    monkeypatch.setitem(module.LINEAR_SHA256, "alex", "0" * 64)
    with pytest.raises(ValueError, match="expected 0000"):
        published_linear("alex")


def test_unusable_frames_are_refused(networks):
    network, frames = networks["alex"], pictures(7, 64, 64)
    for wrong in (frames.astype(np.float32) / 255, frames[:0], frames[..., :1]):
        with pytest.raises(ValueError, match="need uint8 frames"):
            inspect.unwrap(lpips_features)(network, wrong)
    with pytest.raises(ValueError, match="at least 32 x 32"):
        lpips_features(network, frames[:, :31])
    with pytest.raises(ValueError, match="reference frames"):
        inspect.unwrap(lpips_against)(network, frames, [frames[:1]])
    with pytest.raises(ValueError, match="no generated clip"):
        lpips_against(network, frames, [])
    with pytest.raises(ValueError, match="activations of the one"):
        inspect.unwrap(lpips_distance)(network, lpips_features(network, frames), lpips_features(network, frames[:1]))
    network.train()
    with pytest.raises(ValueError, match="training mode"):
        lpips_features(network, frames)
    network.eval()
