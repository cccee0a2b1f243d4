"""Phonemes with exact times: names as eSpeak NG writes them (ASCII, English), whichever engine speaks."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

PAUSE = "_"
BILABIALS = frozenset({"p", "b", "m", "m-"})
STRESS_MARKS = "',%="


@dataclass(frozen=True)
class Phoneme:
    """One phoneme of an utterance.

    Attributes:
        name: mnemonic without stress mark; `PAUSE` for silence.
        stressed: whether it is the vowel of a syllable with primary stress.
        start_s, end_s: in seconds from the first sample.
    """

    name: str
    stressed: bool
    start_s: float
    end_s: float

    @property
    def centre_s(self) -> float:
        """The middle of the phoneme in seconds."""
        return (self.start_s + self.end_s) / 2


def read_mnemonic(mark: str) -> tuple[str, bool]:
    """Split a mnemonic such as ``'aI`` into its name and whether it bears primary stress."""
    name = mark.lstrip(STRESS_MARKS)
    if name.strip("_:|!") == "":
        return PAUSE, False
    return name, mark.startswith("'")


def tile(starts: Iterable[tuple[str, float]], end_s: float) -> tuple[Phoneme, ...]:
    """Turn onsets into phonemes that cover 0 .. `end_s` without gap or overlap.

    Args:
        starts: mnemonic with stress mark, and its onset in seconds, in order.
        end_s: the length of the sound.

    A phoneme ends where the next begins. One of no length is left out, neighbouring pauses become one, and
    whatever precedes the first onset is a pause.
    """
    onsets = [(PAUSE, 0.0), *starts]
    ends = [start for _, start in onsets[1:]] + [end_s]
    tiles: list[Phoneme] = []
    for (mark, start), end in zip(onsets, ends, strict=True):
        start, end = min(start, end_s), min(end, end_s)
        if end <= start:
            continue
        name, stressed = read_mnemonic(mark)
        if tiles and tiles[-1].name == name == PAUSE:
            tiles[-1] = replace(tiles[-1], end_s=end)
        else:
            tiles.append(Phoneme(name, stressed, start, end))
    return tuple(tiles)
