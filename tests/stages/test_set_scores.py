"""FID and KID over the frames that all methods share."""

from pathlib import Path

import numpy as np
import pytest

from metrics import FID, KID
from metrics.frechet import frechet_distance
from stages.set_scores import SetFiles, set_means, shared_frames
from tavce.run.pool import Pool

SIGNED = {"fid": "fid|v1|x", "kid": "kid|v1|x"}
CLIPS = ("a", "b", "c", "d")


def write(folder: Path, name: str, frames: int, shift: float = 0.0, seed: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, *name.encode()])
    path = folder / f"{name}.npz"
    np.savez(path, inception=(rng.normal(size=(frames, 6)) + shift).astype(np.float32))
    return path


@pytest.fixture
def files(tmp_path: Path) -> SetFiles:
    """Four clips of two people; `same` copies the truth, `far` is off by 1 and has a short clip b and no clip d."""
    reference = {clip: write(tmp_path / "truth", clip, 20) for clip in CLIPS}
    far = {clip: write(tmp_path / "far", clip, 12 if clip == "b" else 20, 1.0, 7) for clip in "abc"}
    return SetFiles(
        reference=reference,
        generated={"same": reference, "far": far, "nothing": {}},
        identities=dict(zip(CLIPS, ("p", "p", "q", "q"), strict=True)),
        expected=CLIPS,
    )


def lines(files: SetFiles):
    means, floors = set_means("talk", files, (FID, KID), SIGNED, Pool(1))
    return {(each.mean.method, each.mean.metric): each.mean for each in means}, floors


def test_all_methods_are_compared_on_equal_frames(files: SetFiles) -> None:
    assert shared_frames(files, "inception") == {"a": 20, "b": 12, "c": 20}
    found, _ = lines(files)
    assert {mean.signature for (_, metric), mean in found.items() if metric == "fid"} == {"fid|v1|x|frames:52|videos:3"}


def test_the_truth_has_distance_0_and_a_shifted_method_is_farther(files: SetFiles) -> None:
    found, _ = lines(files)
    assert found["same", "fid"].mean == pytest.approx(0, abs=1e-6)
    assert found["far", "fid"].mean > 4
    assert found["far", "kid"].mean > found["same", "kid"].mean
    assert found["far", "fid"].low < found["far", "fid"].high


def test_the_value_is_that_of_all_shared_frames_together(files: SetFiles) -> None:
    found, _ = lines(files)
    stacked = [
        np.concatenate(
            [np.load(files_[clip])["inception"][:count] for clip, count in (("a", 20), ("b", 12), ("c", 20))]
        )
        for files_ in (files.generated["far"], files.reference)
    ]
    assert found["far", "fid"].mean == frechet_distance(*stacked)
    whole = [
        np.concatenate([np.load(files_[clip])["inception"] for clip in "abc"])
        for files_ in (files.generated["far"], files.reference)
    ]
    assert found["far", "fid"].mean != frechet_distance(*whole)  # unequal frame lists give another number


def test_a_method_without_videos_has_a_reason_and_takes_no_clips_away(files: SetFiles) -> None:
    found, _ = lines(files)
    nothing = found["nothing", "fid"]
    assert np.isnan(nothing.mean)
    assert nothing.reason == "no video"
    assert nothing.n_scored == 0
    assert found["far", "fid"].missing == "no video (1)"


def test_the_floor_is_one_half_of_the_people_against_the_others(files: SetFiles) -> None:
    _, floors = lines(files)
    truth = {clip: np.load(files.reference[clip])["inception"] for clip in "abc"}
    value = frechet_distance(np.concatenate([truth["a"], truth["b"][:12]]), truth["c"])
    assert floors[0] == f"FID of ground truth, half of the people against the others: {value:.3f} (32 and 20 frames)"


def test_one_person_has_no_floor(files: SetFiles) -> None:
    alone = SetFiles(files.reference, files.generated, dict.fromkeys(CLIPS, "p"), CLIPS)
    _, floors = set_means("talk", alone, (FID,), SIGNED, Pool(1))
    assert floors == ["FID: one person only, so ground truth cannot be split in halves"]


def test_where_nobody_is_known_the_floor_speaks_of_clips(files: SetFiles) -> None:
    unknown = SetFiles(files.reference, files.generated, {clip: clip for clip in CLIPS}, CLIPS)
    _, floors = set_means("talk", unknown, (FID,), SIGNED, Pool(1))
    assert floors[0].startswith("FID of ground truth, half of the clips against the others: ")


def test_clips_with_too_few_frames_are_counted(files: SetFiles, tmp_path: Path) -> None:
    short = write(tmp_path / "short", "a", 0)
    methods = {**files.generated, "far": {**files.generated["far"], "a": short}}
    found, _ = lines(SetFiles(files.reference, methods, files.identities, CLIPS))
    far = found["far", "fid"]
    assert far.missing == "no video (1); too few frames (1)"
    assert (far.n_scored, far.coverage, far.n_common) == (2, 0.5, 2)
    assert found["same", "fid"].missing == ""
    alone, _ = lines(SetFiles(files.reference, {"far": {"a": short}}, files.identities, CLIPS))
    assert alone["far", "fid"].reason == "no clip has frames enough from every method"
