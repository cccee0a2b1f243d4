"""What keeps one clip's run of upstream code away from the next one's, and from the clone."""

import os
import shutil
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

from tests.baselines.conftest import write_video

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg on PATH")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    root = tmp_path / "clone"
    for name in ("script.py", "data/own/old.txt", "data/kept.txt", "steps/one/step.py", "results/old.mp4", ".git/HEAD"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def test_a_mirror_shows_the_clone_and_keeps_what_is_written(clone: Path, tmp_path: Path, upstream: ModuleType) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    upstream.mirror(clone, folder, ["results", "data/own", "made/here"], ["steps/one"])
    assert (folder / "script.py").read_text() == "script.py"
    assert (folder / "data/kept.txt").read_text() == "data/kept.txt"
    assert [list((folder / name).iterdir()) for name in ("results", "data/own", "made/here")] == [[], [], []]
    assert not (folder / ".git").exists()
    (folder / "results" / "new.mp4").touch()
    with upstream.inside(folder / "steps" / "one"):
        assert Path("../../data/kept.txt").exists(), "a real folder: '..' leads back into the mirror"
        Path("../../data/own/new.txt").touch()
    assert sorted(path.name for path in clone.rglob("new.*")) == []
    assert (clone / "results" / "old.mp4").exists()


def test_a_plain_mirror_would_lead_out_of_the_folder(clone: Path, tmp_path: Path, upstream: ModuleType) -> None:
    """Why `real` is there: from a linked folder '..' leads into the clone."""
    folder = tmp_path / "folder"
    folder.mkdir()
    upstream.mirror(clone, folder, ["results"])
    with upstream.inside(folder / "steps" / "one"):
        assert (Path.cwd() / ".." / "..").resolve() == clone


def test_links_to_weights_that_have_gone_are_made_anew(tmp_path: Path, upstream: ModuleType) -> None:
    source, target = tmp_path / "weights", tmp_path / "clone"
    (source / "a").mkdir(parents=True)
    (source / "a" / "net.pth").write_text("new")
    (target / "a").mkdir(parents=True)
    (target / "a" / "net.pth").symlink_to(tmp_path / "gone.pth")
    for _ in range(2):
        upstream.link_tree(source, target)
    assert (target / "a" / "net.pth").read_text() == "new"


def test_the_working_folder_comes_back_after_an_error(tmp_path: Path, upstream: ModuleType) -> None:
    before = Path.cwd()
    with pytest.raises(RuntimeError), upstream.inside(tmp_path):
        assert Path.cwd() == tmp_path
        raise RuntimeError
    assert Path.cwd() == before


def test_an_archive_is_unpacked_once(tmp_path: Path, upstream: ModuleType) -> None:
    with zipfile.ZipFile(tmp_path / "w.zip", "w") as file:
        file.writestr("nets/a.pth", "a")
    for _ in range(2):
        upstream.unpack(tmp_path / "w.zip", tmp_path / "out")
        assert (tmp_path / "out/nets/a.pth").read_text() == "a"
        (tmp_path / "out/nets/a.pth").write_text("a")
    (tmp_path / "out/nets/a.pth").unlink()
    upstream.unpack(tmp_path / "w.zip", tmp_path / "out")
    assert not (tmp_path / "out/nets/a.pth").exists()


def test_an_archive_that_breaks_off_is_unpacked_again(tmp_path: Path, upstream: ModuleType) -> None:
    (tmp_path / "w.zip").write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(zipfile.BadZipFile):
        upstream.unpack(tmp_path / "w.zip", tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "w.zip", "w") as file:
        file.writestr("a.pth", "a")
    upstream.unpack(tmp_path / "w.zip", tmp_path / "out")
    assert (tmp_path / "out/a.pth").exists()


def test_a_module_that_is_never_used_can_be_absent(upstream: ModuleType) -> None:
    upstream.empty_module("absent_package.inner")
    try:
        import absent_package.inner  # type: ignore[import-not-found]

        assert absent_package.inner is sys.modules["absent_package.inner"]
    finally:
        for name in ("absent_package", "absent_package.inner"):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("ending", "fails"), [("", False), ("sys.exit(0)", False), ("exit(-1)", True), ("sys.exit('no')", True)]
)
def test_a_script_runs_as_from_a_command_line(tmp_path: Path, upstream: ModuleType, ending: str, fails: bool) -> None:
    said = "__import__('pathlib').Path('said').write_text(' '.join(sys.argv))"
    code = f"import sys\nassert __name__ == '__main__'\n{said}\n{ending}\n"
    (tmp_path / "script.py").write_text(code)
    before = list(sys.argv)
    try:
        with upstream.inside(tmp_path):
            if fails:
                with pytest.raises(upstream.Failed, match=r"script\.py ended with"):
                    upstream.script("script.py", "--steps", 6)
            else:
                upstream.script("script.py", "--steps", 6)
    finally:
        sys.argv = before
    assert (tmp_path / "said").read_text() == "script.py --steps 6"


def test_a_script_in_a_process_gets_its_environment(tmp_path: Path, upstream: ModuleType) -> None:
    (tmp_path / "script.py").write_text("import os, sys\nsys.exit(int(os.environ['CODE']))\n")
    with upstream.inside(tmp_path):
        upstream.python("script.py", CODE="0")
        upstream.python("script.py", check=False, CODE="3")
        with pytest.raises(upstream.Failed, match="exit code 3"):
            upstream.python("script.py", CODE="3")
    assert "CODE" not in os.environ


def test_one_file_is_wanted(tmp_path: Path, upstream: ModuleType) -> None:
    with pytest.raises(upstream.Failed, match="left no files"):
        upstream.the_one(tmp_path, "*.mp4")
    (tmp_path / "a.mp4").touch()
    assert upstream.the_one(tmp_path, "*.mp4") == tmp_path / "a.mp4"
    (tmp_path / "b.mp4").touch()
    with pytest.raises(upstream.Failed, match="left 2 files"):
        upstream.the_one(tmp_path, "*.mp4")


def test_without_ffmpeg_the_clip_fails(tmp_path: Path, upstream: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(upstream.Failed, match="no ffmpeg on PATH"):
        upstream.ffmpeg("-version")
    with pytest.raises(upstream.Failed, match="no ffmpeg on PATH"):
        upstream.write_pictures([b""], (2, 2), tmp_path / "v.mp4")


def frames_of(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


@needs_ffmpeg
def test_the_middle_panel_is_cut_out_without_loss(tmp_path: Path, upstream: ModuleType) -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (10, 16, 48, 3), dtype=np.uint8)
    upstream.write_pictures([picture.tobytes() for picture in pictures], (48, 16), tmp_path / "three.mp4")
    assert np.array_equal(frames_of(tmp_path / "three.mp4"), pictures)
    cut = upstream.convert(tmp_path / "three.mp4", tmp_path / "middle.mp4", "crop=16:16:16:0,fps=25")
    assert np.array_equal(frames_of(cut), pictures[:, :, 16:32])


@needs_ffmpeg
def test_a_higher_rate_becomes_25_over_the_same_time(tmp_path: Path, upstream: ModuleType, mp4: ModuleType) -> None:
    write_video(tmp_path / "fast.mp4", frames=100, fps=50)
    upstream.convert(tmp_path / "fast.mp4", tmp_path / "slow.mp4", "fps=25")
    assert mp4.read_mp4(tmp_path / "slow.mp4") == (50, 25.0)


@needs_ffmpeg
def test_pictures_are_numbered_from_0(tmp_path: Path, upstream: ModuleType, video: Path) -> None:
    assert upstream.as_pictures(video, tmp_path / "pictures") == 7
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir())[0] == "000000.png"
    assert upstream.as_pictures(tmp_path / "pictures" / "000003.png", tmp_path / "one") == 1


@needs_ffmpeg
def test_a_failure_of_ffmpeg_is_named(tmp_path: Path, upstream: ModuleType) -> None:
    with pytest.raises(upstream.Failed, match=r"ffmpeg: .*No such file"):
        upstream.as_mp4(tmp_path / "absent.mkv", tmp_path / "v.mp4")
