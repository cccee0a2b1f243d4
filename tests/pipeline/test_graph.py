"""The whole graph on three tiny clips: complete, repeatable, and the same bytes after a kill in any stage."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import psutil
import pytest
import yaml

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(2400)]  # the first one waits for all stages
Run = Callable[..., "subprocess.CompletedProcess[str]"]
TRACK = "synthtalk-one-shot_with_the_true_pose"
# One instance of each stage, and the half-written output whose appearance says that it is in the middle of its work;
# None where the output is written in one go at the very end.
STAGES = {
    "dataset@synthtalk": "data/dataset/.synthtalk.part",
    "crop@synthtalk": "data/crop/.synthtalk.part",
    "features@synthtalk": "data/features/.synthtalk.part",
    "generate@synthtalk-reencoded_crf23": "data/generate/synthtalk/.reencoded_crf23.part",
    "judges": None,
    "reference@synthtalk": "data/reference/.synthtalk.part",
    "correlation@synthtalk-tavce_plus": "data/correlation/synthtalk/.tavce_plus.part",
    "base@synthtalk": None,
    "animator@tavce_plus": "data/animator/.tavce_plus.part",
    "animate@synthtalk-tavce_plus": "data/animate/synthtalk/.tavce_plus.part",
    "ablation@synthtalk-tavce_plus": "data/ablation/synthtalk/.tavce_plus.part",
    "score@synthtalk-still_frame": "data/score/synthtalk/.still_frame.part",
    "report": "reports/.results.part",
}


def lock(folder: Path) -> object:
    """The hashes of all inputs and outputs of all stages."""
    return yaml.safe_load((folder / "dvc.lock").read_text())


def forget(folder: Path, stage: str) -> None:
    """Bring the workspace to where `stage` has never run: no record, no output, no remembered run."""
    content = yaml.safe_load((folder / "dvc.lock").read_text())
    outs = content["stages"].pop(stage)["outs"]
    (folder / "dvc.lock").write_text(yaml.safe_dump(content, sort_keys=False))
    shutil.rmtree(folder / ".dvc" / "cache" / "runs", ignore_errors=True)
    for out in outs:
        path = folder / out["path"]
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def stage_process(parent: int) -> bool:
    """Whether DVC has started the Python process of a stage."""
    children = psutil.Process(parent).children(recursive=True)
    return any("-m stages " in " ".join(child.cmdline()) for child in children if child.is_running())


def scores(folder: Path) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(path) for path in sorted((folder / "data/score").rglob("rows.parquet"))])


def test_every_stage_left_what_it_promises(smoke: Path) -> None:
    for name in ("id000_000", "id001_000", "id002_000"):
        assert {path.suffix for path in (smoke / "data/crop/synthtalk").glob(f"{name}.*")} == {
            ".mkv",
            ".wav",
            ".png",
            ".npz",
        }
    results = {path.name for path in (smoke / "reports/results").iterdir()}
    assert {"report.md", "aggregate.csv", f"{TRACK}.md", f"{TRACK}.tex"} <= results
    assert {f"{TRACK}.svg", f"{TRACK}.png"} <= results
    sheets = {path.stem for path in (smoke / "reports/results/sheets").iterdir()}
    assert sheets == {f"synthtalk-{method}" for method in [*scores(smoke)["method"], "base"]}


def test_tracks_stand_in_tables_of_their_own(smoke: Path) -> None:
    found = {
        path.stem.removeprefix("synthtalk-"): path.read_text(encoding="utf-8")
        for path in (smoke / "reports/results").glob("synthtalk-*.md")
        if "further" not in path.stem and "ablation" not in path.stem
    }
    own, true, painted = "one-shot_with_own_pose", "one-shot_with_the_true_pose", "in-painting_on_the_true_video"
    assert set(found) == {own, true, painted}
    lines = {
        track: {line.split("|")[1].strip(" *") for line in text.splitlines() if line.startswith("| ") and "3/3" in line}
        for track, text in found.items()
    }
    controls = lines[own] & lines[true] & lines[painted]
    assert {"Ground truth", "Still frame"} <= controls
    assert lines[own] - controls == {"SadTalker (the base animator)", "Wav2Lip on a still"}
    assert lines[painted] - controls == {"Wav2Lip"}
    assert not lines[true] & {"Wav2Lip", "Wav2Lip on a still"}
    page = (smoke / "reports/results/report.md").read_text(encoding="utf-8")
    assert page.count("Audio AUC") == 1, "what belongs to the data set stands once"


def test_known_answers_of_the_controls(smoke: Path) -> None:
    values = scores(smoke).pivot_table(index="method", columns="metric", values="value", aggfunc="mean", dropna=False)
    assert values.loc["ground_truth", "psnr"] == float("inf")
    assert values.loc["ground_truth", "ssim"] == 1
    assert values.loc["ground_truth", "lmd_mouth"] == values.loc["ground_truth", "lmd_face"] == 0
    # Pictures are those of the truth when only the sound is another.
    assert (values.loc[["audio_early_3", "audio_early_5", "other_audio"], "psnr"] == float("inf")).all()
    assert 25 < values.loc["reencoded_crf23", "psnr"] < 60
    assert values.loc["still_frame", "psnr"] < values.loc["reencoded_crf23", "psnr"]
    assert values.loc["still_frame", "ssim"] < values.loc["reencoded_crf23", "ssim"] < 1
    assert 0 < values.loc["reencoded_crf23", "lmd_mouth"] < values.loc["still_frame", "lmd_mouth"]


def test_learned_metrics_put_the_controls_in_order(smoke: Path) -> None:
    values = scores(smoke).pivot_table(index="method", columns="metric", values="value", aggfunc="mean", dropna=False)
    truth, again, still, other = (
        values.loc[name] for name in ("ground_truth", "reencoded_crf23", "still_frame", "other_audio")
    )
    assert truth["lpips"] == 0 < again["lpips"] < still["lpips"]
    assert truth["lse_c"] > again["lse_c"] > other["lse_c"] > 0
    assert truth["lse_c"] > again["lse_c"] > still["lse_c"] > 0
    assert truth["lse_d"] < again["lse_d"] < min(still["lse_d"], other["lse_d"])
    assert truth["audio_margin"] > again["audio_margin"] > 2 * abs(other["audio_margin"])
    assert still["csim"] == pytest.approx(1, abs=1e-6)
    assert truth["csim_paired"] == pytest.approx(1, abs=1e-6)
    assert truth["csim_paired"] > again["csim_paired"] > still["csim_paired"]


def test_audio_shifts_are_found_exactly_in_every_clip(smoke: Path) -> None:
    rows = scores(smoke)
    offsets = rows[rows["metric"] == "av_offset"].set_index("method")["value"]
    known = {"ground_truth": 0, "reencoded_crf23": 0, "audio_early_3": 3, "audio_early_5": 5}
    assert {name: set(offsets.loc[name]) for name in known} == {name: {float(k)} for name, k in known.items()}


def test_sets_of_frames_are_compared_in_the_report(smoke: Path) -> None:
    means = pd.read_csv(smoke / "reports/results/aggregate.csv").set_index(["metric", "method"])
    fid = means.loc["fid", "mean"]
    assert fid["ground_truth"] == pytest.approx(0, abs=1e-6)
    assert fid["ground_truth"] < fid["reencoded_crf23"]
    assert means.loc["fid", "signature"].str.endswith("|frames:150|videos:3").all()
    assert (
        "FID of ground truth, half of the people against the others"
        in (smoke / "reports/results/report.md").read_text()
    )


def test_the_first_line_names_the_judges_and_their_hashes(smoke: Path) -> None:
    line = (smoke / "reports/results/report.md").read_text().split("\n")[4]
    assert line.startswith("judges: synthtalk stand-ins (sync ")
    assert "not comparable with published numbers" in line


def test_a_value_that_cannot_be_had_has_its_reason(smoke: Path) -> None:
    rows = scores(smoke)
    beats = rows[(rows["method"] == "still_frame") & (rows["metric"] == "beat_align")]
    assert beats["value"].isna().all()
    assert beats["reason"].str.contains("no beats").all()
    assert rows.loc[rows["value"].notna(), "reason"].isna().all()


def arm_rows(folder: Path) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(path) for path in sorted((folder / "data/ablation").rglob("rows.parquet"))])


def test_every_arm_and_seed_is_measured(smoke: Path) -> None:
    rows = arm_rows(smoke)
    few = rows[rows["metric"] == "lmd_mouth"]
    # An arm of the main table has all clips under its first seed; here every person has one clip anyway.
    assert few.groupby(["method", "seed"]).size().to_dict() == {
        (arm, seed): 3 for arm in ("base", "null_gate", "tavce_plus") for seed in (0, 1)
    }
    assert few["value"].notna().all()
    assert set(rows.loc[(rows["method"] == "base") & (rows["seed"] == 0), "metric"]) == set(scores(smoke)["metric"])


def test_arms_and_seeds_make_videos_of_their_own(smoke: Path) -> None:
    def videos(arm: str) -> list[bytes]:
        return [path.read_bytes() for path in sorted((smoke / f"data/animate/synthtalk/{arm}").rglob("*.mkv"))]

    assert len(set(videos("base"))) == 6
    assert not set(videos("tavce_plus")) & set(videos("base"))


def test_an_animator_moves_the_mouth_with_its_own_sound(smoke: Path) -> None:
    values = arm_rows(smoke).pivot_table(index="method", columns="metric", values="value", aggfunc="mean")
    still = (
        scores(smoke).pivot_table(index="method", columns="metric", values="value", aggfunc="mean").loc["still_frame"]
    )
    for arm in values.index:
        assert values.loc[arm, "distance_at_0"] < still["distance_at_0"]
        assert values.loc[arm, "audio_margin"] > 0


def test_the_report_has_an_ablation(smoke: Path) -> None:
    page = (smoke / "reports/results/report.md").read_text()
    section = page.split("### Ablation")[1].split("\n## ")[0]
    for label in ("Base (no attention, no alignment)", "TAVCE+ (signed, InfoNCE)", "Null arm (gate times zero)"):
        assert label in section
    results = {path.name for path in (smoke / "reports/results").iterdir()}
    assert {"synthtalk-ablation.csv", "synthtalk-ablation.png", "synthtalk-ablation-training.png"} <= results


def test_other_judges_than_those_examined_are_refused(workspace: Path, run: Run) -> None:
    answers = workspace / "data/judges/judges.json"
    text = answers.read_text()
    answers.unlink()  # it may be a link into the cache
    answers.write_text(text.replace("standin-", "standin-f"))
    done = run(workspace, "python", "-m", "stages", "score", "synthtalk", "still_frame", check=False)
    assert done.returncode == 2
    assert "the one examined was standin-f" in done.stderr


def test_a_changed_judge_file_is_refused(workspace: Path, run: Run) -> None:
    frozen = workspace / "metrics/standins/sync.pt"
    frozen.write_bytes(frozen.read_bytes()[:-1] + b"?")
    done = run(workspace, "python", "-m", "stages", "score", "synthtalk", "still_frame", check=False)
    assert done.returncode == 2
    assert "recorded is" in done.stderr
    assert "Traceback" not in done.stderr


def test_only_the_test_split_is_scored(smoke: Path) -> None:
    clips = pd.read_parquet(smoke / "data/crop/synthtalk/clips.parquet")
    assert set(scores(smoke)["clip"]) == set(clips.loc[clips["split"] == "test", "id"])
    assert (clips["split"] == "train").any()
    seen = {split: set(clips.loc[clips["split"] == split, "identity"]) for split in ("train", "test")}
    assert not seen["train"] & seen["test"]


def test_a_second_repro_does_nothing(workspace: Path, run: Run) -> None:
    before = lock(workspace)
    assert "Running stage" not in run(workspace, "dvc", "repro").stdout
    assert lock(workspace) == before


def test_speed_settings_rerun_nothing_and_scores_do_not_depend_on_them(workspace: Path, run: Run) -> None:
    params = workspace / "params.yaml"
    text = params.read_text()
    assert "workers: 2" in text
    params.write_text(text.replace("workers: 2", "workers: 1"))
    assert "Running stage" not in run(workspace, "dvc", "repro").stdout
    before = lock(workspace)
    run(workspace, "dvc", "repro", "--force", "--no-run-cache", "--single-item", "score@synthtalk-still_frame")
    assert lock(workspace) == before


def test_another_method_runs_its_own_stages_only(workspace: Path, run: Run) -> None:
    params = workspace / "params.yaml"
    text = params.read_text()
    added = "  late:\n    kind: control\n    label: Audio late\n    control: {name: shifted_audio, frames: -2}\n"
    params.write_text(text.replace("methods:\n", "methods:\n" + added))
    ran = [line for line in run(workspace, "dvc", "repro").stdout.splitlines() if line.startswith("Running stage")]
    assert [line.split("'")[1] for line in ran] == [
        "generate@synthtalk-late",
        "score@synthtalk-late",
        "report",
    ]


@pytest.mark.parametrize("stage", STAGES)
def test_a_kill_then_repro_gives_the_same_bytes(
    workspace: Path, run: Run, python_first: dict[str, str], stage: str
) -> None:
    before = lock(workspace)
    forget(workspace, stage)
    process = subprocess.Popen(
        ["dvc", "repro", "--single-item", stage],
        cwd=workspace,
        env=python_first,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    sign, limit = STAGES[stage], time.monotonic() + 120
    while process.poll() is None and time.monotonic() < limit:
        if (workspace / sign).exists() if sign else stage_process(process.pid):
            break
        time.sleep(0.005)
    time.sleep(0.02 if sign else 0.5)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "the stage was over before the kill: the test has shown nothing"
    assert f"Running stage '{stage}'" in run(workspace, "dvc", "repro").stdout
    assert lock(workspace) == before


def test_a_wrong_key_stops_the_stage_and_names_it(workspace: Path, run: Run) -> None:
    params = workspace / "params.yaml"
    params.write_text(params.read_text().replace("mel_start:", "mel_strat:"))
    done = run(workspace, "python", "-m", "stages", "features", "synthtalk", check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "unknown ['mel_strat']" in done.stderr
    assert "allowed keys: ['mel_start']" in done.stderr
    assert (workspace / "data/features/synthtalk/clips.parquet").is_file()
