"""What the correlation metric learns from: d_a and d_v of one moment agree, those of different moments do not."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from tavce.model.correlation.temporal import direction, signed_similarity, similarity

Differences = Float[Tensor, "batch channels"]


def cosine_embedding_loss(
    heard: Differences, seen: Differences, seen_far: Differences, *, alpha: float, margin: float
) -> Float[Tensor, ""]:
    """Return the released loss: 1 - s(d_a, d_v) + alpha max(0, s(d_a, d_v') - margin), mean over the batch.

    Its negatives differ from its positives on the mouth's side only, and there by the length of the step: a network
    that knows how far apart two frames are solves it without listening. Hence the shuffled-audio control.

    Args:
        heard: d_a of clips i and i + 1.
        seen: d_v of frames i and i + 1.
        seen_far: d_v' of frames i and j, tau or more apart.
        alpha: weight of the negatives; 1 as released.
        margin: similarity that a negative may have; 0 as released (the released option of this name is not read).
    """
    apart = functional.relu(similarity(heard, seen_far) - margin)
    return (1 - similarity(heard, seen)).mean() + alpha * apart.mean()


def triplet_loss(heard: Differences, seen: Differences, seen_far: Differences, *, margin: float) -> Float[Tensor, ""]:
    """Return the triplet form, which the paper's text names: max(0, margin - s(d_a, d_v) + s(d_a, d_v')), its mean.

    Args:
        heard: the anchor.
        seen: the positive.
        seen_far: the negative.
        margin: by how much the positive shall be more similar.
    """
    return functional.relu(margin - similarity(heard, seen) + similarity(heard, seen_far)).mean()


def signed_cosine_loss(
    heard: Differences,
    seen: Differences,
    seen_far: Differences,
    heard_elsewhere: Differences,
    *,
    alpha: float,
    margin: float,
) -> Float[Tensor, ""]:
    """Return the released loss with the sign restored, half of its negatives on the audio's side.

    1 - cos(d_a, d_v) + alpha / 2 (max(0, cos(d_a, d_v') - margin) + max(0, cos(d_a', d_v) - margin)), mean.

    Args:
        heard: d_a of clips i and i + 1.
        seen: d_v of frames i and i + 1.
        seen_far: d_v' of frames i and j.
        heard_elsewhere: d_a' of another moment, tau or more away, or of another clip.
        alpha: weight of the negatives.
        margin: cosine that a negative may have.
    """
    unseen = functional.relu(signed_similarity(heard, seen_far) - margin)
    unheard = functional.relu(signed_similarity(heard_elsewhere, seen) - margin)
    return (1 - signed_similarity(heard, seen)).mean() + alpha / 2 * (unseen + unheard).mean()


def signed_info_nce(
    heard: Float[Tensor, "clips moments channels"],
    seen: Float[Tensor, "clips moments channels"],
    *,
    temperature: float,
    tau: int,
    across_clips: bool,
) -> Float[Tensor, ""]:
    """Return the loss of TAVCE+: which of the moments is heard here, which is seen here, as two classifications.

    Logits are cos(d_a, d_v) / temperature over all moments of the clip; cross entropy, mean of both directions and of
    all moments. All steps are one frame long, so their length tells nothing: the mouth must be matched to the sound.

    Args:
        heard: d_a of neighbouring moments of each clip.
        seen: d_v of the same moments.
        temperature: divides the cosines.
        tau: moments of a clip closer than this, other than the moment itself, are no negatives; 1 admits all.
        across_clips: moments of the other clips are negatives too.
    """
    clips, moments, _ = heard.shape
    a, v = direction(heard), direction(seen)
    if across_clips:
        a, v = a.reshape(1, clips * moments, -1), v.reshape(1, clips * moments, -1)
    logits = a @ v.mT / temperature
    number = torch.arange(a.shape[1], device=a.device)
    gap = (number[:, None] - number).abs()
    same_clip = number[:, None] // moments == number // moments
    logits = logits.masked_fill(same_clip & (gap > 0) & (gap < tau), -torch.inf)
    own = number.expand(len(logits), -1)
    return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.mT, own)) / 2
