"""`tavce dataset`: what params.yaml's data sets are, fetching them, and how far that is."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from stages.confirmed import check_confirmed
from stages.corpora import Corpus, Published, VoxCelebCorpus
from stages.params import read_section
from stages.published import fetch, uploads
from tavce.data.uploads.status import ORDER, format_status, status_table, write_availability
from tavce.data.voxceleb.metadata_csv import box_report, read_metadata
from tavce.errors import InputError


def add_dataset(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's arguments to the parser of `tavce`."""
    top = commands.add_parser(
        "dataset",
        help="list, fetch and look after published data sets",
        description="Data sets are those of params.yaml: tavce profile use hdtf. Uploads lie in the folder that their "
        "corpus calls `store`, with a record of each in ledger.jsonl.",
    )
    actions = top.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="the data sets of params.yaml, their kind and where they lie")
    get = actions.add_parser(
        "fetch",
        help="download what is missing; an interrupted download goes on where it stopped",
        description="Download what data set NAME lacks, politely. dvc repro does the same; here nothing else follows. "
        "Confirm what it costs first: tavce estimate.",
    )
    get.add_argument("name", metavar="NAME", help="as `tavce dataset list` shows it")
    get.add_argument("--again", action="store_true", help="ask for those that are gone or private once more")
    status = actions.add_parser("status", help="how many uploads are here, gone, private or not fetched yet, and why")
    status.add_argument("name", metavar="NAME", help="as `tavce dataset list` shows it")
    status.add_argument("--csv", type=Path, metavar="FILE", help="write a row per upload to this file too")


def run_dataset(given: argparse.Namespace) -> int:
    """Run one action of `tavce dataset` and return its exit code: 1 if `fetch` left something that may still come."""
    if given.action == "list":
        return _list()
    corpus, source = _published(given.name)
    if given.action == "fetch":
        check_confirmed()
        fetch(corpus, source, report=print, again=given.again)
    wanted = uploads(corpus, source)
    if not wanted:
        print(f"{given.name} is read where it lies, {corpus.store}: nothing is fetched")
        return 0
    table = status_table(wanted, Path(corpus.store))
    print(format_status(table))
    if isinstance(corpus, VoxCelebCorpus) and corpus.form == "metadata":
        print(_boxes(Path(corpus.annotations)))
    if given.action == "status" and given.csv is not None:
        write_availability(given.csv, table)
    open_still = sum(table.counts[status] for status in ORDER if status in ("failed", "not yet"))
    return 1 if given.action == "fetch" and open_still else 0


def _boxes(path: Path) -> str:
    """Return what FOMM's list is like: its boxes are not square, which many who used it did not see."""
    found = box_report(read_metadata(path))
    parts = ", ".join(f"{count} {part}" for part, count in found.by_partition.items())
    ratio = "" if found.ratio is None else f", median of width / height {found.ratio:.2f}"
    return (
        f"{path.name}: {found.rows} clips ({parts}) of {found.identities} people in {found.uploads} uploads, "
        f"{found.hours:.2f} h; {found.malformed} malformed, {found.repeated} repeated\n"
        f"boxes: {found.non_square} of {found.boxes} are not square by more than 10 %{ratio}; "
        f"{found.over_edge} reach over the edge. Crops are squared by padding, never stretched"
    )


def _list() -> int:
    names: dict[str, object] = read_section(dict[str, dict], "datasets")  # type: ignore[type-arg]
    rows: list[Sequence[str]] = [("name", "kind", "lies in")]
    for name in names:
        corpus: Corpus = read_section(Corpus, "datasets", name, "corpus")
        source = read_section(str, "datasets", name, "source")
        rows.append((name, corpus.kind, corpus.store if isinstance(corpus, Published) else source))
    widths = [max(len(row[k]) for row in rows) for k in range(3)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _published(name: str) -> tuple[Published, Path]:
    corpus: Corpus = read_section(Corpus, "datasets", name, "corpus")
    if not isinstance(corpus, Published):
        problem = f"is of kind {corpus.kind}, which nobody downloads"
        raise InputError(f"data set {name}", problem, "choose a published one: tavce profile use hdtf")
    return corpus, Path(read_section(str, "datasets", name, "source"))
