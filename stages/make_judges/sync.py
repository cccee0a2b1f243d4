"""The stand-in sync judge: a narrow SyncNet trained on drawn people, frozen in metrics/standins/sync.pt.

Contrast alone stays at chance for long: neither side has anything yet that the other could agree with. So both sides
first learn to tell what the mouth does, which the generator knows, from the mouth alone and nearly clean pictures; then
they learn to agree, on more of the picture and pictures ever farther from clean.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import nn

from metrics.networks.syncnet import SyncNet, SyncNetConfig
from metrics.sync import pair_distances, shift_means, sync_scores
from stages.make_judges.corpus import Clips, Wanted, make_clips
from stages.make_judges.descend import repeatable
from stages.make_judges.sync_batches import (
    WHOLE,
    Batch,
    Changes,
    Region,
    draw_batch,
    half_size,
    sound_windows,
)
from stages.make_judges.sync_folded import FoldedSyncNet
from stages.make_judges.sync_losses import Trainee
from stages.make_judges.sync_recipe import Phase, SyncSettings
from tavce.media.mfcc import mfcc
from tavce.model.descent import Curve
from tavce.run.pool import progress

WARM_UP_STEPS = 30

MOUTH = Region(top=48, left=32, height=48, width=48)
LOWER_FACE = Region(top=48, left=16, height=64, width=80)

SETTINGS = SyncSettings(
    corpus=Wanted(seed=7301, split="train", identities=336, clips=336, seconds=3.0, size=128),
    held_out=16,
    network=SyncNetConfig(width=0.125),
    changes=Changes(
        least_side=48,
        zoom=0.10,
        turn_degrees=5.0,
        move=0.05,
        blur=1.2,
        gain=0.2,
        lift=20.0,
        jpeg_share=0.25,
        least_jpeg=40,
        loudness=1.5,
        mute_share=0.3,
        mute_frames=15,
    ),
    phases=(
        Phase(MOUTH, 200, 16, 10, rates=(4e-3, 2e-3), strength=(0.2, 0.3), mouth=1.0, contrast=0.0),
        Phase(LOWER_FACE, 300, 12, 12, rates=(2e-3, 1.5e-3), strength=(0.3, 1.0), mouth=1.0, contrast=1.0),
        Phase(LOWER_FACE, 300, 12, 12, rates=(1.5e-3, 5e-4), strength=(1.0, 1.0), mouth=0.3, contrast=1.0),
        Phase(WHOLE, 200, 12, 12, rates=(5e-4, 3e-5), strength=(1.0, 1.0), mouth=0.0, contrast=1.0),
    ),
    seed=7301,
    decay=0.01,
    check_every=100,
    settling=30,
)


def train_sync(settings: SyncSettings, workers: int) -> tuple[SyncNet, Curve]:
    """Draw the corpus, train the judge and return it, frozen, with its curve; the same at any number of workers."""
    return fit_sync(settings, make_clips(settings.corpus, workers=workers))


def fit_sync(settings: SyncSettings, clips: Clips) -> tuple[SyncNet, Curve]:
    """Train the judge on given clips, the last ``held_out`` left for the curve.

    Returns:
        The judge in evaluation mode, and points of step, seconds since the start, losses of the last batch, and of the
        clips held out the share whose offset 0 was found and the mean LSE-C.
    """
    known, unknown = _parts(clips, settings.held_out)
    asked = [
        (half_size(frames), mfcc(samples)) for frames, samples in zip(unknown.frames, unknown.samples, strict=True)
    ]
    started, curve = time.monotonic(), Curve()
    with repeatable(settings.seed):
        trainee = Trainee(settings, known)
        optimiser = torch.optim.AdamW(
            [each for each in trainee.parameters() if each.requires_grad], weight_decay=settings.decay
        )
        for step, (phase, rate, batch) in enumerate(_schedule(settings, known), start=1):
            for group in optimiser.param_groups:
                group["lr"] = rate
            losses = trainee.train().losses(batch, phase)
            optimiser.zero_grad()
            torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            trainee.folded.keep_order()
            if step % settings.check_every == 0:
                point = {"step": float(step), "seconds": round(time.monotonic() - started, 1)}
                curve.append(point | {name: round(loss.item(), 3) for name, loss in losses.items()})
                curve[-1] |= _held_out(trainee.folded, asked, phase.region)
        _settle(trainee.folded, settings, known)
        return trainee.folded.unfolded(), curve


def _parts(clips: Clips, held_out: int) -> tuple[Clips, Clips]:
    last = len(clips.frames) - held_out
    first, rest = (
        {name: values[part] for name, values in vars(clips).items()} for part in (slice(last), slice(last, None))
    )
    return Clips(**first), Clips(**rest)


def _schedule(settings: SyncSettings, clips: Clips) -> Iterator[tuple[Phase, float, Batch]]:
    """Yield phase, learning rate and batch of each step; the next batch is drawn while one is learnt from."""
    plan = [(phase, step) for phase in settings.phases for step in range(phase.steps)]

    def draw(number: int) -> Batch:
        phase, step = plan[number]
        weak, strong = phase.strength
        changes = settings.changes.scaled(weak + (strong - weak) * step / phase.steps, settings.corpus.size)
        return draw_batch(
            clips,
            changes,
            phase.region,
            segments=phase.segments,
            windows=phase.windows,
            seed=(settings.seed, 0, number),
        )

    with ThreadPoolExecutor(max_workers=1) as helper:
        waiting = helper.submit(draw, 0)
        for number, (phase, step) in enumerate(progress(plan, len(plan), "sync")):
            batch = waiting.result()
            if number + 1 < len(plan):
                waiting = helper.submit(draw, number + 1)
            high, low = phase.rates
            rate = low + (high - low) * (0.5 + 0.5 * float(np.cos(np.pi * (step + 1) / phase.steps)))
            yield phase, rate * min(1.0, (step + 1) / WARM_UP_STEPS), batch


@torch.no_grad()
def _settle(folded: FoldedSyncNet, settings: SyncSettings, clips: Clips) -> None:
    """Replace running means and variances, which lag behind the weights, by plain means over fresh batches."""
    for layer in folded.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.reset_running_stats()
            layer.momentum = None  # from now on the mean over all batches
    folded.train()
    phase = settings.phases[-1]
    for number in range(settings.settling):
        batch = draw_batch(
            clips,
            settings.changes,
            phase.region,
            segments=phase.segments,
            windows=phase.windows,
            seed=(settings.seed, 1, number),
        )
        folded.lip(torch.from_numpy(batch.pictures), phase.region)
        folded.net.audio(torch.from_numpy(batch.sounds)[:, None])


@torch.inference_mode()
def _held_out(
    folded: FoldedSyncNet,
    asked: list[tuple[Float32[np.ndarray, "frames 112 112 3"], Float[np.ndarray, "rows 13"]]],
    region: Region,
) -> dict[str, float]:
    folded.eval()
    scores = []
    for pictures, cepstra in asked:
        rows, columns = slice(region.top, region.top + region.height), slice(region.left, region.left + region.width)
        lip = folded.lip(torch.from_numpy(pictures[None, :, rows, columns].copy()), region)[:-1].numpy()
        audio = folded.net.audio(torch.from_numpy(sound_windows(cepstra)[: len(lip), None])).numpy()
        scores.append(sync_scores(shift_means(pair_distances(lip, audio))))
    return {
        "offset_0": round(float(np.mean([score.offset == 0 for score in scores])), 3),
        "lse_c": round(float(np.mean([score.lse_c for score in scores])), 3),
    }
