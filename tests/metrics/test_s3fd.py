"""S3FD: keys and size of the official file, order of its outputs, and what a wrong picture does to it."""

import numpy as np
import pytest
import torch
from torch.nn import functional
from torchvision.models.vgg import cfgs, make_layers

from metrics.face_boxes import s3fd_input
from metrics.networks.s3fd import OFFICIAL, S3FD, L2Norm, S3FDConfig, load_s3fd

NARROW = S3FDConfig(width=0.125)
CONVOLUTIONS = {
    "vgg": (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28, 31, 33),
    "extras": range(4),
    "loc": range(6),
    "conf": range(6),
}


@pytest.fixture(scope="module")
def network():
    """Random weights that keep the size of signals from layer to layer."""
    network = S3FD(NARROW).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(7)
    for parameter in network.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter, generator=generator)
    return network


@pytest.fixture(scope="module")
def frames():
    """uint8 (3, 160, 224, 3): a blob that moves over a coloured gradient."""
    y, x = np.mgrid[0:160, 0:224]
    clip = []
    for k in range(3):
        blob = np.exp(-((x - 80 - 20 * k) ** 2 + (y - 70) ** 2) / 800)
        clip.append(np.stack([60 + 150 * blob, 40 + x / 2 + 40 * blob, 90 + y / 2 - 60 * blob], axis=-1))
    return np.clip(clip, 0, 255).astype(np.uint8)


def test_keys_shapes_and_size_of_the_official_file():
    with torch.device("meta"):
        state = S3FD(OFFICIAL).state_dict()
    keys = {
        f"{part}.{k}.{kind}" for part, places in CONVOLUTIONS.items() for k in places for kind in ("weight", "bias")
    }
    assert set(state) == keys | {"L2Norm3_3.weight", "L2Norm4_3.weight", "L2Norm5_3.weight"}
    assert len(state) == 65
    assert sum(value.numel() for value in state.values()) == 22_459_110
    # The published file has 89,844,381 bytes: float32 of so many numbers, and 8 kB of names.
    assert 0 < 89_844_381 - 4 * 22_459_110 < 10_000
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    assert shapes["vgg.31.weight"] == (1024, 512, 3, 3)
    assert shapes["extras.1.weight"] == (512, 256, 3, 3)
    assert [shapes[f"conf.{k}.weight"] for k in range(6)] == [
        *((4, 256, 3, 3), (2, 512, 3, 3), (2, 512, 3, 3)),
        *((2, 1024, 3, 3), (2, 512, 3, 3), (2, 256, 3, 3)),
    ]
    assert [shapes[f"loc.{k}.bias"] for k in range(6)] == [(4,)] * 6


def test_the_trunk_is_that_of_vgg16():
    """Up to conv4_3, torchvision's layers on even sizes; only the third pooling rounds up instead of down."""
    theirs = make_layers(cfgs["D"])[:23]
    ours = S3FD(OFFICIAL).vgg[:23]
    ours.load_state_dict(theirs.state_dict())
    for size, equal in ((32, True), (36, False)):  # 36 -> 18 -> 9 -> 5 up, 4 down
        picture = torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (1, 3, size, size)).astype(np.float32))
        with torch.inference_mode():
            found, expected = torch.nn.Sequential(*ours)(picture), theirs(picture)
        assert (found.shape == expected.shape) is equal
        assert not equal or torch.equal(found, expected)


def test_lengths_are_normalised_over_channels():
    features = torch.tensor([[[[3.0, 0.0]], [[4.0, 0.0]]]])
    scaled = L2Norm(2, 10.0)(features)
    assert torch.allclose(scaled, torch.tensor([[[[6.0, 0.0]], [[8.0, 0.0]]]]))
    assert not torch.isnan(scaled).any()


@torch.inference_mode()
def test_outputs_stand_level_by_level_and_row_by_row(network, frames):
    maps = {}
    hooks = [
        head.register_forward_hook(lambda _, __, out, key=(name, k): maps.__setitem__(key, out))
        for name in ("conf", "loc")
        for k, head in enumerate(getattr(network, name))
    ]
    logits, offsets, sizes = network(s3fd_input(frames, 1.0))
    for hook in hooks:
        hook.remove()
    assert sizes == ((40, 56), (20, 28), (10, 14), (5, 7), (3, 4), (2, 2))
    assert logits.shape == (3, sum(rows * columns for rows, columns in sizes), 2)
    start = 0
    for level, (rows, columns) in enumerate(sizes):
        row, column = rows - 1, min(1, columns - 1)
        place = start + row * columns + column
        assert torch.equal(offsets[2, place], maps["loc", level][2, :, row, column])
        expected = maps["conf", level][2, :, row, column]
        assert logits[2, place, 1] == expected[-1]
        assert logits[2, place, 0] == expected[:-1].max()
        start += rows * columns


@torch.inference_mode()
def test_the_greatest_of_three_backgrounds_counts_on_the_finest_level(frames):
    network = S3FD(NARROW).eval()
    for head in (network.conf[0], network.conf[1]):
        head.weight.zero_()
    network.conf[0].bias.copy_(torch.tensor([1.0, 3.0, 2.0, 7.0]))
    network.conf[1].bias.copy_(torch.tensor([5.0, 6.0]))
    logits, _, sizes = network(s3fd_input(frames, 1.0))
    finest = sizes[0][0] * sizes[0][1]
    assert (logits[:, :finest] == torch.tensor([3.0, 7.0])).all()
    assert (logits[:, finest] == torch.tensor([5.0, 6.0])).all()


@torch.inference_mode()
@pytest.mark.parametrize("mistake", ["BGR", "means of BGR", "no means", "0..1", "transposed"])
def test_mistakes_move_the_outputs(mistake, network, frames):
    """Largest move of a logit, relative to the largest logit: 0.095 and more for each mistake."""
    pictures = s3fd_input(frames, 1.0)
    wrong = {
        "BGR": pictures.flip(1),
        "means of BGR": pictures + torch.tensor([123.0 - 104, 0, 104 - 123])[:, None, None],
        "no means": pictures + torch.tensor([123.0, 117, 104])[:, None, None],
        "0..1": pictures / 255,
        "transposed": pictures.mT,
    }[mistake]
    right = network(pictures)[0].amax(dim=1)
    moved = (network(wrong)[0].amax(dim=1) - right).abs().max() / right.abs().max()
    assert moved > 0.05


def written_out(state, x):
    """The network as its paper draws it, layer by layer from the names of the official file."""

    def conv(x, name, **options):
        return functional.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], **options)

    def block(x, *places):
        for k in places:
            x = functional.relu(conv(x, f"vgg.{k}", padding=1))
        return x

    def scaled(x, name):
        return functional.normalize(x, dim=1) * state[f"{name}.weight"].reshape(1, -1, 1, 1)

    pool = functional.max_pool2d
    conv3 = block(pool(block(pool(block(x, 0, 2), 2), 5, 7), 2), 10, 12, 14)
    conv4 = block(pool(conv3, 2, ceil_mode=True), 17, 19, 21)
    conv5 = block(pool(conv4, 2), 24, 26, 28)
    fc7 = functional.relu(conv(functional.relu(conv(pool(conv5, 2), "vgg.31", padding=6, dilation=6)), "vgg.33"))
    conv6 = functional.relu(conv(functional.relu(conv(fc7, "extras.0")), "extras.1", stride=2, padding=1))
    conv7 = functional.relu(conv(functional.relu(conv(conv6, "extras.2")), "extras.3", stride=2, padding=1))
    levels = [scaled(conv3, "L2Norm3_3"), scaled(conv4, "L2Norm4_3"), scaled(conv5, "L2Norm5_3"), fc7, conv6, conv7]
    faces = [conv(level, f"conf.{k}", padding=1)[:, -1] for k, level in enumerate(levels)]
    moves = [conv(level, f"loc.{k}", padding=1) for k, level in enumerate(levels)]
    return [face.flatten(1) for face in faces], [move.flatten(2).mT for move in moves]


@torch.inference_mode()
def test_the_network_is_the_one_of_the_paper(network, frames):
    """Each level on its own, since the coarse ones are larger. Rounding moves them by up to 2.4e-7 of that."""
    pictures = s3fd_input(frames, 1.0)
    logits, offsets, sizes = network(pictures)
    faces, moves = written_out(network.state_dict(), pictures)
    counts = [rows * columns for rows, columns in sizes]
    for ours, theirs in zip(logits[..., 1].split(counts, dim=1), faces, strict=True):
        assert (ours - theirs).abs().max() < 2e-6 * theirs.abs().max()
    for ours, theirs in zip(offsets.split(counts, dim=1), moves, strict=True):
        assert (ours - theirs).abs().max() < 2e-6 * theirs.abs().max()


def test_the_picture_is_shrunk_without_antialiasing():
    noise = np.random.default_rng(0).integers(0, 256, (1, 160, 224, 3), dtype=np.uint8)
    # At a quarter the sample lies in the middle of four pixels: their mean, whatever lies around them.
    middle = np.stack([noise[0, a::4, b::4] for a in (1, 2) for b in (1, 2)]).astype(float).mean(axis=0)
    small = s3fd_input(noise, 0.25)[0].permute(1, 2, 0).numpy() + np.array([123, 117, 104])
    assert np.abs(small - middle).max() <= 0.5
    blocks = noise[0].reshape(40, 4, 56, 4, 3).mean(axis=(1, 3))
    assert np.abs(small - blocks).max() > 50


def test_the_input_is_rgb_less_its_means(frames):
    picture = s3fd_input(frames[:1], 1.0)[0]
    assert picture.shape == (3, 160, 224)
    red, green, blue = (int(value) for value in frames[0, 12, 34])
    assert picture[:, 12, 34].tolist() == [red - 123, green - 117, blue - 104]
    assert len({red, green, blue}) == 3
    assert s3fd_input(frames, 0.25).shape == (3, 3, 40, 56)


def test_load_is_strict(network, tmp_path):
    path = tmp_path / "s3fd.pth"
    torch.save(network.state_dict(), path)
    loaded = load_s3fd(path, NARROW)
    assert not loaded.training
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in loaded.state_dict().items())
    state = dict(network.state_dict())
    state["conv1_1.weight"] = state.pop("vgg.0.weight")
    torch.save(state, path)
    with pytest.raises(ValueError, match=r"1 missing: vgg\.0\.weight; 1 unexpected: conv1_1\.weight"):
        load_s3fd(path, NARROW)
    torch.save(network.state_dict(), path)
    with pytest.raises(ValueError, match=r"of another shape: vgg\.0\.weight"):
        load_s3fd(path, S3FDConfig(width=0.25))
