"""Crops and features in shards: the same files as loose ones, and a crop that was killed goes on."""

import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stages.crop import Beside, make_crops, make_packed_crops
from stages.features import Features, make_features, make_packed_features
from tavce.data.clips import Clip, read_clips, write_clips
from tavce.data.packed import clip_files, is_packed
from tavce.data.workshop import Workshop
from tests.data.crop.drawn import row, scene, settings, write_source

IDS = [f"clip{number}" for number in range(7)]
CROP = settings(policy="fomm_union", size=48)
FRAMES = 12


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven uploads with a track of boxes beside them, one of which is cut short, and their clip table."""
    folder = tmp_path_factory.mktemp("packed")
    clips = []
    for number, name in enumerate(IDS):
        path = write_source(folder / "videos" / f"{name}.mkv", scene(FRAMES, x=20 + 5 * number, seed=number))
        boxes = np.tile(np.array([20 + 5 * number, 30, 68 + 5 * number, 78], np.float32), (FRAMES, 1))
        np.savez(path.with_suffix(".npz"), boxes=boxes[: 5 if number == 3 else None])
        clips.append(replace(row(path), end_s=FRAMES / 25))
    clips[5] = clips[5].unusable("its upload is gone")
    write_clips(clips, folder / "table")
    return folder


def workshop(table: Path, home: Path, source: str = "table") -> Workshop:
    return Workshop(table / source, home, "these settings", size=2, most=3)


def packed_crops(table: Path, home: Path, out: Path) -> None:
    make_packed_crops(workshop(table, home), table / "videos", CROP, out, 1, {})


def contents(folder: Path) -> dict[str, bytes]:
    with clip_files(folder, *IDS) as files:
        found = {path.name: path for path in files.iterdir() if path.suffix in (".mkv", ".wav", ".npz", ".png")}
        return {name: path.read_bytes() for name, path in found.items() if path.suffix != ".npz"} | {
            f"{name}:{key}": value.tobytes()
            for name, path in found.items()
            if path.suffix == ".npz"
            for key, value in np.load(path).items()
        }


def test_packed_crops_and_features_are_the_loose_ones(table: Path, tmp_path: Path) -> None:
    loose = make_crops(read_clips(table / "table"), table / "videos", CROP, tmp_path / "crop", 1, Beside({}, {}))
    packed_crops(table, tmp_path / "home", tmp_path / "packed")
    assert is_packed(tmp_path / "packed")
    assert read_clips(tmp_path / "packed") == loose
    assert [clip.id for clip in loose if clip.usable] == ["clip0", "clip1", "clip2", "clip4", "clip6"]
    assert contents(tmp_path / "packed") == contents(tmp_path / "crop")
    make_features(loose, tmp_path / "crop", Features(-2), tmp_path / "features", 1)
    shop = Workshop(tmp_path / "packed", tmp_path / "home", "features", size=3, most=3)
    make_packed_features(shop, tmp_path / "packed", Features(-2), tmp_path / "packed features", 1)
    assert contents(tmp_path / "packed features") == contents(tmp_path / "features")
    assert len(contents(tmp_path / "features")) > 5


def test_the_same_clips_give_the_same_tars(table: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        packed_crops(table, tmp_path / "home", tmp_path / name)
    for path in (tmp_path / "one").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def crop_and_die(table: Path, home: Path, out: Path, after: str) -> None:
    """Crop in a process that kills itself when the clip `after` has been cropped."""
    import stages.crop

    plain = stages.crop.crop_clip

    def fatal(source: Path, clip: Clip, *given: object, **named: object) -> Clip:
        made = plain(source, clip, *given, **named)  # type: ignore[arg-type]
        if clip.id == after:
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    stages.crop.crop_clip = fatal
    packed_crops(table, home, out)


def test_a_killed_crop_goes_on(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed_crops(table, tmp_path / "home", tmp_path / "whole")
    victim = multiprocessing.get_context("spawn").Process(
        target=crop_and_die, args=(table, tmp_path / "home", tmp_path / "out", "clip4")
    )
    victim.start()
    victim.join(120)
    assert victim.exitcode == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    made: list[str] = []

    import stages.crop

    plain = stages.crop.crop_clip

    def noted(source: Path, clip: Clip, *given: object, **named: object) -> Clip:
        made.append(clip.id)
        return plain(source, clip, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(stages.crop, "crop_clip", noted)
    packed_crops(table, tmp_path / "home", tmp_path / "out")
    assert made == ["clip4", "clip6"]  # of the shard that was lost, and the next; clip5 was unusable
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert read_clips(tmp_path / "out") == read_clips(tmp_path / "whole")
