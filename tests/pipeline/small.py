"""Two short drawn clips, one per split, as the stages before `generate` leave them, made by their own functions."""

import json
import shutil
from pathlib import Path

from stages.corpora import Corpus
from stages.crop import make_crops
from stages.dataset import make_dataset
from stages.features import Features, make_features
from stages.filter import Filter, filter_clips
from stages.judging import Judges
from stages.params import read_section
from tavce.data.clips import read_clips
from tavce.data.crop.clip import CropSettings
from tavce.methods.native.checkpoint import SHIPPED as BASE
from tavce.methods.wav2lip.checkpoint import SHIPPED as WAV2LIP

ROOT = Path(__file__).parents[2]
PROFILE = ROOT / "profiles" / "smoke.yaml"
DATASET = "small"


def small_dataset(folder: Path) -> Path:
    """Write the data set, the shipped base animator and the shipped Wav2Lip below `folder`, and return it."""
    read = lambda kind, *place: read_section(kind, "datasets", "synthtalk", *place, path=PROFILE)  # noqa: E731
    data = folder / "data"
    made = make_dataset(DATASET, ROOT / read(str, "source"), read(Corpus, "corpus"), data / "dataset" / DATASET, 1)
    crops = data / "crop" / DATASET
    two = list({clip.split: clip for clip in made}.values())
    settings, kept = read(CropSettings, "crop"), data / "filter" / DATASET
    make_crops(two, data / "dataset" / DATASET, settings, crops, 1)
    heard, judges = Filter(-60.0, None, None), read_section(Judges, "judges", path=PROFILE)
    filter_clips(read_clips(crops), crops, heard, judges, settings, kept, 1)
    make_features(read_clips(kept), crops, Features(-2), data / "features" / DATASET, 1)
    for name, source in (("base", BASE), ("wav2lip", WAV2LIP)):
        (data / name / DATASET).mkdir(parents=True)
        shutil.copyfile(source, data / name / DATASET / f"{name}.pt")
        (data / name / DATASET / "record.json").write_text(json.dumps({"reason": ""}), encoding="utf-8")
    shutil.copyfile(PROFILE, folder / "params.yaml")
    (folder / "baselines").symlink_to(ROOT / "baselines")
    return folder
