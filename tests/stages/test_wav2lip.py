"""The stage that trains Wav2Lip: what it learns from, what it leaves, and why it sometimes cannot."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from stages.params import read_section
from stages.wav2lip import Wav2LipParams, lessons, make, train
from tavce.data.clips import read_clips
from tavce.errors import InputError
from tavce.methods.wav2lip.checkpoint import SHIPPED, load_generator, load_trained
from tavce.model.wav2lip.data import Wav2LipData
from tests.pipeline.small import DATASET, PROFILE, small_dataset

PARAMS: Wav2LipParams = read_section(Wav2LipParams, "wav2lip", path=PROFILE)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_dataset(tmp_path_factory.mktemp("world"))


@pytest.fixture(autouse=True)
def here(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)


def learned(split: str, frames: int = 20) -> Wav2LipData:
    found, _ = lessons(DATASET, [split], frames, 1)[split]
    assert found is not None
    return found


def of_split(world: Path, split: str) -> int:
    return sum(clip.split == split for clip in read_clips(world / "data/crop" / DATASET))


def test_pieces_of_one_split_alone_and_of_one_length(world: Path) -> None:
    for split in ("train", "test"):
        assert learned(split).faces.shape[:2] == (2 * of_split(world, split), 20)  # 50 frames each: two of 20
    assert lessons(DATASET, ["train"], 51, 1) == {"train": (None, 0)}


def test_a_piece_without_a_face_is_left_out_and_counted(world: Path) -> None:
    path = next((world / "data/features" / DATASET).glob("*.npz"))
    kept = path.read_bytes()
    with np.load(path) as file:
        arrays = dict(file)
    arrays["landmarks"] = arrays["landmarks"].copy()
    arrays["landmarks"][3] = np.nan
    np.savez(path, **arrays)
    try:
        found = lessons(DATASET, ("train", "test"), 20, 1).values()
    finally:
        path.write_bytes(kept)
    assert sum(left_out for _, left_out in found) == 1
    assert sum(len(data.faces) for data, _ in found if data is not None) == 3


def test_tuning_moves_the_generator_and_leaves_the_expert() -> None:
    params = replace(PARAMS, steps=2, windows=2, rate=1e-3)
    data = learned("train")
    first, record = train(params, data, data)
    again, _ = train(params, data, data)
    assert first == again, "the same bytes"
    other, _ = train(replace(params, seed=1), data, data)
    assert other != first
    Path("made.pt").write_bytes(first)
    made, shipped = load_trained(Path("made.pt")), load_trained(SHIPPED)
    assert equal(made.expert, shipped.expert)
    assert not equal(made.generator, shipped.generator)
    assert record["base"]["sha256"] == json.loads(SHIPPED.with_suffix(".json").read_text())["sha256"]
    assert set(record["generator"]["held_out"]) == {"before", "after"}


def test_from_scratch_both_are_trained() -> None:
    data = learned("train")
    params = replace(PARAMS, base="scratch", steps=1, expert_steps=1, windows=2)
    content, record = train(params, data, data)
    Path("made.pt").write_bytes(content)
    assert not equal(load_trained(Path("made.pt")).expert, load_trained(SHIPPED).expert)
    assert {"expert", "generator"} <= set(record)
    assert load_generator(Path("made.pt")).config.side == 48


def equal(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_a_data_set_without_long_clips_says_so(tmp_path: Path) -> None:
    record = make(DATASET, replace(PARAMS, frames=60), "test", tmp_path)
    assert record == {"reason": "no train clip of at least 60 frames has landmarks and a face in every frame"}
    assert not list(tmp_path.iterdir())


def test_a_divergence_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not finite.*lower wav2lip\.rate"):
        make(DATASET, replace(PARAMS, frames=20, steps=9, windows=2, rate=1e30), "train", tmp_path)


def test_what_it_leaves(tmp_path: Path) -> None:
    record = make(DATASET, replace(PARAMS, frames=20, steps=1, windows=2), "train", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"wav2lip.pt", "curves.png", "curves.svg"}
    assert record["pieces"]["left_out"] == 0
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"), [({"frames": 9}, "at least 10"), ({"sync": 1.0}, "below 1"), ({"steps": 0}, "at least 1")]
)
def test_parameters_that_cannot_be(change: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(PARAMS, **change)
