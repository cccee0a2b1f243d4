"""Videos that tell the time: each picture shows its own in black and white blocks, and a beep is heard every second."""

from collections.abc import Sequence

import numpy as np

from tests.data.uploads.videos import RATE_HZ

BITS, COLUMNS, ROWS = 12, 4, 3
STEP_S = 0.01  # of the time that is shown
BEEP_S = 0.1


def clock_pictures(times: Sequence[float], width: int, height: int, box: tuple[int, int, int, int]) -> list[np.ndarray]:
    """Return one RGB picture per time, its digits filling the box x, w, y, h."""
    return [_picture(time, width, height, box) for time in times]


def _picture(time: float, width: int, height: int, box: tuple[int, int, int, int]) -> np.ndarray:
    x, w, y, h = box
    code = round(time / STEP_S)
    code ^= code >> 1  # Gray code: few blocks change at a time, or each tick would look like a cut
    bits = np.array([code >> place & 1 for place in range(BITS)], dtype=np.uint8).reshape(ROWS, COLUMNS)
    blocks = np.kron(bits * 190 + 30, np.ones((h // ROWS, w // COLUMNS), dtype=np.uint8))
    picture = np.full((height, width, 3), 110, dtype=np.uint8)
    picture[y : y + blocks.shape[0], x : x + blocks.shape[1]] = blocks[..., None]
    return picture


def time_shown(frame: np.ndarray) -> float:
    """Return the time that a square crop of the box shows, in seconds."""
    height, width = frame.shape[0] // ROWS, frame.shape[1] // COLUMNS
    code = 0
    for place in range(BITS):
        row, column = divmod(place, COLUMNS)
        top, left = row * height + height // 3, column * width + width // 3
        code |= int(frame[top : top + height // 3, left : left + width // 3].mean() > 125) << place
    for shift in (1, 2, 4, 8):
        code ^= code >> shift
    return code * STEP_S


def ticking(seconds: float) -> np.ndarray:
    """Return mono sound at 48 kHz with a beep of 100 ms at each whole second from 0 on."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.where(time % 1.0 < BEEP_S, 0.5 * np.sin(2 * np.pi * 1000 * time), 0.0).astype(np.float32)


def beep_starts(samples: np.ndarray, rate: int) -> list[float]:
    """Return when beeps begin in a sound, in seconds; a beep that sounds at its very start is left out."""
    loud = np.abs(samples.astype(np.float64)) > 3000
    starts, quiet = [], 0
    for place in np.flatnonzero(loud):
        if place - quiet > rate // 5:
            starts.append(place / rate)
        quiet = int(place)
    return starts
