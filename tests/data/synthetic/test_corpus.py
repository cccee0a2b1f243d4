"""The corpus as a whole: splits that do not touch, clips that depend on their number alone, truth that is complete."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tavce.data.clips import file_sha256
from tavce.data.synthetic.corpus import CorpusSettings, make_clip, plan
from tavce.data.synthetic.performance import COEFFICIENTS
from tavce.data.synthetic.script import SENTENCES, sentences
from tavce.data.synthetic.truth import speech_engines
from tavce.errors import InputError
from tavce.media.video import read_video

SETTINGS = CorpusSettings("synthetic", 11, 12, 4, 30, 1.0, 48)


def test_splits_share_neither_people_nor_sentences():
    plans = plan(SETTINGS, SENTENCES)
    people = {split: {each.identity for each in plans if each.split == split} for split in ("train", "test")}
    assert (len(people["train"]), len(people["test"])) == (8, 4)
    assert not people["train"] & people["test"]
    texts = {split: " ".join(each.text for each in plans if each.split == split) for split in ("train", "test")}
    assert not [line for line in sentences("test") if line in texts["train"]]
    assert any(line in texts["test"] for line in sentences("test"))
    assert len({each.id for each in plans}) == SETTINGS.clips


def test_a_clip_depends_on_its_number_alone(tmp_path: Path):
    few, many = plan(SETTINGS, SENTENCES), plan(replace(SETTINGS, clips=36), SENTENCES)
    assert many[: len(few)] == few
    assert plan(replace(SETTINGS, seed=12), SENTENCES) != few
    digests = []
    for name, order in (("a", few[:3]), ("b", few[2::-1])):
        (tmp_path / name).mkdir()
        for item in order:
            make_clip(item, SETTINGS, "x", tmp_path / name)
        digests.append({path.name: file_sha256(path) for path in (tmp_path / name).iterdir()})
    assert digests[0] == digests[1]
    assert len(set(digests[0].values())) == 9


def test_truth_is_complete_and_lips_are_closed_on_bilabials(tmp_path: Path):
    settings = replace(SETTINGS, seconds=2.0)
    checked = 0
    for item in plan(settings, SENTENCES)[:6]:
        clip = make_clip(item, settings, "x", tmp_path)
        assert (clip.frames, clip.usable, clip.end_s) == (50, True, 2.0)
        assert read_video(tmp_path / clip.source).shape == (50, 48, 48, 3)
        with np.load(tmp_path / f"{clip.id}.npz") as truth:
            assert truth["landmarks"].shape == (50, 68, 2)
            assert truth["coefficients"].shape == (50, len(COEFFICIENTS))
            aperture, centres = truth["coefficients"][:, COEFFICIENTS.index("aperture")], (np.arange(50) + 0.5) / 25
            for name, (start, end) in zip(truth["phonemes"], truth["phoneme_times"], strict=True):
                inside = (centres >= start) & (centres < end)
                if name in ("p", "b", "m") and inside.any():
                    checked += 1
                    assert aperture[inside].max() < 0.02
            assert aperture.max() > 0.3
    assert checked >= 10
    assert len(speech_engines(tmp_path, [clip.id])) == 1
    assert speech_engines(tmp_path / "elsewhere", [clip.id]) == []


def test_people_say_what_the_source_file_says(tmp_path: Path):
    source = tmp_path / "mine.txt"
    source.write_text("# train\nBob may pop by.\n# test\nMum made a pie.\n")
    texts = {each.split: each.text for each in plan(replace(SETTINGS, seconds=0.4), source)}
    assert texts == {"train": "Bob may pop by.", "test": "Mum made a pie."}
    source.write_text("# train\nBob may pop by.\n")
    with pytest.raises(InputError, match="has no sentence below a line '# test'"):
        plan(replace(SETTINGS, seconds=0.4), source)
    with pytest.raises(InputError, match="there is no such file"):
        plan(SETTINGS, tmp_path / "absent.txt")


@pytest.mark.parametrize(
    "wrong",
    [{"test_identities": 12}, {"test_identities": 0}, {"clips": 11}, {"size": 8}, {"seconds": 0.1}, {"seed": -1}],
)
def test_settings_that_make_no_corpus(wrong: dict[str, float]):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(SETTINGS, **wrong)
