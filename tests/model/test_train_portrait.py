"""Training of the portrait network: what it learns, that it repeats itself, what stops it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tavce.model.descent import NotFiniteError, Schedule
from tavce.model.portrait.net import SMALL, PortraitNet, TrunkConfig
from tavce.model.portrait.train import (
    PortraitSettings,
    network_input,
    portrait_losses,
    spread_distance,
    train_portrait,
)

SIZE = 16
TINY = replace(
    SMALL,
    size=SIZE,
    coefficients=2,
    motion=TrunkConfig(channels=(8, 8, 8), narrow=4, joined=16),
    kind=TrunkConfig(channels=(8, 8, 8), narrow=4, joined=16),
    features=4,
)
SETTINGS = PortraitSettings(
    schedule=Schedule(steps=90, rate=1e-2, warm_up=0.1, weight_decay=1e-3, average=0.9, largest_gradient=5.0, every=30),
    seed=0,
    known=16,
    other=16,
    likeness=0.5,
    radius=4.0,
    sharpness=2.0,
)
SHORT = replace(SETTINGS, schedule=replace(SETTINGS.schedule, steps=4, every=2))


def bars(count, seed):
    """Return pictures of an upright bar, whose place and brightness are the coefficients."""
    rng = np.random.default_rng(seed)
    rows = np.column_stack([rng.uniform(4, 12, count), rng.uniform(100, 220, count)]).astype(np.float32)
    away = np.arange(SIZE) - rows[:, :1]
    line = 20 + (rows[:, 1:] - 20) * np.exp(-0.5 * (away / 1.5) ** 2)
    pictures = np.broadcast_to(line[:, None, :, None], (count, SIZE, SIZE, 3)) + rng.normal(
        0, 2, (count, SIZE, SIZE, 3)
    )
    return np.clip(pictures, 0, 255).astype(np.uint8), rows


def unchanged(rng, pictures, coefficients):
    return pictures, coefficients


def on_their_side(rng, pictures):
    return np.ascontiguousarray(pictures.swapaxes(1, 2))


def trained(settings, rows_of=lambda rows: rows, spoil=on_their_side):
    pictures, rows = bars(200, seed=1)
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        network = PortraitNet(TINY)
    state, curve = train_portrait(settings, network, pictures, rows_of(rows), alter=unchanged, spoil=spoil)
    network.load_state_dict(state)
    return network.eval(), curve


def agreement(network):
    pictures, rows = bars(100, seed=2)
    with torch.no_grad():
        read = network(network_input(pictures)).numpy()
    return [float(np.corrcoef(read[:, k], rows[:, k])[0, 1]) for k in range(rows.shape[1])]


def test_learns_to_read_coefficients_and_to_know_its_kind():
    network, curve = trained(SETTINGS)
    assert [point["step"] for point in curve] == [30, 60, 90]
    assert curve[-1]["coefficients"] < curve[0]["coefficients"] / 2
    assert curve[-1]["likeness"] < curve[0]["likeness"] / 2
    assert min(agreement(network)) > 0.9
    known = network_input(bars(200, seed=1)[0])
    unseen = bars(100, seed=2)[0]
    # Noise was not among what it learnt to tell apart.
    noise = np.random.default_rng(3).integers(0, 256, unseen.shape, dtype=np.uint8)
    with torch.no_grad():
        network.calibrate_likeness(network.features(known))
        least = network.likeness(network_input(unseen)).min()
        assert network.likeness(network_input(on_their_side(None, unseen))).max() < least
        assert network.likeness(network_input(noise)).max() < least


def test_coefficients_of_other_pictures_teach_nothing():
    order = np.random.default_rng(0).permutation(200)
    network, _ = trained(SETTINGS, rows_of=lambda rows: rows[order])
    assert max(agreement(network)) < 0.6


def test_one_seed_gives_the_same_bytes():
    first, again, other = (trained(replace(SHORT, seed=seed))[0].state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["to_features.weight"], other["to_features.weight"])


def test_the_draws_are_told_by_the_generator_alone():
    seen = []

    def noted(rng, pictures):
        seen.append(int(rng.integers(2**31)))
        return on_their_side(rng, pictures)

    trained(SHORT, spoil=noted)
    trained(SHORT, spoil=noted)
    assert seen[:4] == seen[4:]
    assert len(set(seen)) == 4


def test_a_loss_that_is_not_finite_stops_the_training():
    def broken(rows):
        rows = rows.copy()
        rows[:, 1] = np.inf
        return rows

    with pytest.raises(NotFiniteError, match="the coefficients loss of step 1 is not finite"):
        trained(SHORT, rows_of=broken)


@pytest.mark.parametrize("rows", [0, 3])
def test_every_picture_needs_its_row(rows):
    pictures = np.zeros((rows and 4, SIZE, SIZE, 3), np.uint8)
    with pytest.raises(ValueError, match="need one row for each"):
        train_portrait(
            SHORT, PortraitNet(TINY), pictures, np.zeros((rows, 2), np.float32), alter=unchanged, spoil=on_their_side
        )


def test_distance_counts_each_feature_in_deviations_of_the_known():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((12, 3)) * [1.0, 100.0, 0.1] + [0.0, 50.0, -2.0]
    found = spread_distance(torch.from_numpy(features), 8).numpy()
    known = features[:8]
    expected = ((features - known.mean(axis=0)) ** 2 / (known.var(axis=0, ddof=1) + 1e-4)).mean(axis=1)
    np.testing.assert_allclose(found, expected)
    everyone = ((features - features.mean(axis=0)) ** 2 / features.var(axis=0, ddof=1)).mean(axis=1)
    assert not np.allclose(found, everyone, rtol=0.05)  # as a norm over the whole batch would count


def test_only_the_likeness_looks_at_other_pictures():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = PortraitNet(TINY).eval()
    pictures, rows = bars(8, seed=1)
    truth = torch.from_numpy(rows[:4])
    one, another = network_input(pictures), network_input(pictures)
    another[4:] = 1 - another[4:]
    first, second = (portrait_losses(SETTINGS, network, images, truth) for images in (one, another))
    assert torch.equal(first["coefficients"], second["coefficients"])
    assert not torch.equal(first["likeness"], second["likeness"])
