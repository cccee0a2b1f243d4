"""The portrait network: what it measures by, and how it reads pictures of any size."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tavce.model.portrait.net import SMALL, PortraitNet, TrunkConfig
from tavce.model.portrait.reading import Square, candidate_squares, cut_square, read_portrait

TINY = replace(
    SMALL,
    size=16,
    coefficients=3,
    motion=TrunkConfig(channels=(4, 4, 4), narrow=2, joined=6),
    kind=TrunkConfig(channels=(4, 4, 4), narrow=2, joined=6),
    features=4,
)


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PortraitNet(TINY).eval()


def grey(rng, *shape):
    return (128 + rng.normal(0, 4, (*shape, 3))).astype(np.uint8)


def test_is_small_and_reads_one_row_per_picture():
    network = PortraitNet(SMALL).eval()
    assert sum(parameter.numel() for parameter in network.parameters()) <= 120_000
    pictures = torch.rand(2, 3, SMALL.size, SMALL.size)
    with torch.no_grad():
        assert network(pictures).shape == (2, SMALL.coefficients)
        assert network.likeness(pictures).shape == (2,)


def test_coefficients_are_in_their_own_units(network):
    rows = torch.tensor([[1.0, 10.0, 5.0], [3.0, 30.0, 5.0]])
    network.calibrate(rows)
    torch.nn.init.zeros_(network.to_coefficients.weight)
    network.to_coefficients.bias.data = torch.tensor([1.0, -1.0, 0.0])
    deviation = rows.std(dim=0)
    with torch.no_grad():
        read = network(torch.rand(1, 3, 16, 16))[0]
    torch.testing.assert_close(read, torch.stack([2 + deviation[0], 20 - deviation[1], torch.tensor(5.0)]))


def test_tempering_trusts_each_coefficient_as_far_as_it_was_read(network):
    rng = torch.Generator().manual_seed(0)
    truth = torch.randn(4000, 3, generator=rng) * torch.tensor([1.0, 10.0, 0.1])
    network.calibrate(truth)
    noise = torch.randn(4000, generator=rng)
    # Read well; read with an error as large as itself; read as something else.
    read = torch.stack([truth[:, 0], truth[:, 1] + 10 * noise, 0.1 * noise], dim=1)
    pictures = torch.rand(6, 3, 16, 16, generator=rng)
    with torch.no_grad():
        before = network(pictures)
        factors = network.temper(read, truth)
        after = network(pictures)
    torch.testing.assert_close(factors, torch.tensor([1.0, 0.5, 0.0]), atol=0.06, rtol=0)
    torch.testing.assert_close(after, network.mean + factors * (before - network.mean))


def test_likeness_is_the_mahalanobis_distance(network):
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((500, 4)) @ rng.standard_normal((4, 4)) + 3
    network.calibrate_likeness(torch.from_numpy(rows).float())
    pictures = torch.rand(5, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        found = network.likeness(pictures).numpy()
        features = network.features(pictures).numpy().astype(float)
    away = features - rows.mean(axis=0)
    inverse = np.linalg.inv(np.cov(rows.T))
    np.testing.assert_allclose(found, -np.einsum("bi,ij,bj->b", away, inverse, away) / 4, rtol=1e-3)
    # A distance that forgets how the features vary together is another number.
    assert not np.allclose(found, -(away**2 / rows.var(axis=0)).mean(axis=1), rtol=0.05)


def test_features_that_never_vary_do_not_divide_by_zero(network):
    rows = torch.randn(100, 4, generator=torch.Generator().manual_seed(0))
    rows[:, 2] = 7.0
    network.calibrate_likeness(rows)
    assert torch.isfinite(network.whitening).all()


@pytest.mark.parametrize(
    ("height", "width", "squares"),
    [
        (40, 40, [(0, 0, 40)]),
        (40, 71, [(15, 0, 40), (0, 0, 40), (31, 0, 40)]),
        (90, 40, [(0, 25, 40), (0, 0, 40), (0, 50, 40)]),
        (40, 41, [(0, 0, 40), (1, 0, 40)]),
    ],
)
def test_candidates_are_the_middle_and_both_ends(height, width, squares):
    assert candidate_squares(np.zeros((height, width, 3), np.uint8)) == [Square(*square) for square in squares]


@pytest.mark.parametrize("shape", [(15, 200, 3), (200, 15, 3), (0, 0, 3)])
def test_a_picture_below_sixteen_pixels_is_refused(network, shape):
    with pytest.raises(ValueError, match="too small"):
        read_portrait(network, np.zeros(shape, np.uint8))


def test_shrinking_takes_the_mean_over_areas():
    image = np.random.default_rng(0).integers(0, 256, (70, 48, 3), dtype=np.uint8)
    cut = cut_square(image, Square(0, 5, 48), 16).permute(1, 2, 0).numpy()
    means = image[5:53].reshape(16, 3, 16, 3, 3).mean(axis=(1, 3)) / 255
    np.testing.assert_allclose(cut, means, atol=1e-5)
    assert np.abs(image[5:53][1::3, 1::3] / 255 - means).mean() > 0.1  # one pixel of nine is not the mean


@pytest.mark.parametrize("side", [16, 17, 63, 64, 65, 500])
def test_any_side_comes_to_the_size_of_the_network(side):
    flat = np.full((side, side + 3, 3), 51, np.uint8)
    cut = cut_square(flat, Square(3, 0, side), 64)
    torch.testing.assert_close(cut, torch.full((3, 64, 64), 0.2))


@pytest.mark.parametrize(("known", "box"), [(0, (0, 0, 32)), (32, (32, 0, 32)), (64, (64, 0, 32))])
def test_the_square_most_like_the_known_is_read(network, known, box):
    rng = np.random.default_rng(0)
    pictures = torch.stack([cut_square(grey(rng, 32, 32), Square(0, 0, 32), 16) for _ in range(50)])
    with torch.no_grad():
        network.calibrate_likeness(network.features(pictures))
        network.threshold.fill_(network.likeness(pictures).min().item() - 1)
    image = rng.integers(0, 256, (32, 96, 3), dtype=np.uint8)
    assert not read_portrait(network, image).accepted
    image[:, known : known + 32] = grey(rng, 32, 32)
    reading = read_portrait(network, image)
    assert reading.accepted
    assert reading.box == box
    torch.testing.assert_close(reading.picture, cut_square(image, Square(*box), 16))
    with torch.no_grad():
        torch.testing.assert_close(reading.coefficients, network(reading.picture[None])[0])
        assert reading.likeness == pytest.approx(network.likeness(reading.picture[None]).item(), rel=1e-4)


def test_reading_leaves_the_network_as_it_was(network):
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    read_portrait(network, np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8))
    assert network.training
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
