"""Profiles: each one reads as params.yaml does, and switching never loses a change."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from stages import profile
from stages.check import check_params
from stages.corpora import Corpus
from stages.evaluate import Evaluate
from stages.features import Features
from stages.filter import Filter
from stages.measure import Score
from stages.method import Method
from stages.params import read_section, workers
from stages.report import Report
from tavce.data.crop.clip import CropSettings
from tavce.errors import InputError

ROOT = Path(__file__).parents[2]
PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))


@pytest.mark.parametrize("path", [ROOT / "params.yaml", *PROFILES], ids=lambda path: path.name)
def test_every_profile_is_complete(path: Path) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name in content["datasets"]:
        assert read_section(Corpus, "datasets", name, "corpus", path=path)
        assert read_section(CropSettings, "datasets", name, "crop", path=path)
        assert read_section(str, "datasets", name, "source", path=path)
    assert read_section(dict[str, Method], "methods", path=path)
    assert read_section(Features, "features", path=path)
    assert read_section(Filter, "filter", path=path)
    assert read_section(Evaluate, "evaluate", path=path)
    assert read_section(Score, "score", path=path).chosen
    assert read_section(Report, "report", path=path)
    assert workers(path) >= 1


def test_params_as_committed_is_the_demo_profile() -> None:
    changed = subprocess.run(["git", "status", "--porcelain", "params.yaml"], cwd=ROOT, capture_output=True, text=True)
    if changed.returncode or changed.stdout:
        pytest.skip("params.yaml has local changes, or this is no git checkout")
    assert (ROOT / "params.yaml").read_bytes() == (ROOT / "profiles" / "demo.yaml").read_bytes()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "profiles", tmp_path / "profiles")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_use_copies_and_list_knows(here: Path) -> None:
    assert profile.current() is None
    profile.use("smoke", force=False)
    assert profile.current() == "smoke"
    profile.use("demo", force=False)
    assert (here / "params.yaml").read_bytes() == (here / "profiles" / "demo.yaml").read_bytes()


def test_changes_are_not_lost_unasked(here: Path) -> None:
    profile.use("smoke", force=False)
    changed = (here / "params.yaml").read_text() + "# mine\n"
    (here / "params.yaml").write_text(changed)
    with pytest.raises(InputError, match="would be lost; save them as"):
        profile.use("demo", force=False)
    assert (here / "params.yaml").read_text() == changed
    profile.use("demo", force=True)
    assert profile.current() == "demo"


def test_check_finds_a_slip_in_a_late_section(here: Path) -> None:
    profile.use("smoke", force=False)
    assert check_params() == (1, 9)
    text = (here / "params.yaml").read_text()
    (here / "params.yaml").write_text(text.replace("[psnr, ssim,", "[psnrr, ssim,"))
    with pytest.raises(InputError, match=r"section 'score': no metric is called 'psnrr'"):
        check_params()


def test_an_unknown_profile_is_refused_with_the_known_ones(here: Path) -> None:
    known = sorted(path.stem for path in PROFILES)
    with pytest.raises(InputError, match=re.escape(f"no profile 'demmo'; choose one of {known}")):
        profile.use("demmo", force=False)
    shutil.rmtree(here / "profiles")
    with pytest.raises(InputError, match="from the repository's root"):
        profile.names()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "    correlation: tavce_plus\n",
            "    correlation: absent\n",
            r"ablations\.tavce_plus\.correlation.*'tavce_plus'\]",
        ),
        ("    dataset: synthtalk\n", "    dataset: hdtf\n", r"ablations\.base\.dataset' is 'hdtf'"),
        ("  full_arm: tavce_plus", "  full_arm: tavce_minus", r"full_arm' is 'tavce_minus'"),
        ("  null_gate:\n", "  still_frame:\n", "'still_frame' is an arm and a method"),
        ("  size: small # or", "  size: tiny # or", "the shipped base is 'small'"),
        ("    frames: 2\n", "    frames: 3\n", "pairs of neighbours"),
        ("    label: + attention\n", "    label: + alignment\n", "name two alike"),
        ("  seeds: [0, 1, 2]", "  seeds: [0, 1, 1]", "name one twice"),
        ("    gate: signed\n", "    gate: soft\n", r"ablations\.tavce_plus\.gate' is 'soft'"),
    ],
)
def test_arms_name_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str, said: str
) -> None:
    text = (ROOT / "profiles/demo.yaml").read_text()
    assert before in text
    (tmp_path / "params.yaml").write_text(text.replace(before, after, 1))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=said):
        check_params()


def test_pairs_are_not_compared_with_their_own_video(here: Path) -> None:
    profile.use("lrw", force=False)
    params = yaml.safe_load((here / "params.yaml").read_text())
    check_params()
    params["datasets"]["lrw"]["corpus"]["pairs"] = "lrw.txt"
    (here / "params.yaml").write_text(yaml.safe_dump(params))
    with pytest.raises(InputError, match=r"corpus.pairs' gives videos the sound of others, and \['psnr'"):
        check_params()
    params["score"]["metrics"] = ["fid", "lse_c", "csim", "head_motion_diversity"]
    (here / "params.yaml").write_text(yaml.safe_dump(params))
    check_params()
