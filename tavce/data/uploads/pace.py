"""Requests to one host, never closer to each other than the user allows."""

import random
import time
from dataclasses import dataclass, field

JITTER = (
    0.5  # share of the pause that may be added to it; a fixed beat looks like an attack and meets other clients' beats
)


@dataclass
class Pacer:
    """Waits between requests to the same host.

    Attributes:
        pause_s: least time between the starts of two requests to one host, in seconds.
        seed: of the jitter that is added, up to half of the pause.
    """

    pause_s: float
    seed: int = 0
    _last: dict[str, float] = field(default_factory=dict, repr=False)
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def wait(self, host: str) -> None:
        """Return when the next request to `host` may start, and count it as started."""
        pause = self.pause_s * (1 + JITTER * self._random.random())
        left = self._last.get(host, -pause) + pause - time.monotonic()
        if left > 0 and host in self._last:
            time.sleep(left)
        self._last[host] = time.monotonic()


def backoff_s(attempt: int, pause_s: float, longest_s: float, jitter: random.Random) -> float:
    """Return how long to wait after the failed attempt number `attempt` (from 0): doubled each time, in seconds."""
    return min(longest_s, max(1.0, pause_s) * float(2**attempt) * (1 + JITTER * jitter.random()))
