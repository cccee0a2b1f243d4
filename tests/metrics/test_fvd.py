"""FVD: the pinned file, what the network sees, which windows, and the distance between sets."""

import hashlib
import inspect
import math
import warnings

import numpy as np
import pytest
import torch

from metrics.fvd import FVD, FVD_FIRST, fvd
from metrics.networks.i3d import OFFICIAL_SHA256, fvd_features, i3d_input, load_i3d
from metrics.record import NoValueError
from tavce.data.registry import REGISTRY

TOLERANCE = 2e-6  # of the largest feature; batches give up to 3.2e-7


class Small(torch.nn.Module):
    """A network with the switches of the official file: space-time convolution, ReLU, mean, 400 logits."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv3d(3, 6, (5, 9, 9), stride=(1, 8, 8))
        self.head = torch.nn.Linear(6 * 12, 400)

    def forward(self, x, rescale: bool = True, resize: bool = True, return_features: bool = False):
        if rescale:
            x = x / 255 * 2 - 1
        if resize:
            x = torch.nn.functional.adaptive_avg_pool3d(x, [x.shape[2], 64, 64])
        logits = self.head(torch.relu(self.conv(x)).mean(dim=[3, 4]).flatten(1))
        return logits if return_features else logits.softmax(1)


def saved(path, module):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the official file was made like this
        torch.jit.save(torch.jit.script(module), path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("i3d") / "small.pt"
    return load_i3d(path, sha256=saved(path, Small()))


def moving(frames=40, height=90, width=120, seed=0, speed=2.0):
    """A coloured blob that moves over a gradient, each frame another one."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    centre = 20 + np.cumsum(rng.normal(speed, 1, (frames, 2)), axis=0)
    clip = []
    for cx, cy in centre:
        blob = np.exp(-((x - cx % width) ** 2 + (y - cy % height) ** 2) / 200)
        clip.append(np.stack([40 + 200 * blob, 60 + x / 2 + 40 * blob, 200 - y - 60 * blob], axis=-1))
    return np.clip(clip, 0, 255).astype(np.uint8)


def differs(ours, theirs):
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


def test_the_pin_is_that_of_the_registry():
    assert REGISTRY["i3d_torchscript"].sha256 == OFFICIAL_SHA256


def test_a_file_with_another_hash_is_not_run(tmp_path):
    path = tmp_path / "i3d.pt"
    sha256 = saved(path, Small())
    assert not load_i3d(path, sha256=sha256).training
    with pytest.raises(ValueError, match=f"has sha256 {sha256}, expected {OFFICIAL_SHA256}; it is not run"):
        load_i3d(path)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ValueError, match="it is not run"):
        load_i3d(path, sha256=sha256)


def test_a_file_with_the_right_hash_that_is_no_torchscript(tmp_path):
    path = tmp_path / "i3d.pt"
    torch.save(Small().state_dict(), path)
    with pytest.raises(ValueError, match="is no TorchScript file"):
        load_i3d(path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    path.write_bytes(b"cut")
    with pytest.raises(ValueError, match="is no TorchScript file"):
        load_i3d(path, sha256=hashlib.sha256(b"cut").hexdigest())
    with pytest.raises(FileNotFoundError, match="fetch these weights first"):
        load_i3d(tmp_path / "absent.pt")


def published(frames):
    """What common_metrics_on_video_quality feeds: unit range, resized by a factor, cut, then stretched to [-1, 1]."""
    video = torch.from_numpy(frames).permute(3, 0, 1, 2) / 255.0
    height, width = video.shape[2:]
    factor = 224 / min(height, width)
    size = (224, math.ceil(width * factor)) if height < width else (math.ceil(height * factor), 224)
    video = torch.nn.functional.interpolate(video, size=size, mode="bilinear", align_corners=False)
    top, left = (size[0] - 224) // 2, (size[1] - 224) // 2
    return (video[:, :, top : top + 224, left : left + 224] - 0.5) * 2


@pytest.mark.parametrize("size", [(90, 120), (256, 256), (360, 640), (301, 200), (224, 224)])
def test_the_input_is_the_published_one(size):
    frames = moving(3, *size)
    assert torch.allclose(i3d_input(frames), published(frames), rtol=0, atol=1e-6)


def test_the_longer_side_is_rounded_up_in_integers():
    """100 * (224 / 100) is 224.00000000000003, so the reference makes 225 rows of 100 and cuts one off."""
    frames = moving(1, 100, 100)
    assert math.ceil(100 * (224 / 100)) == 225
    unit = torch.from_numpy(frames).permute(3, 0, 1, 2) / 255.0
    exact = torch.nn.functional.interpolate(unit, size=(224, 224), mode="bilinear", align_corners=False)
    assert torch.allclose(i3d_input(frames), exact * 2 - 1, rtol=0, atol=1e-6)
    assert (i3d_input(frames) - published(frames)).abs().max() > 1e-3


def test_features_are_those_of_each_window(network):
    frames = moving(40)
    features = fvd_features(network, frames)
    assert features.shape == (2, 400), "8 frames are left over"
    for k in range(2):
        window = published(frames[16 * k : 16 * k + 16])[None]
        with torch.inference_mode():
            expected = network(window, rescale=False, resize=False, return_features=True)[0].numpy()
        assert differs(features[k], expected) < TOLERANCE
    assert differs(features[0], features[1]) > 100 * TOLERANCE
    assert np.array_equal(fvd_features(network, frames, clips="first"), fvd_features(network, frames[:16]))
    assert differs(fvd_features(network, frames, clips="first"), features[:1]) < TOLERANCE


@pytest.mark.parametrize("mistake", ["0..1", "0..255", "BGR", "backwards", "one frame late", "squeezed", "softmax"])
def test_mistakes_move_the_features(mistake, network):
    """Measured: 0.014 and more of the largest feature, except one frame late (2.7e-3)."""
    frames = moving(17)
    right = fvd_features(network, frames[:16])
    ready = i3d_input(frames[:16])[None]
    ready = {
        "0..1": ready / 2 + 0.5,
        "0..255": (ready + 1) * 127.5,
        "BGR": ready.flip(1),
        "backwards": ready.flip(2),
        "one frame late": i3d_input(frames[1:])[None],
        "squeezed": torch.nn.functional.interpolate(i3d_input(frames[:16].repeat(2, axis=1)), (224, 224))[None],
        "softmax": ready,
    }[mistake]
    with torch.inference_mode():
        wrong = network(ready, rescale=False, resize=False, return_features=mistake != "softmax").numpy()
    assert differs(wrong, right) > 100 * TOLERANCE


def test_batches_do_not_matter_and_calls_repeat(network):
    frames = moving(80)
    alone = fvd_features(network, frames, batch=1)
    assert alone.shape == (5, 400)
    for batch in (2, 4, 100):
        assert differs(fvd_features(network, frames, batch=batch), alone) < TOLERANCE
    # Five calls: TorchScript would rewrite its graph after two.
    assert len({fvd_features(network, frames, batch=2).tobytes() for _ in range(5)}) == 1


def test_clips_that_are_too_short_have_no_value(network):
    with pytest.raises(NoValueError, match="15 frames are fewer than the 16"):
        fvd_features(network, moving(15))
    with pytest.raises(NoValueError, match="15 frames"):
        fvd_features(network, moving(15), clips="first")
    assert len(fvd_features(network, moving(16))) == 1


def test_unusable_inputs_are_refused(network, tmp_path):
    raw = inspect.unwrap(i3d_input)
    with pytest.raises(ValueError, match=r"need uint8 frames .* got float64"):
        raw(moving(16) / 255.0)
    with pytest.raises(ValueError, match="need uint8 frames"):
        raw(moving(16)[..., :2])
    with pytest.raises(ValueError, match="no choice of clips is called 'random'"):
        inspect.unwrap(fvd_features)(network, moving(16), clips="random")

    class Maps(Small):
        def forward(self, x, rescale: bool = True, resize: bool = True, return_features: bool = False):
            return self.conv(x)

    maps = load_i3d(tmp_path / "maps.pt", sha256=saved(tmp_path / "maps.pt", Maps()))
    with pytest.raises(ValueError, match=r"gives \(1, 6, 12, 27, 27\) for 1 windows, not 400 each"):
        fvd_features(maps, moving(16))
    maps.train()
    with pytest.raises(ValueError, match="training mode"):
        fvd_features(maps, moving(16))


def test_fvd_of_equal_sets_and_of_other_motion(network):
    """Measured: 4e-19 for the same windows in another order, 3.8e-4 for other clips, 4.1e-2 for faster ones."""

    def features(seeds, speed):
        return np.concatenate([fvd_features(network, moving(32, seed=seed, speed=speed)) for seed in seeds])

    calm, other, hasty = features(range(4), 1.0), features(range(4, 8), 1.0), features(range(4, 8), 12.0)
    assert fvd(calm, calm[::-1]) == pytest.approx(0, abs=1e-9)
    assert fvd(calm, hasty) > 2 * fvd(calm, other) > 0


def test_too_few_windows_have_no_value():
    one, two = np.zeros((1, 400)), np.random.default_rng(0).normal(size=(2, 400))
    with pytest.raises(NoValueError, match="at least 2 windows of 16 frames on each side, got 1"):
        fvd(two, one)
    assert fvd(two, two + 1.0) == pytest.approx(400), "equal covariance: the squared shift of the mean"


def test_the_records_name_their_choice_of_clips():
    assert FVD.measure is FVD_FIRST.measure is fvd
    assert "tiled" in FVD.protocol
    assert "first" in FVD_FIRST.protocol
    assert (FVD.scope, FVD.better) == ("set", "lower")
