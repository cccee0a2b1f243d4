"""Split lists: which part of which upload belongs to train, val and test. No identity and no upload is on two sides."""

import csv
import hashlib
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tavce.errors import InputError
from tavce.run.atomic import atomic_file

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
COLUMNS = ("source", "start_s", "end_s", "identity", "split")
IDENTITY_COLUMNS = ("identity", "split")

Key = tuple[str, float, float]


@dataclass(frozen=True)
class Segment:
    """A part of an upload, and who is seen in it.

    Attributes:
        source: id of the upload, such as a YouTube id.
        start_s, end_s: seconds on the upload's own time line, 0 <= start_s < end_s.
        identity: who is seen.
    """

    source: str
    start_s: float
    end_s: float
    identity: str

    @property
    def key(self) -> Key:
        """What a split list finds it by."""
        return self.source, self.start_s, self.end_s


@dataclass(frozen=True)
class SplitRow:
    """One row of a split list."""

    segment: Segment
    split: Split


def hash_order(key: str, seed: int) -> float:
    """Return a number in [0, 1) that stands for `key` in a seeded choice, the same on every machine.

    Sorting by it gives an order that looks random and in which the place of one key owes nothing to the others.
    """
    number = int.from_bytes(hashlib.sha256(f"{seed}:{key}".encode(errors="surrogatepass")).digest()[:8], "big")
    return (number >> 11) * 2.0**-53  # as many bits as a double holds, so that it never rounds up to 1


def united(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return for each identity the first, by name, of all that share an upload with it, directly or over others.

    Args:
        pairs: identity and upload.
    """
    parent: dict[str, str] = {}
    owner: dict[str, str] = {}
    for identity, source in pairs:
        parent.setdefault(identity, identity)
        one, other = _root(parent, identity), _root(parent, owner.setdefault(source, identity))
        parent[max(one, other)] = min(one, other)
    return {identity: _root(parent, identity) for identity in parent}


def _root(parent: dict[str, str], name: str) -> str:
    while parent[name] != name:
        parent[name] = parent[parent[name]]
        name = parent[name]
    return name


def make_splits(segments: Iterable[Segment], seed: int, shares: Mapping[Split, float]) -> list[SplitRow]:
    """Return one row per segment, sorted by source and time, with whole identities dealt out by share.

    Identities that share an upload go together. They are ranked by `hash_order` and the ranking is cut at the shares
    (rounded to whole identities), so the result depends on the set of segments alone, not on their order, and one more
    identity moves at most one other across each cut.

    Args:
        segments: may hold equal ones; they become one row.
        seed: of the ranking.
        shares: of the identities, above 0, in sum 1; a split that is not named gets none.

    Raises:
        ValueError: shares that are not above 0, or are not 1 in sum.
        InputError: an equal part of an upload belongs to two identities.
    """
    if min(shares.values(), default=0.0) <= 0 or not math.isclose(sum(shares.values()), 1.0):
        raise ValueError(f"shares {dict(shares)} must be above 0, and 1 in sum")
    rows = sorted(set(segments), key=lambda each: (each.key, each.identity))
    groups = united((row.identity, row.source) for row in rows)
    ranked = sorted(set(groups.values()), key=lambda name: (hash_order(name, seed), name))
    split_of: dict[str, Split] = {}
    total, first = 0.0, 0
    for split in (split for split in SPLITS if split in shares):
        total += shares[split]
        cut = round(total * len(ranked))
        split_of |= dict.fromkeys(ranked[first:cut], split)
        first = cut
    made = [SplitRow(row, split_of[groups[row.identity]]) for row in rows]
    by_key(made, "the segments")
    return made


def by_key(rows: Sequence[SplitRow], subject: str | Path) -> dict[Key, Split]:
    """Return the split of each part of an upload.

    Args:
        rows: of a split list.
        subject: the list's name, for the error.

    Raises:
        InputError: a part is listed twice.
    """
    found: dict[Key, Split] = {}
    for row in rows:
        if row.segment.key in found:
            source, start, end = row.segment.key
            part = f"{source} {_number(start)}-{_number(end)} s"
            raise InputError(subject, f"lists {part} twice", "give each part of an upload one row")
        found[row.segment.key] = row.split
    return found


def check_leakage(rows: Iterable[SplitRow], subject: str | Path) -> None:
    """Refuse a split list with an identity or an upload in more than one split.

    Args:
        rows: of a split list.
        subject: the list's name, for the error.

    Raises:
        InputError: there is one; the first by name is named, identities before uploads.
    """
    identities: dict[str, set[str]] = {}
    sources: dict[str, set[str]] = {}
    for row in rows:
        identities.setdefault(row.segment.identity, set()).add(row.split)
        sources.setdefault(row.segment.source, set()).add(row.split)
    for what, found in (("identity", identities), ("upload", sources)):
        torn = sorted(name for name, splits in found.items() if len(splits) > 1)
        if torn:
            problem = f"{what} {torn[0]!r} is in {' and '.join(sorted(found[torn[0]]))} ({len(torn)} such in all)"
            raise InputError(subject, problem, "give all its rows the same split")


def write_splits(rows: Iterable[SplitRow], path: Path) -> None:
    """Write a split list as CSV, sorted by source and time: the same rows give the same bytes.

    Raises:
        InputError: the list leaks (`check_leakage`), or lists a part of an upload twice.
    """
    ordered = sorted(rows, key=lambda row: row.segment.key)
    check_leakage(ordered, path)
    by_key(ordered, path)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in ordered:
        part = row.segment
        writer.writerow([part.source, _number(part.start_s), _number(part.end_s), part.identity, row.split])
    with atomic_file(path) as unfinished:
        unfinished.write_text(text.getvalue(), encoding="utf-8", newline="\n")


def read_splits(path: Path) -> list[SplitRow]:
    """Return the rows of a split list, in the file's order.

    The file is CSV in UTF-8 with the columns source, start_s, end_s, identity and split, in any order; others are
    ignored.

    Raises:
        InputError: it cannot be read, has a malformed row, lists a part of an upload twice, or leaks.
    """
    rows = []
    for line, row in _table(path, COLUMNS):
        source, start, end, identity, split = row
        segment = Segment(source, _seconds(path, line, start), _seconds(path, line, end), identity)
        if not source or segment.start_s >= segment.end_s:
            problem = f"line {line} is no part of an upload: {source!r} {start}-{end} s"
            raise InputError(path, problem, "give a source, and an end behind the start")
        rows.append(SplitRow(segment, _split(path, line, split)))
    by_key(rows, path)
    check_leakage(rows, path)
    return rows


def test_identities(path: Path) -> dict[str, str]:
    """Return the split of each identity of a CSV with the columns identity and split.

    Raises:
        InputError: it cannot be read, has a malformed row, or gives an identity twice.
    """
    found: dict[str, str] = {}
    for line, (identity, split) in _table(path, IDENTITY_COLUMNS):
        if identity in found:
            raise InputError(path, f"line {line} gives identity {identity!r} again", "give each identity one row")
        found[identity] = _split(path, line, split)
    return found


def _table(path: Path, columns: Sequence[str]) -> Iterable[tuple[int, list[str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(path, "there is no such split list", "check the path") from error
    except (UnicodeDecodeError, OSError) as error:
        raise InputError(path, f"cannot be read ({error})", "give a CSV file in UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="")
    try:
        header = reader.fieldnames or []
        if not set(columns) <= set(header):
            raise InputError(path, f"has columns {list(header)}", f"give it the columns {', '.join(columns)}")
        for row in reader:
            values = [row[name] for name in columns]
            if "" in row or not all(values):
                problem = f"line {reader.line_num} has empty fields, or too many"
                raise InputError(path, problem, "give each row one value per column")
            yield reader.line_num, [value.strip() for value in values]
    except csv.Error as error:
        raise InputError(path, f"line {reader.line_num} is no CSV ({error})", "save it as CSV") from error


def _seconds(path: Path, line: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise InputError(path, f"line {line} has {text!r} for a time", "give seconds from the upload's start")
    return value


def _split(path: Path, line: int, text: str) -> Split:
    for split in SPLITS:
        if split == text:
            return split
    raise InputError(path, f"line {line} has split {text!r}", f"choose one of {', '.join(SPLITS)}")


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")
