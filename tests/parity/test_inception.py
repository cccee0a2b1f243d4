"""FID-Inception against pytorch-fid's own class on the same random weights, and mistakes that must move features."""

import inspect

import numpy as np
import pytest
import torch
from pytorch_fid import inception as pytorch_fid
from torch.nn import functional

from metrics.inception import inception_features, inception_input
from metrics.networks.inception import FidInception, load_inception

TOLERANCE = 1e-5


def random_weights(network, seed=0):
    """Return weights under which activations keep their size through all layers and every buffer matters."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, value in network.state_dict().items():
        noise = torch.randn(value.shape, generator=generator)
        if name.endswith("num_batches_tracked"):
            continue
        if name.endswith(("bn.weight", "running_var")):
            state[name] = 1 + 0.3 * noise.clamp(-2, 2)
        elif value.ndim == 4:
            state[name] = noise * (2 / value[0].numel()) ** 0.5
        else:
            state[name] = 0.1 * noise
    return state


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("inception") / "weights.pth"
    torch.save(random_weights(FidInception()), path)
    return path


@pytest.fixture(scope="module")
def network(weights):
    return load_inception(weights)


@pytest.fixture(scope="module")
def published(weights):
    """pytorch-fid's class; the file comes from here instead of from its address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pytorch_fid, "load_state_dict_from_url", lambda *_, **__: torch.load(weights, weights_only=True))
        return pytorch_fid.InceptionV3().eval()


def pictures(height, width, count=2):
    """Frames with edges, fine texture and different channels, so that every kind of resize shows."""
    rng = np.random.default_rng(height)
    y, x = np.mgrid[0:height, 0:width]
    waves = 60 * np.sin(x * 2.4)[..., None] * np.array([1.0, 0.6, 0.2])
    ground = 90 + 60 * (x // 9 % 2)[..., None] + (y / height)[..., None] * np.array([80.0, 0.0, -60.0])
    return np.clip(ground + waves + rng.normal(0, 12, (count, height, width, 3)), 0, 255).astype(np.uint8)


def relative(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def published_features(published, frames):
    unit = torch.from_numpy(frames.transpose(0, 3, 1, 2) / np.float32(255))
    with torch.inference_mode():
        return published(unit)[0].squeeze(3).squeeze(2).numpy()


@pytest.mark.parametrize("size", [(64, 64), (128, 128), (200, 512), (512, 512)])
def test_equals_pytorch_fid(network, published, size):
    frames = pictures(*size)
    features = inception_features(network, frames)
    assert features.shape == (2, 2048)
    expected = published_features(published, frames)
    assert relative(features, expected) < TOLERANCE
    assert relative(features[0], features[1]) > 100 * TOLERANCE  # the frames are told apart at all


def antialiased(frames):
    unit = torch.from_numpy(frames.transpose(0, 3, 1, 2)).float() / 255
    return 2 * functional.interpolate(unit, (299, 299), mode="bilinear", antialias=True) - 1


def corners_aligned(frames):
    unit = torch.from_numpy(frames.transpose(0, 3, 1, 2)).float() / 255
    return 2 * functional.interpolate(unit, (299, 299), mode="bilinear", align_corners=True) - 1


def swapped(frames):
    return inception_input(frames[..., ::-1])


def unscaled(frames):
    return (inception_input(frames) + 1) / 2


def clean(frames):
    return inception_input(frames, "clean")


@pytest.mark.parametrize("mistake", [antialiased, corners_aligned, swapped, unscaled, clean])
def test_mistakes_move_features(network, published, mistake):
    frames = pictures(512, 512, count=1)
    with torch.inference_mode():
        features = network(mistake(frames)).numpy()
    assert relative(features, published_features(published, frames)) > 100 * TOLERANCE


def test_average_pooling_leaves_the_padding_out_and_the_last_block_takes_the_maximum(network, published):
    frames = pictures(64, 64, count=1)
    expected = published_features(published, frames)
    for block, pool in ((network.Mixed_5b, "maximum"), (network.Mixed_7b, "maximum"), (network.Mixed_7c, "average")):
        right = block.pool
        block.pool = pool
        wrong = inception_features(network, frames)
        block.pool = right
        assert relative(wrong, expected) > 100 * TOLERANCE


def test_clean_resize_is_bicubic_antialiased_and_neither_rounded_nor_clipped():
    frames = pictures(512, 400, count=1)
    found = inception_input(frames, "clean").numpy() * 128 + 128
    planes = torch.from_numpy(frames.transpose(0, 3, 1, 2)).float()
    expected, sharp = (
        functional.interpolate(planes, (299, 299), mode="bicubic", antialias=antialias).numpy()
        for antialias in (True, False)
    )
    np.testing.assert_allclose(found, expected, atol=1e-2)
    for mistake in (sharp, np.round(expected), expected.clip(0, 240)):
        assert np.abs(found - mistake).max() > 0.4
    edge = np.zeros((1, 40, 40, 3), np.uint8)
    edge[:, :, 20:] = 255
    assert inception_input(edge, "clean").min() < -1.05


@pytest.mark.parametrize("resize", ["pytorch_fid", "clean"])
def test_a_plain_frame_stays_plain_and_keeps_its_value(resize):
    frames = np.full((1, 90, 130, 3), 255, np.uint8)
    expected = {"pytorch_fid": 1.0, "clean": 127 / 128}[resize]
    np.testing.assert_allclose(inception_input(frames, resize).numpy(), expected, atol=1e-6)


def test_the_batch_moves_features_by_rounding_only(tmp_path):
    torch.save(random_weights(FidInception(width=0.25)), tmp_path / "narrow.pth")
    narrow = load_inception(tmp_path / "narrow.pth", width=0.25)
    frames = pictures(96, 96, count=9)
    together = inception_features(narrow, frames, batch=9)
    assert together.shape == (9, narrow.channels) == (9, 512)
    for batch in (1, 4):
        assert relative(inception_features(narrow, frames, batch=batch), together) < TOLERANCE
    np.testing.assert_array_equal(inception_features(narrow, frames, batch=9), together)


def test_files_with_other_keys_or_shapes_are_refused(weights, tmp_path):
    state = torch.load(weights, weights_only=True)
    torch.save(state | {"AuxLogits.fc.bias": torch.zeros(3)}, tmp_path / "more.pth")
    with pytest.raises(ValueError, match="AuxLogits"):
        load_inception(tmp_path / "more.pth")
    torch.save({name: value for name, value in state.items() if "Mixed_7c" not in name}, tmp_path / "less.pth")
    with pytest.raises(ValueError, match="Mixed_7c"):
        load_inception(tmp_path / "less.pth")
    with pytest.raises(ValueError, match="shape"):
        load_inception(weights, width=0.5)


def test_keys_are_those_that_pytorch_fid_loads(published):
    official = {"conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var", "bn.num_batches_tracked"}
    names = [name for name in FidInception(width=0.01).state_dict() if not name.startswith("fc.")]
    assert len(names) == 94 * 6
    assert {".".join(name.split(".")[-2:]) for name in names} == official


def test_unusable_frames_are_refused(network):
    float_frames = np.zeros((1, 64, 64, 3), np.float32)
    for frames in (float_frames, float_frames[..., :1].astype(np.uint8), np.zeros((0, 64, 64, 3), np.uint8)):
        with pytest.raises(ValueError, match="need uint8 frames"):
            inspect.unwrap(inception_input)(frames)
    with pytest.raises(ValueError, match="allowed: pytorch_fid, clean"):
        inspect.unwrap(inception_input)(np.zeros((1, 64, 64, 3), np.uint8), "bicubic")
    network.train()
    with pytest.raises(ValueError, match="training mode"):
        inception_features(network, np.zeros((1, 64, 64, 3), np.uint8))
    network.eval()
