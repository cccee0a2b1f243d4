"""Sound of clips -> what networks hear of it: mel windows, and differences of embeddings."""

import numpy as np
from jaxtyping import Float32, Int16

from tavce.media.mel import mel_spectrogram, mel_windows
from tavce.methods.native.render import audio_differences
from tavce.model.correlation.audio_encoder import AudioEncoder


def mel_windows_of(
    samples: Int16[np.ndarray, "clips samples"], frames: int, start: int
) -> Float32[np.ndarray, "clips frames 80 16"]:
    """Return the mel windows of clips of one length."""
    return np.stack([mel_windows(mel_spectrogram(clip), frames, start=start) for clip in samples])


def differences_of(
    hearing: AudioEncoder, mels: Float32[np.ndarray, "clips frames 80 16"]
) -> Float32[np.ndarray, "clips frames dims"]:
    """Return per frame the embedding of its sound less that of the frame before; zero at a first frame."""
    return np.stack([audio_differences(hearing, clip) for clip in mels])
