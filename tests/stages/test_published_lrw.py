"""LRW from its folder to the crop: clips with their own sound, and Wav2Lip's pairs with another's."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from stages import crop as crop_stage
from stages import dataset as dataset_stage
from stages.confirmed import confirm, run_digest
from stages.paths import crop_folder, dataset_folder
from tavce.data.clips import FPS, Clip, read_clips
from tavce.media.audio import read_wav
from tavce.media.video import read_video
from tests.data.uploads.videos import RATE_HZ, write_upload
from tests.stages.clock import clock_pictures, time_shown

ROOT = Path(__file__).parents[2]
SIDE, FRAMES = 96, 29
TONES = {"ABOUT": 500.0, "WORLD": 2000.0}  # Hz


def write_word(store: Path, word: str, split: str, number: int) -> None:
    times = [k / FPS for k in range(FRAMES)]
    path = store / word / split / f"{word}_{number:05d}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = 0.4 * np.sin(2 * np.pi * TONES[word] * np.arange(round(FRAMES / FPS * RATE_HZ)) / RATE_HZ)
    pictures = clock_pictures([number + time for time in times], SIDE, SIDE, (24, 48, 24, 48))
    write_upload(path, width=SIDE, height=SIDE, times=times, frames=pictures, heard=tone.astype(np.float32))
    boxes = np.tile(np.array([24, 24, 72, 72], np.float32), (FRAMES, 1))
    np.savez(path.with_suffix(".npz"), boxes=boxes)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for word, split, number in (("ABOUT", "test", 1), ("WORLD", "test", 3), ("WORLD", "train", 7)):
        write_word(tmp_path / "lipread_mp4", word, split, number)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "lipread_mp4"


def run_stages(store: Path, **corpus: Any) -> dict[str, Clip]:
    content = yaml.safe_load((ROOT / "profiles" / "lrw.yaml").read_text(encoding="utf-8"))
    lrw = content["datasets"]["lrw"]
    lrw["source"] = str(ROOT / lrw["source"])
    lrw["corpus"] |= {"store": str(store)} | corpus
    lrw["crop"] |= {"size": 48, "detector": "annotation", "model": "", "min_face_px": 16.0}
    Path("params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    confirm(run_digest())
    dataset_stage.main(["lrw"])
    assert all(clip.usable or clip.reason for clip in read_clips(dataset_folder("lrw")))
    crop_stage.main(["lrw"])
    return {clip.id: clip for clip in read_clips(crop_folder("lrw"))}


def pitch(clip: Clip) -> float:
    samples = read_wav(crop_folder("lrw") / f"{clip.id}.wav")
    return float(np.argmax(np.abs(np.fft.rfft(samples)))) * 16_000 / len(samples)


def first_time(clip: Clip) -> float:
    return time_shown(read_video(crop_folder("lrw") / f"{clip.id}.mkv")[0])


def check(clip: Clip, *, word: str, number: int, frames: int = FRAMES) -> None:
    assert (clip.usable, clip.reason, clip.frames) == (True, "", frames)
    assert pitch(clip) == pytest.approx(TONES[word], abs=2)
    assert int(first_time(clip)) == number


def test_clips_have_their_own_sound(store: Path) -> None:
    found = run_stages(store, clips_per_word=0)
    assert {name: clip.split for name, clip in found.items()} == {
        "ABOUT-test-00001": "test",
        "WORLD-test-00003": "test",
        "WORLD-train-00007": "train",
    }
    check(found["ABOUT-test-00001"], word="ABOUT", number=1)
    check(found["WORLD-train-00007"], word="WORLD", number=7)


def test_pairs_have_the_sound_of_another(store: Path, tmp_path: Path) -> None:
    lines: Sequence[str] = ("ABOUT_00001 WORLD_00003", "WORLD_00003 ABOUT_00001", "ABOUT_00002 WORLD_00003", "what")
    (tmp_path / "pairs.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = run_stages(store, pairs="pairs.txt")
    assert list(found) == [
        "ABOUT_00001--WORLD_00003",
        "WORLD_00003--ABOUT_00001",
        "WORLD_00003--ABOUT_00002",
        "line-000004",
    ]
    check(found["WORLD_00003--ABOUT_00001"], word="ABOUT", number=3)  # the sound comes first in a line
    check(found["ABOUT_00001--WORLD_00003"], word="WORLD", number=1)
    assert found["WORLD_00003--ABOUT_00002"].reason == "there is no file ABOUT/test/ABOUT_00002.mp4"
    assert found["line-000004"].reason == "line 4 of the list is no pair WORD_00001 WORD_00002"
    with pytest.raises(AssertionError):  # sound and video the wrong way round
        check(found["WORLD_00003--ABOUT_00001"], word="WORLD", number=3)
