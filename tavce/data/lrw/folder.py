"""LRW as the BBC gives it out: ``lipread_mp4/WORD/{train,val,test}/WORD_00001.mp4``, listed and never opened."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from pathlib import Path

from tavce.data.clips import Clip, safe_ids
from tavce.data.lrw.spans import CLIP_FRAMES, CLIP_S
from tavce.data.planned import Planned
from tavce.data.splits import SPLITS, Split, hash_order
from tavce.errors import InputError

WORD = re.compile(r"[A-Za-z][A-Za-z']{0,40}")
STEM = re.compile(r"(.+)_([0-9]{1,9})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class WordClip:
    """One file.

    Attributes:
        word: as its folder is named.
        name: the word as it is called in clip ids.
        split: its folder.
        number: the digits of its name; the same number in another split is another clip.
    """

    word: str
    name: str
    split: Split
    number: str

    @property
    def file(self) -> str:
        """Path relative to the root, forward slashes."""
        return f"{self.word}/{self.split}/{self.word}_{self.number}.mp4"

    @property
    def id(self) -> str:
        """Id of its clip, such as ``ABOUT-test-00001``."""
        return f"{self.name}-{self.split}-{self.number}"


def list_clips(
    root: Path, *, splits: Sequence[Split], words: Sequence[str] | None, clips_per_word: int, seed: int
) -> Iterator[WordClip]:
    """Yield the chosen files below `root`, sorted by id; one folder is listed at a time.

    Files that are not called as LRW calls them are no part of it, and are not listed.

    Args:
        root: the folder ``lipread_mp4``.
        splits: which folders of each word.
        words: which words; None for all.
        clips_per_word: how many of each word in each split; 0 for all. Which ones owes nothing to their order, to other
            words, or to which splits are wanted.
        seed: of that choice.

    Raises:
        InputError: no such folder, no word in it, a wanted word that is not there, or a folder that cannot be read.
    """
    names = _words(root)
    missing = sorted(set(words or ()) - set(names))
    if missing:
        problem = f"has no folder for {len(missing)} of the wanted words, such as {missing[0]!r}"
        raise InputError(root, problem, "write words as its folders are named, in capitals")
    for word in sorted(names if words is None else set(words), key=lambda word: names[word]):
        for split in sorted(set(splits)):
            folder = root / word / split
            numbers = [stem[2] for stem in map(STEM.fullmatch, _stems(folder)) if stem and stem[1] == word]
            yield from (
                WordClip(word, names[word], split, number) for number in _choose(numbers, clips_per_word, seed, folder)
            )


def plan_folder(clips: Iterable[WordClip], *, dataset: str) -> Iterator[Planned]:
    """Yield one planned clip per file, in the order given.

    All clips have the 29 frames of the data set. LRW names no speakers, so every clip is an identity of its own, and no
    split of LRW parts people.

    Args:
        clips: of `list_clips`.
        dataset: name of the data set, for the rows.
    """
    for each in clips:
        yield Planned(word_row(each.id, dataset=dataset, split=each.split, identity=each.id, source=each.file), None)


def word_row(name: str, *, dataset: str, split: str, identity: str, source: str) -> Clip:
    """Return the row of a clip of LRW, usable so far."""
    return Clip(
        id=name,
        dataset=dataset,
        split=split,
        identity=identity,
        source=source,
        start_s=0.0,
        end_s=CLIP_S,
        frames=CLIP_FRAMES,
        box=None,
        affine=None,
        video_sha256="",
        audio_sha256="",
        status="ok",
        reason="",
    )


def _words(root: Path) -> dict[str, str]:
    # Each word's folder and what it is called in ids: an apostrophe has no place there.
    if not root.is_dir():
        raise InputError(root, "there is no such folder", "give the folder lipread_mp4 of LRW")
    words = [
        name
        for name in _names(root, folders=True)
        if WORD.fullmatch(name) and any((root / name / split).is_dir() for split in SPLITS)
    ]
    if not words:
        problem = "holds no folders of words with train, val or test in them"
        raise InputError(root, problem, "give the folder lipread_mp4 of LRW")
    return dict(zip(words, safe_ids(words), strict=True))


def _stems(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return [name.removesuffix(".mp4") for name in _names(folder, folders=False) if name.endswith(".mp4")]


def _choose(numbers: list[str], count: int, seed: int, folder: Path) -> list[str]:
    if not count:
        return numbers
    place = f"{folder.parent.name}/{folder.name}"
    return sorted(nsmallest(count, numbers, key=lambda number: (hash_order(f"{place}/{number}", seed), number)))


def _names(folder: Path, *, folders: bool) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir() == folders)
    except OSError as error:
        raise InputError(folder, f"cannot be listed ({error.strerror})", "check its permissions") from error
