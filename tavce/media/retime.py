"""Frames at any timestamps -> frames at exactly 25 per second.

The rule is that of a display. Input frame i is on the screen from its timestamp t_i until t_{i+1}, counted from the
first frame's timestamp, which is time 0. Output frame k is shown from k/25 to (k + 1)/25 s, and takes the input frame
on the screen at its middle, (k + 1/2)/25 s; when the picture changes exactly there, the earlier one. The last input
frame stays on the screen for the median interval between frames, because containers store its length badly. An output
frame exists when its middle is not after the end, so their number is the duration times 25, rounded half up. FFmpeg's
filter ``fps=25:round=near`` selects the same frames.

It follows that every frame of a 25 fps video passes through once, that 300 frames at 29.97 fps give 250, and that the
picture never departs by more than half an output frame (20 ms) from the time at which it was shown.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TypeVar

T = TypeVar("T")

HALF = Fraction(1, 2)


def resampled(
    timed: Iterable[tuple[Fraction, T]],
    *,
    fps: int = 25,
    alone: Fraction | None = None,
    origin: Fraction | None = None,
    first: int = 0,
) -> Iterator[T]:
    """Yield the item on the screen at the middle of each output frame; an item may come several times, or never.

    Args:
        timed: timestamps in seconds, not decreasing, each with its item. Of two items at one time the later counts.
        fps: output frames per second.
        alone: how long a single item is shown, in seconds; one output frame if not given.
        origin: time 0 of the output frames; that of the first item if not given, and then there is at least one frame.
        first: the first output frame that is yielded. Items before the one on the screen at its middle may be missing
            from `timed`; then only their intervals are, which tell how long the last item of all is shown.

    Raises:
        ValueError: a timestamp is smaller than the one before it.
    """
    intervals: Counter[Fraction] = Counter()
    start, least = origin, 1 if origin is None else 0
    at, shown, made, seen = Fraction(0), None, first, False
    for time, item in timed:
        if start is None:
            start = time
        if seen:
            if time - start < at:
                raise ValueError(f"timestamp {float(time):.3f} s comes after {float(at + start):.3f} s")
            intervals[time - start - at] += 1
            # Middles up to and with the moment of the change still show the item before.
            until = _middles(time - start, fps)
            yield from (shown for _ in range(until - made))  # type: ignore[misc]
            made = max(made, until)
        at, shown, seen = time - start, item, True
    if seen:
        last = _median(intervals) if intervals else (alone or Fraction(1, fps))
        yield from (shown for _ in range(max(least - made, _middles(at + last, fps) - made)))  # type: ignore[misc]


def _middles(time: Fraction, fps: int) -> int:
    """Return how many output frames have their middle at or before `time`."""
    return int(time * fps + HALF)


def _median(intervals: Counter[Fraction]) -> Fraction:
    below, half = 0, intervals.total() / 2
    for interval in sorted(intervals):
        below += intervals[interval]
        if below >= half:
            return interval
    raise ValueError("no intervals")
