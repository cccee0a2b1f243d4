"""yt-dlp as a library: formats from a made extractor become one file, words become a status."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tavce.data.uploads.fetch import fetch_uploads
from tavce.data.uploads.upload import Upload
from tavce.data.uploads.youtube import youtube_id
from tests.data.uploads.children import SETTINGS
from tests.data.uploads.server import UploadServer
from tests.data.uploads.videos import write_upload
from tests.data.uploads.youtube import ADDRESS, VIDEO, extractor_gives, info, media


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


def test_site_that_asks_to_wait_is_left_alone(
    server: UploadServer, ladder: list, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extractor_gives(monkeypatch, info(ladder))
    server.put("/136", status=429, retry_after="3600")
    row = fetch_uploads([Upload(VIDEO, ADDRESS, 144)], store, SETTINGS)[VIDEO]
    assert (row.status, row.attempts, server.count("/136")) == ("failed", 1, 1)


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
