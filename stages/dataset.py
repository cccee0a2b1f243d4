"""A name and its source -> data/dataset/<name>: the clip table, and the source videos where we make them ourselves."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from stages.confirmed import check_confirmed
from stages.corpora import Corpus, FolderCorpus, Published
from stages.entry import one_argument
from stages.params import read_section, workers
from stages.paths import dataset_folder
from stages.published import fetch, planned
from tavce.data.clips import Clip, write_clips
from tavce.data.folder import scan
from tavce.data.guides import write_guides
from tavce.data.synthetic.corpus import CorpusSettings, make_clip, plan
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all


def make_dataset(
    name: str, source: Path, corpus: CorpusSettings | FolderCorpus, folder: Path, processes: int
) -> list[Clip]:
    """Write the clip table of data set `name` into `folder`, with the videos of a synthetic one; return its clips."""
    with atomic_directory(folder) as part:
        if isinstance(corpus, FolderCorpus):
            clips = scan(source, dataset=name, split=corpus.split)
        else:
            work = partial(make_clip, settings=corpus, dataset=name, folder=part)
            clips = run_all(work, plan(corpus, source), workers=processes, label=f"dataset {name}")
        write_clips(clips, part)
    return clips


def make_published(name: str, source: Path, corpus: Published, folder: Path) -> None:
    """Fetch what a published data set lacks into its store, and write its clip table and guides into `folder`.

    The plan is made twice, as a stream: no list of a million clips is held.
    """
    fetch(corpus, source, report=print)
    with atomic_directory(folder) as part:
        write_clips((each.clip for each in planned(name, corpus, source)), part)
        write_guides(planned(name, corpus, source), part)


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set of params.yaml."""
    (name,) = one_argument(arguments, "dataset")
    corpus: Corpus = read_section(Corpus, "datasets", name, "corpus")
    source = Path(read_section(str, "datasets", name, "source"))
    if isinstance(corpus, Published):
        check_confirmed()
        make_published(name, source, corpus, dataset_folder(name))
    else:
        make_dataset(name, source, corpus, dataset_folder(name), workers())
