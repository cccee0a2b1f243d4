"""How far a data set's uploads are: counts, rows, text and CSV."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from tavce.data.uploads.ledger import Ledger
from tavce.data.uploads.status import COLUMNS, ORDER, format_status, status_table, write_availability
from tavce.data.uploads.upload import Obtained, Upload
from tavce.errors import InputError

ROW = Obtained("", "obtained", "", "", 0, "", 0, 0, 0.0, 0.0, "", "", "", 1, "2026-01-02T03:04:05+00:00")


@pytest.fixture
def uploads(store: Path) -> list[Upload]:
    (store / "files").mkdir(parents=True)
    rows = []
    for name, height in (("a", 720), ("b", 360), ("lost", 720), ("cut", 720)):
        file = f"files/{name}.mp4"
        (store / file).write_bytes(b"x" * 1000)
        sizes = {"width": 2 * height, "height": height, "fps": 29.97, "seconds": 1800.0}
        codecs = {"video_codec": "h264", "audio_codec": "aac", "format": "136+140", "sha256": name * 3}
        rows.append(replace(ROW, id=name, file=file, bytes=1000, **sizes, **codecs))
    for status in ("gone", "private", "restricted", "unusable", "failed"):
        rows.append(replace(ROW, id=status, status=status, reason=f"why {status}"))
    for row in rows:
        Ledger(store).append(row)
    (store / "files/lost.mp4").unlink()
    (store / "files/cut.mp4").write_bytes(b"x")
    return [Upload(name, "http://127.0.0.1:9/x", 720) for name in ("never", *(row.id for row in rows))]


def test_counts_and_rows(store: Path, uploads: list[Upload]) -> None:
    table = status_table([*uploads, replace(uploads[0], height=0)], store)
    counts = dict.fromkeys(ORDER, 1) | {"obtained": 2, "not yet": 3}
    assert table.counts == counts
    assert [row.id for row in table.rows] == sorted(upload.id for upload in uploads)
    assert (table.bytes, table.seconds, table.other_height) == (2000, 3600.0, 1)
    assert {row.id for row in table.rows if row.other_height} == {"b"}
    assert {row.id for row in table.rows if row.status == "not yet"} == {"never", "lost", "cut"}


def test_unknown_height_is_no_other_height(store: Path, uploads: list[Upload]) -> None:
    assert status_table([replace(each, height=0) for each in uploads], store).other_height == 0


def test_text(store: Path, uploads: list[Upload]) -> None:
    text = format_status(status_table(uploads, store))
    assert "obtained           2\n" in text
    assert "not yet            3\n" in text
    assert "all               10\n" in text
    assert "0.00 GB, 1.00 h; 1 at another height" in text
    assert "private  private  why private\n" in text
    assert "lost  not yet  its file is not in the store\n" in text
    assert format_status(status_table(uploads, store), rows=2).endswith("... and 5 more\n")


def test_nothing_done_yet(tmp_path: Path) -> None:
    table = status_table([Upload("a", "http://127.0.0.1:9/x", 720)], tmp_path / "absent")
    assert table.counts["not yet"] == 1
    assert "all                1" in format_status(table)
    assert not (tmp_path / "absent").exists()


def test_csv(store: Path, uploads: list[Upload], tmp_path: Path) -> None:
    odd = Upload('-"x",\n\ud800', "http://127.0.0.1:9/x", 0)
    table = status_table([*uploads, odd], store)
    for name in ("one.csv", "two.csv"):
        write_availability(tmp_path / name, table)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    with (tmp_path / "one.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert len(rows) == 11
    assert tuple(rows["a"]) == COLUMNS
    assert tuple(rows["b"].values()) == ("b", "obtained", "", "720", "360", "h264", "aac", "29.97", "1800.000", "bbb")
    assert tuple(rows["gone"].values())[:5] == ("gone", "gone", "why gone", "720", "0")
    assert rows["lost"]["status"] == "not yet"
    assert rows["lost"]["sha256"] == ""


def test_damaged_ledger_is_named(store: Path, uploads: list[Upload]) -> None:
    with (store / "ledger.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(InputError, match="line 10 "):
        status_table(uploads, store)
