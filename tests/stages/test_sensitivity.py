"""The stage on two drawn clips: every change scored, one clip per person, nothing left behind."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from stages.params import read_section
from stages.reference import main as reference
from stages.report_sensitivity import read_sensitivity
from stages.sensitivity import main, one_per_person
from stages.small_changes import Sensitivity
from tavce.data.clips import read_clips
from tavce.errors import InputError
from tavce.methods.perturb import Encoded, Unchanged
from tests.pipeline.small import DATASET, small_dataset


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Working folder whose params.yaml names the small data set, two metrics and two changes."""
    folder = small_dataset(tmp_path_factory.mktemp("world"))
    params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    params["datasets"] = {DATASET: params["datasets"]["synthtalk"]}
    params["score"]["metrics"] = ["psnr", "ssim", "lse_d"]
    changes = {"itself": {"name": "unchanged"}, "late": {"name": "delayed", "frames": 3}}
    params["sensitivity"] = {"clips": 5, "changes": changes | {"crf40": {"name": "h264", "crf": 40}}}
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    return folder


def test_every_change_is_scored_and_nothing_else_is_left(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)
    for stage in ("reference", "score"):  # the judges were asked their known answers by other tests, for a minute
        monkeypatch.setattr(f"stages.{stage}.check_judges", lambda *_: None)
    reference([DATASET])
    main([DATASET])
    folder = world / "data" / "sensitivity" / DATASET
    assert sorted(path.name for path in folder.iterdir()) == ["rows.parquet", "sets.parquet"]
    first = (folder / "rows.parquet").read_bytes()
    rows = pd.read_parquet(folder / "rows.parquet").set_index(["method", "metric"])["value"].to_dict()
    assert rows["itself", "psnr"] == float("inf")
    assert 20 < rows["crf40", "psnr"] < 40
    assert rows["late", "psnr"] == float("inf")
    assert rows["late", "lse_d"] != rows["itself", "lse_d"]
    main([DATASET])
    assert (folder / "rows.parquet").read_bytes() == first
    found = read_sensitivity(DATASET)
    assert found is not None
    assert found.changes == {"itself": "itself", "late": "sound 3 frames late", "crf40": "H.264 CRF 40"}
    assert found.zero == "itself"


def test_without_scores_the_report_says_what_to_run(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)
    with pytest.raises(InputError, match="dvc repro sensitivity@other"):
        read_sensitivity("other")


def test_one_clip_per_person_the_first_in_order(world: Path) -> None:
    clips = read_clips(world / "data" / "filter" / DATASET)
    assert one_per_person([*clips, *clips], 10) == clips
    assert one_per_person(clips, 1) == clips[:1]


def test_a_zero_is_needed_and_no_change_is_none() -> None:
    assert Sensitivity(1, {}).zero == ""
    with pytest.raises(ValueError, match="unchanged"):
        Sensitivity(1, {"x": Encoded("h264", 20)})
    with pytest.raises(ValueError, match="at least 1"):
        Sensitivity(0, {"x": Unchanged("unchanged")})
    assert read_section(Sensitivity, "sensitivity", path=Path("profiles/demo.yaml")).zero == "itself"
