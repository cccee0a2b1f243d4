"""Wav2Lip as a compared method: a still or a video, and sound in, the same picture with another mouth out."""
