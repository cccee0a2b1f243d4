"""yt-dlp as a library: formats from a made extractor, and nothing that runs, names or tells anything."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tavce.data.uploads.fetch import fetch_uploads
from tavce.data.uploads.ledger import read_ledger
from tavce.data.uploads.upload import Upload
from tavce.data.uploads.youtube import youtube_id
from tests.data.uploads.children import ROOT, SETTINGS, start_fetch
from tests.data.uploads.server import UploadServer, said_by
from tests.data.uploads.videos import write_upload

VIDEO = "-abc_DEF123"
ADDRESS = f"https://www.youtube.com/watch?v={VIDEO}&t=5s"
SECRET = "s3cr3tValue"  # noqa: S105


def media(address: str, name: str, **more: object) -> dict[str, object]:
    return {"format_id": name, "url": address, "ext": "mp4", "vcodec": "none", "acodec": "none", **more}


def extractor_gives(monkeypatch: pytest.MonkeyPatch, result: object) -> list[str]:
    """Let YouTube's extractor return `result`, or raise it; return the list of addresses that it will be asked for."""
    from yt_dlp.extractor.youtube import YoutubeIE

    asked: list[str] = []

    def extract(_: object, address: str) -> object:
        asked.append(address)
        if isinstance(result, Exception):
            raise result
        return json.loads(json.dumps(result))

    monkeypatch.setattr(YoutubeIE, "_real_extract", extract)
    return asked


@pytest.fixture
def ladder(server: UploadServer, tmp_path: Path) -> list[dict[str, object]]:
    """Pictures of two heights and sound, each in a file of its own, and a small one with both."""
    made = {
        "136": write_upload(tmp_path / "136.mp4", height=144, width=256, fps=30000 / 1001, sound=None, faststart=True),
        "135": write_upload(tmp_path / "135.mp4", sound=None, faststart=True),
        "140": write_upload(tmp_path / "140.m4a", codec=""),
        "251": write_upload(tmp_path / "251.webm", codec="", sound="libopus"),
        "18": write_upload(tmp_path / "18.mp4", height=48, width=64),
    }
    at = {name: server.put(f"/{name}", path.read_bytes()) for name, path in made.items()}
    return [
        media(at["136"], "136", vcodec="avc1.4d401f", height=144),
        media(at["135"], "135", vcodec="avc1.4d401e", height=72),
        media(at["140"], "140", acodec="mp4a.40.2", ext="m4a"),
        media(at["251"], "251", acodec="opus", ext="webm"),
        media(at["18"], "18", vcodec="avc1.42001E", acodec="mp4a.40.2", height=48),
    ]


def info(formats: list[dict[str, object]], **more: object) -> dict[str, object]:
    return {"id": VIDEO, "title": "t", "formats": formats, **more}


def packets(path: Path, kind: str) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        stream = next(each for each in container.streams if each.type == kind)
        return [(each.pts * each.time_base, bytes(each)) for each in container.demux(stream) if each.size]


def test_pictures_and_sound_become_one_file(
    server: UploadServer, ladder: list, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = extractor_gives(monkeypatch, info(ladder))
    row = fetch_uploads([Upload(VIDEO, ADDRESS, 144)], store, SETTINGS)[VIDEO]
    assert asked == [f"https://www.youtube.com/watch?v={VIDEO}"]
    assert (row.status, row.format, row.height, row.video_codec, row.audio_codec) == (
        "obtained",
        "136+140",
        144,
        "h264",
        "aac",
    )
    assert row.fps == pytest.approx(30000 / 1001, abs=1e-5)
    joined = store / row.file
    for kind, source in (("video", "136.mp4"), ("audio", "140.m4a")):
        assert packets(joined, kind) == packets(tmp_path / source, kind)  # every byte at its time
    assert [asked.path for asked in server.log] == ["/136", "/140"]
    assert not (store / "work" / joined.stem).exists()


def test_one_file_where_it_has_both(
    server: UploadServer, ladder: list, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extractor_gives(monkeypatch, info(ladder))
    row = fetch_uploads([Upload(VIDEO, ADDRESS, 48)], store, SETTINGS)[VIDEO]
    assert (row.format, row.height, row.audio_codec) == ("18", 48, "aac")
    assert server.count("/18") == 1


def test_a_file_that_came_is_not_fetched_again_for_the_other(
    server: UploadServer, ladder: list, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extractor_gives(monkeypatch, info(ladder))
    server.behaviours["/140"].flaky = 5
    upload = Upload(VIDEO, ADDRESS, 144)
    assert fetch_uploads([upload], store, SETTINGS)[VIDEO].status == "failed"
    server.behaviours["/140"].flaky = 0
    assert fetch_uploads([upload], store, SETTINGS)[VIDEO].usable
    assert server.count("/136") == 1


def test_changed_file_is_not_joined_to_half_of_the_old_one(
    server: UploadServer, video: bytes, large_video: bytes, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """YouTube codes anew now and then: same format, other bytes. `lmt` and the length tell."""
    old = server.put("/old", large_video, truncated=len(large_video) // 2)
    extractor_gives(monkeypatch, info([media(old + "?lmt=1", "18", vcodec="avc1", acodec="mp4a", height=96)]))
    upload = Upload(VIDEO, ADDRESS, 96)
    assert fetch_uploads([upload], store, SETTINGS)[VIDEO].status == "failed"
    new = server.put("/old", video)
    server.log.clear()
    extractor_gives(monkeypatch, info([media(new + "?lmt=2", "18", vcodec="avc1", acodec="mp4a", height=96)]))
    row = fetch_uploads([upload], store, SETTINGS)[VIDEO]
    assert (store / row.file).read_bytes() == video
    assert [asked.start for asked in server.log] == [0]
    server.log.clear()
    # The mistake, when nothing tells the two apart: half of each.
    server.put("/old", large_video, truncated=len(large_video) // 2)
    extractor_gives(monkeypatch, info([media(new, "18", vcodec="avc1", acodec="mp4a", height=96)]))
    for _ in range(2):
        fetch_uploads([upload], store.with_name("other"), replace(SETTINGS, attempts=1))
    assert server.log[-1].start > 0


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("Private video. Sign in if you've been granted access to this video", "private"),
        ("Video unavailable", "gone"),
        ("Sign in to confirm your age. This video may be inappropriate for some users.", "restricted"),
        ("Sign in to confirm you're not a bot", "failed"),
    ],
)
def test_words_become_a_status(words: str, status: str, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from yt_dlp.utils import ExtractorError

    asked = extractor_gives(monkeypatch, ExtractorError(words, expected=True))
    row = fetch_uploads([Upload("x", ADDRESS, 0)], store, SETTINGS)["x"]
    assert (row.status, row.attempts, len(asked)) == (status, 1, 1)
    assert row.reason == words


def test_country_and_lists_and_live(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from yt_dlp.utils import GeoRestrictedError

    results: list[tuple[object, str]] = [
        (GeoRestrictedError("The uploader has not made this video available in your country", ["DE"]), "restricted"),
        ({"_type": "playlist", "id": VIDEO, "title": "t", "entries": []}, "unusable"),
        (info([media("http://127.0.0.1:9/x", "18", vcodec="avc1")], live_status="is_live"), "failed"),
        (info([media("ftp://127.0.0.1:9/x", "18", vcodec="avc1", protocol="ftp")]), "failed"),
    ]
    for number, (result, status) in enumerate(results):
        extractor_gives(monkeypatch, result)
        assert fetch_uploads([Upload(f"{number}", ADDRESS, 0)], store, SETTINGS)[f"{number}"].status == status


def test_metadata_runs_and_names_nothing(
    ladder: list, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An info dict with every key that yt-dlp's own process after the extraction would act on."""
    marker = tmp_path / "marker"
    command = f"touch {marker}"

    def never(*arguments: object, **_: object) -> None:
        raise AssertionError(f"a program was started: {arguments}")

    evil = {
        "title": f"$({command})`{command}`; {command}",
        "id": f"../../../{VIDEO}",
        "ext": f"/../../{marker}",
        "_filename": str(marker),
        "filename": str(marker),
        "filepath": str(marker),
        "requested_formats": None,
        "__postprocessors": [{"key": "Exec", "exec_cmd": command}],
        "postprocessors": [{"key": "Exec", "exec_cmd": command, "when": "before_dl"}],
        "exec_cmd": [command],
        "external_downloader": command,
        "thumbnails": [{"url": "http://127.0.0.1:9/thumb.jpg", "id": "0"}],
        "subtitles": {"en": [{"url": "http://127.0.0.1:9/sub.vtt", "ext": "vtt"}]},
        "section_start": 1,
        "section_end": 2,
        "formats": [each | {"ext": f"{each['ext']}/../../x", "downloader_options": {"x": command}} for each in ladder],
    }
    extractor_gives(monkeypatch, evil)
    for name in ("Popen", "run", "call", "check_output"):
        monkeypatch.setattr(subprocess, name, never)
    monkeypatch.setattr(os, "system", never)
    row = fetch_uploads([Upload(VIDEO, ADDRESS, 144)], store, SETTINGS)[VIDEO]
    assert row.usable, row.reason
    assert not marker.exists()
    assert [path.name for path in (store / "files").rglob("*.*")] == [Path(row.file).name]
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"store"}


def test_folders_of_the_user_run_nothing(server: UploadServer, video: bytes, store: Path, tmp_path: Path) -> None:
    """A configuration file that asks for a command, and a plug-in: both lie where yt-dlp looks for them."""
    config, marker = tmp_path / "config", tmp_path / "marker"
    plugin = config / "yt-dlp/plugins/evil/yt_dlp_plugins/extractor/evil.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(f"open({str(marker)!r}, 'w').close()\n")
    (config / "yt-dlp" / "config").write_text(f"--exec 'touch {marker}'\n--write-info-json\n-o {tmp_path}/evil.mp4\n")
    environment = {**os.environ, "XDG_CONFIG_HOME": str(config), "HOME": str(tmp_path)}
    upload = Upload("a", server.put("/a", video), 72)
    child = start_fetch([upload], store, environment=environment)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 0, errors
    assert read_ledger(store)["a"].usable
    assert not marker.exists()
    assert {path.name for path in tmp_path.iterdir()} == {"config", "store"}
    # The mistake: yt-dlp set up with its defaults finds the plug-in, and its command line finds the configuration.
    code = "import yt_dlp; yt_dlp.YoutubeDL({'quiet': True}); print(yt_dlp.parse_options()[3]['postprocessors'])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert marker.exists()
    assert "touch" in done.stdout


def test_cookies_reach_their_site_and_nothing_else(
    server: UploadServer,
    video: bytes,
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from yt_dlp.utils import ExtractorError

    path = tmp_path / "cookies.txt"
    text = f"# Netscape HTTP Cookie File\n\n127.0.0.1\tFALSE\t/\tFALSE\t0\tSID\t{SECRET}\n"
    path.write_text(text)
    settings = replace(SETTINGS, cookies=str(path), attempts=1)
    extractor_gives(monkeypatch, ExtractorError(f"the site says {SECRET} and token=abcdef99", expected=True))
    uploads = [
        Upload("a", server.put("/a", video) + f"?token={SECRET}", 72),
        Upload("b", server.put("/b", status=500) + f"?sig={SECRET}", 72),
        Upload("c", ADDRESS, 72),
        Upload("d", f"http://me:{SECRET}@127.0.0.1:9/d", 72),
        Upload(f"e{SECRET}", server.put("/e", video), 72),
    ]
    lines: list[str] = []
    found = fetch_uploads(uploads[:4], store, settings, report=lines.append)
    fetch_uploads(uploads[4:], store, settings, report=lines.append)
    assert [row.status for row in found.values()] == ["obtained", "failed", "failed", "failed"]
    assert f"SID={SECRET}" in said_by(server)
    fetch_uploads([uploads[1]], store, replace(settings, cookies=""))
    assert "Cookie" not in server.log[-1].headers
    shown = json.dumps([row.reason for row in found.values()]) + "".join(lines) + "".join(capfd.readouterr())
    assert "the site says *** and token=***" in shown
    assert SECRET not in shown
    assert "abcdef99" not in shown
    assert path.read_text() == text  # yt-dlp would write its cookies back
    kept = [each for each in store.rglob("*") if each.is_file() and each.name != "ledger.jsonl"]
    assert not any(SECRET.encode() in each.read_bytes() for each in kept)
    ledger = [line for line in (store / "ledger.jsonl").read_text().splitlines() if f'"id": "e{SECRET}"' not in line]
    assert len(ledger) == 5
    assert not any(SECRET in line for line in ledger)


def test_warnings_are_said_once_and_safely(
    server: UploadServer, ladder: list, store: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from yt_dlp.extractor.youtube import YoutubeIE

    def extract(self: YoutubeIE, _: str) -> object:
        self.report_warning(f"No JavaScript runtime; https://h.example/?key={SECRET}")
        self.to_screen(f"chatter {SECRET}")
        return info(ladder)

    monkeypatch.setattr(YoutubeIE, "_real_extract", extract)
    lines: list[str] = []
    fetch_uploads([Upload(name, ADDRESS, 48) for name in "ab"], store, SETTINGS, report=lines.append)
    assert sum("No JavaScript runtime" in line for line in lines) == 1
    assert SECRET not in "".join(lines)
    assert capfd.readouterr() == ("", "")


def test_pieces_of_hls(server: UploadServer, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a site gives nothing else, yt-dlp's own downloader fetches the pieces; no program is asked."""
    stream = write_upload(tmp_path / "whole.ts", seconds=2.0)
    body = stream.read_bytes()
    half = len(body) // 188 // 2 * 188
    for number, piece in enumerate((body[:half], body[half:])):
        server.put(f"/{number}.ts", piece, content_type="video/mp2t")
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n0.ts\n#EXTINF:1,\n1.ts\n#EXT-X-ENDLIST\n"
    address = server.put("/list.m3u8", text.encode(), content_type="application/vnd.apple.mpegurl")
    extractor_gives(
        monkeypatch, info([media(address, "95", vcodec="avc1", acodec="mp4a", height=72, protocol="m3u8_native")])
    )
    row = fetch_uploads([Upload(VIDEO, ADDRESS, 72)], store, SETTINGS)[VIDEO]
    assert (row.status, row.video_codec) == ("obtained", "h264"), row.reason
    assert row.file.endswith(".mp4")  # with an index, to seek by
    assert len(packets(store / row.file, "video")) == 50
    assert len(packets(store / row.file, "audio")) == len(packets(stream, "audio"))
    assert [asked.path for asked in server.log] == ["/list.m3u8", "/0.ts", "/1.ts"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (ADDRESS, VIDEO),
        (f"http://youtube.com/watch?feature=x&v={VIDEO}#t=1", VIDEO),
        (f"https://m.youtube.com/watch?v={VIDEO}&list=PL123", VIDEO),
        (f"https://youtu.be/{VIDEO}?t=5", VIDEO),
        (f"https://www.youtube-nocookie.com/embed/{VIDEO}", VIDEO),
        (f"https://www.youtube.com/shorts/{VIDEO}", VIDEO),
        ("https://www.youtube.com/watch?v=tooshort", ""),
        ("https://www.youtube.com/playlist?list=PL123", ""),
        (f"https://youtube.com.evil.example/watch?v={VIDEO}", ""),
        (f"https://evil.example/watch?v={VIDEO}", ""),
        ("https://www.youtube.com/", ""),
    ],
)
def test_ids_in_addresses(address: str, expected: str) -> None:
    assert youtube_id(address) == expected


def test_sound_stays_in_step_when_joined(
    server: UploadServer, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each beep of the joined file begins where it did in the file of sound, in MP4 and in Matroska."""
    pictures = write_upload(tmp_path / "p.mp4", seconds=2.0, sound=None)
    for name, codec in (("s.m4a", "aac"), ("s.webm", "libopus")):
        sound = write_upload(tmp_path / name, codec="", sound=codec, seconds=2.0, sound_late_s=0.2)
        formats = [
            media(server.put("/p", pictures.read_bytes()), "p", vcodec="avc1", height=72),
            media(server.put("/s", sound.read_bytes()), "s", acodec="x"),
        ]
        extractor_gives(monkeypatch, info(formats))
        row = fetch_uploads([Upload(name, ADDRESS, 72)], store, SETTINGS)[name]
        assert row.usable, row.reason
        before, after = beep_starts(sound), beep_starts(store / row.file)
        assert len(before) == 4
        np.testing.assert_allclose(after, before, atol=0.002)
        assert before[0] == pytest.approx(0.2, abs=0.005)


def beep_starts(path: Path) -> np.ndarray:
    """When beeps begin, in seconds, by the timestamps of the decoded sound."""
    times, levels = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = np.abs(frame.to_ndarray()).reshape(-1)
            times.append(float(frame.time) + np.arange(len(samples)) / frame.sample_rate)
            levels.append(samples)
    time, loud = np.concatenate(times), np.concatenate(levels) > 0.2
    starts = time[loud]
    return starts[np.diff(starts, prepend=-1.0) > 0.1]
