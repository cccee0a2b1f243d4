"""Stage `filter`: who is out of sync, silent or beyond the judge's hearing stays in the table with the reason."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from metrics.sync import SyncScores
from stages.corpora import Corpus
from stages.crop import make_crops
from stages.dataset import make_dataset
from stages.filter import Filter, filter_clips, filter_shards, level_db, out_of_sync, silent
from stages.judging import STANDINS
from stages.params import read_section
from tavce.data.clips import Clip, read_clips
from tavce.data.crop.clip import CropSettings
from tavce.data.workshop import Workshop
from tavce.errors import InputError
from tavce.media.audio import SAMPLES_PER_FRAME, read_wav, write_wav

ROOT = Path(__file__).parents[2]
LOOSE = Filter(quietest_db=None, max_offset=None, min_confidence=None)


def test_level_is_that_of_a_sine() -> None:
    sine = (16_384 * np.sin(np.arange(16_000) * 2 * np.pi * 100 / 16_000)).astype(np.int16)
    assert level_db(sine) == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.01)
    assert level_db(np.zeros(100, np.int16)) == -120.0


def test_silence_has_a_threshold_that_a_whisper_passes() -> None:
    whisper = np.tile(np.array([33, -33], np.int16), 8_000)  # one thousandth of full scale: -60 dB
    assert silent(whisper, -59.0) == "its sound is silent (-60 dB, at least -59 are needed)"
    assert silent(whisper, -61.0) == ""
    assert silent(np.zeros(0, np.int16), None) == ""


@pytest.mark.parametrize(
    ("offset", "confidence", "said"),
    [
        (5, 6.0, ""),
        (-5, 6.0, ""),
        (6, 6.0, "its sound is 6 frames before the lips by judge-1234, at most 5 are allowed"),
        (-6, 6.0, "its sound is 6 frames behind the lips by judge-1234, at most 5 are allowed"),
        (0, 1.0, "lips and sound do not belong together: confidence 1.00 by judge-1234, at least 2 is needed"),
    ],
)
def test_offset_and_confidence_each_have_a_reason(offset: int, confidence: float, said: str) -> None:
    scores = SyncScores(lse_d=7.0, lse_c=confidence, offset=offset, distance_at_0=8.0)
    assert out_of_sync(scores, replace(LOOSE, max_offset=5, min_confidence=2.0), "judge-1234") == said
    assert out_of_sync(scores, LOOSE, "judge-1234") == ""


@pytest.mark.parametrize("wrong", [{"max_offset": 16}, {"max_offset": -1}, {"quietest_db": 3.0}])
def test_rules_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must lie in"):
        replace(LOOSE, **wrong)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three crops of the demo's kind: one as it is, one with its sound 8 frames late, one silent."""
    folder = tmp_path_factory.mktemp("filter")
    profile = ROOT / "profiles" / "demo.yaml"
    read = lambda kind, *place: read_section(kind, "datasets", "synthtalk", *place, path=profile)  # noqa: E731
    corpus = replace(read(Corpus, "corpus"), clips=3, identities=3, test_identities=1)
    made = make_dataset("small", ROOT / read(str, "source"), corpus, folder / "dataset", 1)
    clips = make_crops(made, folder / "dataset", read(CropSettings, "crop"), folder / "crop", 1)
    late, mute = (folder / "crop" / f"{clip.id}.wav" for clip in clips[1:])
    delay = 8 * SAMPLES_PER_FRAME
    sound = read_wav(late)
    write_wav(late, np.concatenate([np.zeros(delay, np.int16), sound[:-delay]]))
    write_wav(mute, np.zeros_like(read_wav(mute)))
    return folder / "crop"


def reasons(crops: Path, settings: Filter, out: Path) -> list[str]:
    crop: CropSettings = read_section(
        CropSettings, "datasets", "synthtalk", "crop", path=ROOT / "profiles" / "demo.yaml"
    )
    before = read_clips(crops)
    after = filter_clips(before, crops, settings, STANDINS, crop, out, 1)
    assert [clip.id for clip in after] == [clip.id for clip in before]
    assert read_clips(out) == after
    return [clip.reason for clip in after]


def test_the_judge_hears_late_sound(crops: Path, tmp_path: Path) -> None:
    found = reasons(crops, Filter(quietest_db=-60.0, max_offset=5, min_confidence=None), tmp_path / "filter")
    assert found[0] == ""
    assert "its sound is 8 frames behind the lips by" in found[1]
    assert found[2] == "its sound is silent (-120 dB, at least -60 are needed)"


def test_shard_by_shard_it_is_the_same(crops: Path, tmp_path: Path) -> None:
    rules = Filter(quietest_db=-60.0, max_offset=5, min_confidence=None)
    crop: CropSettings = read_section(
        CropSettings, "datasets", "synthtalk", "crop", path=ROOT / "profiles" / "demo.yaml"
    )
    workshop = Workshop(crops, tmp_path / "work", "rules", files=False, size=2, most=2)
    filter_shards(workshop, rules, STANDINS, crop, tmp_path / "filter", 1)
    assert [clip.reason for clip in read_clips(tmp_path / "filter")] == reasons(crops, rules, tmp_path / "whole")
    assert [path.name for path in (tmp_path / "filter").iterdir()] == ["clips"]  # a table in parts, and no tar
    assert not (tmp_path / "work").exists()


def test_no_rule_leaves_every_clip(crops: Path, tmp_path: Path) -> None:
    assert reasons(crops, LOOSE, tmp_path / "filter") == ["", "", ""]


def test_a_wider_rule_lets_late_sound_pass(crops: Path, tmp_path: Path) -> None:
    assert reasons(crops, replace(LOOSE, max_offset=8), tmp_path / "filter")[1] == ""


def test_what_was_unusable_stays_so(crops: Path, tmp_path: Path) -> None:
    broken: Clip = read_clips(crops)[0].unusable("no face")
    crop: CropSettings = read_section(
        CropSettings, "datasets", "synthtalk", "crop", path=ROOT / "profiles" / "demo.yaml"
    )
    assert filter_clips([broken], tmp_path, LOOSE, STANDINS, crop, tmp_path / "out", 1) == [broken]


def test_a_crop_that_is_gone_ends_the_run(crops: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(crops, tmp_path / "crop"))
    (copy / f"{read_clips(copy)[0].id}.wav").unlink()
    with pytest.raises((InputError, FileNotFoundError)):
        reasons(copy, replace(LOOSE, quietest_db=-60.0), tmp_path / "filter")
