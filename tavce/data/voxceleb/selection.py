"""Which clips of VoxCeleb are wanted, which split they are in, and what they are called; one identity at a time."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Literal, TypeVar

from tavce.data.clips import FPS, Clip
from tavce.data.splits import hash_order

Item = TypeVar("Item")


@dataclass(frozen=True)
class Selection:
    """What is taken of the data set.

    Attributes:
        splits: the split of each published identity; all others are in "train".
        part: which split, or all.
        clips_per_identity: how many utterances of an identity, or rows of FOMM's list; 0 for all.
        seed: of that choice, which owes nothing to the order of the clips, to other identities, or to what could be
            obtained.
    """

    splits: Mapping[str, str]
    part: Literal["train", "val", "test", "all"]
    clips_per_identity: int
    seed: int

    def split(self, identity: str) -> str:
        """Return the split of an identity."""
        return self.splits.get(identity, "train")

    def wants(self, identity: str) -> bool:
        """Return whether an identity is in the part that is taken."""
        return self.part in ("all", self.split(identity))

    def held_out(self, identity: str) -> bool:
        """Return whether an identity is in another split than train."""
        return self.split(identity) != "train"

    def choose(self, items: Iterable[Item], key: Callable[[Item], str]) -> list[Item]:
        """Return the chosen items of one identity, in the order given.

        Args:
            items: all of the identity.
            key: names an item; no two of an identity alike.
        """
        everything = list(items)
        if not self.clips_per_identity:
            return everything
        keys = [key(item) for item in everything]
        places = nsmallest(
            self.clips_per_identity,
            range(len(keys)),
            key=lambda place: (hash_order(keys[place], self.seed), keys[place]),
        )
        return [everything[place] for place in sorted(places)]


def upload_names(uploads: Iterable[str]) -> dict[str, str]:
    """Return for each upload of one identity what it is called in clip ids, unique where letter case is ignored.

    YouTube ids may differ by letter case alone. Those that do get ``-c`` and a hex number behind them, whose bits say
    which of their letters are capital; all others, in practice every one, keep their id.
    """
    names = set(uploads)
    count = Counter(name.lower() for name in names)
    return {name: name if count[name.lower()] == 1 else f"{name}-c{_capitals(name):03x}" for name in names}


def _capitals(name: str) -> int:
    return sum(letter.isupper() << place for place, letter in enumerate(name))


def shared_upload(split: str, upload: str, held_out: Mapping[str, str]) -> str:
    """Return why an upload cannot be used for a clip of `split`, "" if it can.

    Published splits part identities, and two of them may meet in one video. It stays with the one held out.

    Args:
        split: of the clip.
        upload: its YouTube id.
        held_out: uploads of identities that are not in train, and who that is.
    """
    if split != "train" or upload not in held_out:
        return ""
    return f"its upload also shows {held_out[upload]}, who is held out from training"


def clip_row(
    name: str, *, dataset: str, split: str, identity: str, source: str, start_s: float, end_s: float, frames: int
) -> Clip:
    """Return the row of a planned clip, usable so far."""
    return Clip(
        id=name,
        dataset=dataset,
        split=split,
        identity=identity,
        source=source,
        start_s=start_s,
        end_s=end_s,
        frames=frames,
        box=None,
        affine=None,
        video_sha256="",
        audio_sha256="",
        status="ok",
        reason="",
    )


def frames_between(start_s: float, end_s: float) -> int:
    """Return how many whole frames at 25 fps lie between two times."""
    return int((end_s - start_s) * FPS + 1e-6)
