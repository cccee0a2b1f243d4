"""Which input frame becomes which output frame."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tavce.media.retime import resampled

NTSC = Fraction(30000, 1001)


def chosen(times, **more):
    return list(resampled(zip(times, range(len(times)), strict=True), **more))


def regular(count, rate, start=0):
    return [Fraction(start) + Fraction(k) / rate for k in range(count)]


def test_25_fps_passes_through():
    assert chosen(regular(40, 25)) == list(range(40))


def test_300_frames_at_29_97_give_250():
    got = chosen(regular(300, NTSC))
    assert len(got) == 250
    # FFmpeg's fps filter with round=near drops the same ones; one input in six, never two in a row.
    assert {b - a for a, b in itertools.pairwise(got)} == {1, 2}
    assert got[:9] == [0, 1, 2, 4, 5, 6, 7, 8, 10]


@pytest.mark.parametrize(
    ("count", "rate", "frames"),
    [(60, 30, 50), (100, 50, 50), (120, 60, 50), (48, 24, 50), (59, Fraction("24.59"), 60), (1, 10, 3), (20, 10, 50)],
)
def test_number_follows_from_the_duration(count, rate, frames):
    assert (
        len(chosen(regular(count, rate), alone=Fraction(1, 10)))
        == frames
        == int(25 * Fraction(count) / rate + Fraction(1, 2))
    )


def test_50_fps_takes_every_second_frame():
    assert chosen(regular(100, 50)) == list(range(0, 100, 2))


def test_10_fps_holds_each_frame_until_the_next():
    assert chosen(regular(4, 10)) == [0, 0, 0, 1, 1, 2, 2, 2, 3, 3]


def test_a_late_first_frame_is_time_zero():
    assert chosen(regular(60, 30, start=Fraction(33, 1000))) == chosen(regular(60, 30))


def test_timestamps_decide_not_the_mean_rate():
    # A long last frame makes a container claim 24.59 fps for frames that are 40 ms apart.
    assert chosen(regular(109, 25)) == list(range(109))
    assert chosen(regular(109, Fraction("24.59"))) != list(range(109))


def test_a_pause_is_held():
    assert chosen([Fraction(0), Fraction(1, 25), Fraction(6, 25), Fraction(7, 25)]) == [0, 1, 1, 1, 1, 1, 2, 3]


def test_of_two_frames_at_one_time_the_later_counts():
    assert chosen([Fraction(0), Fraction(1, 25), Fraction(1, 25), Fraction(2, 25)]) == [0, 2, 3]


def test_single_frame_and_no_frame():
    assert chosen([Fraction(5)]) == [0]
    assert chosen([Fraction(5)], alone=Fraction(1)) == [0] * 25
    assert chosen([Fraction(5)], alone=Fraction(1, 100)) == [0]
    assert chosen([]) == []


def test_time_that_goes_back_is_refused():
    with pytest.raises(ValueError, match="comes after"):
        chosen([Fraction(0), Fraction(2, 25), Fraction(1, 25)])


def test_items_are_taken_only_as_needed():
    taken = []

    def endless():
        k = 0
        while True:
            taken.append(k)
            yield Fraction(k, 30), k
            k += 1

    frames = resampled(endless())
    assert [next(frames) for _ in range(5)] == [0, 1, 2, 4, 5]
    assert len(taken) <= 7


def on_screen(times, middle):
    """The rule, word for word: the item on the screen at `middle`, the earlier one at a change."""
    return max((k for k, time in enumerate(times) if time < middle), default=0)


@given(st.lists(st.fractions(Fraction(1, 200), Fraction(1, 2), max_denominator=1000), min_size=1, max_size=40))
def test_any_timestamps_follow_the_rule(intervals):
    times = [Fraction(0)]
    for interval in intervals:
        times.append(times[-1] + interval)
    got = chosen(times)
    assert got == [on_screen(times, Fraction(2 * k + 1, 50)) for k in range(len(got))]
    end = times[-1] + sorted(intervals)[(len(intervals) - 1) // 2]
    assert len(got) == max(1, int(25 * end + Fraction(1, 2)))
