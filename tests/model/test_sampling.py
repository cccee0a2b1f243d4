"""Which moments are drawn."""

import numpy as np
import pytest

from tavce.model.correlation.sampling import draw_moments, draw_stretches


def drawn(frames=9, tau=3, clips=4, batch=20_000, other_clips=0.0, seed=0):
    rng = np.random.default_rng(seed)
    return draw_moments(rng, clips=clips, frames=frames, batch=batch, tau=tau, other_clips=other_clips)


@pytest.mark.parametrize("tau", [1, 3, 5])
def test_negatives_are_tau_away_and_all_of_them_occur(tau):
    frames = 2 * tau + 2 + (tau == 1)
    found = drawn(frames=frames, tau=tau)
    assert set(found.here) == set(range(1, frames - 1))
    for i in range(1, frames - 1):
        far, elsewhere = found.far[found.here == i], found.elsewhere[found.here == i]
        assert set(far) == {j for j in range(1, frames) if abs(j - i) >= tau}
        assert set(elsewhere) == {k for k in range(1, frames - 1) if abs(k - i) >= tau}
        counts = np.unique(far, return_counts=True)[1]
        assert counts.max() < 1.3 * counts.min(), "uniform"
    assert (found.other_clip == found.clip).all()


def test_other_clips_are_other_clips():
    found = drawn(other_clips=0.25)
    away = found.other_clip != found.clip
    assert away.mean() == pytest.approx(0.25, abs=0.02)
    assert set(found.elsewhere[away]) == set(range(1, 8))
    assert (np.abs(found.elsewhere - found.here)[~away] >= 3).all()
    assert {(a, b) for a, b in zip(found.clip[away], found.other_clip[away], strict=True)} == {
        (a, b) for a in range(4) for b in range(4) if a != b
    }


def test_the_seed_decides():
    one, same, other = drawn(), drawn(), drawn(seed=1)
    assert all(np.array_equal(getattr(one, name), getattr(same, name)) for name in one.__dataclass_fields__)
    assert not np.array_equal(one.far, other.far)


def test_clips_too_short_are_refused():
    drawn(frames=8, tau=3)
    with pytest.raises(ValueError, match="at least 8 frames, got 7"):
        drawn(frames=7, tau=3)  # here 3 has frames 1 to 5 left, none of them 3 away
    with pytest.raises(ValueError, match="tau 0"):
        drawn(tau=0)
    with pytest.raises(ValueError, match="at least 2 clips"):
        drawn(clips=1, other_clips=0.5)


def test_stretches_fit_and_take_each_clip_once_before_again():
    rng = np.random.default_rng(0)
    firsts = set()
    for _ in range(200):
        found = draw_stretches(rng, clips=5, frames=10, batch=7, length=8)
        assert len(set(found.clip[:5])) == 5
        firsts |= set(found.first)
    assert firsts == {0, 1, 2}
    with pytest.raises(ValueError, match="do not fit"):
        draw_stretches(rng, clips=5, frames=10, batch=7, length=11)
