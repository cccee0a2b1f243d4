"""The record of a store: only added to, whole after a kill at any byte, strict about anything else."""

import json
import multiprocessing
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tavce.data.uploads.ledger import LEDGER_NAME, Ledger, read_ledger
from tavce.data.uploads.upload import Obtained
from tavce.errors import InputError

ROOT = Path(__file__).parents[3]

ROW = Obtained(
    id="-a\N{SNOWMAN}",
    status="obtained",
    reason="",
    file="files/ab/ab-x.mp4",
    bytes=12,
    sha256="0" * 64,
    width=1280,
    height=720,
    fps=29.97,
    seconds=12.5,
    video_codec="h264",
    audio_codec="aac",
    format="136+140",
    attempts=1,
    at="2026-01-02T03:04:05+00:00",
)


def line(row: Obtained) -> bytes:
    return json.dumps(asdict(row)).encode() + b"\n"


def changed(**values: object) -> bytes:
    return json.dumps({**asdict(ROW), **values}).encode() + b"\n"


def test_last_line_of_an_id_counts(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    first, other, last = replace(ROW, attempts=1), replace(ROW, id="b"), replace(ROW, attempts=2)
    for row in (first, other, last):
        ledger.append(row)
    assert read_ledger(tmp_path) == {ROW.id: last, "b": other}
    assert len(ledger.path.read_bytes().splitlines()) == 3


def test_no_ledger_is_an_empty_one(tmp_path: Path) -> None:
    assert read_ledger(tmp_path / "absent") == {}


def test_kill_at_any_byte_loses_the_torn_line_alone(tmp_path: Path) -> None:
    first, second, third = line(ROW), line(replace(ROW, id="b")), replace(ROW, id="c")
    path = tmp_path / LEDGER_NAME
    for cut in range(len(second)):
        path.write_bytes(first + second[:cut])
        assert list(read_ledger(tmp_path)) == [ROW.id]
        Ledger(tmp_path).append(third)
        assert path.read_bytes() == first + line(third)
    # A writer that does not cut glues the next line to the torn one: the strict reader would see it.
    path.write_bytes(first + second[:20] + line(third))
    with pytest.raises(InputError, match="line 2 "):
        read_ledger(tmp_path)


def test_torn_line_longer_than_a_block_is_cut(tmp_path: Path) -> None:
    path = tmp_path / LEDGER_NAME
    path.write_bytes(line(ROW) + b"x" * 200_000)
    Ledger(tmp_path).append(ROW)
    assert path.read_bytes() == 2 * line(ROW)
    path.write_bytes(b"\0" * 200_000)
    Ledger(tmp_path).append(ROW)
    assert path.read_bytes() == line(ROW)


@pytest.mark.parametrize(
    "damaged",
    [
        b"\xff\xfe\n",
        b"\n",
        b"[]\n",
        b'{"id": "b"}\n',
        changed(status="lost"),
        changed(bytes=True),
        changed(fps="25"),
        changed(height=720.5),
        line(ROW).replace(b"29.97", b"NaN"),
        line(ROW).replace(b"29.97", b"1e999"),
        line(ROW).replace(b'"attempts"', b'"tries"'),
        line(replace(ROW, file="../../etc/passwd")),
        line(replace(ROW, file="/etc/passwd")),
        line(replace(ROW, file="")),
        b"[" * 100_000 + b"\n",
    ],
)
def test_other_damage_names_its_line(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / LEDGER_NAME).write_bytes(line(ROW) + damaged + line(ROW))
    with pytest.raises(InputError, match="line 2 "):
        read_ledger(tmp_path)


def test_large_ledger_is_read_in_seconds(tmp_path: Path) -> None:
    before, after = line(replace(ROW, id="HERE")).split(b"HERE")
    (tmp_path / LEDGER_NAME).write_bytes(b"".join(before + b"%d" % number + after for number in range(150_000)))
    code = "import sys, time; from pathlib import Path; from tavce.data.uploads.ledger import read_ledger\n"
    code += (
        "start = time.process_time(); print(len(read_ledger(Path(sys.argv[1])))); print(time.process_time() - start)"
    )
    # In a process of its own: the checks of types that tests switch on take four times as long as the reading.
    done = subprocess.run([sys.executable, "-c", code, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True)
    count, seconds = done.stdout.split()
    assert int(count) == 150_000
    assert float(seconds) < 10  # about two; a reader that opens the file for each row would take minutes


def _append(store: Path, name: str) -> None:
    for number in range(25):
        Ledger(store).append(replace(ROW, id=f"{name}{number}", reason="x" * 5000))


def test_two_writers_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append, args=(tmp_path, name)) for name in "ab"]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert [each.exitcode for each in writers] == [0, 0]
    assert len(read_ledger(tmp_path)) == 50
