"""`tavce baselines`: what it prints, and with which exit code it ends."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stages.cli import main
from tavce.errors import InputError
from tavce.media.audio import write_wav
from tavce.media.video import read_video
from tavce.media.writer import write_video
from tavce.methods.contract import read_manifest
from tests.methods.external.toy import World, made_world, this_python

FRAMES = 10


@pytest.fixture(scope="module")
def kept_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with made_world(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def world(kept_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The method of docs/add-a-method.md in a project of its own."""
    kept_world.enter(monkeypatch)
    kept_world.method()
    monkeypatch.chdir(kept_world.root.parent)
    return kept_world


def run(*words: str) -> int:
    return main(["baselines", *words])


def requests(folder: Path, **changes: object) -> Path:
    """Write a request file for one clip, with its files beside it."""
    Image.fromarray(np.full((48, 48, 3), 90, np.uint8)).save(folder / "face.png")
    write_wav(folder / "said.wav", np.ones(FRAMES * 640, np.int16), 16_000)
    row = {
        "clip_id": "c",
        "image": "face.png",
        "audio": "said.wav",
        "video": None,
        "frames": FRAMES,
        "fps": 25,
        "seed": 1,
    }
    (folder / "requests.jsonl").write_text(json.dumps({**row, **changes}) + "\n\n")
    return folder / "requests.jsonl"


def test_list_and_show(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    other = world.method(
        "watcher", {"one-shot with own pose": "video-driven", "gb: null": "gb: 8", "CPU is en": "disk; en"}
    )
    assert run("list") == 0
    rows = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    rows = [[cell.strip() for cell in row if cell] for row in rows]
    assert rows[0] == ["name", "track", "prepared", "verified", "needs", "licence"]
    assert rows[1] == ["toytalk", "one-shot with own pose", "no", "no", "a CPU is enough", "MIT"]
    assert rows[2] == ["watcher", "video-driven", "no", "no", "GPU of 8 GB", "MIT"]
    assert rows[4] == ["not verified: toytalk, watcher"]
    assert rows[5] == ["the page that shows it does not run it"]
    assert run("show", "watcher") == 0
    shown = capsys.readouterr().out
    for word in (world.commit, "64x64, 25 fps", "GPU of 8 GB; a disk; enough", "patches/mouth.diff", "does not run it"):
        assert word in shown
    assert "models/talker.bin  ? MB  MIT" in shown
    for path in sorted(other.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    other.folder.rmdir()


def test_prepare_run_verify(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = requests(tmp_path), tmp_path / "out"
    with pytest.raises(InputError, match="toytalk: is not prepared; run: tavce baselines prepare toytalk"):
        run("run", "toytalk", "--requests", str(file), "--out", str(out), "--device", "cpu")
    assert not out.exists()
    assert run("prepare", "toytalk") == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(world.folder / "cache" / "toytalk" / world.commit)
    assert said.err.splitlines() == [
        f"clone https://github.com/example/toytalk at {world.commit}, patches: patches/mouth.diff",
        "environment with Python 3.11 and 2 packages, and what these require".replace("3.11", this_python()),
        "model file 1 of 1: models/talker.bin",
    ]
    assert run("prepare", "toytalk") == 0
    assert capsys.readouterr().err == ""  # nothing is left to do
    assert run("list") == 0
    assert "  yes       no  " in capsys.readouterr().out.splitlines()[1]
    assert run("run", "toytalk", "--requests", str(file), "--out", str(out), "--device", "cpu") == 0
    assert capsys.readouterr().out == f"ok      c\n1 of 1 clips: {out}\n"
    assert read_video(out / "c.mkv").shape == (FRAMES, 48, 48, 3)  # the portrait's size
    assert read_manifest(out)["c"].frames == FRAMES
    assert {path.name for path in out.iterdir()} == {"c.mkv", "c.wav", "manifest.jsonl", "details.jsonl"}
    assert run("verify", "toytalk", "--device", "cpu") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ok        frames  50 at 25 fps, asked for 50"
    assert lines[1] == "ok        fps     25, method.yaml says 25"
    assert lines[2] == "ok        size    64x64, method.yaml says 64x64"
    assert lines[3] == "ok        result  50 frames of 256x256"


def test_verify_says_what_differs(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    spec = world.method("toytalk", {"width: 64": "width: 128", "fps: 25": "fps: 30"})
    assert run("prepare", "toytalk") == 0
    code = spec.folder / "run.py"
    code.write_text(code.read_text().replace("clip.frames", "clip.frames - 2"))
    capsys.readouterr()
    assert run("verify", "toytalk", "--device", "cpu") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "differs   frames  48 at 25 fps, asked for 50",
        "differs   fps     25, method.yaml says 30",
        "differs   size    64x64, method.yaml says 128x64",
    ]
    code.write_text(code.read_text().replace("talker.animate", "talker.sing"))
    assert run("verify", "toytalk", "--device", "cpu") == 1
    assert "AttributeError: 'Talker' object has no attribute 'sing'" in capsys.readouterr().out


def test_licences(world: World) -> None:
    world.method("toytalk", {"commercial: false": "commercial: true"})
    with pytest.raises(InputError, match=r"weights: MIT.*--accept-non-commercial"):
        run("prepare", "toytalk")
    assert run("prepare", "toytalk", "--accept-non-commercial") == 0


def test_a_clip_that_fails_has_exit_code_1(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("prepare", "toytalk") == 0
    file = requests(tmp_path, image="raises.png", seed=2)  # the clip of seed 1 is made: other names make it no other
    (tmp_path / "face.png").rename(tmp_path / "raises.png")
    capsys.readouterr()
    assert run("run", "toytalk", "--requests", str(file), "--out", str(tmp_path / "out"), "--device", "cpu") == 1
    assert capsys.readouterr().out.startswith("failed  c  (RuntimeError: no face in this picture)\n0 of 1 clips")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"clip_id": "../c"}, r"line 1 clip_id '../c' is no name"),
        ({"frames": 0}, "line 1 frames must be at least 1, fps 25, and seed at least 0"),
        ({"fps": 30}, "frames must be at least 1, fps 25"),
        ({"image": "no.png"}, "line 1 names 'no.png', and there is no such file beside requests.jsonl"),
        ({"image": "said.wav"}, "said.wav: is no picture that can be read"),
        ({"audio": "face.png"}, "face.png: is not a PCM WAV file"),
        ({"colour": 1}, "line 1 has the keys"),
    ],
)
def test_requests_that_are_none(world: World, tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        run("run", "toytalk", "--requests", str(requests(tmp_path, **changes)), "--out", str(tmp_path / "out"))


def test_requests_and_tracks(world: World, tmp_path: Path) -> None:
    from stages.baselines_requests import read_requests

    write_video(tmp_path / "truth.mkv", np.zeros((FRAMES, 32, 40, 3), np.uint8))
    with_video, own = requests(tmp_path, video="truth.mkv"), world.method()
    (wanted,) = read_requests(with_video, own)
    assert (wanted.asked.video, wanted.size) == (None, (40, 32))  # the size of the truth, which it does not see
    driven = world.method("toytalk", {"one-shot with own pose": "video-driven"})
    (wanted,) = read_requests(with_video, driven)
    assert wanted.asked.video == tmp_path / "truth.mkv"
    with pytest.raises(InputError, match="line 1 has no video, and toytalk needs the true one"):
        read_requests(requests(tmp_path), driven)
    file = requests(tmp_path)
    file.write_text(file.read_text() * 2)
    with pytest.raises(InputError, match="line 3 clip c is asked for twice"):
        read_requests(file, own)
    file.write_bytes(b"\xff")
    with pytest.raises(InputError, match=r"requests.jsonl: is no text"):
        read_requests(file, own)
    file.write_text("\n")
    with pytest.raises(InputError, match="asks for no clip"):
        read_requests(file, own)


def test_names_folders_and_seeds_that_are_none(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="nothing: is no method of baselines/; known methods: toytalk"):
        run("show", "nothing")
    file = requests(tmp_path)
    with pytest.raises(InputError, match="is there and holds no earlier run; name a new folder"):
        run("run", "toytalk", "--requests", str(file), "--out", str(tmp_path))
    assert file.is_file()
    with pytest.raises(InputError, match="--seed: -1 is negative"):
        run("verify", "toytalk", "--seed", "-1")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"baselines: there is no such folder; run from the folder of dvc.yaml"):
        run("list")
