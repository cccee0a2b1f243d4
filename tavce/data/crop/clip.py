"""One source clip -> its crop: ``<id>.mkv``, ``<id>.wav``, ``<id>.png`` and ``<id>.npz``, or the reason why not.

The video is read twice, as a stream: once to find the face, once to cut it out. Memory holds one frame, and less than
a kilobyte per frame of landmarks, however long the video is; a short one whose frames fit is decoded only once.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from jaxtyping import Float32, Int16, UInt8

from tavce.data.clips import FPS, SAMPLE_RATE_HZ, Clip, file_sha256
from tavce.data.crop.annotation import read_coefficients, read_official_box, read_track
from tavce.data.crop.cuts import change, face_jumped, first_cut, thumbnail
from tavce.data.crop.detect import DETECTORS, Detector
from tavce.data.crop.faces import Face, FaceTrack, UnusableError
from tavce.data.crop.motion import motion_in_crop
from tavce.data.crop.policies import POLICIES, Crop, crop_box
from tavce.data.crop.track import TrackRules, follow
from tavce.data.crop.warp import transform_points, warp
from tavce.data.guide import Guide
from tavce.errors import InputError
from tavce.media.ahead import ahead, spread
from tavce.media.audio import SAMPLES_PER_FRAME, fit_audio, read_sound, write_wav
from tavce.media.interlace import FieldOrder
from tavce.media.video import read_field_order, read_frames
from tavce.media.writer import write_video

Picture = UInt8[np.ndarray, "height width 3"]
Looker = Callable[[Picture], tuple[list[Face], Float32[np.ndarray, "32 32 3"]]]
KEPT = 256 << 20  # bytes of frames that are held from the first look to the second; a video with more is read again
AHEAD = 3  # frames that wait between the threads that decode, cut out and encode; their number changes no byte
RANGES = {
    "size": (16, 4096),
    "max_seconds": (0.08, 36_000),
    "min_frames": (2, 900_000),
    "max_gap": (0, 900_000),
    "min_face_px": (0, 10_000),
    "dominance": (1, 10_000),
    "min_iou": (0, 1),
    "max_outside": (0, 1),
}


@dataclass(frozen=True)
class CropSettings:
    """How clips are cropped; every value moves scores.

    Attributes:
        policy: "synthetic", "whole_frame", "fomm_union", "hdtf_official" or "ffhq_first_frame".
        detector: "mediapipe", "insightface" or "annotation".
        model: model file, registry name or folder of the detector; "" for annotation.
        det_size: input side of insightface in pixels; 0 for the others.
        size: side of the crop in pixels.
        max_seconds: a clip keeps at most this much from its start.
        min_frames: a clip with fewer frames is unusable; at least 2.
        max_gap: longest run of frames without a face that is interpolated.
        min_face_px: least width of the head box in source pixels, median over the clip.
        dominance: how many times larger in area than the next face the followed one must be, in half of the frames.
        min_iou: fomm_union: least overlap of the head boxes with the first one.
        max_outside: largest share of the crop that may lie outside of the picture.

    Raises:
        InputError: a value out of its range, NaN included.
    """

    policy: str
    detector: str
    model: str
    det_size: int
    size: int
    max_seconds: float
    min_frames: int
    max_gap: int
    min_face_px: float
    dominance: float
    min_iou: float
    max_outside: float

    def __post_init__(self) -> None:
        for name, allowed in (("policy", POLICIES), ("detector", DETECTORS)):
            if getattr(self, name) not in allowed:
                problem = f"{name} is {getattr(self, name)!r}"
                raise InputError("crop settings", problem, f"choose one of {', '.join(allowed)}")
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if not least <= value <= most:  # NaN is in no range
                raise InputError("crop settings", f"{name} is {value}", f"choose {least:g} to {most:g}")


@dataclass(frozen=True)
class _Seen:
    # What the first pass leaves: the picture's width and height, the face, how lines are interlaced, if they are, and
    # the frames, if they are few.
    picture: tuple[int, int]
    track: FaceTrack
    fields: FieldOrder | None
    kept: list[Picture] | None


def crop_clip(
    source: Path,
    clip: Clip,
    settings: CropSettings,
    detector: Detector | None,
    out: Path,
    *,
    more: Sequence[Detector] = (),
    guide: Guide | None = None,
    sound: Path | None = None,
) -> Clip:
    """Crop one clip and return its row, usable or with the reason why not.

    Written into `out`: ``<id>.mkv`` (lossless, size x size, 25 fps), ``<id>.wav`` (16 kHz mono, 640 samples per frame,
    silence where the sound ends early), ``<id>.png`` (the first frame), ``<id>.npz`` with ``landmarks`` (frames 68 2)
    and ``boxes`` (frames 4) in crop pixels, ``found`` (frames), ``size``, and ``coefficients`` (frames n): those of
    the annotation as they are, else the detector's as seen in the crop (`motion.COEFFICIENTS`), else none.
    An unusable clip leaves no file. A row that comes in unusable goes out as it is.

    Args:
        source: the video file.
        clip: its row; the part from start_s to end_s is taken, at most `max_seconds` of it. Where end_s is start_s, it
            goes to the end of the file.
        settings: the rules.
        detector: from `make_detector(settings.detector, settings.model, settings.det_size)`; None reads annotations.
        out: folder for the files.
        more: detectors equal to `detector`; all look at frames at the same time, which moves the speed alone.
        guide: the data set's annotation; what lies beside the video counts only without it.
        sound: file whose sound the clip gets, from its start on, in place of its own.

    Raises:
        InputError: settings that fit no clip, or an output that cannot be written.
    """
    if (detector is None) != (settings.detector == "annotation"):
        raise InputError(f"detector {settings.detector}", "was not handed over", "make it with make_detector()")
    if not clip.usable:
        return clip
    first = round(clip.start_s * FPS)
    longest = int(settings.max_seconds * FPS + 1e-6)
    length = ceil((clip.end_s - clip.start_s) * FPS - 1e-6) if clip.end_s > clip.start_s else longest
    part = slice(first, first + min(length, longest))
    out.mkdir(parents=True, exist_ok=True)
    try:
        detectors = [detector, *more] if detector else []
        seen = _look(source, part, settings, detectors, guide)
        frames = len(seen.track.found)
        if frames < settings.min_frames:
            raise UnusableError(f"only {frames} frames, at least {settings.min_frames} are needed")
        crop = crop_box(
            settings.policy,
            seen.track,
            seen.picture,
            settings.size,
            official=guide.official if guide is not None else read_official_box(source),
            min_iou=settings.min_iou,
            max_outside=settings.max_outside,
        )
        with TemporaryDirectory(prefix=f".{clip.id}.", dir=out) as folder:
            stem = Path(folder) / clip.id
            _write(source, part, seen, crop, settings.size, stem, sound)
            for file in sorted(Path(folder).iterdir()):
                file.replace(out / file.name)
    except UnusableError as error:
        return clip.unusable(str(error))
    box, affine = crop.box, [float(value) for value in crop.affine.ravel()]
    return replace(
        clip,
        start_s=first / FPS,
        end_s=(first + frames) / FPS,
        frames=frames,
        box=box,
        affine=(affine[0], affine[1], affine[2], affine[3], affine[4], affine[5]),
        video_sha256=file_sha256(out / f"{clip.id}.mkv"),
        audio_sha256=file_sha256(out / f"{clip.id}.wav"),
    )


def _look(
    source: Path, part: slice, settings: CropSettings, detectors: Sequence[Detector], guide: Guide | None
) -> _Seen:
    # First pass: cuts, and the face in every frame.
    detections: list[list[Face]] = []
    changes, jumps = [0.0], [False]
    picture, before = (0, 0), None
    fields, kept, room = _field_order(source, part), list[Picture](), KEPT
    for frame, (faces, small) in spread(ahead(_frames(source, part, fields), AHEAD), _lookers(detectors)):
        if before is not None:
            changes.append(change(before, small))
            jumps.append(face_jumped(detections[-1], faces))
        detections.append(faces)
        room -= frame.nbytes
        if room > 0:
            kept.append(frame)
        else:
            kept.clear()
        picture, before = (frame.shape[1], frame.shape[0]), small
    if not detections:
        raise UnusableError("it has no frames")
    cut = first_cut(np.array(changes), np.array(jumps))
    if cut is not None:
        raise UnusableError(f"cut at {(part.start + cut) / FPS:.2f} s; split the video there")
    if detectors:
        rules = TrackRules(settings.max_gap, settings.min_face_px, settings.dominance)
        pointer = None if guide is None else guide.in_pixels(picture, len(detections))
        return _Seen(picture, follow(detections, rules, pointer), fields, kept or None)
    track = read_track(source, part)
    if len(track.found) != len(detections):
        raise UnusableError(f"its annotation has {len(track.found)} frames where the video has {len(detections)}")
    return _Seen(picture, track, fields, kept or None)


def _lookers(detectors: Sequence[Detector]) -> list[Looker]:
    def looker(detector: Detector | None) -> Looker:
        return lambda frame: (detector(frame) if detector else [], thumbnail(frame))

    return [looker(each) for each in detectors] or [looker(None)]


def _write(source: Path, part: slice, seen: _Seen, crop: Crop, size: int, stem: Path, other: Path | None) -> None:
    # Second pass. The sound comes first: without it no frame need be cut.
    frames = len(seen.track.found)
    start = 0 if other else part.start * SAMPLES_PER_FRAME
    sound = _sound(other or source, start, start + frames * SAMPLES_PER_FRAME)
    write_wav(stem.with_name(f"{stem.name}.wav"), fit_audio(sound, frames), SAMPLE_RATE_HZ)
    frames_again = iter(seen.kept) if seen.kept else ahead(_frames(source, part, seen.fields), AHEAD)
    pictures = ahead((warp(frame, crop.affine, size) for frame in frames_again), AHEAD)
    portrait = stem.with_name(f"{stem.name}.png")
    written = write_video(stem.with_name(f"{stem.name}.mkv"), _with_portrait(pictures, portrait))
    if written != frames:
        raise UnusableError(f"the decoder gave {frames} frames at first and {written} when read again")
    arrays: dict[str, np.ndarray] = {
        "landmarks": transform_points(seen.track.landmarks, crop.affine),
        "boxes": _upright_boxes(seen.track.boxes, crop),
        "found": seen.track.found,
        "size": np.array(size),
    }
    coefficients = read_coefficients(source, part)
    if coefficients is not None and len(coefficients) != frames:
        raise UnusableError(f"it has {len(coefficients)} rows of coefficients where the video has {frames} frames")
    if coefficients is None and seen.track.coefficients is not None:
        coefficients = motion_in_crop(seen.track.coefficients, seen.picture, crop.affine, size)
    if coefficients is not None:
        arrays["coefficients"] = coefficients
    np.savez(stem.with_name(f"{stem.name}.npz"), allow_pickle=False, **arrays)


def _with_portrait(pictures: Iterator[Picture], path: Path) -> Iterator[Picture]:
    for index, picture in enumerate(pictures):
        if index == 0:
            cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        yield picture


def _frames(source: Path, part: slice, fields: FieldOrder | None) -> Iterator[Picture]:
    try:
        yield from read_frames(source, first=part.start, max_frames=part.stop, fields=fields)
    except InputError as error:
        raise UnusableError(f"{error.problem}; {error.remedy}") from error


def _field_order(source: Path, part: slice) -> FieldOrder | None:
    try:
        return read_field_order(source, first=part.start, max_frames=part.stop)
    except InputError as error:
        raise UnusableError(f"{error.problem}; {error.remedy}") from error


def _sound(source: Path, first: int, stop: int) -> Int16[np.ndarray, " samples"]:
    try:
        return read_sound(source, first=first, stop=stop)
    except InputError as error:
        raise UnusableError(f"{error.problem}; {error.remedy}") from error


def _upright_boxes(boxes: Float32[np.ndarray, "frames 4"], crop: Crop) -> Float32[np.ndarray, "frames 4"]:
    # A turned crop turns the head boxes too; the smallest upright boxes around them are kept.
    corners = transform_points(boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2), crop.affine)
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
