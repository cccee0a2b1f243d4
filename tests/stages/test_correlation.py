"""The stage that trains a temporal correlation metric, on clips made here."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from stages.correlation import CURVE, FIGURES, WEIGHTS, Correlation, Pieces, load_pieces, train
from tavce.data.clips import Clip
from tavce.data.tensors import read_tensors
from tavce.errors import InputError
from tavce.media.mel import mel_spectrogram
from tavce.media.writer import write_video
from tavce.model.correlation.metric import CorrelationMetric
from tavce.model.correlation.mouth_encoder import MouthResNet
from tavce.model.correlation.objective import CorrelationData, Objective

PLUS = Correlation(
    label="plus",
    size="tiny",
    mouth="iresnet18",
    audio_start="",
    mouth_start="",
    reconstruction="none",
    objective=Objective("info_nce", 1, 1.0, 0.0, 0.1, 8, 0.0),
    frames=40,
    seed=0,
    steps=2,
    batch=1,
    rate=1e-3,
    schedule="cosine",
    weight_decay=0.0,
    largest_gradient=5.0,
)


def pieces(seed: int) -> Pieces:
    rng = np.random.default_rng(seed)
    mouths = rng.integers(0, 256, (2, 40, 48, 48, 3), dtype=np.uint8)
    mels = rng.uniform(-4, 4, (2, 40, 80, 16)).astype(np.float32)
    return Pieces(CorrelationData(mouths, mels), rng.uniform(0, 48, (2, 40, 20, 2)).astype(np.float32))


def test_weights_curve_and_figures_beside_the_random_floor(tmp_path: Path) -> None:
    train(PLUS, pieces(0), pieces(1), tmp_path)
    assert (tmp_path / WEIGHTS).stat().st_size > 1e6
    assert (tmp_path / CURVE).read_text().splitlines()[0] == "step,correlation,gradient,rate"
    assert len((tmp_path / CURVE).read_text().splitlines()) == 3
    figures = json.loads((tmp_path / FIGURES).read_text())
    assert figures["reason"] == ""
    assert figures["trained"]["clips"] == figures["random"]["clips"] == 2
    assert figures["trained"]["audio_auc"] != figures["random"]["audio_auc"]


def test_the_same_again_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        train(PLUS, pieces(0), pieces(1), tmp_path / name)
    for file in (WEIGHTS, CURVE, FIGURES):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_every_metric_is_told_by_the_same_negatives(tmp_path: Path) -> None:
    for tau in (1, 9):
        (tmp_path / str(tau)).mkdir()
        train(replace(PLUS, objective=replace(PLUS.objective, tau=tau)), pieces(0), pieces(1), tmp_path / str(tau))
    floors = [json.loads((tmp_path / str(tau) / FIGURES).read_text())["random"] for tau in (1, 9)]
    assert floors[0] == floors[1]


def test_reconstruction_trains_beside_and_has_its_column(tmp_path: Path) -> None:
    train(replace(PLUS, reconstruction="tiny"), pieces(0), pieces(1), tmp_path)
    names, first, _ = (tmp_path / CURVE).read_text().splitlines()
    assert names == "step,correlation,reconstruction,gradient,rate"
    assert float(first.split(",")[2]) > 0
    assert not any("generator" in key for key in torch.load(tmp_path / WEIGHTS)), "the metric alone is kept"


def test_branches_of_released_size_need_the_official_distance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAVCE_WEIGHTS", str(tmp_path))
    with pytest.raises(InputError, match=r"vgg16 is not there; run: tavce weights fetch vgg16"):
        train(replace(PLUS, reconstruction="released"), pieces(0), pieces(1), tmp_path)
    assert not (tmp_path / WEIGHTS).exists()


def test_a_metric_begins_where_another_ended(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    train(PLUS, pieces(0), pieces(1), tmp_path / "first")
    begun = str(tmp_path / "first" / WEIGHTS)
    still = replace(PLUS, seed=1, rate=1e-12, audio_start=begun, mouth_start=begun)
    train(still, pieces(0), pieces(1), tmp_path / "second")
    one, other = (torch.load(tmp_path / name / WEIGHTS) for name in ("first", "second"))
    assert all(torch.allclose(one[key], other[key], atol=1e-6) for key in one if key.endswith("weight"))
    random = json.loads((tmp_path / "second" / FIGURES).read_text())["random"]
    assert random != json.loads((tmp_path / "first" / FIGURES).read_text())["random"], (
        "the floor is random all the same"
    )


def test_a_start_that_does_not_fit_is_named(tmp_path: Path) -> None:
    narrow = tmp_path / "wav2lip.pth"
    torch.save({"state_dict": {"module.audio_encoder.0.conv_block.0.weight": torch.zeros(32, 1, 3, 3)}}, narrow)
    with pytest.raises(InputError, match=r"missing: audio_encoder\.0.*of another shape.*size: released"):
        train(replace(PLUS, audio_start=str(narrow)), pieces(0), pieces(1), tmp_path)
    with pytest.raises(InputError, match=r"nowhere\.pth: is neither a file nor a registered model"):
        train(replace(PLUS, mouth_start="nowhere.pth"), pieces(0), pieces(1), tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"PK of no use", "cannot be read as weights"), ({"state_dict": [1, 2]}, "holds no tensors by key")],
)
def test_files_that_are_no_weights_are_refused(tmp_path: Path, content: object, message: str) -> None:
    path = tmp_path / "file.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(InputError, match=message):
        read_tensors(path)


def test_the_mouth_encoder_of_the_papers_text() -> None:
    network = replace(PLUS, mouth="resnet18").network
    assert network.mouth.kind == "resnet18"
    assert network.mouth.side == PLUS.network.mouth.side == 48
    assert network.audio == PLUS.network.audio
    assert isinstance(CorrelationMetric(network).image_encoder, MouthResNet)


def test_a_divergence_keeps_the_last_good_weights(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="not finite"):
        train(replace(PLUS, rate=1e30, steps=30), pieces(0), pieces(1), tmp_path / "out")
    assert (tmp_path / "out.last-good.pt").is_file()


def test_clips_are_cut_to_pieces_and_lost_faces_left_out(tmp_path: Path) -> None:
    clip = Clip("c", "d", "train", "i", "c.mp4", 0.0, 4.0, 100, None, None, "", "", "ok", "")
    rng = np.random.default_rng(0)
    write_video(tmp_path / "c.mkv", list(rng.integers(0, 256, (100, 64, 64, 3), dtype=np.uint8)))
    boxes = np.tile(np.float32([20, 30, 38, 48]), (100, 1))
    boxes[85] = np.nan
    samples = rng.integers(-9000, 9000, 64_000).astype(np.int16)
    points = rng.uniform(0, 64, (100, 68, 2)).astype(np.float32)
    np.savez(tmp_path / "c.npz", mel=mel_spectrogram(samples), mel_start=-2, mouth_boxes=boxes, landmarks=points)
    by_split = load_pieces([clip], tmp_path, tmp_path, frames=33, side=48, processes=1)
    assert list(by_split) == [clip.split]
    found = by_split[clip.split]
    assert found.data.mouths.shape == (2, 33, 48, 48, 3)  # the third piece has a frame without a face
    assert np.array_equal(found.landmarks[1], points[33:66, 48:68])
    assert load_pieces([clip], tmp_path, tmp_path, frames=101, side=48, processes=1) == {}
