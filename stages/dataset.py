"""A name and its source -> data/dataset/<name>: the clip table, and the source videos where we make them ourselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from stages.entry import one_argument, run
from stages.params import read_section, workers
from stages.paths import dataset_folder
from tavce.data.clips import Clip, write_clips
from tavce.data.folder import scan
from tavce.data.synthetic.corpus import CorpusSettings, make_clip, plan
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all


@dataclass(frozen=True)
class FolderCorpus:
    """A folder of videos that a user brings."""

    kind: Literal["folder"]
    split: Literal["train", "test"]


Corpus = CorpusSettings | FolderCorpus


def make_dataset(name: str, source: Path, corpus: Corpus, folder: Path, processes: int) -> list[Clip]:
    """Write the clip table of data set `name` into `folder`, with the videos of a synthetic one; return its clips."""
    with atomic_directory(folder) as part:
        if isinstance(corpus, FolderCorpus):
            clips = scan(source, dataset=name, split=corpus.split)
        else:
            work = partial(make_clip, settings=corpus, dataset=name, folder=part)
            clips = run_all(work, plan(corpus, source), workers=processes, label=f"dataset {name}")
        write_clips(clips, part)
    return clips


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set of params.yaml."""
    (name,) = one_argument(arguments, "dataset")
    corpus: CorpusSettings | FolderCorpus = read_section(Corpus, "datasets", name, "corpus")
    source = Path(read_section(str, "datasets", name, "source"))
    make_dataset(name, source, corpus, dataset_folder(name), workers())


if __name__ == "__main__":
    run(main)
