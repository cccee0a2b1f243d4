"""What is asked of the net, and what came: one record per source video."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["obtained", "gone", "private", "restricted", "unusable", "failed"]


@dataclass(frozen=True)
class Upload:
    """One source video that a data set needs.

    Attributes:
        id: unique in the data set, such as a YouTube id; any text, never used as a path.
        address: http or https.
        height: height of the picture that the annotators had, in pixels; 0 where it is unknown.
    """

    id: str
    address: str
    height: int


@dataclass(frozen=True)
class Obtained:
    """What became of one upload: the last word on it, kept in the store's ledger.

    Attributes:
        id: as in `Upload`.
        status: "obtained"; "gone" (removed, or never there), "private", "restricted" (age, country, membership): final
            until asked again; "unusable" (came, and is no video); "failed" (may work another day).
        reason: one sentence; "" if obtained.
        file: path relative to the store, "" unless obtained.
        bytes, sha256: of the file.
        width, height: of the picture in pixels, as obtained. 0 unless obtained.
        fps: average frames per second.
        seconds: length.
        video_codec, audio_codec: as FFmpeg names them; audio "" where there is none.
        format: which of the site's formats it is.
        attempts: how many were made.
        at: when, UTC, ISO 8601.
    """

    id: str
    status: Status
    reason: str
    file: str
    bytes: int
    sha256: str
    width: int
    height: int
    fps: float
    seconds: float
    video_codec: str
    audio_codec: str
    format: str
    attempts: int
    at: str

    @property
    def usable(self) -> bool:
        """Whether its file may be read."""
        return self.status == "obtained"
