"""What the judges see in one video: landmarks, identity, picture features, lips and sound, in one pass over it."""

from collections.abc import Iterator, Set
from dataclasses import dataclass, field, fields, replace
from itertools import islice
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64, Int16, UInt8

from metrics.align import aligned_faces
from metrics.face_boxes import detect_faces
from metrics.face_track import track_boxes
from metrics.identity import embeddings
from metrics.inception import inception_features
from metrics.networks.i3d import CLASSES, WINDOW_FRAMES, fvd_features
from metrics.networks.syncnet import audio_features, lip_features
from metrics.record import NoValueError
from metrics.sync import SAMPLES_PER_FRAME, pair_distances, window_count
from metrics.sync import WINDOW_FRAMES as SYNC_WINDOW_FRAMES
from metrics.sync_crop import syncnet_track, syncnet_whole
from metrics.sync_jpeg import mjpeg_dump
from stages.arrays import load_arrays
from stages.panel import Panel
from tavce.data.crop.faces import head_box
from tavce.media.mfcc import mfcc
from tavce.media.video import read_frames

Frames = UInt8[np.ndarray, "frames height width 3"]
BATCH = 16
# Frames decoded and looked at together, a whole number of I3D's windows. A clip's faces for SyncNet (150 kB a frame)
# stay until its end, since the JPEG dump and the face track run over whole clips: memory grows with a clip's length.
BLOCK = 2 * WINDOW_FRAMES
REASON = "reason_"


@dataclass(frozen=True)
class Observed:
    """What the judges saw; None where nobody asked, or where `reasons` says why it could not be seen.

    Attributes:
        landmarks: 68 points in pixels, NaN in frames without a face.
        identity: embedding of the face, unit length, NaN in frames without a face.
        inception: features of each frame.
        i3d, i3d_first: features of each window of 16 frames, and of the first one.
        lip: SyncNet's features of each window of five frames, the first of them at frame `lip_first`.
        lip_first: where the face track begins; 0 where the whole frame is seen.
        reasons: name of a field -> why it is None.
    """

    landmarks: Float32[np.ndarray, "frames 68 2"] | None = None
    identity: Float32[np.ndarray, "frames channels"] | None = None
    inception: Float32[np.ndarray, "frames features"] | None = None
    i3d: Float32[np.ndarray, "tiles logits"] | None = None
    i3d_first: Float32[np.ndarray, "1 logits"] | None = None
    lip: Float32[np.ndarray, "windows sync"] | None = None
    lip_first: int = 0
    reasons: dict[str, str] = field(default_factory=dict)


class Observer:
    """Looks at the frames of one video as they are decoded.

    Args:
        panel: the judges.
        needs: what is to be seen, as in `metrics.record.Needs`.
        video: where the frames come from; the face track of SyncNet reads it again, since its smoothing looks ahead.
    """

    def __init__(self, panel: Panel, needs: Set[str], video: Path) -> None:
        self._panel, self._needs, self._video = panel, needs, video
        self._track = panel.settings.sync_crop == "syncnet_track"
        self._landmarks: list[np.ndarray] = []
        self._identity: list[np.ndarray] = []
        self._inception: list[np.ndarray] = []
        self._faces: list[np.ndarray] = []
        self._i3d: list[np.ndarray] = []
        self._boxes: list[np.ndarray] = []

    def add(self, frames: Frames) -> None:
        """Look at the next frames."""
        panel, needs = self._panel, self._needs
        by_landmarks = self._track and panel.settings.sync_faces == "landmarks" and "sync" in needs
        if needs & {"landmarks", "mouth", "identity", "sound"} or by_landmarks:
            self._landmarks.append(panel.landmarks(frames))
        if "identity" in needs:
            aligned = aligned_faces(frames, self._landmarks[-1])
            self._identity.append(embeddings(panel.recogniser, aligned, batch=BATCH))
        if "inception" in needs:
            resize = panel.settings.inception_resize
            self._inception.append(inception_features(panel.inception, frames, resize=resize, batch=BATCH))
        if needs & {"i3d", "i3d_first"}:
            # Blocks are whole numbers of windows; what the last one has beyond that is not seen, by the protocol.
            whole = len(frames) >= WINDOW_FRAMES
            self._i3d.append(fvd_features(panel.i3d, frames) if whole else np.zeros((0, CLASSES), np.float32))
        if "sync" in needs and not self._track:
            self._faces.append(syncnet_whole(frames))
        if "sync" in needs and self._track and not by_landmarks:
            self._boxes += detect_faces(panel.faces, frames)

    def landmarks(self) -> Float32[np.ndarray, "frames 68 2"] | None:
        """Return the landmarks of the frames so far; None where nobody asked for them."""
        return _joined(self._landmarks)

    def result(self) -> Observed:
        """Return what was seen of all frames."""
        i3d = _joined(self._i3d)
        seen = Observed(
            landmarks=self.landmarks(),
            identity=_joined(self._identity),
            inception=_joined(self._inception),
            i3d=i3d,
            i3d_first=None if i3d is None else i3d[:1],
        )
        if "sync" not in self._needs:
            return seen
        try:
            faces, first = self._tracked() if self._track else (np.concatenate(self._faces), 0)
            windows = windows_of(len(faces))
        except NoValueError as error:
            return replace(seen, reasons={"lip": str(error)})
        if self._panel.settings.sync_mode == "faithful":
            faces = mjpeg_dump(faces)
        lip = lip_features(self._panel.sync, faces, windows=windows, batch=BATCH)
        return replace(seen, lip=lip, lip_first=first)

    def _tracked(self) -> tuple[UInt8[np.ndarray, "frames 224 224 3"], int]:
        """Return the faces of the track and the frame where it begins."""
        boxes = track_boxes(self._boxes) if self._boxes else _boxes_of(np.concatenate(self._landmarks))
        inside = np.flatnonzero(np.isfinite(boxes).all(axis=1))
        part = slice(int(inside[0]), int(inside[-1]) + 1)
        frames = np.stack(list(islice(read_frames(self._video, max_frames=part.stop), part.start, None)))
        try:
            return syncnet_track(frames, boxes[part]), part.start
        except ValueError as error:
            raise NoValueError(str(error)) from error


def _boxes_of(landmarks: Float32[np.ndarray, "frames 68 2"]) -> np.ndarray:
    """Return head boxes around the landmarks, interpolated where no face was found.

    Raises:
        NoValueError: there is no face in any frame.
    """
    seen = np.flatnonzero(np.isfinite(landmarks).all(axis=(1, 2)))
    if not len(seen):
        raise NoValueError(f"no face was found in any of its {len(landmarks)} frames")
    boxes = np.array([head_box(landmarks[k]) for k in seen])
    return np.stack([np.interp(np.arange(len(landmarks)), seen, side) for side in boxes.T], axis=1)


def observe(panel: Panel, needs: Set[str], video: Path) -> Observed:
    """Return what the judges see in a whole video, decoded once."""
    observer = Observer(panel, needs, video)
    for frames in blocks(read_frames(video)):
        observer.add(frames)
    return observer.result()


def blocks(frames: Iterator[UInt8[np.ndarray, "h w 3"]]) -> Iterator[Frames]:
    """Yield frames in blocks, the last one shorter."""
    while part := list(islice(frames, BLOCK)):
        yield np.stack(part)


def sync_distances(
    panel: Panel, seen: Observed, samples: Int16[np.ndarray, " samples"]
) -> Float64[np.ndarray, "windows 31"]:
    """Return SyncNet's distances of what was seen of a video to a sound.

    Raises:
        NoValueError: the lips were not seen, or the sound is too short for a window.
    """
    if seen.lip is None:
        raise NoValueError(seen.reasons["lip"])
    frames = len(seen.lip) + SYNC_WINDOW_FRAMES  # that SyncNet counts
    sound = sound_features(panel, samples[seen.lip_first * SAMPLES_PER_FRAME :], frames)
    return pair_distances(seen.lip[: len(sound)], sound)


def sound_features(
    panel: Panel, samples: Int16[np.ndarray, " samples"], frames: int
) -> Float32[np.ndarray, "windows sync"]:
    """Return SyncNet's features of each window of a clip's sound.

    Raises:
        NoValueError: the sound is too short for a window.
    """
    windows = windows_of(frames, len(samples))
    return audio_features(panel.sync, mfcc(samples), windows=windows, batch=BATCH)


def windows_of(frames: int, samples: int | None = None) -> int:
    """Return `metrics.sync.window_count`, with a reason instead of an error for a clip that has no window."""
    try:
        return window_count(frames, 640 * frames if samples is None else samples)
    except ValueError as error:
        raise NoValueError(str(error)) from error


def first_frames(seen: Observed, frames: int) -> Observed:
    """Return what was seen of the first frames; lip windows stay, since their number follows from the sound."""
    return replace(
        seen,
        landmarks=None if seen.landmarks is None else seen.landmarks[:frames],
        identity=None if seen.identity is None else seen.identity[:frames],
        inception=None if seen.inception is None else seen.inception[:frames],
        i3d=None if seen.i3d is None else seen.i3d[: frames // WINDOW_FRAMES],
    )


def save_observed(seen: Observed, path: Path) -> None:
    """Write what was seen to an npz file, without compression: the same observation, the same bytes."""
    arrays = {each.name: getattr(seen, each.name) for each in fields(seen) if each.name != "reasons"}
    arrays["lip_first"] = np.array(seen.lip_first)
    reasons = {f"{REASON}{name}": np.array(reason) for name, reason in seen.reasons.items()}
    np.savez(path, allow_pickle=False, **{n: a for n, a in arrays.items() if a is not None}, **reasons)


def load_observed(path: Path) -> Observed:
    """Return what `save_observed` wrote.

    Raises:
        InputError: there is no such file, or it is damaged.
    """
    arrays = load_arrays(path)
    reasons = {name.removeprefix(REASON): str(arrays.pop(name)) for name in list(arrays) if name.startswith(REASON)}
    first = int(arrays.pop("lip_first"))
    return Observed(**arrays, lip_first=first, reasons=reasons)


def _joined(parts: list[np.ndarray]) -> np.ndarray | None:
    return np.concatenate(parts) if parts else None
