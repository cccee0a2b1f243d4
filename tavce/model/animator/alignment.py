"""Alignment loss of the paper: sound and generated mouth shall change together from one frame to the next.

The released code relates the mouth of the true frame before to that of the generated frame (ZH-Xu410/TAVCE@c239395,
src/facerender/model.py), so that a difference in texture counts as movement; the other form compares two generated
frames. What the release makes of the two relations is not in it: 1 - similarity is what they suggest.
"""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from tavce.model.animator.data import AnimatorData, Batch, to_device, to_pictures
from tavce.model.animator.parallel import share_of_mean
from tavce.model.animator.train import Alignment
from tavce.model.correlation.metric import CorrelationMetric
from tavce.model.correlation.mouth_crop import crop_mouths
from tavce.model.correlation.temporal import STILL, difference, signed_similarity

Form = Literal["released", "generated"]
Similarity = Literal["squared", "signed"]


def make_alignment(metric: CorrelationMetric, data: AnimatorData, *, form: Form, similarity: Similarity) -> Alignment:
    """Return the loss of a batch and the frames made of it, as `train_animator` takes it.

    It is 1 - cos^2 or 1 - cos of the differences of sound and of mouth, mean over the frames of the batch (in all
    processes, of which each gets its share) whose sound changed and whose mouth is known; 0 if there is none. First
    frames have none before them and do not count. Gradients reach the generated frames and nothing else.

    Args:
        metric: trained, frozen and in evaluation mode, on the device of the training.
        data: what the animator is trained on, with `differences` by the metric's audio encoder.
        form: "released" takes the frame before from the clip; "generated" takes it from the batch, which must then hold
            pairs of neighbours (`AnimatorSettings.neighbours`), and counts the later one of each.
        similarity: "squared" as released, or "signed", which tells opening from closing.

    Raises:
        ValueError: the metric is not frozen or in training mode, the data have no differences, or, when it is called,
            the batch holds no pairs of neighbours.
    """
    if metric.training or any(parameter.requires_grad for parameter in metric.parameters()):
        raise ValueError("the metric must be frozen and in evaluation mode; it is what measures")
    if data.differences is None:
        raise ValueError("the alignment loss needs AnimatorData.differences, and the data have none")

    def see(
        pictures: Float[Tensor, "sources frames 3 height width"], boxes: Float[Tensor, "sources frames 4"]
    ) -> Float[Tensor, "sources frames dims"]:
        # Of a frame without a face any crop will do, since it does not count.
        found = crop_mouths(pictures.flatten(0, 1), boxes.nan_to_num().flatten(0, 1), metric.config.mouth.side)
        return torch.unflatten(metric.image_encoder(2 * found - 1), 0, pictures.shape[:2])

    def alignment(batch: Batch, made: Float[Tensor, "sources frames 3 height width"]) -> Float[Tensor, ""]:
        assert batch.differences is not None
        heard, later, moments = batch.differences, made, batch.moments
        if form == "generated":
            _check_pairs(moments)
            heard, later, moments = heard[:, 1::2], made[:, 1::2], moments[:, 1::2]
        before, clips = np.maximum(moments - 1, 0), batch.clips[:, None]
        boxes, boxes_before = (to_device(data.mouths[clips, k], made.device) for k in (moments, before))
        if form == "generated":
            seen_before = see(made[:, ::2], boxes_before)
        else:
            with torch.no_grad():
                seen_before = see(to_pictures(data.frames[clips, before], made.device), boxes_before)
        cosine = signed_similarity(heard, difference(seen_before, see(later, boxes)))
        known = torch.cat([boxes, boxes_before], dim=2).isfinite().all(dim=2) & (heard.norm(dim=2) > STILL)
        counts = (known & to_device(moments > 0, made.device)).float()
        loss = 1 - (cosine.square() if similarity == "squared" else cosine)
        return share_of_mean((counts * loss).sum(), counts.sum())

    return alignment


def _check_pairs(moments: Int64[np.ndarray, "sources frames"]) -> None:
    if moments.shape[1] % 2 or (moments[:, 1::2] - moments[:, ::2] != 1).any():
        raise ValueError("two generated frames are compared, but the batch holds no neighbours; set `neighbours`")
