"""The base animator of a data set -> data/base/<dataset>: the shipped file, or one trained on the train split."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace

from stages.arms import Shared
from stages.entry import one_argument, run
from stages.evaluate import Evaluate
from stages.make_base.parts import make_base
from stages.make_base.renderer import SETTINGS
from stages.params import read_section, workers
from stages.paths import BASE, RECORD, base_folder, crop_folder, features_folder
from stages.pieces import load_pieces
from tavce.data.clips import read_clips
from tavce.methods.native.checkpoint import SHIPPED, load_checkpoint
from tavce.model.make_animator import picture_side
from tavce.run.atomic import atomic_directory


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set of params.yaml."""
    (dataset,) = one_argument(arguments, "dataset")
    shared: Shared = read_section(Shared, "animator")
    with atomic_directory(base_folder(dataset)) as part:
        if shared.base == "shipped":
            load_checkpoint(SHIPPED)  # a damaged file stops here, and not after minutes
            shutil.copyfile(SHIPPED, part / BASE)
            shutil.copyfile(SHIPPED.with_suffix(".json"), part / RECORD)
            return
        evaluate: Evaluate = read_section(Evaluate, "evaluate")
        crops, features = crop_folder(dataset), features_folder(dataset)
        clips = [clip for clip in read_clips(crops) if clip.usable]
        side = picture_side(shared.size)
        learned, held_out = (
            load_pieces(of_split, crops, features, frames=shared.frames, side=side, processes=workers())
            for of_split in (
                [clip for clip in clips if clip.split == "train"],
                [clip for clip in clips if clip.split == evaluate.split and clip.split != "train"],
            )
        )
        if learned is None or held_out is None:
            which = "train" if learned is None else "held-out"
            reason = f"no {which} clip of at least {shared.frames} frames has motion coefficients"
            record: dict[str, object] = {"reason": reason}
        else:
            settings = replace(SETTINGS, steps=shared.scratch_steps)
            content, record = make_base(learned, held_out, shared.size, settings, dataset)
            (part / BASE).write_bytes(content)
        (part / RECORD).write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(main)
