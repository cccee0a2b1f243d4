"""`make wav2lip`: train the small Wav2Lip that is shipped, on drawn people of its own, and record how.

As `make base`: no network, no data, and on another machine another file in the last digits.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from stages.entry import one_argument, run
from stages.make_base.wav2lip import EXPERT, GENERATOR, SMALL, make_wav2lip
from stages.make_judges.corpus import Wanted, make_clips
from tavce.methods.wav2lip.checkpoint import SHIPPED
from tavce.methods.wav2lip.learn import joined, lesson_of
from tavce.model.wav2lip.data import Wav2LipData

# No seed of the demo's corpus, of the judges' or of the base animator's: other people, other faces.
LEARNED = Wanted(seed=41, split="train", identities=256, clips=256, seconds=2.4, size=128)
HELD_OUT = Wanted(seed=42, split="test", identities=32, clips=32, seconds=2.4, size=128)
WORKERS = 2


def drawn(wanted: Wanted) -> Wav2LipData:
    """Return a corpus as Wav2Lip learns from it."""
    clips = make_clips(wanted, workers=WORKERS)
    rows = zip(clips.frames, clips.landmarks, clips.samples, strict=True)
    return joined([lesson_of(frames, points, samples, SMALL.side) for frames, points, samples in rows])


def main(arguments: Sequence[str]) -> None:
    """Train both networks and write ``wav2lip.pt`` and ``wav2lip.json``."""
    one_argument(arguments)
    content, record = make_wav2lip(drawn(LEARNED), drawn(HELD_OUT), EXPERT, GENERATOR)
    SHIPPED.parent.mkdir(exist_ok=True)
    SHIPPED.write_bytes(content)
    recipe = {"learned": asdict(LEARNED), "held_out": asdict(HELD_OUT)}
    record |= {"corpora": recipe, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    SHIPPED.with_suffix(".json").write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(main)
