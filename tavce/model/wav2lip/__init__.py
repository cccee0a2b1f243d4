"""Wav2Lip: the generator of faces, the expert that judges their sync, and the training of both."""
