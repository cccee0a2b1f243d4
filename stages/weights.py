"""`tavce weights`: list, fetch and verify the model files, or print where one lies."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tavce.data.registry import REGISTRY, Entries, Weights
from tavce.data.weights import check, registered, weights_folder, weights_path

INTERRUPTED = 130


def add_weights(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's arguments to the parser of `tavce`."""
    top = commands.add_parser(
        "weights",
        help="list, fetch and verify published model files",
        description="Model files lie in the folder that TAVCE_WEIGHTS names, else in ~/.cache/tavce/weights.",
    )
    actions = top.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="all known files: size, licence, who needs them, whether they are there")
    fetch = actions.add_parser("fetch", help="download files; an interrupted download goes on where it stopped")
    fetch.add_argument("names", nargs="+", metavar="NAME", help="as `tavce weights list` shows it")
    fetch.add_argument(
        "--accept-non-commercial",
        action="store_true",
        help="your use is allowed by the licences that forbid commercial use",
    )
    verify = actions.add_parser(
        "verify",
        help="read the files and compare their sha256",
        description="Print ok, mismatch, absent or unpinned for each file. The exit code is 1 if a file has other "
        "bytes than published or recorded, or if one that you name is not ok.",
    )
    verify.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    path = actions.add_parser("path", help="print where a model lies, its bytes checked")
    path.add_argument("name", metavar="NAME", help="a name, or NAME/FILE for one file of an archive")


def run_weights(given: argparse.Namespace, entries: Entries = REGISTRY) -> int:
    """Run one action of `tavce weights` and return its exit code."""
    if given.action == "list":
        return _list(entries)
    if given.action == "fetch":
        return _fetch([registered(name, entries) for name in given.names], given.accept_non_commercial)
    if given.action == "verify":
        return _verify(given.names, entries)
    print(weights_path(given.name, entries=entries))
    return 0


def _list(entries: Entries) -> int:
    folder = weights_folder()
    rows = [("name", "size", "present", "licence", "needed by")]
    rows += [
        (entry.name, _size(entry.bytes), _presence(entry, folder), entry.licence, entry.used_by)
        for entry in entries.values()
    ]
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(f"folder: {folder}")
    return 0


def _size(count: int | None) -> str:
    return "?" if count is None else f"{count / 1e6:.1f} MB"


def _presence(entry: Weights, folder: Path) -> str:
    """Whether the files are there, unread: `verify` looks into them."""
    inside = folder / entry.place
    there = [(inside / member.file).is_file() for member in entry.members] or [inside.is_file()]
    if all(there):
        return "yes"
    return "in part" if any(there) else "no"


def _fetch(chosen: Sequence[Weights], accept: bool) -> int:
    from tavce.data.fetch import fetch, partial_bytes  # brings an HTTP library that no other command needs

    folder = weights_folder()
    for entry in chosen:
        try:
            path = fetch(entry, folder, accept_non_commercial=accept, progress=sys.stderr.isatty())
        except KeyboardInterrupt:
            kept = partial_bytes(entry, folder)
            print(f"interrupted; {kept} bytes of {entry.file} are kept for the next fetch", file=sys.stderr)
            return INTERRUPTED
        print(path)
    return 0


def _verify(names: Sequence[str], entries: Entries) -> int:
    code = 0
    for entry in [registered(name, entries) for name in names] or entries.values():
        for row in check(entry, weights_folder()):
            print(f"{row.state:8}  {row.file}{f'  ({row.detail})' if row.detail else ''}")
            if row.state == "mismatch" or (names and row.state != "ok"):
                code = 1
    return code
