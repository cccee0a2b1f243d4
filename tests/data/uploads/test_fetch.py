"""Fetching against a server that behaves as the net does: every outcome, once each, and politely."""

import hashlib
import itertools
import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tavce.data.clips import file_sha256
from tavce.data.uploads import pace
from tavce.data.uploads.fetch import FetchSettings, fetch_uploads
from tavce.data.uploads.gate import asked_wait_s, checked_address
from tavce.data.uploads.ledger import LEDGER_NAME, read_ledger
from tavce.data.uploads.names import file_of, stem, work_folder
from tavce.data.uploads.upload import Upload
from tavce.data.uploads.verdict import MissedError
from tavce.errors import InputError
from tests.data.uploads.children import SETTINGS, start_fetch
from tests.data.uploads.server import UploadServer
from tests.data.uploads.videos import uneven_times, write_upload


def files(store: Path) -> list[Path]:
    return sorted(path for path in (store / "files").rglob("*") if path.is_file())


def test_every_outcome_row_by_row(
    server: UploadServer, video: bytes, large_video: bytes, store: Path, tmp_path: Path
) -> None:
    uneven = write_upload(tmp_path / "u.mkv", times=uneven_times(25, 30), seconds=0.8)
    silent = write_upload(tmp_path / "s.webm", codec="libvpx-vp9", sound=None, seconds=0.4, width=64, height=48)
    put = server.put
    table = [
        ("good", put("/good", video), "obtained", 1),
        ("uneven", put("/uneven", uneven.read_bytes()), "obtained", 1),
        ("silent", put("/silent", silent.read_bytes()), "obtained", 1),
        ("late", put("/late", write_upload(tmp_path / "l.mp4", sound_late_s=0.3).read_bytes()), "obtained", 1),
        ("slow", put("/slow", video, bytes_per_s=60_000), "obtained", 1),
        ("flaky", put("/flaky", video, flaky=2), "obtained", 3),
        ("breaks", put("/breaks", video, flaky=1, flaky_status=0), "obtained", 2),
        ("no ranges", put("/noranges", video, ranges=False), "obtained", 1),
        ("missing", server.address("/missing"), "gone", 1),
        ("removed", put("/removed", status=410), "gone", 1),
        ("forbidden", put("/forbidden", status=403), "restricted", 1),
        ("login", put("/login", status=401), "restricted", 1),
        ("page", server.page("/page"), "unusable", 1),
        ("page as video", put("/fake", b"<html>" * 100), "unusable", 1),
        ("endless", put("/endless", video, endless=True), "unusable", 1),
        ("too large", put("/large", b"\0" * 6_000_000), "unusable", 1),
        ("file", f"file://{tmp_path}/u.mkv", "unusable", 1),
        ("truncated", put("/truncated", large_video, truncated=100_000), "failed", 3),
        ("ends early", put("/early", video, truncated=len(video) - 2000, states_length=False), "failed", 1),
        ("down", put("/down", status=503), "failed", 3),
        ("too many", put("/many", status=429, retry_after="3600"), "failed", 1),
    ]
    found = fetch_uploads([Upload(name, address, 72) for name, address, _, _ in table], store, SETTINGS)
    assert [(name, row.status, row.attempts) for name, row in found.items()] == [
        (name, status, attempts) for name, _, status, attempts in table
    ]
    assert read_ledger(store) == found
    assert all(row.reason for row in found.values() if not row.usable)
    good = found["good"]
    assert (good.width, good.height, good.fps, good.seconds) == (128, 72, 25.0, 1.0)
    assert (good.video_codec, good.audio_codec, good.format, good.reason) == ("h264", "aac", "direct", "")
    assert (store / good.file).read_bytes() == video
    assert (good.bytes, good.sha256) == (len(video), file_sha256(store / good.file))
    assert (found["silent"].video_codec, found["silent"].audio_codec) == ("vp9", "")
    assert found["silent"].file.endswith(".mkv")
    assert len(files(store)) == 8
    # Only what may go on is left behind, and what was no video is not.
    left = [path.parent.name for path in (store / "work").rglob("*") if path.is_file()]
    assert left == [stem("truncated")]


def test_nothing_is_fetched_twice(server: UploadServer, video: bytes, store: Path) -> None:
    uploads = [
        Upload("a", server.put("/a", video), 72),
        Upload("gone", server.address("/gone"), 72),
        Upload("down", server.put("/down", status=500), 72),
    ]
    settings = replace(SETTINGS, attempts=1)
    first = fetch_uploads(uploads, store, settings)
    second = fetch_uploads([*uploads, uploads[0]], store, settings)
    assert [server.count(path) for path in ("/a", "/gone", "/down")] == [1, 1, 2]
    assert second["a"] == first["a"]
    assert second["down"].attempts == 2
    third = fetch_uploads(uploads, store, settings, again=True)
    assert [server.count(path) for path in ("/a", "/gone", "/down")] == [1, 2, 3]
    assert third["gone"].attempts == 2
    # A file that is not there, or has another size, is no file.
    (store / first["a"].file).write_bytes(video[:-1])
    assert fetch_uploads(uploads[:1], store, settings)["a"].sha256 == first["a"].sha256
    assert server.count("/a") == 2


def test_one_id_twice_is_one_upload(server: UploadServer, video: bytes, store: Path) -> None:
    address = server.put("/a", video)
    assert list(fetch_uploads([Upload("a", address, 72), Upload("a", address, 144)], store, SETTINGS)) == ["a"]
    assert server.count("/a") == 1


def test_requests_keep_their_distance(server: UploadServer, video: bytes, store: Path) -> None:
    uploads = [Upload(name, server.put(f"/{name}", video, flaky=name == "b"), 72) for name in "abc"]
    fetch_uploads(uploads, store, replace(SETTINGS, pause_s=0.3))
    assert len(server.gaps()) == 3
    assert min(server.gaps()) > 0.25  # when a request comes in is not quite when it was sent
    server.log.clear()
    fetch_uploads(uploads, store.with_name("hasty"), SETTINGS)  # the mistake: no pause
    assert min(server.gaps()) < 0.25


def test_pacer_waits_by_host_with_seeded_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        now, slept = 100.0, 0.0

        def monotonic(self) -> float:
            return self.now

        def sleep(self, seconds: float) -> None:
            self.now, self.slept = self.now + seconds, self.slept + seconds

    def run(seed: int) -> list[float]:
        clock = Clock()
        monkeypatch.setattr(pace, "time", clock)
        pacer = pace.Pacer(2.0, seed)
        starts = []
        for host, work in [("a", 0.0), ("b", 0.0), ("a", 0.0), ("a", 1.5), ("b", 0.0), ("a", 9.0), ("a", 0.0)]:
            clock.now += work
            pacer.wait(host)
            starts.append(clock.now)
        return starts

    starts = run(0)
    assert starts[:2] == [100.0, 100.0]  # the first of each host comes at once
    to_a = [starts[place] for place in (0, 2, 3, 5, 6)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(to_a)]
    assert all(gap >= 2.0 for gap in gaps)
    assert all(gap <= 3.0 for gap in (gaps[0], gaps[1], gaps[3]))
    assert len(set(gaps)) == 4
    assert run(0) == starts
    assert run(1) != starts


def test_backoff_doubles_up_to_its_bound() -> None:
    waits = [pace.backoff_s(attempt, 2.0, 60.0, random.Random(0)) for attempt in range(8)]
    assert 2.0 <= waits[0] <= 3.0
    assert [round(later / earlier, 9) for earlier, later in itertools.pairwise(waits[:5])] == [2.0] * 4
    assert waits[-1] == 60.0


def test_server_that_asks_to_wait_is_heard(server: UploadServer, video: bytes, store: Path) -> None:
    patient = replace(SETTINGS, longest_wait_s=5.0, attempts=2)
    upload = Upload("a", server.put("/a", video, flaky=1, flaky_status=429, retry_after="2"), 72)
    assert fetch_uploads([upload], store, patient)["a"].usable
    assert server.gaps()[0] >= 1.9  # our own wait would be 1.5 s at most
    assert asked_wait_s("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert asked_wait_s("Wed, 21 Oct 2099 07:28:00 GMT") > 1e9
    assert asked_wait_s("soon") == asked_wait_s("") == 0.0


@pytest.mark.parametrize("cause", ["vanished", "too many"])
def test_server_that_wants_no_more_ends_the_run(server: UploadServer, video: bytes, store: Path, cause: str) -> None:
    uploads = [Upload(f"u{number}", server.put(f"/{number}", video), 72) for number in range(9)]
    if cause == "vanished":
        server.vanish_after = 2
    else:
        for number in range(2, 9):
            server.put(f"/{number}", status=429)
    lines: list[str] = []
    with pytest.raises(InputError, match=r"4 uploads in a row .* what is finished is kept") as caught:
        fetch_uploads(uploads, store, replace(SETTINGS, attempts=1, vanished_after=4), report=lines.append)
    assert "\n" not in str(caught.value)
    rows = read_ledger(store)
    assert [row.status for row in rows.values()] == ["obtained"] * 2 + ["failed"] * 4
    assert len(lines) == 6
    assert all((store / rows[name].file).is_file() for name in ("u0", "u1"))


def test_failures_that_are_not_in_a_row_do_not(server: UploadServer, video: bytes, store: Path) -> None:
    uploads = []
    for number in range(4):
        uploads.append(Upload(f"good{number}", server.put(f"/good{number}", video), 72))
        uploads.append(Upload(f"busy{number}", server.put(f"/busy{number}", status=429), 72))
    found = fetch_uploads(uploads, store, replace(SETTINGS, attempts=1, vanished_after=2))
    assert [row.status for row in found.values()] == ["obtained", "failed"] * 4


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


def test_redirect_to_a_file_is_not_followed(server: UploadServer, store: Path, tmp_path: Path, video: bytes) -> None:
    (tmp_path / "here.mp4").write_bytes(video)
    away = server.put("/away", status=302, headers={"Location": f"file://{tmp_path}/here.mp4"})
    there = server.put("/there", status=302, headers={"Location": server.put("/video", video)})
    found = fetch_uploads([Upload("away", away, 0), Upload("there", there, 0)], store, SETTINGS)
    assert [row.status for row in found.values()] == ["failed", "obtained"]


def test_two_runs_share_a_store(server: UploadServer, video: bytes, store: Path) -> None:
    uploads = [Upload(f"u{number}", server.put(f"/{number}", video, bytes_per_s=100_000), 72) for number in range(5)]
    runs = [start_fetch(uploads, store) for _ in range(2)]
    said = [run.communicate(timeout=60) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert said[0][0].splitlines()[-1] == said[1][0].splitlines()[-1]
    assert [server.count(f"/{number}") for number in range(5)] == [1] * 5
    assert sum("another run fetches" in out for out, _ in said) == 1


def test_without_yt_dlp_the_way_out_is_named(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yt_dlp", None)
    with pytest.raises(InputError, match=r'pip install "tavce-bench\[download\]"'):
        fetch_uploads([Upload("a", "http://127.0.0.1:9/a", 0)], store, SETTINGS)
    assert fetch_uploads([], store, SETTINGS) == {}


def test_store_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        fetch_uploads([Upload("a", "http://127.0.0.1:9/a", 0)], tmp_path / "file" / "store", SETTINGS)


def test_settings_have_no_defaults() -> None:
    with pytest.raises(TypeError):
        FetchSettings()  # type: ignore[call-arg]
