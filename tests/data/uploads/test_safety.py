"""Nothing that a site sends, or that lies in the user's folders, runs, names or tells anything."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tavce.data.uploads.fetch import fetch_uploads
from tavce.data.uploads.ledger import read_ledger
from tavce.data.uploads.upload import Upload
from tests.data.uploads.children import ROOT, SETTINGS, start_fetch
from tests.data.uploads.server import UploadServer, said_by
from tests.data.uploads.youtube import ADDRESS, VIDEO, extractor_gives, info

SECRET = "s3cr3tValue"  # noqa: S105


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
