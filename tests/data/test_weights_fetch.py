"""Fetching from a server that breaks off, lies, hangs and refuses: right bytes get the name, nothing else does."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from tavce.data.download import AddressError, _read_head
from tavce.data.fetch import fetch, partial_bytes
from tavce.data.weights import check
from tavce.errors import InputError
from tests.data.weights_server import DATA, QUICK, SHA256, Server, model, visible


def test_fetched_once_and_then_found(server: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    entry = model(server.address())
    path = fetch(entry, tmp_path / "new" / "folder", patience=QUICK)
    assert path.read_bytes() == DATA
    assert fetch(entry, path.parent, patience=QUICK) == path
    assert server.ranges == [None]
    assert visible(path.parent) == {"model.pth"}  # published in full: nothing to record
    assert not list(path.parent.glob("*.part"))
    assert capfd.readouterr() == ("", "")


def test_bar_is_drawn_when_asked_for(server: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    fetch(model(server.address()), tmp_path, patience=QUICK, progress=True)
    assert "1.20M/1.20M" in capfd.readouterr().err


def test_a_web_page_is_no_file_whatever_is_known_of_the_bytes(server: Server, tmp_path: Path):
    entry = model(server.address("/model", "page"), bytes=None, sha256=None)
    with pytest.raises(InputError, match="serves a web page in place of the file"):
        fetch(entry, tmp_path, patience=QUICK)
    assert visible(tmp_path) == set()
    assert fetch(entry, tmp_path, patience=QUICK).read_bytes() == DATA  # and nothing of it was recorded


@pytest.mark.parametrize("sha256", [SHA256, SHA256[:8]])
def test_broken_transfer_goes_on_where_it_stopped(server: Server, tmp_path: Path, sha256: str):
    path = fetch(model(server.address("/model", "break", "503"), sha256=sha256), tmp_path, patience=QUICK)
    assert path.read_bytes() == DATA
    first, second, third = server.ranges
    assert first is None
    assert second == third
    kept = int(third.removeprefix("bytes=").removesuffix("-"))
    assert len(DATA) / 3 < kept <= len(DATA) / 2


@pytest.mark.parametrize("size", [len(DATA), None])
def test_next_run_goes_on_where_the_last_stopped(server: Server, tmp_path: Path, size: int | None):
    entry = model(server.address("/model", "break"), bytes=size)
    with pytest.raises(InputError, match=r"the \d+ bytes so far are kept"):
        fetch(entry, tmp_path, patience=replace(QUICK, attempts=1))
    assert visible(tmp_path) == set()
    kept = partial_bytes(entry, tmp_path)
    assert kept > 0
    assert fetch(entry, tmp_path, patience=QUICK).read_bytes() == DATA
    assert server.ranges == [None, f"bytes={kept}-"]


@pytest.mark.parametrize(("size", "requests_made"), [(len(DATA), 0), (None, 1)])
def test_complete_part_needs_no_more_bytes(server: Server, tmp_path: Path, size: int | None, requests_made: int):
    (tmp_path / ".model.pth.part").write_bytes(DATA)
    assert fetch(model(server.address(), bytes=size), tmp_path, patience=QUICK).read_bytes() == DATA
    assert len(server.ranges) == requests_made
    assert server.sent == 0


@pytest.mark.parametrize("part", [b"of another file", DATA[::-1], DATA + b"more"], ids=["short", "whole", "long"])
@pytest.mark.parametrize("size", [len(DATA), None])
def test_part_of_another_file_is_thrown_away(server: Server, tmp_path: Path, part: bytes, size: int | None):
    (tmp_path / ".model.pth.part").write_bytes(part)
    assert fetch(model(server.address(), bytes=size), tmp_path, patience=QUICK).read_bytes() == DATA
    assert server.ranges[-1] is None


def test_server_without_ranges_starts_again(server: Server, tmp_path: Path):
    path = fetch(model(server.address("/model", "break", "no range")), tmp_path, patience=QUICK)
    assert path.read_bytes() == DATA


def test_server_with_another_range_is_not_believed(server: Server, tmp_path: Path):
    path = fetch(model(server.address("/model", "break", "other range")), tmp_path, patience=QUICK)
    assert path.read_bytes() == DATA
    assert server.ranges[-1] is None


def test_two_transfers_are_never_joined_without_a_hash(server: Server, tmp_path: Path):
    """Nothing could notice that the server changed the file between the two."""
    fetch(model(server.address("/model", "break"), sha256=None), tmp_path, patience=QUICK)
    assert server.ranges == [None, None]
    with pytest.raises(InputError) as caught:
        fetch(model(server.address("/other", "404"), sha256=None, file="other.pth"), tmp_path, patience=QUICK)
    assert "kept" not in str(caught.value)


def test_answer_without_length(server: Server, tmp_path: Path):
    assert fetch(model(server.address("/model", "no length")), tmp_path, patience=QUICK).read_bytes() == DATA


def test_silence_ends_the_attempt(server: Server, tmp_path: Path):
    path = fetch(model(server.address("/model", "hang", "hang")), tmp_path, patience=QUICK)
    assert path.read_bytes() == DATA
    assert len(server.ranges) == 3


def test_attempts_are_bounded(server: Server, tmp_path: Path):
    with pytest.raises(InputError, match="answers 503, 3 times tried"):
        fetch(model(server.address("/model", *["503"] * 9)), tmp_path, patience=QUICK)
    assert len(server.ranges) == 3


def test_nobody_listens(server: Server, tmp_path: Path):
    server.server_close()
    with pytest.raises(InputError, match="the connection broke"):
        fetch(model(server.address()), tmp_path, patience=QUICK)


def test_mirror_after_404(server: Server, tmp_path: Path):
    entry = model(server.address("/gone", "404"), "http://", server.address())
    assert fetch(entry, tmp_path, patience=QUICK).read_bytes() == DATA
    assert len(server.ranges) == 2  # a 404 is not asked twice
    with pytest.raises(InputError, match=r"/gone answers 404.*or copy the file to this place"):
        fetch(model(server.address("/gone", "404"), file="other.pth"), tmp_path, patience=QUICK)


def test_mirror_goes_on_with_the_bytes_of_the_first(server: Server, tmp_path: Path):
    entry = model(server.address("/first", "break", "404"), server.address())
    assert fetch(entry, tmp_path, patience=QUICK).read_bytes() == DATA
    assert server.ranges[-1].startswith("bytes=")


@pytest.mark.parametrize("size", [len(DATA), None])
@pytest.mark.parametrize("sha256", [SHA256, SHA256[:8]])
def test_wrong_bytes_never_get_the_name(server: Server, tmp_path: Path, size: int | None, sha256: str):
    wrong = server.address("/wrong")
    server.files["/wrong"] = DATA[:-1] + b"x"
    entry = model(wrong, bytes=size, sha256=sha256)
    with pytest.raises(InputError, match=f"serves bytes with sha256 [0-9a-f]{{64}}, expected {sha256}"):
        fetch(entry, tmp_path, patience=QUICK)
    assert visible(tmp_path) == set()
    assert partial_bytes(entry, tmp_path) == 0
    assert fetch(replace(entry, addresses=(wrong, server.address())), tmp_path, patience=QUICK).read_bytes() == DATA


@pytest.mark.parametrize("change", [DATA + b"x", DATA[:-1], b"<html>please log in</html>"])
def test_wrong_size_is_refused_by_its_head(server: Server, tmp_path: Path, change: bytes):
    wrong = server.address("/wrong")
    server.files["/wrong"] = change
    with pytest.raises(InputError, match=f"serves {len(change)} bytes, expected {len(DATA)}"):
        fetch(model(wrong), tmp_path, patience=QUICK)
    assert visible(tmp_path) == set()


def test_endless_answer_is_cut(server: Server, tmp_path: Path):
    server.address("/wrong")
    server.files["/wrong"] = bytes(48 << 20)
    entry = model(server.address("/wrong", "no length"))
    with pytest.raises(InputError, match=f"serves more than {len(DATA)} bytes"):
        fetch(entry, tmp_path, patience=QUICK)
    assert partial_bytes(entry, tmp_path) == 0
    assert server.sent == 0  # it could not send all: the line was cut long before


def test_redirect_away_from_https_is_refused(tmp_path: Path):
    answer = requests.Response()
    answer.status_code, answer.url = 200, "http://elsewhere/model"
    with pytest.raises(AddressError, match="leads away from https"):
        _read_head(answer, "https://here/model", 0, tmp_path / "part")
    assert _read_head(answer, "http://here/model", 0, tmp_path / "part") == (0, None)


@pytest.mark.parametrize("sha256", [None, SHA256[:8]])
def test_first_fetch_is_recorded_and_later_ones_held_to_it(server: Server, tmp_path: Path, sha256: str | None):
    entry = model(server.address(), sha256=sha256, bytes=None)
    path = fetch(entry, tmp_path, patience=QUICK)
    assert json.loads((tmp_path / "pins.json").read_text()) == {"model.pth": SHA256}
    path.unlink()
    server.files["/model"] = DATA[::-1]
    with pytest.raises(InputError, match=f"expected {SHA256}"):
        fetch(entry, tmp_path, patience=QUICK)
    assert not path.exists()
    path.write_bytes(DATA[::-1])
    with pytest.raises(InputError, match="delete it and fetch it again"):
        fetch(entry, tmp_path, patience=QUICK)
    assert path.exists()


def test_file_brought_by_hand_is_recorded(tmp_path: Path):
    entry = model(sha256=SHA256[:8])
    (tmp_path / "model.pth").write_bytes(DATA)
    assert [row.state for row in check(entry, tmp_path)] == ["unpinned"]
    fetch(entry, tmp_path)
    assert [row.state for row in check(entry, tmp_path)] == ["ok"]


def test_licence_needs_a_word(server: Server, tmp_path: Path):
    entry = model(server.address(), licence="non-commercial research only", non_commercial=True)
    with pytest.raises(InputError, match=r"non-commercial research only; .*--accept-non-commercial"):
        fetch(entry, tmp_path / "weights", patience=QUICK)
    assert server.ranges == []
    assert not (tmp_path / "weights").exists()
    assert fetch(entry, tmp_path, accept_non_commercial=True, patience=QUICK).read_bytes() == DATA


def test_four_at_a_time_download_once(server: Server, tmp_path: Path):
    entry = model(server.address(), sha256=None)
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch(entry, tmp_path, patience=QUICK), range(4)))
    assert {path.read_bytes() == DATA for path in paths} == {True}
    assert server.ranges == [None]


def test_ctrl_c_leaves_no_file_under_the_name(server: Server, tmp_path: Path):
    entry = model(server.address("/model", "interrupt"))
    server.part = tmp_path / ".model.pth.part"
    with pytest.raises(KeyboardInterrupt):
        fetch(entry, tmp_path, patience=replace(QUICK, silence_s=5.0))
    assert visible(tmp_path) == set()
    assert 0 < partial_bytes(entry, tmp_path) < len(DATA)
    assert fetch(entry, tmp_path, patience=QUICK).read_bytes() == DATA  # the lock went with the interrupted one


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_full_disk_is_one_clean_message(server: Server, tmp_path: Path):
    (tmp_path / ".model.pth.part").symlink_to("/dev/full")
    with pytest.raises(InputError, match="the disk is full; free some space"):
        fetch(model(server.address()), tmp_path, patience=QUICK)
    assert visible(tmp_path) == set()


def test_space_is_looked_at_before(server: Server, tmp_path: Path):
    with pytest.raises(InputError, match="1000000000000000000 bytes are needed"):
        fetch(model(server.address(), bytes=10**18), tmp_path, patience=QUICK)
    assert server.ranges == []


def test_folder_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="let TAVCE_WEIGHTS name a folder you may write to"):
        fetch(model(), tmp_path / "file")
