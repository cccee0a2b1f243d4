"""`python -m stages.make_splits hdtf FOLDER`: HDTF's text files -> datasets/splits/hdtf.csv and hdtf_8s.csv.

The lists that are shipped were made by it; a change of seed, shares or rule makes another benchmark.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from stages.entry import one_argument, run
from tavce.data.hdtf.metadata import ANONYMOUS, Metadata, read_metadata
from tavce.data.hdtf.plan import chosen
from tavce.data.splits import SPLITS, Split, SplitRow, make_splits, write_splits
from tavce.errors import InputError

FOLDER = Path("datasets") / "splits"
SEED = 0
SHARES: Mapping[Split, float] = {"train": 0.7, "val": 0.1, "test": 0.2}
VARIANTS = {"hdtf": None, "hdtf_8s": 8.0}


def hdtf_rows(metadata: Metadata, first_seconds: float | None) -> list[SplitRow]:
    """Return our split of HDTF, sorted by upload and time: every segment whose upload and times are known.

    Named people are dealt out by `make_splits`. Who speaks in RD is unknown, and the same voice may be in several of
    its videos, so that all of it is for training: no one can tell that it does not leak.
    """
    named = [clip.segment(None) for clip in metadata.clips if clip.subset != ANONYMOUS and clip.upload]
    split_of = {row.segment.identity: row.split for row in make_splits(named, SEED, SHARES)}
    parts = {part for clip, part in chosen(metadata, first_seconds) if clip.upload and part.end_s > part.start_s}
    rows = [SplitRow(part, split_of.get(part.identity, "train")) for part in parts]
    return sorted(rows, key=lambda row: row.segment.key)


def main(arguments: Sequence[str]) -> None:
    """Write both lists and print how much is in each split."""
    name, folder = one_argument(arguments, "hdtf", "folder")
    if name != "hdtf":
        raise InputError(
            "command line", f"there is no list to make for {name!r}", "give hdtf and the metadata's folder"
        )
    metadata = read_metadata(Path(folder))
    for warning in metadata.warnings:
        print(f"warning: {warning}")
    for variant, first_seconds in VARIANTS.items():
        rows = hdtf_rows(metadata, first_seconds)
        write_splits(rows, FOLDER / f"{variant}.csv")
        for split in SPLITS:
            parts = [row.segment for row in rows if row.split == split]
            hours = sum(part.end_s - part.start_s for part in parts) / 3600
            people = len({part.identity for part in parts})
            print(f"{variant} {split}: {people} identities, {len(parts)} segments, {hours:.2f} h")


if __name__ == "__main__":
    run(main)
