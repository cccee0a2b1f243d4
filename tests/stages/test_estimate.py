"""`tavce estimate`: costs follow the parameters; a long run waits for a word that holds for these parameters only."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from stages.confirmed import check_confirmed, confirm, run_digest
from stages.corpora import Corpus, LrwCorpus, VoxCelebCorpus
from stages.costs import costs
from stages.estimate import read_plan, run_estimate, show
from stages.params import read_section
from stages.volumes import Volume, expected, of_clips
from tavce.data.clips import Clip
from tavce.errors import InputError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make a profile the params.yaml of an empty folder that has the repository's lists."""
    (tmp_path / "datasets").symlink_to(ROOT / "datasets")
    (tmp_path / "baselines").symlink_to(ROOT / "baselines")
    (tmp_path / "tavce").symlink_to(ROOT / "tavce")
    monkeypatch.chdir(tmp_path)
    return lambda name: (tmp_path / "params.yaml").write_text((ROOT / "profiles" / f"{name}.yaml").read_text()) and None


def corpus_of(profile: str, name: str) -> Corpus:
    corpus: Corpus = read_section(Corpus, "datasets", name, "corpus", path=ROOT / "profiles" / f"{profile}.yaml")
    return corpus


@pytest.mark.parametrize("profile", ["hdtf", "voxceleb", "lrw"])
def test_every_paper_size_run_has_an_estimate(
    profile: str, use: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    use(profile)
    assert run_estimate(yes=True) == 0
    said = capsys.readouterr().out
    assert "together" in said
    assert "crop of" in said
    assert "confirmed for these parameters" in said
    check_confirmed()


def test_nobody_there_to_ask_is_no(use: Callable[[str], None], capsys: pytest.CaptureFixture[str]) -> None:
    use("lrw")
    assert run_estimate(yes=False) == 1
    assert "confirm with: tavce estimate --yes" in capsys.readouterr().out
    with pytest.raises(InputError, match="nobody has agreed to it yet; see what it costs, and confirm: tavce estimate"):
        check_confirmed()


def test_the_word_holds_for_these_parameters_and_any_runtime(use: Callable[[str], None], tmp_path: Path) -> None:
    use("lrw")
    confirm(run_digest())
    content = yaml.safe_load((tmp_path / "params.yaml").read_text())
    content["runtime"]["workers"] = 64
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content))
    check_confirmed()
    content["datasets"]["lrw"]["corpus"]["clips_per_word"] = 0
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(InputError):
        check_confirmed()


def test_ten_times_the_clips_cost_ten_times_the_crop(use: Callable[[str], None]) -> None:
    use("demo")
    plan = read_plan()
    much = replace(
        plan, volumes={n: Volume(10 * v.clips, 10 * v.seconds, 10 * v.test_seconds, 0) for n, v in plan.volumes.items()}
    )
    few, many = costs(plan), costs(much)
    assert many[0].hours == pytest.approx(10 * few[0].hours)
    assert many[0].disk == pytest.approx(10 * few[0].disk)
    assert many[1] == few[1]  # training counts steps, not clips
    assert "crop of 120 clips, 0.1 h" in show(few)


def test_voxceleb_is_counted_by_its_published_numbers() -> None:
    corpus = corpus_of("voxceleb", "voxceleb2")
    assert isinstance(corpus, VoxCelebCorpus)
    every = expected(replace(corpus, part="test", clips_per_identity=0), Path(), 1e9)
    assert every.clips == 36_237
    assert every.test_seconds == pytest.approx(79.9 * 3600)
    some = expected(replace(corpus, part="test", clips_per_identity=5), Path(), 4.0)
    assert (some.clips, some.seconds) == (118 * 5, 118 * 5 * 4.0)
    assert expected(replace(corpus, form="annotations"), Path(), 4.0).uploads > 0
    assert every.uploads == 0


def test_lrw_is_counted_by_words() -> None:
    corpus = corpus_of("lrw", "lrw")
    assert isinstance(corpus, LrwCorpus)
    some = expected(replace(corpus, part="test", clips_per_word=10), Path(), 2.0)
    assert (some.clips, some.seconds) == (5_000, 5_000 * 29 / 25)


def test_clips_that_are_known_count_to_their_end() -> None:
    clip = Clip("a", "d", "test", "a", "a.mp4", 1.0, 3.5, 0, None, None, "", "", "ok", "")
    unusable = replace(clip, id="b").unusable("no face")
    assert of_clips([clip, unusable, replace(clip, id="c", split="train")], 2.0) == Volume(2, 4.0, 2.0, 0)
