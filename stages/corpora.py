"""Sections `corpus` of params.yaml: where the clips of a data set come from."""

from dataclasses import dataclass
from typing import Literal

from tavce.data.synthetic.corpus import CorpusSettings
from tavce.data.uploads.fetch import FetchSettings


@dataclass(frozen=True)
class FolderCorpus:
    """A folder of videos that a user brings."""

    kind: Literal["folder"]
    split: Literal["train", "test"]


@dataclass(frozen=True)
class HdtfCorpus:
    """HDTF; the data set's `source` is the list of splits, whose clips are the ones that are used.

    Attributes:
        store: folder for the uploads and the record of them; large, and outside of DVC.
        metadata: where the fifteen text files are: an address, from which they come into the store, or a folder.
        address: of an upload, `{id}` in place of its id.
        first_seconds: only the first segment of each video, at most so long, as many papers do; null for all of it.
        fetch: manners of the download.
    """

    kind: Literal["hdtf"]
    store: str
    metadata: str
    address: str
    first_seconds: float | None
    fetch: FetchSettings


@dataclass(frozen=True)
class VoxCelebCorpus:
    """VoxCeleb1 or VoxCeleb2; the data set's `source` is the list of identities by split.

    Attributes:
        version: 1 or 2: the units of the annotations differ.
        form: "official": the cropped mp4 files as they are given out, below the store; "annotations": uploads are
            fetched, and cut by the official text files; "metadata": by FOMM's `vox-metadata.csv`.
        annotations: folder of the text files, or path of the CSV; "" for the form official.
        store: folder of the videos; large, and outside of DVC.
        address: of an upload, `{id}` in place of its id; not asked for the form official.
        part: which identities: those of the published test list, all others, or both.
        clips_per_identity: how many of each, chosen by `seed`; 0 for all.
        seed: of that choice.
        fetch: manners of the download.
    """

    kind: Literal["voxceleb"]
    version: Literal[1, 2]
    form: Literal["official", "annotations", "metadata"]
    annotations: str
    store: str
    address: str
    part: Literal["test", "train", "all"]
    clips_per_identity: int
    seed: int
    fetch: FetchSettings


@dataclass(frozen=True)
class LrwCorpus:
    """LRW as the BBC gives it out; the data set's `source` says which of its folders is which split.

    Attributes:
        store: the folder `lipread_mp4`.
        part: which folders.
        clips_per_word: how many of each word, chosen by `seed`; 0 for all.
        seed: of that choice.
        pairs: a list in the form of Wav2Lip's evaluation, audio and video per line: each video gets the sound of
            another clip. "" for clips with their own sound.
    """

    kind: Literal["lrw"]
    store: str
    part: Literal["train", "val", "test", "all"]
    clips_per_word: int
    seed: int
    pairs: str


Published = HdtfCorpus | VoxCelebCorpus | LrwCorpus
Corpus = CorpusSettings | FolderCorpus | HdtfCorpus | VoxCelebCorpus | LrwCorpus
