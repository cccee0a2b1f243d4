"""What the base takes for granted is checked, and said; what arms share comes back as it was written."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from stages.arms import Shared
from stages.base import check_base
from stages.features import Features
from stages.make_base.motion import _correlation, _lag
from stages.make_base.parts import too_little
from stages.make_judges.corpus import Clips
from stages.params import read_section
from stages.pieces import read_arrays, write_arrays
from tavce.errors import InputError

ROOT = Path(__file__).parents[2]
SHARED: Shared = read_section(Shared, "animator", path=ROOT / "profiles" / "smoke.yaml")


def clips(people: int, frames: int) -> Clips:
    return Clips(
        np.zeros((people, frames, 8, 8, 3), np.uint8),
        np.zeros((people, frames * 640), np.int16),
        np.zeros((people, frames, 68, 2), np.float32),
        np.zeros((people, frames, 14), np.float32),
        np.arange(people),
    )


def test_the_shipped_base_has_one_size() -> None:
    check_base(SHARED, Features(-2))
    with pytest.raises(InputError, match=r"'animator.size' is 'tiny', and the shipped base is 'small'.*base: scratch"):
        check_base(replace(SHARED, size="tiny"), Features(-2))
    check_base(replace(SHARED, size="tiny", base="scratch"), Features(-2))


def test_a_metric_that_hears_other_windows_is_refused() -> None:
    with pytest.raises(InputError, match=r"'features.mel_start' is 0, .* from -2 on.*set features.mel_start: -2"):
        check_base(SHARED, Features(0))


@pytest.mark.parametrize(
    ("people", "frames", "said"),
    [(1, 40, "at least 2 train people.*found 1"), (2, 32, "more than 32 frames"), (2, 33, "^$")],
)
def test_too_little_to_train_a_base_on_is_said(people: int, frames: int, said: str) -> None:
    assert re.search(said, too_little(clips(people, frames)))


def test_arrays_in_two_folders_complete_one_another(tmp_path: Path) -> None:
    shared, own = tmp_path / "shared", tmp_path / "own"
    shared.mkdir()
    own.mkdir()
    frames = np.random.default_rng(0).integers(0, 255, (1, 2, 4, 4, 3), np.uint8)
    rest = {"coefficients": np.ones((1, 2, 3), np.float32), "mouths": np.ones((1, 2, 4), np.float32)}
    write_arrays(shared, frames=frames, samples=np.zeros((1, 1280), np.int16), **rest)
    write_arrays(own, gated=np.full((1, 2, 5), 2, np.float32), differences=None)
    data = read_arrays(shared, own)
    assert np.array_equal(data.frames, frames)
    assert data.gated is not None
    assert data.gated.mean() == 2
    assert data.differences is None
    assert not data.frames.flags.writeable


def test_figures_of_motion_see_lag_and_agreement() -> None:
    truth = torch.from_numpy(np.random.default_rng(0).normal(size=(4, 60, 1)))
    assert float(_correlation(truth, 3 * truth + 1)[0]) == pytest.approx(1)
    assert float(_correlation(truth, -truth)[0]) == pytest.approx(-1)
    assert abs(float(_correlation(truth, truth.roll(1, dims=1))[0])) < 0.2
    for late in (-3, 0, 5):
        assert _lag(truth.roll(late, dims=1), truth) == late
