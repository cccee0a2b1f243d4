"""VoxCeleb's files as the tests make them."""

from dataclasses import replace

from tavce.data.uploads.upload import Obtained
from tavce.data.voxceleb.selection import Selection

UPLOAD = "a-b_C0123Zz"
TEST, TRAIN = "id10270", "id10001"
ALL = Selection({TEST: "test"}, "all", 0, 7)
OBTAINED = Obtained(
    id=UPLOAD,
    status="obtained",
    reason="",
    file="videos/a.mp4",
    bytes=1,
    sha256="",
    width=1280,
    height=720,
    fps=29.97,
    seconds=1000.0,
    video_codec="h264",
    audio_codec="aac",
    format="22",
    attempts=1,
    at="2026-01-01T00:00:00Z",
)


def annotation(rows, *, identity=TRAIN, reference=UPLOAD, columns="FRAME \tX \tY \tW \tH "):
    """The text of one utterance, in the blanks and tabs of the official files."""
    head = f"Identity  : \t{identity}\nReference : \t{reference}\nOffset    : \t-2\nFV Conf   : \t16.303\t(1)\n"
    lines = ["\t".join(f"{value} " for value in row) for row in rows]
    return "\n".join([head + "ASD Conf  : \t6.201\n", columns, *lines, ""])


def still(first, frames, box=("0.250", "0.100", "0.500", "0.750")):
    """Rows of a face that does not move."""
    return [(f"{first + k:06d}", *box) for k in range(frames)]


def ledger(**changes):
    return {UPLOAD: replace(OBTAINED, **changes)}


def put(root, identity, upload, name, text, kind="txt"):
    path = root / identity / upload / f"{name}.{kind}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
