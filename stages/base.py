"""data/crop + data/features -> data/base/<dataset>: what all ablation arms of a data set share.

The base animator, which is the shipped file or one trained on the train split; and that split's clips, cut to one
length and brought to the network's size once, for all arms.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stages.arms import Shared
from stages.entry import one_argument
from stages.evaluate import Evaluate
from stages.features import Features
from stages.make_base.motion import MEL_START
from stages.make_base.parts import make_base, too_little
from stages.make_base.renderer import SETTINGS, animator_data
from stages.make_judges.corpus import Clips
from stages.params import read_section, workers
from stages.paths import BASE, PIECES, RECORD, base_folder, crop_folder, features_folder, filter_folder
from stages.pieces import load_pieces, write_arrays
from tavce.data.clips import iterate_clips
from tavce.data.synthetic.performance import COEFFICIENTS
from tavce.errors import InputError
from tavce.methods.native.checkpoint import SHIPPED, load_checkpoint
from tavce.model.animator.make import picture_side
from tavce.run.atomic import atomic_directory

NOTHING = "no {split} clip of at least {frames} frames has motion coefficients and a face in every frame"


def check_base(shared: Shared, features: Features) -> None:
    """Check what the base and all arms after it take for granted.

    Raises:
        InputError: a size that the shipped file has not, or mel windows that begin elsewhere than animators hear them.
    """
    shipped = load_checkpoint(SHIPPED).about.size
    if shared.base == "shipped" and shared.size != shipped:
        problem = f"'animator.size' is {shared.size!r}, and the shipped base is '{shipped}'"
        raise InputError("params.yaml", problem, "set animator.base: scratch")
    if features.mel_start != MEL_START:
        problem = f"'features.mel_start' is {features.mel_start}, and animators hear windows from {MEL_START} on"
        raise InputError("params.yaml", problem, f"set features.mel_start: {MEL_START}")


def make(dataset: str, shared: Shared, split: str, folder: Path) -> dict[str, Any]:
    """Write base and pieces; return the record, whose ``reason`` is why there is no base, or empty."""
    crops, features = crop_folder(dataset), features_folder(dataset)
    clips = [clip for clip in iterate_clips(filter_folder(dataset)) if clip.usable]

    def pieces_of(name: str) -> Clips | None:
        part = [clip for clip in clips if clip.split == name]
        side = picture_side(shared.size)
        return load_pieces(part, crops, features, frames=shared.frames, side=side, processes=workers())

    learned = pieces_of("train")
    if learned is None:
        return {"reason": NOTHING.format(split="train", frames=shared.frames)}
    found, known = learned.coefficients.shape[2], len(COEFFICIENTS)
    if found != known:
        return {"reason": f"it has {found} motion coefficients, and base animators know the {known} of synthtalk"}
    if shared.base == "shipped":
        shutil.copyfile(SHIPPED, folder / BASE)
        record = json.loads(SHIPPED.with_suffix(".json").read_text(encoding="utf-8"))
    else:
        held_out = None if split == "train" else pieces_of(split)
        if held_out is None:
            return {"reason": NOTHING.format(split="held-out", frames=shared.frames)}
        reason = too_little(learned)
        if reason:
            return {"reason": reason}
        content, record = make_base(
            learned, held_out, shared.size, replace(SETTINGS, steps=shared.scratch_steps), dataset
        )
        (folder / BASE).write_bytes(content)
    pieces = folder / PIECES
    pieces.mkdir()
    data = animator_data(learned)
    names = ("frames", "coefficients", "mouths")
    write_arrays(pieces, samples=learned.samples, **{name: getattr(data, name) for name in names})
    return dict(record)


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set of params.yaml."""
    (dataset,) = one_argument(arguments, "dataset")
    shared: Shared = read_section(Shared, "animator")
    features: Features = read_section(Features, "features")
    evaluate: Evaluate = read_section(Evaluate, "evaluate")
    check_base(shared, features)
    with atomic_directory(base_folder(dataset)) as part:
        record = make(dataset, shared, evaluate.split, part)
        (part / RECORD).write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
