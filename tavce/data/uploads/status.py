"""How far the uploads of a data set are: a row per upload, counts, a text for people and a CSV for papers."""

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tavce.data.uploads.fetch import file_present
from tavce.data.uploads.ledger import read_ledger
from tavce.data.uploads.redact import redacted
from tavce.data.uploads.upload import Obtained, Status, Upload
from tavce.run.atomic import atomic_file

AVAILABILITY_NAME = "availability.csv"
ORDER: tuple[Status | Literal["not yet"], ...] = (
    "obtained",
    "gone",
    "private",
    "restricted",
    "unusable",
    "failed",
    "not yet",
)
COLUMNS = (
    "id",
    "status",
    "reason",
    "wanted_height",
    "obtained_height",
    "video_codec",
    "audio_codec",
    "fps",
    "seconds",
    "sha256",
)


@dataclass(frozen=True)
class StatusRow:
    """How far one upload is.

    Attributes:
        id: of the upload.
        status: as in its record, or "not yet" if there is none, or its file is not there.
        wanted_height: in pixels, 0 if unknown.
        obtained: its record, None if there is none.
    """

    id: str
    status: Status | Literal["not yet"]
    wanted_height: int
    obtained: Obtained | None

    @property
    def other_height(self) -> bool:
        """Whether it came at another height than was wanted."""
        came = self.obtained is not None and self.status == "obtained"
        return (
            came and self.wanted_height > 0 and self.obtained is not None and self.obtained.height != self.wanted_height
        )


@dataclass(frozen=True)
class StatusTable:
    """How far all uploads are.

    Attributes:
        rows: sorted by id.
        counts: by status, all of `ORDER`.
        other_height: uploads that came at another height than was wanted.
        bytes: of the files that are there.
        seconds: length of the videos that are there.
    """

    rows: tuple[StatusRow, ...]
    counts: dict[str, int]
    other_height: int
    bytes: int
    seconds: float


def status_table(uploads: Iterable[Upload], store: Path) -> StatusTable:
    """Return how far `uploads` are in `store`, which need not exist; nothing is asked of the net.

    Raises:
        InputError: the store's ledger is damaged.
    """
    known = read_ledger(store)
    wanted: dict[str, int] = {}
    for upload in uploads:
        wanted[upload.id] = max(upload.height, wanted.get(upload.id, 0))
    rows = tuple(_row(name, height, known.get(name), store) for name, height in sorted(wanted.items()))
    there = [row.obtained for row in rows if row.status == "obtained" and row.obtained is not None]
    counted = Counter(row.status for row in rows)
    return StatusTable(
        rows=rows,
        counts={status: counted[status] for status in ORDER},
        other_height=sum(row.other_height for row in rows),
        bytes=sum(each.bytes for each in there),
        seconds=sum(each.seconds for each in there),
    )


def format_status(table: StatusTable, *, rows: int = 20) -> str:
    """Return the table as text: counts, sums, then up to `rows` uploads that are not there, with their reasons."""
    lines = [f"{status:<12}{table.counts[status]:>8}" for status in ORDER]
    lines.append(f"{'all':<12}{len(table.rows):>8}")
    lines.append("")
    lines.append(f"{table.bytes / 1e9:.2f} GB, {table.seconds / 3600:.2f} h; {table.other_height} at another height")
    absent = [row for row in table.rows if row.obtained is not None and row.status != "obtained"]
    if absent:
        lines.append("")
    for row in absent[:rows]:
        reason = row.obtained.reason if row.obtained else ""
        lines.append(f"{redacted(row.id)}  {row.status}  {reason or 'its file is not in the store'}")
    if len(absent) > rows:
        lines.append(f"... and {len(absent) - rows} more")
    return "\n".join(lines) + "\n"


def write_availability(path: Path, table: StatusTable) -> None:
    """Write one CSV row per upload, sorted by id: same table, same bytes.

    Raises:
        InputError: the file cannot be written.
    """
    with atomic_file(path) as part, part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_cells(row) for row in table.rows)


def _row(name: str, height: int, record: Obtained | None, store: Path) -> StatusRow:
    there = record is not None and (not record.usable or file_present(record, store))
    return StatusRow(name, record.status if record is not None and there else "not yet", height, record)


def _cells(row: StatusRow) -> list[str]:
    came = row.obtained
    if came is None or row.status != "obtained":
        reason = came.reason if came is not None else ""
        return [row.id, row.status, reason, str(row.wanted_height), "0", "", "", "", "", ""]
    return [
        row.id,
        row.status,
        "",
        str(row.wanted_height),
        str(came.height),
        came.video_codec,
        came.audio_codec,
        f"{came.fps:.6g}",
        f"{came.seconds:.3f}",
        came.sha256,
    ]
