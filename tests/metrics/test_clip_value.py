"""The reduction per clip, as decision 0001 states it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics import ClipValue, reduce


@pytest.mark.parametrize(
    ("per_frame", "expected"),
    [
        ([1.0, 2.0, 6.0], ClipValue(3.0, 3, 0, None)),
        ([math.inf, 30.0, 32.0], ClipValue(31.0, 2, 1, None)),
        ([math.inf, math.inf], ClipValue(math.inf, 0, 2, None)),
        ([math.nan, 4.0], ClipValue(4.0, 1, 0, None)),
        ([math.nan, math.inf], ClipValue(math.inf, 0, 1, None)),
        ([0.0, 0.0], ClipValue(0.0, 2, 0, None)),
        ([math.nan, math.nan], ClipValue(None, 0, 0, "none of 2 frames has a value")),
        ([], ClipValue(None, 0, 0, "no frames")),
    ],
)
def test_known_answers(per_frame, expected):
    assert reduce(np.array(per_frame, dtype=np.float64)) == expected


def test_a_negative_infinity_is_refused():
    with pytest.raises(ValueError, match="-inf"):
        reduce(np.array([-math.inf, 1.0]))


def test_the_example_of_the_decision():
    clip = np.array([math.inf] * 37 + [30.0] * 38)
    assert reduce(clip) == ClipValue(30.0, 38, 37, None)
    capped = np.minimum(clip, 100).mean()
    assert capped == pytest.approx(64.53, abs=0.01)


@given(st.lists(st.floats(-1e6, 1e6) | st.just(math.inf) | st.just(math.nan), max_size=40), st.randoms())
@settings(max_examples=50, deadline=None)
def test_order_does_not_matter_and_every_frame_is_counted(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    one, other = (reduce(np.array(v, dtype=np.float64)) for v in (values, shuffled))
    assert one == other
    assert one.frames_used + one.identical_frames + sum(map(math.isnan, values)) == len(values)
    assert (one.value is None) == (one.reason is not None)
