"""Guides beside the clip table: ``guides.parquet``, a row per clip that has one, sorted and read by id."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from tavce.data.crop.policies import OfficialBox
from tavce.data.guide import Guide
from tavce.data.planned import Planned
from tavce.errors import InputError
from tavce.run.atomic import atomic_file

GUIDES = "guides.parquet"
ROWS = 1000  # of a group, which is read as a whole
OFFICIAL = ("x", "w", "y", "h", "reference_height")
Unit = Literal["height", "frame"]


def write_guides(planned: Iterable[Planned], folder: Path) -> None:
    """Write the guides of clips, in groups of rows as they come; no file where no clip has one.

    Args:
        planned: sorted by clip id.
        folder: that of the clip table.
    """
    import pyarrow as pa  # takes a second, and workers that crop without guides need it not
    import pyarrow.parquet as pq

    numbers = [(name, pa.float64()) for name in OFFICIAL]
    schema = pa.schema([("id", pa.string()), ("unit", pa.string()), *numbers, ("boxes", pa.list_(pa.float32()))])
    rows = ({"id": each.clip.id, **_row(each.guide)} for each in planned if each.guide is not None)
    first = next(rows, None)
    if first is None:
        return
    with atomic_file(folder / GUIDES) as part, pq.ParquetWriter(part, schema, compression="zstd") as writer:
        group = [first]
        for row in rows:
            if len(group) == ROWS:
                writer.write_table(pa.Table.from_pylist(group, schema=schema))
                group = []
            group.append(row)
        writer.write_table(pa.Table.from_pylist(group, schema=schema))


def read_guides(folder: Path, ids: Sequence[str]) -> dict[str, Guide]:
    """Return the guides of clips by id; clips without one are not in it, and without the file none is.

    Only groups of rows that may hold one of the ids are read.

    Raises:
        InputError: the file cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / GUIDES
    if not path.is_file() or not ids:
        return {}
    wanted, found = set(ids), {}
    try:
        with pq.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                span = file.metadata.row_group(number).column(0).statistics
                if span is not None and span.has_min_max and (span.max < min(wanted) or span.min > max(wanted)):
                    continue
                for row in file.read_row_group(number).to_pylist():
                    if row["id"] in wanted:
                        found[row["id"]] = _guide(row)
    except (pa.ArrowException, OSError) as error:
        raise InputError(path, f"cannot be read ({error})", "delete it and run: dvc repro") from error
    return found


def _row(guide: Guide) -> dict[str, Any]:
    box = guide.official
    numbers = dict.fromkeys(OFFICIAL) if box is None else {name: getattr(box, name) for name in OFFICIAL}
    boxes = None if guide.boxes is None else guide.boxes.ravel().tolist()
    return {"unit": guide.unit, **numbers, "boxes": boxes}


def _guide(row: dict[str, Any]) -> Guide:
    if row["unit"] not in get_args(Unit):
        raise InputError(GUIDES, f"clip {row['id']} has unit {row['unit']!r}", "delete it and run: dvc repro")
    official = None if row["x"] is None else OfficialBox(**{name: row[name] for name in OFFICIAL})
    boxes = None if row["boxes"] is None else np.array(row["boxes"], dtype=np.float32).reshape(-1, 4)
    return Guide(official, boxes, row["unit"])
