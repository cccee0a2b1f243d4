"""What a synthetic face does during a clip: mouth, lids, brows, head and gaze, one value per frame."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from tavce.data.clips import FPS
from tavce.data.synthetic import motion
from tavce.data.synthetic.coarticulation import mouth_curves
from tavce.data.synthetic.speech import Speech, fit_speech, frames_of, loudness

COEFFICIENTS = (
    "aperture",
    "width",
    "protrusion",
    "teeth",
    "lid_right",
    "lid_left",
    "brows",
    "yaw",
    "pitch",
    "roll",
    "shift_x",
    "shift_y",
    "gaze_x",
    "gaze_y",
)


@dataclass(frozen=True)
class Performance:
    """What the face does: one value per frame at 25 fps, sampled at the frame's centre (k + 0.5) / 25 s.

    Attributes:
        aperture: 0 closed .. 1 widest opening of jaw and lips.
        width: of the mouth, 0 narrow .. 0.5 neutral .. 1 wide.
        protrusion: of the lips, 0 .. 1 rounded.
        teeth: 0 .. 1 upper teeth visible, as in a sibilant.
        lids: 0 closed .. 1 open, the person's right eye (image left) and left eye (image right).
        brows: -1 lowered .. 0 .. 1 raised.
        pose: yaw, pitch, roll in degrees; yaw > 0 turns the face to the image's right, pitch > 0 looks up,
            roll > 0 tilts clockwise in the image.
        shift: translation of the head in face heights, x right, y down.
        gaze: -1 .. 1, x right, y down.
    """

    aperture: Float32[np.ndarray, " frames"]
    width: Float32[np.ndarray, " frames"]
    protrusion: Float32[np.ndarray, " frames"]
    teeth: Float32[np.ndarray, " frames"]
    lids: Float32[np.ndarray, "frames 2"]
    brows: Float32[np.ndarray, " frames"]
    pose: Float32[np.ndarray, "frames 3"]
    shift: Float32[np.ndarray, "frames 2"]
    gaze: Float32[np.ndarray, "frames 2"]

    def coefficients(self) -> Float32[np.ndarray, "frames 14"]:
        """Return all values of each frame as one row, columns named by `COEFFICIENTS`."""
        mouth = (self.aperture, self.width, self.protrusion, self.teeth)
        return np.column_stack([*mouth, self.lids, self.brows, self.pose, self.shift, self.gaze])


def frame_centres(frames: int) -> Float64[np.ndarray, " frames"]:
    """Return the time of each frame's centre in seconds."""
    return (np.arange(frames) + 0.5) / FPS


def perform(speech: Speech, seconds: float, seed: int) -> Performance:
    """Return what a face does that says the first `seconds` of `speech`, exactly 25 frames a second.

    The mouth follows the phonemes and their loudness only; `seed` moves head, lids, brows and gaze.

    Raises:
        InputError: `seconds` is not a whole number of frames, or a phoneme has no viseme.
    """
    spoken = fit_speech(speech, seconds)
    times = frame_centres(frames_of(seconds))
    mouth = mouth_curves(spoken.phonemes, loudness(spoken), times)
    stresses = motion.stressed_times(spoken.phonemes)
    pose = motion.head_pose(times, stresses, seed)
    gaze = motion.gaze(times, pose, seconds, seed)
    # The upper lid follows an eye that looks down.
    open_lids = motion.lids(times, motion.blink_times(seconds, seed)) * (1 - 0.25 * np.maximum(gaze[:, 1], 0))
    return Performance(
        aperture=mouth[:, 0],
        width=mouth[:, 1],
        protrusion=mouth[:, 2],
        teeth=mouth[:, 3],
        lids=np.stack([open_lids, open_lids], axis=1).astype(np.float32),
        brows=motion.brows(times, stresses, seed).astype(np.float32),
        pose=pose.astype(np.float32),
        shift=motion.head_shift(times, pose, seed).astype(np.float32),
        gaze=gaze.astype(np.float32),
    )
