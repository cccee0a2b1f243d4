"""data/crop + judges -> data/filter: the clip table after what was heard; a clip that fails a rule has its reason.

More than 10,000 clips are heard shard by shard: see `tavce.data.workshop`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Int16

import metrics
import tavce
from metrics.record import NoValueError
from metrics.sync import SyncScores, shift_means, sync_scores
from stages.entry import one_argument
from stages.judging import Judges
from stages.known_answers import check_judges
from stages.observe import observe, sync_distances
from stages.panel import crop_panel
from stages.params import read_section, workers
from stages.paths import crop_folder, filter_folder, workshop_folder
from tavce.data.clips import MOST, Clip, count_clips, read_clips, write_clips
from tavce.data.crop.clip import CropSettings
from tavce.data.packed import clip_files
from tavce.data.workshop import Workshop, code_sha256, make_by_shards
from tavce.media.audio import read_wav
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all

METRICS = Path(metrics.__file__).parent
FULL_SCALE = 32_768.0
SILENCE_DB = -120.0


@dataclass(frozen=True)
class Filter:
    """Which crops are left out for their sound; null asks nothing.

    Attributes:
        quietest_db: least level of the sound, RMS over the clip, in dB below full scale.
        max_offset: largest distance of sound and lips in frames at 25 per second, 0..15, as the sync judge hears it.
        min_confidence: least confidence of the sync judge (LSE-C). A judge that is not sure knows no offset either, so
            without this rule a wrong offset may be a matter of chance.
    """

    quietest_db: float | None
    max_offset: int | None
    min_confidence: float | None

    def __post_init__(self) -> None:
        if self.quietest_db is not None and not SILENCE_DB <= self.quietest_db <= 0:
            raise ValueError(f"quietest_db {self.quietest_db:g} must lie in {SILENCE_DB:g}..0")
        if self.max_offset is not None and not 0 <= self.max_offset <= 15:  # as far as SyncNet's shifts go
            raise ValueError(f"max_offset {self.max_offset} must lie in 0..15")

    @property
    def asks_the_judge(self) -> bool:
        """Whether a rule needs the sync judge."""
        return self.max_offset is not None or self.min_confidence is not None


@dataclass(frozen=True)
class _Rules:
    # What a worker needs beside the clip.
    settings: Filter
    judges: Judges
    crop: CropSettings
    crops: Path


def filter_clips(
    clips: Sequence[Clip],
    crops: Path,
    settings: Filter,
    judges: Judges,
    crop: CropSettings,
    folder: Path,
    processes: int,
) -> list[Clip]:
    """Write the clip table of `crops` into `folder`, clips that fail a rule marked unusable; return the clips."""
    rules = _Rules(settings, judges, crop, crops)
    with atomic_directory(folder) as part:
        filtered = _filter_all(clips, rules, processes, folder.name)
        write_clips(filtered, part)
    return filtered


def filter_shards(
    workshop: Workshop,
    settings: Filter,
    judges: Judges,
    crop: CropSettings,
    folder: Path,
    processes: int,
) -> None:
    """Write the filtered clip table of more clips than one folder should hold into `folder`; see `make_by_shards`."""
    rules = _Rules(settings, judges, crop, workshop.table)
    make_by_shards(workshop, lambda clips, _: _filter_all(clips, rules, processes, folder.name), folder)


def _filter_all(clips: Sequence[Clip], rules: _Rules, processes: int, name: str) -> list[Clip]:
    return run_all(partial(_filtered, rules=rules), clips, workers=processes, label=f"filter {name}")


def _filtered(clip: Clip, rules: _Rules) -> Clip:
    if not clip.usable:
        return clip
    judged = rules.settings.asks_the_judge
    with clip_files(rules.crops, clip.id, only=(".wav", ".mkv") if judged else (".wav",)) as files:
        samples = read_wav(files / f"{clip.id}.wav")
        reason = silent(samples, rules.settings.quietest_db)
        if judged and not reason:
            reason = _out_of_sync(files / f"{clip.id}.mkv", samples, rules)
    return clip.unusable(reason) if reason else clip


def level_db(samples: Int16[np.ndarray, " samples"]) -> float:
    """Return the RMS of a sound in dB below full scale, at least -120: that of digital silence."""
    power = float(np.mean(np.square(samples / FULL_SCALE, dtype=np.float64))) if len(samples) else 0.0
    return max(SILENCE_DB, 10 * np.log10(power)) if power > 0 else SILENCE_DB


def silent(samples: Int16[np.ndarray, " samples"], quietest_db: float | None) -> str:
    """Return why a sound counts as silent, "" if it does not."""
    level = level_db(samples)
    if quietest_db is None or level >= quietest_db:
        return ""
    return f"its sound is silent ({level:.0f} dB, at least {quietest_db:.0f} are needed)"


def _out_of_sync(video: Path, samples: Int16[np.ndarray, " samples"], rules: _Rules) -> str:
    panel = crop_panel(rules.judges, rules.crop)
    try:
        distances = sync_distances(panel, observe(panel, {"sync"}, video), samples)
    except NoValueError as error:
        return f"the sync judge cannot tell: {error}"
    return out_of_sync(sync_scores(shift_means(distances)), rules.settings, panel.tag("sync"))


def out_of_sync(scores: SyncScores, settings: Filter, judge: str) -> str:
    """Return why a clip counts as out of sync, "" if it does not."""
    if settings.min_confidence is not None and scores.lse_c < settings.min_confidence:
        needed = f"at least {settings.min_confidence:g} is needed"
        return f"lips and sound do not belong together: confidence {scores.lse_c:.2f} by {judge}, {needed}"
    if settings.max_offset is not None and abs(scores.offset) > settings.max_offset:
        order = "before" if scores.offset > 0 else "behind"
        apart = f"{abs(scores.offset)} frames {order} the lips by {judge}"
        return f"its sound is {apart}, at most {settings.max_offset} are allowed"
    return ""


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set of params.yaml."""
    (name,) = one_argument(arguments, "dataset")
    settings: Filter = read_section(Filter, "filter")
    judges: Judges = read_section(Judges, "judges")
    crop: CropSettings = read_section(CropSettings, "datasets", name, "crop")
    if settings.asks_the_judge:
        check_judges(judges, crop_panel(judges, crop))
    crops, out = crop_folder(name), filter_folder(name)
    if count_clips(crops) > MOST:
        library = Path(tavce.__file__).parent
        made_of = "\n".join([repr(settings), repr(judges), repr(crop), code_sha256(library / "media", METRICS)])
        workshop = Workshop(crops, workshop_folder("filter", name), made_of, files=False)
        filter_shards(workshop, settings, judges, crop, out, workers())
    else:
        filter_clips(read_clips(crops), crops, settings, judges, crop, out, workers())
