"""Pictures of a pattern that moves, and pictures woven from two moments of it, as broadcast cameras made them."""

from collections.abc import Iterable, Iterator, Sequence

import av
import cv2
import numpy as np

EARLY = {"tff": 0, "bff": 1}  # the first line of the earlier moment


def moments(count: int, *, height: int = 96, width: int = 128, step: float = 2.0, seed: int = 0) -> list[np.ndarray]:
    """RGB pictures of a smooth grey pattern that moves by `step` pixels from one to the next."""
    low = np.random.default_rng(seed).integers(30, 220, (height // 12 + 1, width // 10, 1), dtype=np.uint8).repeat(3, 2)
    far = width + int(count * step) + 2
    ground = cv2.resize(
        np.concatenate([low] * (far // width + 1), axis=1), (far, height), interpolation=cv2.INTER_CUBIC
    )
    shifts = (np.float64([[1, 0, -step * number], [0, 1, 0]]) for number in range(count))
    return [cv2.warpAffine(ground, shift, (width, height), flags=cv2.INTER_LINEAR) for shift in shifts]


def woven(pictures: Sequence[np.ndarray], order: str) -> list[np.ndarray]:
    """Half as many pictures, each of two moments: the lines of the earlier one come first in `order`."""
    frames = []
    for early, late in zip(pictures[::2], pictures[1::2], strict=True):
        frames.append(late.copy())
        frames[-1][EARLY[order] :: 2] = early[EARLY[order] :: 2]
    return frames


def telecine(pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Film in broadcast: five pictures of four, the third and the fourth of two moments each."""
    frames = []
    for a, b, c, d in zip(*(pictures[place::4] for place in range(4)), strict=True):
        frames += [a, b, *woven([b, c], "tff"), *woven([c, d], "tff"), d]
    return frames


def as_frames(pictures: Iterable[np.ndarray], form: str = "yuv420p") -> Iterator[av.VideoFrame]:
    """Decoded frames of one pixel format."""
    for picture in pictures:
        yield av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24").reformat(format=form)
