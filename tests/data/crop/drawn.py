"""Small drawn videos with sound, and a detector that finds the drawn heads exactly."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np

from tavce.data.clips import Clip
from tavce.data.crop.clip import CropSettings
from tavce.data.crop.faces import Face
from tavce.data.crop.motion import COEFFICIENTS

# iBUG points of a frontal face in a unit square: brows at 0.3, eyes at 0.4, mouth at 0.75, chin at 1.
ANGLES = np.linspace(np.pi, 0, 17)
JAW = np.stack([0.5 + 0.5 * np.cos(ANGLES), 0.4 + 0.6 * np.sin(ANGLES)], axis=1)


def unit_face():
    def ring(centre, size, count):
        turn = np.linspace(np.pi, 3 * np.pi, count + 1)[:-1]
        return np.stack([centre[0] + size[0] * np.cos(turn), centre[1] + size[1] * np.sin(turn)], axis=1)

    brows = [(x, 0.3) for x in (0.1, 0.18, 0.26, 0.34, 0.42, 0.58, 0.66, 0.74, 0.82, 0.9)]
    nose = [(0.5, y) for y in (0.4, 0.46, 0.52, 0.58)] + [(x, 0.62) for x in (0.4, 0.45, 0.5, 0.55, 0.6)]
    eyes = [ring((0.27, 0.4), (0.1, 0.04), 6), ring((0.73, 0.4), (0.1, 0.04), 6)]
    mouth = [ring((0.5, 0.75), (0.2, 0.08), 12), ring((0.5, 0.75), (0.15, 0.04), 8)]
    return np.concatenate([JAW, brows, nose, *eyes, *mouth]).astype(np.float32)


def face_at(x, y, side, landmarks=True, motion=None):
    """A face whose head box has the corners (x, y) and (x + side, y + side)."""
    points = (unit_face() * side + np.array([x, y])).astype(np.float32)
    box = (float(x), float(y), float(x + side), float(y + side))
    return Face(box, 1.0, points if landmarks else None, None if motion is None else moving(motion))


def moving(value):
    """Coefficients that all are `value`, 30 cm away."""
    row = np.full(len(COEFFICIENTS), value, dtype=np.float32)
    row[-1] = -30
    return row


@dataclass(frozen=True)
class BlockDetector:
    """Finds pure red rectangles; a stand-in as exact as the drawing."""

    name: str = "block-1"

    def __call__(self, frame):
        red = (frame[..., 0] > 200) & (frame[..., 1] < 60) & (frame[..., 2] < 60)
        if not red.any():
            return []
        rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
        return [face_at(columns[0] - 0.5, rows[0] - 0.5, columns[-1] - columns[0] + 1)]


@dataclass(frozen=True)
class MovingDetector:
    """Finds a small still face in the corner, then the red block, whose coefficients are its x."""

    name: str = "moving-1"

    def __call__(self, frame):
        blocks = BlockDetector()(frame)
        return [face_at(1, 1, 6, motion=-9), *(replace(face, coefficients=moving(face.box[0])) for face in blocks)]


def scene(frames, *, width=160, height=120, side=48, x=40, y=30, step=0, seed=0):
    """Frames with a red square before a smooth background; it moves `step` pixels per frame."""
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 200, (4, 4, 3)).astype(np.float64)
    low[..., 0] = np.minimum(low[..., 0], 150)
    picture = np.repeat(np.repeat(low, height // 4, axis=0), width // 4, axis=1).astype(np.uint8)
    for k in range(frames):
        frame = picture.copy()
        frame[y : y + side, x + step * k : x + step * k + side] = (255, 0, 0)
        yield frame


def write_source(path: Path, frames: Iterable[np.ndarray], *, audio=True, seconds=None) -> Path:
    """Write lossless video with noise as a user's file would hold it: one container, both streams."""
    pictures = list(frames)
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="matroska") as container:
        video = container.add_stream("ffv1", rate=25)
        video.width, video.height, video.pix_fmt = pictures[0].shape[1], pictures[0].shape[0], "bgr0"
        sound = container.add_stream("pcm_s16le", rate=16000, layout="mono") if audio else None
        for picture in pictures:
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="bgr0")))
        container.mux(video.encode(None))
        if sound is not None:
            wave = noise(seconds or len(pictures) / 25)
            for start in range(0, len(wave), 1600):
                chunk = av.AudioFrame.from_ndarray(wave[None, start : start + 1600], format="s16", layout="mono")
                chunk.sample_rate, chunk.pts = 16000, start
                container.mux(sound.encode(chunk))
            container.mux(sound.encode(None))
    return path


def noise(seconds):
    """Noise, so that no shift of it looks like itself."""
    return np.random.default_rng(7).integers(-8000, 8000, round(seconds * 16000)).astype(np.int16)


def settings(**changes):
    """Settings that take any drawn clip whole."""
    values = {
        "policy": "fomm_union",
        "detector": "annotation",
        "model": "",
        "det_size": 0,
        "size": 64,
        "max_seconds": 10.0,
        "min_frames": 2,
        "max_gap": 3,
        "min_face_px": 8.0,
        "dominance": 4.0,
        "min_iou": 0.25,
        "max_outside": 0.5,
    }
    return CropSettings(**{**values, **changes})


def row(path, **changes):
    values = {
        "id": path.stem,
        "dataset": "drawn",
        "split": "test",
        "identity": path.stem,
        "source": path.name,
        "start_s": 0.0,
        "end_s": 60.0,
        "frames": 0,
        "box": None,
        "affine": None,
        "video_sha256": "",
        "audio_sha256": "",
        "status": "ok",
        "reason": "",
    }
    return Clip(**{**values, **changes})
