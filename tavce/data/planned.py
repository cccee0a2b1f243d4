"""A clip as planned from a data set's annotations: its row, and where its face is said to be."""

from dataclasses import dataclass

from tavce.data.clips import Clip
from tavce.data.guide import Guide


@dataclass(frozen=True)
class Planned:
    """One planned clip. A row that is unusable from the start has its reason, and may have no guide."""

    clip: Clip
    guide: Guide | None
