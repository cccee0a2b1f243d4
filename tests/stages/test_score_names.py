"""`tavce score` where names, sizes and lengths of the two folders differ."""

from pathlib import Path

import numpy as np
import pytest

from stages.match_videos import match
from tavce.errors import InputError
from tavce.media.writer import write_h264, write_video
from tests.stages.test_cli import FRAMES, pictures, score


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    for name, seed in (("ann/a", 0), ("bob/b", 1), ("bob/same", 2), ("ann/same", 3)):
        (tmp_path / "truth" / name).parent.mkdir(parents=True, exist_ok=True)
        write_video(tmp_path / "truth" / f"{name}.mkv", pictures(FRAMES, seed))
    return tmp_path / "truth"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "made").mkdir()
    return tmp_path / "made"


def put(folder: Path, name: str, frames: list[np.ndarray]) -> None:
    write_video(folder / f"{name}.mkv", frames)


def test_file_names_match_where_folders_differ_and_are_not_ambiguous(made: Path, truth: Path) -> None:
    for name in ("a", "b", "same"):
        put(made, name, pictures(3))
    found = match(made, truth, allow_missing=True).generated
    assert found["ann/a"] == made / "a.mkv"
    assert found["bob/b"] == made / "b.mkv"
    assert found["ann/same"] is found["bob/same"] is None, "two are called so"


def test_whole_paths_go_before_file_names(made: Path, truth: Path) -> None:
    (made / "bob").mkdir()
    put(made / "bob", "same", pictures(3))
    put(made, "same", pictures(3))
    found = match(made, truth, allow_missing=True).generated
    assert found["bob/same"] == made / "bob/same.mkv"
    assert found["ann/same"] == made / "same.mkv", "what is left is unique on both sides"


def test_a_table_says_which_is_which(made: Path, truth: Path) -> None:
    put(made, "one", pictures(FRAMES, 1))
    put(made, "a", pictures(FRAMES, 5))
    table = made.parent / "names.csv"
    table.write_text("clip,video\nbob/b,one.mkv\n", encoding="utf-8")
    rows = score(made, truth, "--names", str(table), "--allow-missing")
    assert rows.loc[("bob/b", "psnr"), "value"] == float("inf")
    assert rows.loc[("ann/a", "psnr"), "reason"], "its own name counts no longer"
    table.write_text("clip,video\nbob/b,two.mkv\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"line 2: .* has no video 'two\.mkv'"):
        match(made, truth, allow_missing=True, names=table)


def test_fit_brings_size_and_length(made: Path, truth: Path) -> None:
    larger = [np.kron(frame, np.ones((2, 2, 1), np.uint8)) for frame in pictures(FRAMES)]
    write_h264(made / "a.mp4", np.stack(larger[:-2]), crf=10)
    alone = ("--allow-missing", "--metrics", "psnr")
    assert score(made, truth, *alone, code=1).loc[("ann/a", "psnr"), "reason"]
    fitted = score(made, truth, *alone, "--fit").loc[("ann/a", "psnr")]
    assert fitted["frames_used"] == FRAMES
    assert 20 < fitted["value"] < 60
    assert sorted(path.name for path in made.iterdir()) == ["a.mp4"], "the folder is left as it was"


def test_fit_leaves_another_shape_to_its_reason(made: Path, truth: Path) -> None:
    write_video(made / "a.mkv", [frame[:, :48].copy() for frame in pictures(FRAMES)])
    rows = score(made, truth, "--allow-missing", "--fit", "--metrics", "psnr", code=1)
    assert "48x64" in rows.loc[("ann/a", "psnr"), "reason"]
