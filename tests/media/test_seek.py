"""Parts of videos and sounds, read by a seek: the same bytes as reading all, and only a little of the file decoded."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tavce.media import audio, video
from tavce.media.audio import read_audio
from tavce.media.video import read_frames
from tests.data.uploads.videos import uneven_times, write_upload

MADE = {
    "steady.mp4": {},
    "ntsc.mp4": {"fps": 30000 / 1001},
    "uneven.mp4": {"times": uneven_times(300, 25.0)},
    "late.mp4": {"sound_late_s": 0.2},
    "vp9.webm": {"codec": "libvpx-vp9", "sound": "libopus"},
    "steady.mkv": {},
    "steady.ts": {},
}
REAL = ["blue_30fps", "glasses_25fps", "hdtf_25fps", "man_30fps_44k", "smile_24p6fps", "suit_22fps"]


@pytest.fixture(scope="module", params=MADE)
def upload(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings: dict[str, Any] = {"seconds": 12.0, "width": 96, "height": 64, **MADE[request.param]}
    return write_upload(tmp_path_factory.mktemp("seek") / request.param, **settings)


def differ(path: Path, first: int, whole: list[np.ndarray], count: int = 15) -> bool:
    part = list(read_frames(path, first=first, max_frames=first + count))
    wanted = whole[first : first + count]
    return len(part) != len(wanted) or any(not np.array_equal(a, b) for a, b in zip(part, wanted, strict=True))


def test_any_part_of_the_pictures_is_that_of_the_whole(upload: Path) -> None:
    whole = list(read_frames(upload))
    assert not [first for first in (0, 1, 7, 50, 101, len(whole) - 30, len(whole) - 3) if differ(upload, first, whole)]
    assert differ(upload, 50, [*whole[1:], whole[-1]]), "a grid that is a frame off must be noticed"
    assert list(read_frames(upload, first=len(whole) + 50)) == []


def test_any_part_of_the_sound_is_that_of_the_whole(upload: Path) -> None:
    whole = read_audio(upload).astype(int)
    for first in (640, 40_000, 48_320, 111_111):
        part = read_audio(upload, first=first, stop=first + 16_000).astype(int)
        assert len(part) == 16_000
        assert np.abs(part - whole[first : first + 16_000]).max() <= 1, first
        assert np.abs(part - whole[first + 1 : first + 16_001]).max() > 1, "a sample off must be noticed"
    assert np.array_equal(read_audio(upload, stop=5_000), whole[:5_000])


@pytest.mark.real
@pytest.mark.parametrize("name", REAL)
def test_real_clips_too(real_clips: Path, name: str) -> None:
    path = real_clips / f"{name}.mp4"
    whole = list(read_frames(path))
    assert not [first for first in (1, 33, 80, len(whole) - 20) if differ(path, first, whole)]


def test_what_lies_before_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in frames, not in seconds: two seconds near the end of two minutes."""
    path = write_upload(tmp_path / "long.mp4", seconds=120.0, width=32, height=32, fps=10.0)
    counts = {"pictures": 0, "sounds": 0}
    decoded = video.decoded

    def counted(*arguments: Any, **more: Any) -> Any:
        for frame in decoded(*arguments, **more):
            counts["pictures" if isinstance(frame, av.VideoFrame) else "sounds"] += 1
            yield frame

    monkeypatch.setattr(video, "decoded", counted)
    monkeypatch.setattr(audio, "decoded", counted)
    assert len(list(read_frames(path, first=2800, max_frames=2850))) == 50
    assert len(read_audio(path, first=2800 * 640, stop=2850 * 640)) == 50 * 640
    assert 20 <= counts["pictures"] < 100, counts
    assert 94 <= counts["sounds"] < 400, counts
