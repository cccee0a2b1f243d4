"""No id and no address leads out of the store: neither in names of files, nor to files or other protocols."""

import hashlib
from pathlib import Path

import pytest

from tavce.data.uploads.fetch import fetch_uploads
from tavce.data.uploads.gate import checked_address
from tavce.data.uploads.ledger import LEDGER_NAME, read_ledger
from tavce.data.uploads.names import file_of, stem, work_folder
from tavce.data.uploads.upload import Upload
from tavce.data.uploads.verdict import MissedError
from tests.data.uploads.children import SETTINGS
from tests.data.uploads.server import UploadServer


def files(store: Path) -> list[Path]:
    return sorted(path for path in (store / "files").rglob("*") if path.is_file())


EVIL = [
    "../../x",
    "/etc/passwd",
    "a\0b",
    "CON",
    "nul.mp4",
    "x" * 5000,
    "..",
    ".",
    "",
    "-rf",
    "Ab",
    "aB",
    "%(id)s",
    "a\nb",
    "\ud800",
    "C:\\x",
]


def test_no_id_leaves_the_folder(server: UploadServer, video: bytes, store: Path, tmp_path: Path) -> None:
    uploads = [Upload(name, server.put("/..%2f..%2fx.mp4", video), 72) for name in EVIL]
    found = fetch_uploads(uploads, store, SETTINGS)
    assert {row.status for row in found.values()} == {"obtained"}
    places = [row.file.lower() for row in found.values()]
    assert len(set(places)) == len(EVIL)  # where letter case does not count, too
    assert all((store / place).resolve().is_relative_to(store.resolve()) for place in places)
    assert {path.name for path in tmp_path.iterdir()} == {"store"}
    assert {path.name for path in store.iterdir()} == {"files", "work", LEDGER_NAME, ".fetch.lock", ".ledger.lock"}
    assert len(files(store)) == len(EVIL)
    assert read_ledger(store) == found
    assert max(len(part) for path in files(store) for part in path.parts) < 100


def test_name_is_fixed_by_the_id() -> None:
    assert stem("-abc") == hashlib.sha256(b"-abc").hexdigest()[:16] + "-abc"
    assert stem("Ab").lower() != stem("aB").lower()
    assert file_of("a", ".mp4").split("/")[1] == stem("a")[:2]
    assert work_folder("a", Path("s")).parent == Path("s/work")


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "ftp://h.example/a.mp4",
        "data:video/mp4;base64,AAAA",
        "javascript:alert(1)",
        "ytsearch:cats",
        "-o/tmp/x",
        "http://",
        "http:///a.mp4",
        "http://[::1/a.mp4",
        "http://h.example:port/a.mp4",
        "http://h.example/a b.mp4",
        "http://h.example/\r\nHost: evil",
        "",
    ],
)
def test_other_addresses_are_refused_before_yt_dlp(address: str, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import yt_dlp

    def never(*_: object, **__: object) -> None:
        raise AssertionError("yt-dlp saw it")

    monkeypatch.setattr(yt_dlp.YoutubeDL, "dl", never)
    monkeypatch.setattr(yt_dlp.YoutubeDL, "extract_info", never)
    with pytest.raises(MissedError):
        checked_address(address)
    assert fetch_uploads([Upload("a", address, 0)], store, SETTINGS)["a"].status == "unusable"
    assert checked_address("HTTPS://H.example:8443/a.mp4?x=1") == "h.example"
