"""Runs that end in the middle: killed at any byte, interrupted, or for want of disk. The next one goes on."""

import hashlib
import os
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tavce.data.uploads import fetch
from tavce.data.uploads.fetch import fetch_uploads
from tavce.data.uploads.ledger import Ledger, read_ledger
from tavce.data.uploads.names import work_folder
from tavce.data.uploads.upload import Obtained, Upload
from tavce.data.uploads.youtube import _direct, _part_name
from tavce.errors import InputError
from tests.data.uploads.children import SETTINGS, start_fetch
from tests.data.uploads.server import UploadServer


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def part_of(upload: Upload, store: Path) -> Path:
    return work_folder(upload.id, store) / f"{_part_name(_direct(upload.address))}.part"


@pytest.mark.parametrize("share", [0.05, 0.4, 0.8])
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_killed_run_goes_on(
    server: UploadServer, video: bytes, large_video: bytes, store: Path, share: float, ending: signal.Signals
) -> None:
    whole = len(large_video)
    uploads = [
        Upload("done", server.put("/done", video), 72),
        Upload("large", server.put("/large", large_video, bytes_per_s=2 * whole), 96),
    ]
    child = start_fetch(uploads, store)
    while server.sent.get("/large", 0) < share * whole + 40_000:
        assert child.poll() is None, child.communicate()
        time.sleep(0.002)
    child.send_signal(ending)
    child.communicate(timeout=30)
    assert child.returncode != 0
    assert list(read_ledger(store)) == ["done"]
    kept = part_of(uploads[1], store).stat().st_size
    assert 0 < kept < whole
    server.log.clear()
    server.behaviours["/large"].bytes_per_s = 0
    found = fetch_uploads(uploads, store, SETTINGS)
    assert [(asked.path, asked.start) for asked in server.log] == [("/large", kept)]
    assert found["large"].sha256 == sha256(large_video)
    assert not work_folder("large", store).exists()


def test_goes_on_at_any_byte(server: UploadServer, video: bytes, tmp_path: Path) -> None:
    for kept in (1, 2, 1023, 1024, 16_384, len(video) // 2, len(video) - 1, len(video)):
        store = tmp_path / str(kept)
        kept = min(kept, len(video))
        upload = Upload("a", server.put("/a", video), 72)
        part = part_of(upload, store)
        part.parent.mkdir(parents=True)
        part.write_bytes(video[:kept])
        server.log.clear()
        assert fetch_uploads([upload], store, SETTINGS)["a"].sha256 == sha256(video)
        assert server.log[0].start == kept
    # The mistake that the hash would show: going on one byte off.
    upload, store = Upload("a", server.put("/a", video), 72), tmp_path / "off"
    part = part_of(upload, store)
    part.parent.mkdir(parents=True)
    part.write_bytes(video[1:101])
    assert fetch_uploads([upload], store, SETTINGS)["a"].sha256 != sha256(video)


def test_part_that_is_longer_than_the_file_is_no_file(server: UploadServer, video: bytes, store: Path) -> None:
    upload = Upload("a", server.put("/a", video), 72)
    part = part_of(upload, store)
    part.parent.mkdir(parents=True)
    part.write_bytes(video + b"junk")  # yt-dlp takes less than 100 bytes more or less for whole
    assert fetch_uploads([upload], store, SETTINGS)["a"].sha256 == sha256(video)


def test_kill_between_file_and_record_costs_no_request(
    server: UploadServer, video: bytes, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = Upload("a", server.put("/a", video), 72)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Ledger, "append", killed)
        fetch_uploads([upload], store, SETTINGS)
    assert read_ledger(store) == {}
    assert fetch_uploads([upload], store, SETTINGS)["a"].format == "direct"
    assert server.count("/a") == 1


def test_kill_between_record_and_move_costs_no_request(server: UploadServer, video: bytes, store: Path) -> None:
    upload = Upload("a", server.put("/a", video), 72)
    row = fetch_uploads([upload], store, SETTINGS)["a"]
    folder = work_folder("a", store)
    folder.mkdir(parents=True)
    shutil.move(store / row.file, folder / "whole-direct")
    assert fetch_uploads([upload], store, SETTINGS)["a"].sha256 == row.sha256
    assert (store / row.file).read_bytes() == video
    assert server.count("/a") == 1


def check_full_disk(caught: str, store: Path, finished: Obtained) -> None:
    assert "the disk is full" in caught
    assert "what is finished is kept" in caught
    assert len(caught.strip().splitlines()) == 1
    assert "Traceback" not in caught
    assert read_ledger(store) == {"done": finished}


def test_full_disk_in_the_middle_of_a_file(server: UploadServer, video: bytes, large_video: bytes, store: Path) -> None:
    """The limit of the system on the size of a file stands for the end of the disk: the write itself fails."""
    uploads = [Upload("done", server.put("/done", video), 72), Upload("large", server.put("/large", large_video), 96)]
    limit = len(large_video) // 2
    child = start_fetch(uploads, store, largest_file=limit)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 1
    done = read_ledger(store)["done"]
    check_full_disk(errors, store, done)
    kept = part_of(uploads[1], store).stat().st_size
    assert 0 < kept <= limit
    server.log.clear()
    assert fetch_uploads(uploads, store, SETTINGS)["large"].sha256 == sha256(large_video)
    assert [(asked.path, asked.start) for asked in server.log] == [("/large", kept)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_full_device(server: UploadServer, video: bytes, store: Path) -> None:
    uploads = [Upload("done", server.put("/done", video), 72), Upload("full", server.put("/full", video), 72)]
    part = part_of(uploads[1], store)
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")  # writing to it gives a real ENOSPC
    with pytest.raises(InputError) as caught:
        fetch_uploads(uploads, store, SETTINGS)
    check_full_disk(str(caught.value), store, read_ledger(store)["done"])
    assert server.count("/full") == 1  # a full disk is no reason to ask the server again


def test_full_disk_while_recording(
    server: UploadServer, video: bytes, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = [Upload("done", server.put("/done", video), 72), Upload("b", server.put("/b", video), 72)]
    fetch_uploads(uploads[:1], store, SETTINGS)

    def full(_: Ledger, row: Obtained) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch, pytest.raises(InputError) as caught:
        patch.setattr(fetch.Ledger, "append", full)
        fetch_uploads(uploads, store, SETTINGS)
    check_full_disk(str(caught.value), store, read_ledger(store)["done"])
    assert fetch_uploads(uploads, store, SETTINGS)["b"].usable
    assert server.count("/b") == 1


def test_broken_lines_go_on_within_a_run(server: UploadServer, large_video: bytes, store: Path) -> None:
    upload = Upload("a", server.put("/a", large_video, truncated=len(large_video) // 2), 96)
    row = fetch_uploads([upload], store, replace(SETTINGS, attempts=2))["a"]
    assert (row.status, row.attempts) == ("failed", 2)
    starts = [asked.start for asked in server.log]
    assert starts[0] == 0
    assert starts[1] > len(large_video) // 3
    server.behaviours["/a"].truncated = None
    assert fetch_uploads([upload], store, SETTINGS)["a"].sha256 == sha256(large_video)
