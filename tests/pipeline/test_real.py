"""Real talking videos through the whole graph, by the folder profile: as a user brings them."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tavce.data.clips import read_clips

pytest.importorskip("mediapipe", reason="the extra `mediapipe` is not installed")

pytestmark = [pytest.mark.pipeline, pytest.mark.real, pytest.mark.timeout(2400)]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
GOOD = ["blue_30fps", "glasses_25fps", "hdtf_25fps", "man_30fps_44k", "smile_24p6fps", "suit_22fps"]
BAD = {"bad_no_audio": "no audio stream", "bad_tiny_face": "no face was found"}


@pytest.fixture(scope="module")
def real(
    real_clips: Path, tmp_path_factory: pytest.TempPathFactory, new_workspace: Callable[..., Path], run: Run
) -> Path:
    """The folder profile on the real clips, shortened: two seconds of each, at 128 px, three controls."""
    folder = new_workspace(tmp_path_factory.mktemp("real") / "work", "folder")
    params = yaml.safe_load((folder / "params.yaml").read_text())
    mine = params["datasets"]["mine"]
    mine["source"] = str(real_clips)
    mine["crop"] |= {"model": str(real_clips / "face_landmarker.task"), "size": 128, "max_seconds": 2.0}
    params["filter"]["quietest_db"] = -70.0  # one of them pauses in its first two seconds
    params["methods"] = {name: params["methods"][name] for name in ("ground_truth", "reencoded_crf23", "still_frame")}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    run(folder, "dvc", "repro")
    return folder


def test_six_clips_are_used_and_two_have_a_reason(real: Path) -> None:
    clips = {clip.id: clip for clip in read_clips(real / "data/crop/mine")}
    assert sorted(clips) == sorted([*GOOD, *BAD])
    assert [clips[name].frames for name in GOOD] == [50] * 6
    for name, words in BAD.items():
        assert not clips[name].usable
        assert words in clips[name].reason
    report = (real / "reports/results/report.md").read_text()
    assert all(words in report for words in BAD.values())
    assert "; landmarks mediapipe-" in report
    assert "OUTSIDE THEIR DOMAIN" in report


@pytest.mark.parametrize("name", GOOD)
def test_every_frame_shows_a_face_centred_and_upright(real: Path, name: str) -> None:
    with np.load(real / f"data/crop/mine/{name}.npz") as track:
        assert track["found"].all()
    with np.load(real / f"data/reference/mine/{name}.npz") as reference:
        seen = reference["landmarks"]
    assert not np.isnan(seen).any()
    centre = seen.mean(axis=1)
    assert np.abs(centre - 64).max() < 30, "the face leaves the middle of the crop"
    eyes = seen[:, 42:48].mean(axis=1) - seen[:, 36:42].mean(axis=1)
    assert (np.abs(np.degrees(np.arctan2(eyes[:, 1], eyes[:, 0]))) < 25).all(), "the head is not upright"
    assert (seen[:, 8, 1] > seen[:, 27, 1]).all(), "the chin is not below the nose"


def test_scores_are_in_the_order_that_anybody_would_expect(real: Path) -> None:
    rows = pd.concat([pd.read_parquet(path) for path in (real / "data/score").rglob("rows.parquet")])
    empty = rows[rows["value"].isna()]
    assert set(empty["metric"]) <= {"beat_align"}
    assert empty["reason"].notna().all()
    asked = yaml.safe_load((real / "params.yaml").read_text())["score"]["metrics"]
    assert len(rows) == 3 * len(set(asked) - {"fid", "kid"}) * len(GOOD)  # which have no rows
    mean = rows.pivot_table(index="method", columns="metric", values="value")
    truth, again, still = (mean.loc[name] for name in ("ground_truth", "reencoded_crf23", "still_frame"))
    assert truth["psnr"] == np.inf
    assert again["psnr"] > still["psnr"]
    assert truth["ssim"] == 1 > again["ssim"] > still["ssim"]
    assert truth["lmd_mouth"] == 0 < again["lmd_mouth"] < still["lmd_mouth"]
    assert truth["lpips"] == 0 < again["lpips"] < still["lpips"]
    assert still["csim"] == pytest.approx(1, abs=1e-6)
    assert truth["lmd_face"] == 0 < again["lmd_face"] < still["lmd_face"]
