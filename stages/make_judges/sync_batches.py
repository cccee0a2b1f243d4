"""Clips -> training batches of the sync judge: heads moved, blurred and recoloured, and the sounds around them."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, Int16, Int64, UInt8

from metrics.networks.syncnet import ROWS_PER_FRAME, SIDE, WINDOW_FRAMES, WINDOW_ROWS
from metrics.sync import MAX_SHIFT, SAMPLES_PER_FRAME, window_count
from metrics.sync_crop import syncnet_whole
from stages.make_judges.corpus import Clips
from tavce.media.mfcc import EPSILON, mfcc

HALF = SIDE // 2
BEST_JPEG = 95
LEAST_SIGMA = 0.2  # below it a blur of whole pixels changes nothing
MOUTH_COEFFICIENTS = 4  # the first coefficients of a frame: aperture, width, protrusion, teeth


@dataclass(frozen=True)
class Region:
    """The part of the half-size (112 x 112) picture that the network sees, in pixels.

    Edges are multiples of 16, the steps of the network's last cells, so that a cut picture fills the same cells.
    """

    top: int
    left: int
    height: int
    width: int


WHOLE = Region(0, 0, HALF, HALF)


@dataclass(frozen=True)
class Changes:
    """How far training pictures and sounds stray from clean ones; one even draw for each segment of a clip.

    Attributes:
        least_side: pictures are shrunk to a side between this many pixels and their own before they are blown up.
        zoom: largest change of scale, as a share.
        turn_degrees: largest rotation.
        move: largest displacement in each direction, as a share of the side.
        blur: largest deviation of a Gaussian blur in pixels of the half-size picture; half of the segments have none.
        gain: largest change of contrast, as a share; each colour may change by half as much again.
        lift: largest change of brightness, in levels of 255.
        jpeg_share: share of segments that pass through JPEG.
        least_jpeg: least quality of it.
        loudness: largest change of the level of the sound, as a natural logarithm of energy.
        mute_share: share of segments whose clip is silent at one end.
        mute_frames: most frames silenced.
    """

    least_side: int
    zoom: float
    turn_degrees: float
    move: float
    blur: float
    gain: float
    lift: float
    jpeg_share: float
    least_jpeg: int
    loudness: float
    mute_share: float
    mute_frames: int

    def scaled(self, share: float, side: int) -> "Changes":
        """Return changes that go this share of the way from none, for pictures of this side, to all."""
        return replace(
            self,
            least_side=round(side - share * (side - self.least_side)),
            zoom=share * self.zoom,
            turn_degrees=share * self.turn_degrees,
            move=share * self.move,
            blur=share * self.blur,
            gain=share * self.gain,
            lift=share * self.lift,
            jpeg_share=share * self.jpeg_share,
            loudness=share * self.loudness,
            mute_share=share * self.mute_share,
        )


@dataclass(frozen=True)
class Batch:
    """Segments of clips: consecutive lip windows, and all sounds up to 15 windows around them.

    Attributes:
        pictures: half-size, channels B, G, R in 0..255.
        sounds: windows of mel cepstra of all segments, one after the other.
        own: which of `sounds` belongs to each lip window, in the order of segments.
        heard: whether that sound is there, not silenced.
        mouths: what the mouth does in the five frames of each lip window, from the generator.
    """

    pictures: Float32[np.ndarray, "segments frames height width 3"]
    sounds: Float32[np.ndarray, "sounds 13 20"]
    own: Int64[np.ndarray, " lips"]
    heard: Bool[np.ndarray, " lips"]
    mouths: Float32[np.ndarray, "lips 20"]


def draw_batch(
    clips: Clips, changes: Changes, region: Region, *, segments: int, windows: int, seed: tuple[int, ...]
) -> Batch:
    """Return segments of different clips, each of so many lip windows; the same for the same seed."""
    rng = np.random.default_rng(seed)
    total = window_count(clips.frames.shape[1], clips.samples.shape[1])
    pictures, sounds, own, heard, mouths = [], [], [], [], []
    count = 0
    for clip in rng.choice(len(clips.frames), segments, replace=False):
        start = int(rng.integers(total - windows + 1))
        lips = np.arange(start, start + windows)
        pictures.append(changed(clips.frames[clip, start : start + windows + WINDOW_FRAMES - 1], changes, region, rng))
        cepstra, spoken = _sound(clips.samples[clip], changes, rng)
        first, last = max(0, start - MAX_SHIFT), min(total, start + windows + MAX_SHIFT)
        sounds.append(sound_windows(cepstra)[first:last])
        own.append(count + lips - first)
        heard.append(spoken[lips])
        curves = np.lib.stride_tricks.sliding_window_view(
            clips.coefficients[clip, :, :MOUTH_COEFFICIENTS], WINDOW_FRAMES, axis=0
        )
        mouths.append(curves[lips].reshape(windows, -1))
        count += last - first
    return Batch(*(np.concatenate(each) for each in ([np.stack(pictures)], sounds, own, heard, mouths)))


def sound_windows(cepstra: Float64[np.ndarray, "rows 13"]) -> Float32[np.ndarray, "windows 13 20"]:
    """Return the windows of 0.2 s that begin with each video frame."""
    view = np.lib.stride_tricks.sliding_window_view(cepstra, WINDOW_ROWS, axis=0)[::ROWS_PER_FRAME]
    return np.ascontiguousarray(view, dtype=np.float32)


def half_size(frames: UInt8[np.ndarray, "frames height width 3"]) -> Float32[np.ndarray, "frames 112 112 3"]:
    """Return what ``syncnet_whole`` gives, averaged over 2 x 2 pixels, channels B, G, R."""
    whole = syncnet_whole(frames)[..., ::-1].astype(np.float32)
    return np.asarray(whole.reshape(-1, HALF, 2, HALF, 2, 3).mean(axis=(2, 4)))


def changed(
    frames: UInt8[np.ndarray, "frames side side 3"], changes: Changes, region: Region, rng: np.random.Generator
) -> Float32[np.ndarray, "frames height width 3"]:
    """Return frames as another camera, codec or generator might have given them, half-size, channels B, G, R."""
    side = int(rng.integers(changes.least_side, frames.shape[1] + 1))
    placement = _placement(side, changes, rng)
    placement[:, 2] -= 2 * np.array([region.left, region.top])
    sigma = float(rng.uniform(0, changes.blur)) * float(rng.random() < 0.5)
    quality = int(rng.integers(changes.least_jpeg, BEST_JPEG + 1)) * int(rng.random() < changes.jpeg_share)
    half = (region.width, region.height)
    out = np.empty((len(frames), region.height, region.width, 3), np.float32)
    for k, frame in enumerate(frames):
        small = cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA)
        if quality:
            small = cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
        full = (2 * region.width, 2 * region.height)
        large = cv2.warpAffine(small, placement, full, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        mean = cv2.resize(large, half, interpolation=cv2.INTER_AREA)
        out[k] = cv2.GaussianBlur(mean, (0, 0), sigma) if sigma > LEAST_SIGMA else mean
    gain = 1 + rng.uniform(-changes.gain, changes.gain) + rng.uniform(-changes.gain, changes.gain, 3) / 2
    out = out * gain.astype(np.float32) + np.float32(rng.uniform(-changes.lift, changes.lift))
    return np.asarray(np.clip(out, 0, 255)[..., ::-1])


def _placement(side: int, changes: Changes, rng: np.random.Generator) -> Float64[np.ndarray, "2 3"]:
    """Return the map from pixels of a picture of this side to those of the 224 x 224 one; half of them mirror."""
    scale = SIDE / side * (1 + rng.uniform(-changes.zoom, changes.zoom))
    angle = np.deg2rad(rng.uniform(-changes.turn_degrees, changes.turn_degrees))
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    if rng.random() < 0.5:
        turn[:, 0] *= -1
    centre, target = np.full(2, (side - 1) / 2), np.full(2, (SIDE - 1) / 2)
    target = target + SIDE * rng.uniform(-changes.move, changes.move, 2)
    return np.column_stack([turn, target - turn @ centre])


def _sound(
    samples: Int16[np.ndarray, " samples"], changes: Changes, rng: np.random.Generator
) -> tuple[Float64[np.ndarray, "rows 13"], Bool[np.ndarray, " frames"]]:
    """Return mel cepstra, louder or softer, perhaps silent at one end, and which windows are free of that silence."""
    samples, spoken = samples.copy(), np.ones(len(samples) // SAMPLES_PER_FRAME, dtype=bool)
    if rng.random() < changes.mute_share:
        frames = int(rng.integers(1, changes.mute_frames + 1))
        if rng.random() < 0.5:
            samples[: frames * SAMPLES_PER_FRAME] = 0
            spoken[:frames] = False
        else:
            samples[-frames * SAMPLES_PER_FRAME :] = 0
            spoken[-frames - WINDOW_FRAMES :] = False
    cepstra = mfcc(samples)
    # Only c0 knows the level; rows of digital silence have no level to change.
    loud = cepstra[:, 0] > np.log(EPSILON)
    cepstra[loud, 0] += rng.uniform(-changes.loudness, changes.loudness)
    return cepstra, spoken
