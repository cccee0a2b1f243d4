"""Face tracks that lie beside the clips: ``<stem>.npz`` with landmarks or boxes, or ``<stem>.csv`` with boxes."""

import zipfile
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from tavce.data.crop.faces import FaceTrack, UnusableError, head_box
from tavce.data.crop.policies import OfficialBox

CSV_COLUMNS = ["frame", "x0", "y0", "x1", "y1"]


def read_track(video: Path, frames: slice) -> FaceTrack:
    """Return the annotated track of a video, in source pixels at 25 fps.

    ``<stem>.npz`` holds ``landmarks`` (frames 68 2), ``boxes`` (frames 4) or both; without boxes they are the head
    boxes of the landmarks. ``<stem>.csv`` has the columns frame, x0, y0, x1, y1, one row per frame from 0 on.

    Args:
        video: path of the source video.
        frames: which frames the clip takes.

    Raises:
        UnusableError: no such file, or one that says something else.
    """
    table = video.with_suffix(".csv")
    arrays = _arrays(video)
    landmarks, boxes = arrays.get("landmarks"), arrays.get("boxes")
    if boxes is None and landmarks is None and table.is_file():
        boxes = _csv_boxes(table)
    if boxes is None and landmarks is None:
        raise UnusableError(f"no annotation beside it: neither landmarks nor boxes in {video.stem}.npz or {table.name}")
    if landmarks is None:
        landmarks = np.full((len(boxes) if boxes is not None else 0, 68, 2), np.nan)
    if landmarks.ndim != 3 or landmarks.shape[1:] != (68, 2):
        raise UnusableError(f"its annotation has landmarks of shape {landmarks.shape}, expected (frames, 68, 2)")
    if boxes is None:
        boxes = np.array([head_box(each) for each in landmarks.astype(np.float64)]).reshape(-1, 4)
    if boxes.shape != (len(landmarks), 4):
        raise UnusableError(f"its annotation has boxes of shape {boxes.shape}, expected {(len(landmarks), 4)}")
    if np.isnan(boxes).any():
        raise UnusableError("its annotation has frames without a face (NaN); give boxes for every frame")
    boxes, landmarks = boxes[frames].astype(np.float32), landmarks[frames].astype(np.float32)
    return FaceTrack(boxes, landmarks, np.ones(len(boxes), dtype=bool))


def read_official_box(video: Path) -> OfficialBox | None:
    """Return the HDTF box of a video from key ``hdtf_crop`` (x w y h, reference height) of ``<stem>.npz``, or None."""
    values = _arrays(video).get("hdtf_crop")
    if values is None:
        return None
    if values.shape != (5,) or not (values[[1, 3, 4]] > 0).all():
        raise UnusableError(f"its hdtf_crop is {values.tolist()}, expected x, w, y, h, reference height")
    return OfficialBox(*(float(value) for value in values))


def read_coefficients(video: Path, frames: slice) -> Float32[np.ndarray, "frames coefficients"] | None:
    """Return the motion coefficients of a video from key ``coefficients`` of ``<stem>.npz``, or None without them."""
    values = _arrays(video).get("coefficients")
    return None if values is None else values[frames].astype(np.float32)


def _arrays(video: Path) -> dict[str, np.ndarray]:
    path = video.with_suffix(".npz")
    if not path.is_file():
        return {}
    if not zipfile.is_zipfile(path):
        raise UnusableError(f"its annotation {path.name} is not an npz file")
    try:
        with np.load(path) as file:
            return {name: file[name] for name in ("landmarks", "boxes", "hdtf_crop", "coefficients") if name in file}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UnusableError(f"its annotation {path.name} cannot be read ({error})") from error


def _csv_boxes(path: Path) -> np.ndarray:
    import pandas as pd  # takes a second, and most annotations are arrays

    try:
        table = pd.read_csv(path)
        if list(table.columns) != CSV_COLUMNS:
            raise UnusableError(f"its annotation {path.name} has columns {list(table.columns)}, expected {CSV_COLUMNS}")
        values: np.ndarray = table.to_numpy(dtype=np.float64)
    except ValueError as error:
        raise UnusableError(f"its annotation {path.name} cannot be read ({error})") from error
    if not np.array_equal(values[:, 0], np.arange(len(values))):
        raise UnusableError(f"its annotation {path.name} must list the frames 0, 1, 2 ... without a gap")
    return values[:, 1:]
