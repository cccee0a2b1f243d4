"""Generated videos of other sizes, lengths and codecs -> copies in the form of their references."""

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

from stages.match_videos import Match
from tavce.errors import InputError
from tavce.media.audio import read_sound, write_wav
from tavce.media.video import probe, read_frames
from tavce.methods.external.normalise import normalise
from tavce.run.pool import run_all


def fit_videos(found: Match, folder: Path, workers: int) -> Match:
    """Return the match with each generated video replaced by a lossless copy in its reference's length and size.

    A video that cannot be brought to that form stays as it is: its scores say why it has none.

    Args:
        found: both sides by name.
        folder: an existing one, for the copies.
        workers: number of processes.
    """
    items = [
        (f"{number:06}", video, found.reference[name])
        for number, (name, video) in enumerate(found.generated.items())
        if video is not None
    ]
    copies = run_all(partial(_copy, folder=folder), items, workers=workers, label="fit")
    names = [name for name, video in found.generated.items() if video is not None]
    return replace(found, generated=found.generated | dict(zip(names, copies, strict=True)))


def _copy(item: tuple[str, Path, Path], folder: Path) -> Path:
    name, generated, reference = item
    with tempfile.TemporaryDirectory(dir=folder) as private:
        try:
            sound = Path(private) / "sound.wav"
            write_wav(sound, read_sound(generated))
        except InputError:  # metrics that listen say so
            sound = None
        try:
            seen, frames = probe(reference), sum(1 for _ in read_frames(reference))
            normalise(generated, name, folder, frames=frames, size=(seen.width, seen.height), audio=sound)
        except InputError:
            return generated
    return folder / f"{name}.mkv"
