"""One training of an ablation arm: from the base, with one seed, to a checkpoint and its curves."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from stages.arms import Arm, Shared
from stages.correlation_start import perceptual_distance
from stages.devices import devices
from stages.pieces import read_arrays
from stages.resume import key_of, train_resumable
from stages.samples import sample_sheet
from stages.trained_metric import trained_correlation
from tavce.errors import InputError
from tavce.methods.native.checkpoint import About, read_checkpoint, save_checkpoint
from tavce.model.animator.alignment import make_alignment
from tavce.model.animator.discriminator import PAPER, TINY
from tavce.model.animator.make import make_animator
from tavce.model.animator.settings import AnimatorDivergedError, AnimatorSettings, AnimatorState, LossWeights
from tavce.model.animator.train import train_animator
from tavce.model.descent import Log
from tavce.model.state import fill_strictly
from tavce.run.pool import progress

KEEP_EVERY = 50
ATTENTION = ("attention.", "generator.attention.")  # of either kind of renderer


@dataclass(frozen=True)
class Lesson:
    """What all trainings of an arm share, small enough to hand to another process.

    Attributes:
        arm: what sets it apart.
        shared: what all arms share.
        about: of the checkpoints that it makes, save the seed.
        base: checkpoint that it begins with.
        sources: hashes of the files of weights that it goes by.
        arrays: folders of the `AnimatorData`, an npy file per field: what all arms share, and what this one hears.
        folder: where checkpoints and curves go.
        kept: folder for the states of unfinished trainings.
        gpus: number of GPUs in use; 0 is the CPU.
    """

    arm: Arm
    shared: Shared
    about: About
    base: Path
    sources: tuple[str, ...]
    arrays: tuple[Path, ...]
    folder: Path
    kept: Path
    gpus: int


def train_arm(number: int, lesson: Lesson) -> None:
    """Train with the seed of that number and write ``seed<seed>.pt`` and ``live/seed<seed>/``.

    Raises:
        InputError: a loss or gradient was not finite; the last good state is kept beside the output.
    """
    from dvclive.live import Live  # takes a second, which the stage need not wait for

    torch.set_num_threads(1)  # the same sums in the same order on any machine of this kind
    seed = lesson.shared.seeds[number]
    chosen = devices(lesson.gpus)
    device = chosen[number % len(chosen)]
    settings, data = settings_of(lesson.shared, lesson.arm, seed), read_arrays(*lesson.arrays)
    metric = trained_correlation(lesson.arm.dataset, lesson.arm.correlation) if lesson.arm.listens else None
    assert not isinstance(metric, str)  # the stage has asked before
    alignment = None
    if metric is not None and lesson.arm.alignment != "none":
        alignment = make_alignment(metric.to(device), data, form=lesson.arm.alignment, similarity=lesson.arm.similarity)
    size: Literal["tiny", "released"] = "released" if lesson.shared.size == "paper" else "tiny"
    perceptual = perceptual_distance(size, device) if settings.weights.perceptual else None
    states = read_checkpoint(lesson.base)[1]
    network = begun(lesson.about, states["renderer"], seed)
    bar = iter(progress(range(settings.steps), settings.steps, f"{lesson.arm.label}, seed {seed}"))
    with Live(str(lesson.folder / "live" / f"seed{seed}"), save_dvc_exp=False, dvcyaml=None) as live:

        def log(step: int, told: dict[str, float]) -> None:
            next(bar, None)
            live.step = step
            for name, value in told.items():
                live.log_metric(name, value)

        def train(state: AnimatorState | None, until: int, log: Log) -> AnimatorState:
            return train_animator(
                settings, network, data, state=state, until=until, perceptual=perceptual, alignment=alignment,
                device=device, log=log,
            )  # fmt: skip

        kept = lesson.kept / f"seed{seed}.pt"
        key = key_of(data, settings, lesson.arm, lesson.about, device.type, lesson.sources)
        try:
            state = train_resumable(train, kept, key, steps=settings.steps, every=settings.keep_every, log=log)
        except AnimatorDivergedError as error:
            problem, remedy = f"seed {seed}: {error}", f"lower animator.tuning.rate; that state is in {kept}"
            raise InputError(lesson.arm.label, problem, remedy) from error
        network.load_state_dict(state.average)
        live.log_image("samples.png", sample_sheet(network, data))
    renderer = {name: value.cpu() for name, value in state.average.items()}
    hearing = {"hearing": metric.audio_encoder.cpu().state_dict()} if metric is not None and network.attention else {}
    about = replace(lesson.about, seed=seed)
    save_checkpoint(lesson.folder / f"seed{seed}.pt", about, states | {"renderer": renderer} | hearing)


def begun(about: About, renderer: Mapping[str, Tensor], seed: int) -> nn.Module:
    """Return the arm's renderer with the base's weights; attention, which the base has none of, begins by the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = make_animator(about.size, about.coefficients, about.attention)
    fill_strictly(network, renderer, fresh=ATTENTION)
    return network


def settings_of(shared: Shared, arm: Arm, seed: int) -> AnimatorSettings:
    """Return what one training of an arm goes by."""
    tuning = shared.tuning
    critic = TINY if shared.size != "paper" else PAPER
    return AnimatorSettings(
        seed=seed,
        steps=tuning.steps,
        sources=tuning.sources,
        frames=tuning.frames,
        neighbours=True,  # for every arm, so that all see the same frames
        rate=tuning.rate,
        attention_rate=tuning.attention_rate,
        warm_up=tuning.warm_up,
        beta1=tuning.beta1,
        weight_decay=tuning.weight_decay,
        average=tuning.average,
        largest_gradient=tuning.largest_gradient,
        weights=LossWeights(
            l1=tuning.l1,
            mouth=tuning.mouth,
            perceptual=tuning.perceptual,
            gan=tuning.gan,
            matching=tuning.matching,
            alignment=0.0 if arm.alignment == "none" else arm.alignment_weight,
        ),
        discriminator=critic if tuning.gan or tuning.matching else None,
        keep_every=KEEP_EVERY,
        bfloat16=tuning.bfloat16,
    )
