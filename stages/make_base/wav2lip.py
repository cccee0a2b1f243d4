"""Both networks of a small Wav2Lip from scratch, and what they reach on people whom they do not know."""

import math
from dataclasses import asdict
from typing import Any

from torch import Tensor

from stages.make_judges.descend import repeatable
from tavce.methods.wav2lip.checkpoint import checkpoint_bytes
from tavce.model.descent import Log, Schedule
from tavce.model.wav2lip.data import Wav2LipData
from tavce.model.wav2lip.generator import Wav2Lip, Wav2LipConfig
from tavce.model.wav2lip.start import begin_as_copy, hear_as
from tavce.model.wav2lip.sync_expert import SyncExpert, SyncExpertConfig
from tavce.model.wav2lip.train import Wav2LipSettings, check, train_wav2lip
from tavce.model.wav2lip.train_sync_expert import SyncExpertSettings, expert_figures, train_sync_expert
from tavce.run.pool import progress

SMALL = Wav2LipConfig(side=48, width=0.125)
EXPERT = SyncExpertSettings(
    schedule=Schedule(
        steps=800, rate=1.5e-3, warm_up=0.05, weight_decay=1e-4, average=0.98, largest_gradient=1.0, every=25
    ),
    seed=0,
    clips=32,
    windows=4,
    lesson=1.0,
)
GENERATOR = Wav2LipSettings(
    schedule=Schedule(
        steps=800, rate=1e-3, warm_up=0.05, weight_decay=1e-4, average=0.99, largest_gradient=1.0, every=50
    ),
    seed=0,
    windows=24,
    mel_start=0,
    mouth=5.0,
    sync=0.01,
    sync_below=math.inf,
    gan=0.0,
    beta1=0.9,
    frozen_norms=False,
    check_every=400,
    check_windows=128,
)
CHECKED = (16, 4)  # clips and windows of each of the expert's figures


def make_wav2lip(
    learned: Wav2LipData, held_out: Wav2LipData, expert_settings: SyncExpertSettings, settings: Wav2LipSettings
) -> tuple[bytes, dict[str, Any]]:
    """Train the expert, then the generator that it judges.

    Args:
        learned: drawn from evenly.
        held_out: other people, for the figures.
        expert_settings: of the expert's training.
        settings: of the generator's.

    Returns:
        The file of a checkpoint, and a record: settings, curves and figures.

    Raises:
        ValueError: there are too few clips, or too short ones.
    """
    with repeatable(settings.seed):
        expert = SyncExpert(SyncExpertConfig(SMALL.side, SMALL.width))
        heard, curve = train_sync_expert(expert_settings, expert, learned, log=bar(expert_settings.schedule, "expert"))
        expert.load_state_dict(heard)
        clips, windows = (min(count, most) for count, most in zip(CHECKED, (len(held_out.faces), 4), strict=True))
        figures = expert_figures(expert.eval(), held_out, settings.seed, clips, windows)
        generator = Wav2Lip(SMALL)
        hear_as(generator, expert)
        begin_as_copy(generator, learned.faces)
        made, of_generator = tune(settings, generator, expert, learned, held_out, "generator")
    record = {"settings": asdict(expert_settings), "curve": curve, "held_out": figures}
    return checkpoint_bytes(SMALL, made, heard, half=True), {"reason": "", "expert": record, "generator": of_generator}


def tune(
    settings: Wav2LipSettings,
    generator: Wav2Lip,
    expert: SyncExpert,
    learned: Wav2LipData,
    held_out: Wav2LipData,
    label: str,
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Train a generator from where it is; return its weights, and a record with figures before and after."""
    generator.requires_grad_(True)
    before = check(settings, generator, expert.eval(), held_out, 0, heeded=True)
    state, curve, _ = train_wav2lip(
        settings, generator, expert, learned, held_out, log=bar(settings.schedule, f"wav2lip {label}")
    )
    generator.load_state_dict(state)
    after = check(settings, generator, expert, held_out, settings.schedule.steps, heeded=True)
    told = replace_infinite(asdict(settings))
    figures = {"before": asdict(before), "after": asdict(after)}
    return state, {"settings": told, "curve": curve, "held_out": figures}


def replace_infinite(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings as JSON holds them: infinite as a word."""
    return {key: "infinite" if value == math.inf else value for key, value in settings.items()}


def bar(schedule: Schedule, label: str) -> Log:
    """Return a log that moves a bar."""
    steps = iter(progress(range(schedule.steps), schedule.steps, label))

    def log(_step: int, _told: dict[str, float]) -> None:
        next(steps, None)

    return log
