"""What YouTube's extractor would give, made for tests: formats that lie on the local server."""

import json
from pathlib import Path

import pytest

from tests.data.uploads.server import UploadServer
from tests.data.uploads.videos import write_upload

VIDEO = "-abc_DEF123"
ADDRESS = f"https://www.youtube.com/watch?v={VIDEO}&t=5s"


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


def info(formats: list[dict[str, object]], **more: object) -> dict[str, object]:
    return {"id": VIDEO, "title": "t", "formats": formats, **more}


def made_ladder(server: UploadServer, folder: Path) -> list[dict[str, object]]:
    """Pictures of two heights and sound, each in a file of its own, and a small one with both."""
    made = {
        "136": write_upload(folder / "136.mp4", height=144, width=256, fps=30000 / 1001, sound=None, faststart=True),
        "135": write_upload(folder / "135.mp4", sound=None, faststart=True),
        "140": write_upload(folder / "140.m4a", codec=""),
        "251": write_upload(folder / "251.webm", codec="", sound="libopus"),
        "18": write_upload(folder / "18.mp4", height=48, width=64),
    }
    at = {name: server.put(f"/{name}", path.read_bytes()) for name, path in made.items()}
    return [
        media(at["136"], "136", vcodec="avc1.4d401f", height=144),
        media(at["135"], "135", vcodec="avc1.4d401e", height=72),
        media(at["140"], "140", acodec="mp4a.40.2", ext="m4a"),
        media(at["251"], "251", acodec="opus", ext="webm"),
        media(at["18"], "18", vcodec="avc1.42001E", acodec="mp4a.40.2", height=48),
    ]
