"""Real talking heads served as HDTF: fetched, and cut by time and box, at the times that were asked."""

from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from stages import crop as crop_stage
from stages import dataset as dataset_stage
from stages.confirmed import confirm, run_digest
from stages.paths import crop_folder
from tavce.data.clips import FPS, read_clips
from tavce.media.audio import read_sound, read_wav
from tavce.media.video import read_frames, read_video
from tests.data.uploads.server import UploadServer

pytest.importorskip("mediapipe", reason="the extra `mediapipe` is not installed")
pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
START, END, SIZE = 2, 4, 96
# Clip, name in the lists, height of its picture, and a crop box x w y h.
CLIPS = [
    ("hdtf_25fps", "Anne", 512, (0, 512, 0, 512)),
    ("man_30fps_44k", "Bob", 480, (16, 480, 0, 480)),
    ("suit_22fps", "Cyd", 700, (0, 700, 0, 700)),
]


def serve(server: UploadServer, real: Path) -> None:
    texts: dict[str, list[str]] = {}
    for number, (file, name, height, box) in enumerate(CLIPS):
        server.put(f"/video{number:06d}.mp4", (real / f"{file}.mp4").read_bytes())
        subset = ("RD", "WDA", "WRA")[number]
        texts[f"{subset}_video_url"] = [f"{name} https://youtu.be/video{number:06d}"]
        texts[f"{subset}_annotion_time"] = [f"{name}.mp4 0:0{START}-0:0{END}"]
        texts[f"{subset}_resolution"] = [f"{name}.mp4 {height}"]
        texts[f"{subset}_crop_wh"] = [f"{name}_0.mp4 {' '.join(map(str, box))}"]
        texts[f"{subset}_crop_ratio"] = [f"{name}_0.mp4 1.2"]
    for name, lines in texts.items():
        server.put(f"/hdtf/{name}.txt", ("\n".join(lines) + "\n").encode(), content_type="text/plain")


def params(server: UploadServer, real: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "profiles" / "hdtf.yaml").read_text(encoding="utf-8"))
    hdtf = content["datasets"]["hdtf"]
    hdtf["source"] = "splits.csv"
    hdtf["corpus"] |= {"store": "store", "metadata": server.address("/hdtf"), "first_seconds": None}
    hdtf["corpus"] |= {"address": server.address("/{id}.mp4")}
    hdtf["corpus"]["fetch"] |= {"pause_s": 0.0}
    hdtf["crop"] |= {"size": SIZE, "min_frames": 20, "model": str(real / "face_landmarker.task")}
    return content


def test_real_uploads_are_cut_where_they_should_be(
    real_clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = UploadServer()
    serve(server, real_clips)
    lines = [f"video{number:06d},{START},{END},{name},test" for number, (_, name, *_) in enumerate(CLIPS)]
    (tmp_path / "splits.csv").write_text("\n".join(["source,start_s,end_s,identity,split", *lines]) + "\n")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params(server, real_clips)), encoding="utf-8")
    confirm(run_digest())
    dataset_stage.main(["hdtf"])
    server.stop()
    crop_stage.main(["hdtf"])
    clips = read_clips(crop_folder("hdtf"))
    assert [clip.reason for clip in clips] == ["", "", ""]
    for clip, (file, *_, box) in zip(clips, CLIPS, strict=True):
        check_against(real_clips / f"{file}.mp4", clip.id, box)


def check_against(source: Path, name: str, box: tuple[int, int, int, int]) -> None:
    x, w, y, h = box
    frames = (END - START) * FPS
    around = [cv2.resize(frame[y : y + h, x : x + w], (SIZE, SIZE), interpolation=cv2.INTER_AREA)
              for frame in islice(read_frames(source), START * FPS - 2, START * FPS + frames + 2)]  # fmt: skip
    cropped = read_video(crop_folder("hdtf") / f"{name}.mkv")
    assert len(cropped) == frames
    # How far each cropped frame is from the source's frames two before to two after the one that was asked for.
    far = np.array([[np.abs(cropped[k].astype(int) - around[k + d]).mean() for d in range(5)] for k in range(frames)])
    assert far.mean(axis=0).argmin() == 2
    assert far[:, 2].mean() < 3
    with np.load(crop_folder("hdtf") / f"{name}.npz") as track:
        assert track["found"].all()
    samples = read_wav(crop_folder("hdtf") / f"{name}.wav").astype(np.float64)
    whole = read_sound(source).astype(np.float64)
    lags = range(-800, 801, 80)  # 5 ms steps
    begin = START * 16_000
    likeness = [float(samples @ whole[begin + lag : begin + lag + len(samples)]) for lag in lags]
    assert abs(list(lags)[int(np.argmax(likeness))]) <= 320  # half a frame
