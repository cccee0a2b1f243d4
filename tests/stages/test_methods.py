"""Methods of every kind over a small data set: what each makes, in which track it stands, and why it cannot."""

import json
from pathlib import Path

import numpy as np
import pytest

from stages.generate import generate
from stages.method import ExternalMethod, Method, NativeMethod, SadTalker, VideosMethod, Wav2LipStill, Wav2LipVideo
from stages.params import read_section
from tavce.data.clips import Clip, read_clips
from tavce.errors import InputError
from tavce.media.audio import read_wav
from tavce.media.video import read_video
from tavce.media.writer import write_h264
from tavce.methods.bounds import EnvelopeMouth, TrueMotion
from tavce.methods.contract import IN_PAINTING, OWN_POSE, TRACKS, TRUE_POSE, Outcome, read_manifest
from tests.pipeline.small import DATASET, small_dataset

ROOT = Path(__file__).parents[2]
STILL = NativeMethod("native", "Still", Wav2LipStill("wav2lip_still", ""))
VIDEO = NativeMethod("native", "Video", Wav2LipVideo("wav2lip_video", ""))
TRUE = NativeMethod("native", "True", TrueMotion("true_motion"))
LOUD = NativeMethod("native", "Loud", EnvelopeMouth("envelope_mouth", 0.8))
TALKER = NativeMethod("native", "SadTalker", SadTalker("sadtalker", 0))
NATIVE = {"still": STILL, "video": VIDEO, "true": TRUE, "loud": LOUD, "talker": TALKER}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Working folder with two drawn clips, the shipped base and the shipped Wav2Lip in their places."""
    return small_dataset(tmp_path_factory.mktemp("world"))


@pytest.fixture
def clips(world: Path, monkeypatch: pytest.MonkeyPatch) -> list[Clip]:
    monkeypatch.chdir(world)
    return read_clips(Path("data/crop") / DATASET)


def made(method: Method, clips: list[Clip], folder: Path) -> tuple[Path, dict[str, Outcome]]:
    out = folder / "made"
    generate(DATASET, method, clips, out, 1)
    return out, read_manifest(out)


def picture(folder: Path, clip: Clip) -> np.ndarray:
    return read_video(folder / f"{clip.id}.mkv").astype(np.float64)


@pytest.mark.parametrize("name", NATIVE)
def test_a_native_method_makes_every_frame_with_the_clips_sound(name: str, clips: list[Clip], tmp_path: Path) -> None:
    out, outcomes = made(NATIVE[name], clips, tmp_path)
    crops = Path("data/crop") / DATASET
    for clip in clips:
        assert outcomes[clip.id] == Outcome(clip.id, "ok", "", clip.frames)
        assert picture(out, clip).shape == picture(crops, clip).shape
        assert np.array_equal(read_wav(out / f"{clip.id}.wav"), read_wav(crops / f"{clip.id}.wav"))


def test_each_sees_what_its_track_allows(clips: list[Clip], tmp_path: Path) -> None:
    crops, clip = Path("data/crop") / DATASET, clips[0]
    truth = picture(crops, clip)
    results = {}
    for name, method in NATIVE.items():
        folder = tmp_path / name
        folder.mkdir()
        results[name] = picture(made(method, clips, folder)[0], clip)
    corner = (slice(None), slice(0, 20), slice(0, 20))
    assert (results["still"][corner] == truth[0][corner[1:]]).all(), "a still keeps the portrait's background"
    assert (results["video"][corner] == truth[corner]).all(), "in-painting keeps the true one"
    assert np.abs(results["video"] - truth).max() > 8, "and paints a face of its own"
    # True motion is nearer to the truth than a mouth by loudness, and that than a pose of one's own.
    error = {name: np.abs(result - truth).mean() for name, result in results.items()}
    assert error["true"] < error["loud"] < error["talker"]


def test_tracks() -> None:
    found = {name: method.track for name, method in NATIVE.items()}
    assert found == {
        "still": OWN_POSE,
        "video": IN_PAINTING,
        "true": TRUE_POSE,
        "loud": TRUE_POSE,
        "talker": OWN_POSE,
    }
    external = ExternalMethod("external", "wav2lip", "cpu", 0)
    assert (external.track, external.label) == (IN_PAINTING, "Wav2Lip (upstream)")
    assert len(set(TRACKS)) == 4


def test_a_seed_moves_the_pose_and_nothing_else_does(clips: list[Clip], tmp_path: Path) -> None:
    again, other, same = (tmp_path / name for name in ("again", "other", "same"))
    for folder in (again, other, same):
        folder.mkdir()
    first = picture(made(TALKER, clips, again)[0], clips[1])
    alone = picture(made(TALKER, clips[1:], same)[0], clips[1])  # without the clip before it
    moved = picture(made(NativeMethod("native", "x", SadTalker("sadtalker", 1)), clips, other)[0], clips[1])
    assert np.array_equal(first, alone)
    assert np.abs(first - moved).max() > 20


def test_a_training_that_was_not_possible_is_each_clips_reason(clips: list[Clip], world: Path, tmp_path: Path) -> None:
    for section, method in (("base", TRUE), ("wav2lip", STILL)):
        record = world / "data" / section / DATASET / "record.json"
        file = next(path for path in record.parent.iterdir() if path.suffix == ".pt")
        kept, said = file.rename(file.with_suffix(".kept")), record.read_text()
        record.write_text(json.dumps({"reason": "it has no landmarks"}))
        folder = tmp_path / section
        folder.mkdir()
        try:
            _, outcomes = made(method, clips, folder)
            assert all("was not trained: it has no landmarks" in each.reason for each in outcomes.values())
            record.unlink()
            _, outcomes = made(method, clips, folder)
            assert all("there is no such file" in each.reason for each in outcomes.values())
        finally:
            kept.rename(file)
            record.write_text(said)


def test_videos_of_a_user_are_brought_to_the_clips_form(clips: list[Clip], tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    crops = Path("data/crop") / DATASET
    larger = np.repeat(np.repeat(picture(crops, clips[0]).astype(np.uint8), 2, axis=1), 2, axis=2)
    write_h264(mine / f"{clips[0].id}.mp4", larger[:-5], crf=18)  # twice the size, five frames short
    write_h264(mine / "somebody.mp4", larger[:3], crf=30)
    method = VideosMethod("videos", "Mine", OWN_POSE, str(mine), "")
    out, outcomes = made(method, clips, tmp_path)
    assert outcomes[clips[0].id] == Outcome(clips[0].id, "ok", "", clips[0].frames)
    assert outcomes[clips[1].id].reason == "the folder has no video of it"
    result, truth = picture(out, clips[0]), picture(crops, clips[0])
    assert np.abs(result - truth)[:-5].mean() < 6
    assert (result[-6:] == result[-6]).all(), "the last frame is repeated"
    assert np.array_equal(read_wav(out / f"{clips[0].id}.wav"), read_wav(crops / f"{clips[0].id}.wav"))


def test_videos_that_are_no_clips_are_named(
    clips: list[Clip], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / f"{clips[0].id}.mp4").write_bytes(b"no video")
    (mine / "somebody.mp4").write_bytes(b"no video")
    _, outcomes = made(VideosMethod("videos", "Mine", OWN_POSE, str(mine), ""), clips, tmp_path)
    assert outcomes[clips[0].id].status == "failed"
    assert f"{clips[0].id}.mp4" in outcomes[clips[0].id].reason
    assert "1 videos are no clip's: ['somebody.mp4']" in capfd.readouterr().err
    with pytest.raises(InputError, match="there is no such folder"):
        made(VideosMethod("videos", "Mine", OWN_POSE, str(tmp_path / "nowhere"), ""), clips, tmp_path / "other")


@pytest.mark.parametrize("name", ["demo", "smoke", "folder", "ablation"])
def test_methods_of_each_profile_are_read(name: str) -> None:
    methods: dict[str, Method] = read_section(dict[str, Method], "methods", path=ROOT / "profiles" / f"{name}.yaml")
    assert methods["ground_truth"].track == "controls"
    assert {"wav2lip_still", "wav2lip_video"} <= set(methods) or name == "folder"
