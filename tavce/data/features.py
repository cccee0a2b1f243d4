"""Crop of one clip -> its features: ``<id>.npz`` with mel, MFCC, landmarks, mouth boxes and motion coefficients."""

from pathlib import Path

import numpy as np
from jaxtyping import Float32

from tavce.data.clips import Clip
from tavce.errors import InputError
from tavce.media.audio import read_wav
from tavce.media.mel import mel_spectrogram
from tavce.media.mfcc import mfcc
from tavce.run.atomic import atomic_file

MOUTH = slice(48, 68)
MOUTH_SHARE = 72 / 256
MEL_STARTS = (0, -1, -2)


def clip_features(clip: Clip, crop_folder: Path, *, mel_start: int) -> dict[str, np.ndarray]:
    """Return the features of one usable clip.

    Keys:
        mel: float32 (80, columns), Wav2Lip's and SadTalker's spectrogram in [-4, 4].
        mel_start: int, the convention under which `mel_windows` must cut it.
        mfcc: float32 (rows, 13), SyncNet's, of the int16 samples.
        landmarks: float32 (frames, 68, 2), crop pixels.
        mouth_boxes: float32 (frames, 4), `mouth_boxes`; NaN, like `landmarks`, where only boxes are annotated.
        found: bool (frames,), False where the face is interpolated.
        coefficients: float32 (frames, n), only where the crop has them.

    Args:
        clip: its row after the crop.
        crop_folder: where the crop wrote its files.
        mel_start: 0 (Wav2Lip's inference), -1 (its training) or -2 (SadTalker, TAVCE).

    Raises:
        InputError: files of the crop are missing or disagree with the row.
    """
    if mel_start not in MEL_STARTS:
        raise InputError(
            "mel_start", f"is {mel_start}", "choose 0 (Wav2Lip inference), -1 (training) or -2 (SadTalker)"
        )
    samples = read_wav(crop_folder / f"{clip.id}.wav")
    path = crop_folder / f"{clip.id}.npz"
    if not path.is_file():
        raise InputError(path, "there is no such file", "run the crop stage again: dvc repro")
    with np.load(path) as file:
        crop = {name: file[name] for name in file.files}
    if len(crop["landmarks"]) != clip.frames or len(samples) != 640 * clip.frames:
        problem = (
            f"has {len(crop['landmarks'])} frames and {len(samples)} samples; the clip table says {clip.frames} frames"
        )
        raise InputError(path, problem, "run the crop stage again: dvc repro")
    features = {
        "mel": mel_spectrogram(samples),
        "mel_start": np.array(mel_start),
        "mfcc": mfcc(samples).astype(np.float32),
        "landmarks": crop["landmarks"],
        "mouth_boxes": mouth_boxes(crop["landmarks"], int(crop["size"])),
        "found": crop["found"],
    }
    return features | ({"coefficients": crop["coefficients"]} if "coefficients" in crop else {})


def write_features(clip: Clip, crop_folder: Path, out: Path, *, mel_start: int) -> None:
    """Write the features of one clip to ``<id>.npz`` in `out`, uncompressed: same clip, same bytes.

    An unusable clip writes nothing.

    Raises:
        InputError: see `clip_features`; or `out` cannot be written.
    """
    if not clip.usable:
        return
    features = clip_features(clip, crop_folder, mel_start=mel_start)
    with atomic_file(out / f"{clip.id}.npz") as part:
        np.savez(part, allow_pickle=False, **features)  # numpy dates every entry 1980


def mouth_boxes(landmarks: Float32[np.ndarray, "frames 68 2"], size: int) -> Float32[np.ndarray, "frames 4"]:
    """Return the mouth box x0, y0, x1, y1 of each frame in crop pixels: a square inside of the picture.

    Its side is 72/256 of the picture's, its centre the median of the twenty mouth points; at the picture's edge the
    square is moved in, never cut. (ZH-Xu410/TAVCE, step 1 of the released code.)

    Args:
        landmarks: crop pixels; NaN gives NaN.
        size: side of the crop in pixels.
    """
    side = size * MOUTH_SHARE
    centres = np.median(landmarks[:, MOUTH], axis=1)
    corner = np.clip(centres - side / 2, -0.5, size - 0.5 - side)
    return np.concatenate([corner, corner + side], axis=1).astype(np.float32)
