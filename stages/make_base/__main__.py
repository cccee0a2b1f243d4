"""`make base`: train the base animator that is shipped, on drawn people of its own, and record how.

Needs no network and no data. Sums of floats differ in their last digits between machines, so the file does too:
animators that begin with another base do not compare with those of the shipped one.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from stages.entry import one_argument, run
from stages.make_base.parts import make_base
from stages.make_base.renderer import SETTINGS
from stages.make_judges.corpus import Wanted, make_clips
from tavce.methods.native.checkpoint import SHIPPED

# No seed of the demo's corpus or of the judges': other people, other faces.
LEARNED = Wanted(seed=31, split="train", identities=256, clips=256, seconds=2.0, size=64)
HELD_OUT = Wanted(seed=32, split="test", identities=32, clips=32, seconds=2.0, size=64)
DOMAIN = "drawn faces of synthtalk"
WORKERS = 2


def main(arguments: Sequence[str]) -> None:
    """Train the base and write ``base.pt``, ``base.json`` and the picture of its curves."""
    one_argument(arguments)
    clips, held_out = (make_clips(wanted, workers=WORKERS) for wanted in (LEARNED, HELD_OUT))
    content, record = make_base(clips, held_out, "small", SETTINGS, DOMAIN)
    SHIPPED.parent.mkdir(exist_ok=True)
    SHIPPED.write_bytes(content)
    recipe = {"learned": asdict(LEARNED), "held_out": asdict(HELD_OUT)}
    record |= {"corpora": recipe, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    SHIPPED.with_suffix(".json").write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(main)
