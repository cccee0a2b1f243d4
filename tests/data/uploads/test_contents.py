"""What is seen in a file: sizes, rates, codecs, and whether it is whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from tavce.data.uploads.contents import contents, join
from tavce.data.uploads.verdict import MissedError
from tests.data.uploads.children import ROOT
from tests.data.uploads.videos import uneven_times, write_upload


def test_what_a_file_says_and_holds(tmp_path: Path) -> None:
    found = contents(write_upload(tmp_path / "a.mp4", seconds=1.2, fps=30000 / 1001, width=256, height=144))
    assert (found.width, found.height, found.video_codec, found.audio_codec) == (256, 144, "h264", "aac")
    assert found.fps == pytest.approx(30000 / 1001, abs=1e-5)
    assert found.seconds == pytest.approx(36 * 1001 / 30000, abs=1e-3)
    assert found.suffix == ".mp4"
    webm = contents(write_upload(tmp_path / "a.webm", codec="libvpx-vp9", sound="libopus", seconds=0.4))
    assert (webm.video_codec, webm.audio_codec, webm.suffix) == ("vp9", "opus", ".mkv")
    uneven = contents(write_upload(tmp_path / "u.mp4", times=uneven_times(30, 30), sound=None))
    assert uneven.audio_codec == ""
    assert uneven.seconds == pytest.approx(1.0, abs=0.05)
    assert contents(write_upload(tmp_path / "late.mp4", seconds=1.0, sound_late_s=0.4)).seconds == 1.0


@pytest.mark.parametrize("name", ["front.mp4", "end.mp4", "a.mkv"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6])
def test_cut_short_is_a_failure_that_may_pass(tmp_path: Path, name: str, share: float) -> None:
    path = write_upload(tmp_path / name, seconds=3.0, faststart=name == "front.mp4")
    contents(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(MissedError) as caught:
        contents(path)
    assert caught.value.verdict.status == "failed"


@pytest.mark.parametrize("body", [b"", b"<!DOCTYPE html><html></html>", b"\0" * 5000, b"plain text\n" * 500])
def test_other_files_are_no_video(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(body)
    with pytest.raises(MissedError) as caught:
        contents(tmp_path / "a.mp4")
    assert caught.value.verdict.status == "unusable"


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = write_upload(tmp_path / "a.m4a", codec="")
    with pytest.raises(MissedError) as caught:
        contents(path)
    assert caught.value.verdict.status == "unusable"
    assert str(tmp_path) not in caught.value.verdict.reason


def test_join_is_the_same_every_time_and_refuses_halves(tmp_path: Path) -> None:
    pictures = write_upload(tmp_path / "p.mp4", seconds=2.0, sound=None, faststart=True)
    sound = write_upload(tmp_path / "s.m4a", codec="", seconds=2.0)
    for name in ("a", "b"):
        join(pictures, sound, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert contents(tmp_path / "a").audio_codec == "aac"
    with pytest.raises(MissedError, match="no sound"):
        join(pictures, pictures, tmp_path / "c")
    pictures.write_bytes(pictures.read_bytes()[: pictures.stat().st_size // 2])
    with pytest.raises(MissedError) as caught:
        join(pictures, sound, tmp_path / "c")
    assert caught.value.verdict.status == "failed"


def test_full_disk_while_joining(tmp_path: Path, large_video: bytes) -> None:
    (tmp_path / "p.mp4").write_bytes(large_video)
    sound = write_upload(tmp_path / "s.m4a", codec="", seconds=1.0)
    code = """
import resource, sys
from pathlib import Path
from tavce.data.uploads.contents import join
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
join(*map(Path, sys.argv[1:]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "p.mp4", sound, tmp_path / "out"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "InputError" in done.stderr
    assert "the disk is full" in done.stderr
