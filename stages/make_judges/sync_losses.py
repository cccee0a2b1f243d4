"""What the sync judge learns by: to tell what the mouth does, and which sound belongs to which lips."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from metrics.networks.syncnet import WINDOW_FRAMES, SyncNet
from stages.make_judges.corpus import Clips
from stages.make_judges.sync_batches import MOUTH_COEFFICIENTS, Batch
from stages.make_judges.sync_folded import FoldedSyncNet
from stages.make_judges.sync_recipe import Phase, SyncSettings

LEAST_SQUARE = 1e-4  # of a distance: the gradient of a root has no bound at zero
SOUND_TO_LIPS = 0.5  # weight of finding the lips of a sound against finding the sound of lips, which is what counts


class Trainee(nn.Module):
    """What is trained: the network, and a reader of mouths that is thrown away after."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, settings: SyncSettings, clips: Clips) -> None:
        super().__init__()
        self.folded = FoldedSyncNet(SyncNet(settings.network), settings.phases[0].region)
        values = torch.from_numpy(clips.coefficients[..., :MOUTH_COEFFICIENTS]).flatten(0, 1)
        values = values.repeat_interleave(WINDOW_FRAMES, dim=1)
        self.mouth = nn.Linear(settings.network.channels(1024), values.shape[1])
        self.register_buffer("mean", values.mean(dim=0))
        self.register_buffer("deviation", values.std(dim=0))

    def losses(self, batch: Batch, phase: Phase) -> dict[str, Tensor]:
        """Return the weighted losses of a phase."""
        lip = self.folded.lip(torch.from_numpy(batch.pictures), phase.region)
        own, heard = torch.from_numpy(batch.own), torch.nonzero(torch.from_numpy(batch.heard))[:, 0]
        sounds = torch.from_numpy(batch.sounds)[:, None]
        losses = {}
        if phase.contrast:
            audio = self.folded.net.audio(sounds)
            partner = audio[own[heard]]
            logits = -distances(lip, audio)
            losses["lips"] = phase.contrast * functional.cross_entropy(logits[heard], own[heard])
            losses["sounds"] = phase.contrast * SOUND_TO_LIPS * functional.cross_entropy(logits.T[own[heard]], heard)
        else:
            partner = self.folded.net.audio(sounds[own[heard]])
        if phase.mouth:
            truth = (torch.from_numpy(batch.mouths) - self.mean) / self.deviation
            losses["mouth_seen"] = phase.mouth * functional.mse_loss(self.mouth(lip), truth)
            losses["mouth_heard"] = phase.mouth * functional.mse_loss(self.mouth(partner), truth[heard])
        return losses


def distances(
    lip: Float[Tensor, "lips features"], audio: Float[Tensor, "sounds features"]
) -> Float[Tensor, "lips sounds"]:
    """Return all Euclidean distances: what LSE averages is itself the logit, so its unit is nats."""
    square = lip.square().sum(dim=1)[:, None] + audio.square().sum(dim=1) - 2 * lip @ audio.T
    return square.clamp_min(LEAST_SQUARE).sqrt()
