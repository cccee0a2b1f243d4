"""What is asked of a method for each clip of a data set."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stages.evaluate import other_clip
from tavce.data.clips import Clip
from tavce.methods.contract import Request


@dataclass(frozen=True)
class Wanted:
    """A clip to make, and the clip whose audio is the wrong one for it, or None where there is no other person."""

    clip: Clip
    other: Clip | None

    @property
    def ids(self) -> list[str]:
        """Clips whose files are needed."""
        return [each.id for each in (self.clip, self.other) if each]

    def request(self, crops: Path) -> Request:
        """Return what a method is asked for, of files that lie in `crops`."""
        return Request(
            clip=self.clip.id,
            video=crops / f"{self.clip.id}.mkv",
            audio=crops / f"{self.clip.id}.wav",
            other_audio=crops / f"{self.other.id}.wav" if self.other else None,
            frames=self.clip.frames,
        )


def wanted_of(clips: Sequence[Clip]) -> list[Wanted]:
    """Return what to make of each clip; the other is the next clip of another identity, in a circle."""
    return [Wanted(clip, other_clip(clips, number, 1)) for number, clip in enumerate(clips)]
