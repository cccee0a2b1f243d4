"""A published data set of params.yaml: what it wants from the net, fetching it, and its clips as planned."""

from collections.abc import Callable, Iterator
from pathlib import Path

from stages.corpora import HdtfCorpus, LrwCorpus, Published, VoxCelebCorpus
from tavce.data.hdtf import plan as hdtf
from tavce.data.hdtf.metadata import Metadata, read_metadata
from tavce.data.hdtf.source import fetch_metadata
from tavce.data.lrw.folder import list_clips, plan_folder
from tavce.data.lrw.pairs import PairedClip, plan_pairs, read_pairs
from tavce.data.planned import Planned
from tavce.data.splits import SPLITS, read_splits, test_identities
from tavce.data.uploads.fetch import fetch_uploads
from tavce.data.uploads.ledger import read_ledger
from tavce.data.uploads.upload import Upload
from tavce.data.voxceleb import metadata_plan as fomm
from tavce.data.voxceleb import plan as voxceleb
from tavce.data.voxceleb.metadata_csv import read_metadata as read_list
from tavce.data.voxceleb.official import plan_official
from tavce.data.voxceleb.selection import Selection
from tavce.errors import InputError

Say = Callable[[str], None]


def uploads(corpus: Published, source: Path) -> list[Upload]:
    """Return what the data set wants from the net; nothing where its videos lie on a disk already.

    HDTF's text files are fetched into the store first, if they are not there.

    Raises:
        InputError: the annotations are not there, or are not what they should be.
    """
    if isinstance(corpus, HdtfCorpus):
        return hdtf.uploads(_hdtf_metadata(corpus), corpus.address)
    if isinstance(corpus, LrwCorpus) or corpus.form == "official":
        return []
    selection, annotations = _selection(corpus, source), Path(corpus.annotations)
    if corpus.form == "metadata":
        return fomm.metadata_uploads(read_list(annotations), selection, corpus.address)
    return voxceleb.annotation_uploads(annotations, selection, corpus.address)


def fetch(corpus: Published, source: Path, *, report: Say, again: bool = False) -> None:
    """Fetch what the store of a data set lacks; see `tavce.data.uploads.fetch.fetch_uploads`."""
    wanted = uploads(corpus, source)
    if wanted and not isinstance(corpus, LrwCorpus):
        fetch_uploads(wanted, Path(corpus.store), corpus.fetch, report=report, again=again)


def planned(name: str, corpus: Published, source: Path) -> Iterator[Planned]:
    """Yield the clips of data set `name`, sorted by id, and see that no identity and no upload is in two splits.

    Raises:
        InputError: annotations or lists that are not what they should be, or a leak between splits.
    """
    yield from without_leak(name, _planned(name, corpus, source))


def _planned(name: str, corpus: Published, source: Path) -> Iterator[Planned]:
    store = Path(corpus.store)
    if isinstance(corpus, LrwCorpus):
        return _lrw(name, corpus)
    if isinstance(corpus, HdtfCorpus):
        return hdtf.plan(
            _hdtf_metadata(corpus),
            read_ledger(store),
            dataset=name,
            splits=read_splits(source),
            first_seconds=corpus.first_seconds,
        )
    selection, annotations = _selection(corpus, source), Path(corpus.annotations)
    if corpus.form == "official":
        return plan_official(store, dataset=name, selection=selection)
    if corpus.form == "metadata":
        rows = read_list(annotations)
        return fomm.plan_metadata(rows, dataset=name, ledger=read_ledger(store), selection=selection)
    return voxceleb.plan_annotations(
        annotations, dataset=name, version=corpus.version, ledger=read_ledger(store), selection=selection
    )


def paired(name: str, corpus: LrwCorpus) -> Iterator[PairedClip]:
    """Yield the clips of a list of pairs, each with the file whose sound it gets.

    Raises:
        InputError: the list or the folder is not what it should be.
    """
    return plan_pairs(Path(corpus.store), read_pairs(Path(corpus.pairs)), dataset=name)


def _lrw(name: str, corpus: LrwCorpus) -> Iterator[Planned]:
    if corpus.pairs:
        return (each.planned for each in paired(name, corpus))
    splits = SPLITS if corpus.part == "all" else (corpus.part,)
    chosen = list_clips(
        Path(corpus.store), splits=splits, words=None, clips_per_word=corpus.clips_per_word, seed=corpus.seed
    )
    return plan_folder(chosen, dataset=name)


def without_leak(name: str, clips: Iterator[Planned]) -> Iterator[Planned]:
    """Yield the clips as they come, and stop at the first that puts an identity or a file on two sides of a split.

    Raises:
        InputError: there is one.
    """
    sides: dict[tuple[str, str], str] = {}
    for each in clips:
        clip = each.clip
        for what, key in (("identity", clip.identity), ("file", clip.source)) if clip.usable else ():
            side = sides.setdefault((what, key), clip.split)
            if side != clip.split:
                problem = f"{what} {key!r} is in {side} and, by clip {clip.id}, in {clip.split}"
                raise InputError(f"data set {name}", problem, "mend the list of splits")
        yield each


def _hdtf_metadata(corpus: HdtfCorpus) -> Metadata:
    if corpus.metadata.startswith(("http:", "https:")):
        return read_metadata(fetch_metadata(Path(corpus.store) / "metadata", base=corpus.metadata))
    return read_metadata(Path(corpus.metadata))


def _selection(corpus: VoxCelebCorpus, source: Path) -> Selection:
    return Selection(test_identities(source), corpus.part, corpus.clips_per_identity, corpus.seed)
