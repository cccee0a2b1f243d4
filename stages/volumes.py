"""How much a data set is before anything of it is here: clips and seconds, from our lists or its authors' counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from stages.corpora import Corpus, FolderCorpus, HdtfCorpus, LrwCorpus, VoxCelebCorpus
from tavce.data.clips import FPS, Clip
from tavce.data.splits import read_splits
from tavce.data.synthetic.corpus import CorpusSettings

# Identities, utterances, hours: PaddlePaddle/PaddleSpeech:examples/voxceleb/README.md, its Vox2 test count corrected by
# the paper's total.
VOXCELEB = {
    (1, "train"): (1_211, 148_642, 340.4),
    (1, "test"): (40, 4_874, 11.2),
    (2, "train"): (5_994, 1_092_009, 2_360.2),
    (2, "test"): (118, 36_237, 79.9),
}
VOXCELEB_VIDEOS = {(1, "train"): 21_819, (1, "test"): 677, (2, "train"): 145_569, (2, "test"): 4_911}  # its home page
LRW_WORDS = 500
LRW_CLIPS = {"train": 488_766, "val": 25_000, "test": 25_000}
LRW_SECONDS = 1.16


@dataclass(frozen=True)
class Volume:
    """Clips and seconds of a data set, and of its test split; uploads to fetch, 0 where none are."""

    clips: int
    seconds: float
    test_seconds: float
    uploads: int


def expected(corpus: Corpus, source: Path, max_seconds: float) -> Volume:
    """Return what a data set will be at most; a clip keeps `max_seconds` of its start."""
    if isinstance(corpus, CorpusSettings):
        share = corpus.test_identities / corpus.identities
        seconds = corpus.clips * min(corpus.seconds, max_seconds)
        return Volume(corpus.clips, seconds, seconds * share, 0)
    if isinstance(corpus, HdtfCorpus):
        return _hdtf(corpus, source, max_seconds)
    if isinstance(corpus, VoxCelebCorpus):
        return _voxceleb(corpus, max_seconds)
    if isinstance(corpus, LrwCorpus):
        return _lrw(corpus)
    return _folder(corpus, source, max_seconds)


def of_clips(clips: Iterable[Clip], max_seconds: float) -> Volume:
    """Return the volume of clips that are known."""
    lengths = [(min(clip.end_s - clip.start_s, max_seconds), clip.split) for clip in clips if clip.usable]
    test = sum(seconds for seconds, split in lengths if split == "test")
    return Volume(len(lengths), sum(seconds for seconds, _ in lengths), test, 0)


def _folder(corpus: FolderCorpus, source: Path, max_seconds: float) -> Volume:
    from tavce.data.folder import scan  # reads every file

    return of_clips(scan(source, dataset="folder", split=corpus.split), max_seconds)


def _hdtf(corpus: HdtfCorpus, source: Path, max_seconds: float) -> Volume:
    longest = min(max_seconds, corpus.first_seconds or max_seconds)
    rows = read_splits(source)
    lengths = [(min(row.segment.end_s - row.segment.start_s, longest), row.split) for row in rows]
    test = sum(seconds for seconds, split in lengths if split == "test")
    return Volume(len(rows), sum(seconds for seconds, _ in lengths), test, len({row.segment.source for row in rows}))


def _voxceleb(corpus: VoxCelebCorpus, max_seconds: float) -> Volume:
    parts = ("train", "test") if corpus.part == "all" else (corpus.part,)
    clips, videos, seconds = 0, 0, {"train": 0.0, "test": 0.0}
    for part in parts:
        people, utterances, hours = VOXCELEB[corpus.version, part]
        chosen = min(utterances, people * corpus.clips_per_identity) if corpus.clips_per_identity else utterances
        clips, videos = clips + chosen, videos + min(chosen, VOXCELEB_VIDEOS[corpus.version, part])
        seconds[part] = chosen * min(hours * 3600 / utterances, max_seconds)
    return Volume(clips, sum(seconds.values()), seconds["test"], 0 if corpus.form == "official" else videos)


def _lrw(corpus: LrwCorpus) -> Volume:
    parts = tuple(LRW_CLIPS) if corpus.part == "all" else (corpus.part,)
    count = {part: LRW_CLIPS[part] for part in parts}
    if corpus.clips_per_word:
        count = {part: min(number, LRW_WORDS * corpus.clips_per_word) for part, number in count.items()}
    seconds = round(LRW_SECONDS * FPS) / FPS
    return Volume(sum(count.values()), sum(count.values()) * seconds, count.get("test", 0) * seconds, 0)
