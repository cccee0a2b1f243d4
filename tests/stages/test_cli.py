"""The `tavce` command as a user meets it: what it prints, what it refuses, and what it leaves behind."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.cli import main
from stages.entry import run
from tavce.errors import InputError
from tavce.media.writer import write_h264, write_video

FRAMES = 12
Folder = Callable[..., Path]


def pictures(frames: int, seed: int = 0, size: int = 64) -> list[np.ndarray]:
    base = np.random.default_rng(seed).integers(0, 256, (8, 8, 3))
    big = np.kron(base, np.ones((size // 8, size // 8, 1))).astype(np.uint8)
    return [np.roll(big, k, axis=1) for k in range(frames)]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two clips of truth, and a method that made both a little brighter."""
    truth, made = tmp_path / "truth", tmp_path / "made"
    for name, seed in (("a b", 0), ("sub/c", 1)):
        (truth / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        frames = pictures(FRAMES, seed)
        write_video(truth / f"{name}.mkv", frames)
        write_video(
            made / f"{name}.mkv", [np.clip(frame.astype(int) + 10, 0, 255).astype(np.uint8) for frame in frames]
        )
    return made, truth


def score(made: Path, truth: Path, *more: str, code: int = 0) -> pd.DataFrame:
    out = made.parent / "out"
    assert main(["score", str(made), "--reference", str(truth), "--out", str(out), "--workers", "1", *more]) == code
    return pd.read_parquet(out / "rows.parquet").set_index(["clip", "metric"])


def test_score_writes_rows_tables_plot_and_sheet(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = score(*folders)
    assert set(rows.index) == {(clip, key) for clip in ("a b", "sub/c") for key in ("psnr", "ssim")}
    assert rows["value"].between(20, 40).sum() == 2  # PSNR of about 28, less where 255 clips
    assert (rows["frames_used"] == FRAMES).all()
    assert rows["signature"].str.contains("crop:none").all()
    names = {path.name for path in (folders[0].parent / "out").iterdir()}
    assert names >= {"rows.parquet", "rows.csv", "report.md", "aggregate.csv", "truth-as_given.tex", "sheets"}
    assert (folders[0].parent / "out" / "sheets" / "truth-generated.png").is_file()
    report = (folders[0].parent / "out" / "report.md").read_text()
    assert "judges: none, no network took part in this table\n" in report
    assert "| generated |" in capsys.readouterr().out


def test_identical_videos_are_told_apart_from_good_ones(folders: tuple[Path, Path]) -> None:
    rows = score(folders[1], folders[1])
    assert (rows.xs("psnr", level="metric")["value"] == float("inf")).all()
    assert (rows.xs("psnr", level="metric")["identical_frames"] == FRAMES).all()
    assert (rows.xs("ssim", level="metric")["value"] == 1).all()


def test_a_shorter_video_is_truncated_and_said_so(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made, truth = folders
    write_video(made / "a b.mkv", pictures(9))
    rows = score(made, truth)
    assert rows.loc[("a b", "psnr"), ["identical_frames", "frames_expected", "frames_generated"]].tolist() == [9, 12, 9]
    assert "9 frames against 12 of the reference; the first 9 are compared" in capsys.readouterr().err
    write_video(made / "a b.mkv", pictures(20))
    rows = score(made, truth)
    assert rows.loc[("a b", "psnr"), ["identical_frames", "frames_expected", "frames_generated"]].tolist() == [
        12,
        12,
        20,
    ]


@pytest.mark.parametrize("mistake", ["late", "mirrored", "bgr"])
def test_plausible_mistakes_move_the_scores(folders: tuple[Path, Path], mistake: str) -> None:
    made, truth = folders
    frames = pictures(FRAMES)
    wrong = {
        "late": [frames[0], *frames[:-1]],
        "mirrored": [np.ascontiguousarray(frame[:, ::-1]) for frame in frames],
        "bgr": [np.ascontiguousarray(frame[:, :, ::-1]) for frame in frames],
    }
    write_video(made / "a b.mkv", wrong[mistake])
    rows = score(made, truth)
    assert rows.loc[("a b", "psnr"), "value"] < 30
    assert rows.loc[("a b", "ssim"), "value"] < 0.99


def test_what_cannot_be_read_or_compared_is_a_row_with_a_reason(folders: tuple[Path, Path]) -> None:
    made, truth = folders
    whole = (made / "a b.mkv").read_bytes()
    (made / "a b.mkv").write_bytes(whole[: len(whole) // 2])
    write_video(made / "sub/c.mkv", pictures(FRAMES, 1, 32))
    rows = score(made, truth, code=1)  # the report is written, but nothing at all could be scored
    assert rows["value"].isna().all()
    assert not rows["reason"].str.contains(str(made)).any(), "rows must not depend on where the folder lies"
    assert "should last until" in rows.loc[("a b", "psnr"), "reason"]
    assert "is 32x32, its reference 64x64" in rows.loc[("sub/c", "psnr"), "reason"]


def test_a_lossy_video_of_another_rate_is_retimed(folders: tuple[Path, Path]) -> None:
    made, truth = folders
    (made / "a b.mkv").unlink()
    write_h264(made / "a b.mp4", pictures(FRAMES), crf=18)
    assert 15 < score(made, truth).loc[("a b", "psnr"), "value"] < 40


def refused(made: Path, truth: Path, *more: str) -> str:
    with pytest.raises(InputError) as caught:
        score(made, truth, *more)
    assert not (made.parent / "out").exists(), "something half-written is left"
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_unmatched_names_are_refused_or_counted(folders: tuple[Path, Path]) -> None:
    made, truth = folders
    (made / "sub/c.mkv").rename(made / "sub/d.mkv")
    message = refused(made, truth)
    assert "1 reference videos have no generated one ['sub/c']" in message
    assert "1 generated ones no reference ['sub/d']" in message
    assert "--allow-missing" in message
    rows = score(made, truth, "--allow-missing")
    assert rows.loc[("sub/c", "psnr"), "reason"] == "not generated: there is no generated video of this name"
    assert np.isfinite(rows.loc[("a b", "psnr"), "value"])
    assert "1/2" in (made.parent / "out" / "report.md").read_text()


def test_folders_that_cannot_be_scored(folders: tuple[Path, Path], tmp_path: Path) -> None:
    made, truth = folders
    (tmp_path / "empty").mkdir()
    assert "no name matches" in refused(tmp_path / "empty", truth)
    assert "there is no such folder" in refused(tmp_path / "nowhere", truth)
    for key in ("lmd_mouth", "ssim_mouth"):
        assert "; add --face-model face_landmarker (first" in refused(made, truth, "--metrics", key)
    assert "; add --judges official (first" in refused(made, truth, "--metrics", "lse_c")
    assert "; add --face-model face_landmarker and --judges official (first" in refused(
        made, truth, "--metrics", "csim"
    )
    shutil.copy(made / "a b.mkv", made / "a b.mp4")
    assert "same name as" in refused(made, truth)


def test_a_reference_that_cannot_be_read_stops_everything(folders: tuple[Path, Path]) -> None:
    made, truth = folders
    (truth / "a b.mkv").write_bytes(b"no video")
    assert "a b.mkv" in refused(made, truth)


def test_an_output_that_cannot_be_written(folders: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    arguments = ["score", str(folders[0]), "--reference", str(folders[1]), "--out", str(tmp_path / "file" / "out")]
    with pytest.raises(InputError, match="cannot be written"):
        main([*arguments, "--workers", "1"])


def test_a_folder_with_files_of_its_own_is_never_replaced(folders: tuple[Path, Path], tmp_path: Path) -> None:
    made, truth = folders
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "thesis.txt").write_text("years of work")
    for out in (tmp_path / "notes", truth, tmp_path):
        with pytest.raises(InputError, match="holds no earlier scores"):
            main(["score", str(made), "--reference", str(truth), "--out", str(out), "--workers", "1"])
    assert (tmp_path / "notes" / "thesis.txt").read_text() == "years of work"
    score(made, truth)
    score(made, truth)  # earlier scores may be replaced


def test_clips_lists_what_is_there_and_why_not(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    (folders[1] / "broken.mp4").write_bytes(b"no video")
    assert main(["clips", str(folders[1])]) == 1
    shown = capsys.readouterr().out
    assert "unusable" in shown
    assert "broken.mp4" in shown
    assert "no audio" in shown
    assert "0 of 3 videos are usable" in shown


@pytest.mark.parametrize("command", ["", "score", "clips", "profile", "weights", "animate", "baselines"])
def test_help_can_be_lived_on(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command.split(), "--help"])
    assert caught.value.code == 0
    assert len(capsys.readouterr().out) > 200


def test_bad_input_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_: Sequence[str]) -> None:
        raise InputError("x.mp4", "is\nbroken", "mend it")

    with pytest.raises(SystemExit) as caught:
        run(fail)
    assert caught.value.code == 2
    assert capsys.readouterr().err == "error: x.mp4: is broken; mend it\n"


def test_the_installed_command_runs(tmp_path: Path) -> None:
    tavce = Path(sys.executable).with_name("tavce")
    done = subprocess.run([tavce, "clips", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
