"""`tavce animate` with the shipped base: a drawn portrait speaks, and everything else is one clear line."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stages.cli import main
from stages.make_judges.corpus import Clips, Wanted, make_clips
from tavce.errors import InputError
from tavce.media.audio import read_audio, write_wav
from tavce.media.video import read_video


@pytest.fixture(scope="module")
def clip() -> Clips:
    """A person whom the base has never seen."""
    return make_clips(Wanted(seed=77, split="test", identities=1, clips=1, seconds=1.0, size=200), workers=1)


@pytest.fixture
def files(tmp_path: Path, clip: Clips) -> tuple[Path, Path, Path]:
    portrait, audio = tmp_path / "face.png", tmp_path / "speech.wav"
    Image.fromarray(clip.frames[0, 0]).save(portrait)
    write_wav(audio, clip.samples[0], 16_000)
    return portrait, audio, tmp_path / "out" / "talk.mp4"


def command(files: tuple[Path, Path, Path], *more: str) -> int:
    portrait, audio, out = files
    return main(["animate", "--portrait", str(portrait), "--audio", str(audio), "--out", str(out), *more])


def test_a_drawn_portrait_speaks(
    files: tuple[Path, Path, Path], clip: Clips, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(files) == 0
    assert "25 frames of 200x200, 1.00 s" in capsys.readouterr().out
    frames, sound = read_video(files[2]), read_audio(files[2])
    assert frames.shape == (25, 200, 200, 3)
    assert abs(frames[0].astype(float) - clip.frames[0, 0]).mean() < 12  # it is still that person
    heard = np.correlate(sound[:16_000].astype(float), clip.samples[0].astype(float), "same")
    assert abs(int(heard.argmax()) - 8000) < 80  # AAC keeps the sound in its place, within 5 ms
    mouth = clip.landmarks[0, 0, 48:68].mean(axis=0).astype(int)
    patch = frames[:, mouth[1] - 12 : mouth[1] + 12, mouth[0] - 16 : mouth[0] + 16].astype(float)
    corner = frames[:, :12, :16].astype(float)
    assert patch.std(axis=0).mean() > 3 * corner.std(axis=0).mean()  # it is the mouth that moves


def test_the_seed_moves_the_head(files: tuple[Path, Path, Path]) -> None:
    command(files)
    first = read_video(files[2])
    command(files)
    assert np.array_equal(read_video(files[2]), first)
    command(files, "--seed", "5")
    assert not np.array_equal(read_video(files[2]), first)


def test_a_photograph_is_told_what_is_missing(files: tuple[Path, Path, Path]) -> None:
    from skimage import data

    Image.fromarray(data.astronaut()).save(files[0])
    with pytest.raises(InputError, match=r"face\.png: shows no face of the kind.*drawn faces of synthtalk.*photograph"):
        command(files)
    assert not files[2].exists()


@pytest.mark.parametrize("kind", ["noise", "flat"])
def test_a_picture_without_a_face(files: tuple[Path, Path, Path], kind: str) -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (100, 120, 3)) if kind == "noise" else np.full((100, 120, 3), 130)
    Image.fromarray(picture.astype(np.uint8)).save(files[0])
    with pytest.raises(InputError, match="shows no face"):
        command(files)


def test_bad_files_are_one_line_each(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    portrait, audio, out = files
    with pytest.raises(InputError, match=r"absent\.pt: there is no such file"):
        command(files, "--checkpoint", str(tmp_path / "absent.pt"))
    with pytest.raises(InputError, match=r"absent\.png: there is no such file"):
        command((tmp_path / "absent.png", audio, out))
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(InputError, match=r"text\.png: is no picture"):
        command((tmp_path / "text.png", audio, out))
    with pytest.raises(InputError, match=r"choose a name that ends in \.mp4"):
        command((portrait, audio, tmp_path / "talk.avi"))
    write_wav(audio, np.zeros(16_000, np.int16), 16_000)
    with pytest.raises(InputError, match=r"speech\.wav: is silent"):
        command(files)
    write_wav(audio, np.ones(1_600, np.int16), 16_000)
    with pytest.raises(InputError, match=r"speech\.wav: lasts 0\.10 s"):
        command(files)
    assert not out.exists()
