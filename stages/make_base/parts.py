"""All networks of a base animator, trained on one corpus -> the file of a checkpoint, and the record of how."""

from typing import Any

import numpy as np

from stages.make_base.motion import MEL_START, SYNTHTALK_LAYOUT, make_motion
from stages.make_base.portrait import make_portrait
from stages.make_base.renderer import make_renderer
from stages.make_judges.corpus import Clips
from tavce.methods.native.checkpoint import About, checkpoint_bytes
from tavce.model.animator.make import AnimatorSize
from tavce.model.animator.settings import AnimatorSettings
from tavce.model.motion.train_pose import SMALL as POSE

LEAST_PEOPLE = 2


def too_little(clips: Clips) -> str:
    """Return why a base cannot be trained on clips, or "" if it can."""
    people, frames = len(np.unique(clips.identity)), clips.frames.shape[1]
    if people < LEAST_PEOPLE:
        return f"a base from scratch takes at least {LEAST_PEOPLE} train people, one of them left out: found {people}"
    if frames <= POSE.frames:
        return f"a base from scratch takes pieces of more than {POSE.frames} frames (animator.frames), not {frames}"
    return ""


def make_base(
    clips: Clips, held_out: Clips, size: AnimatorSize, settings: AnimatorSettings, domain: str
) -> tuple[bytes, dict[str, Any]]:
    """Train renderer, motion, pose and portrait networks.

    Args:
        clips: to learn from.
        held_out: of other people; only looked at for the figures in the record.
        size: of the renderer.
        settings: of the renderer's training.
        domain: what the pictures are, in words.

    Returns:
        The file, and per network its settings, curve and figures.
    """
    renderer, of_renderer = make_renderer(clips, held_out, size, settings)
    motion, pose, of_motion = make_motion(clips, held_out, settings.seed)
    portrait, of_portrait = make_portrait(clips, held_out, settings.seed)
    about = About(
        label="Base animator",
        domain=domain,
        size=size,
        coefficients=clips.coefficients.shape[2],
        layout=SYNTHTALK_LAYOUT,
        mel_start=MEL_START,
        gate="none",
        gate_audio="own",
        hearing="none",
        seed=settings.seed,
        steps=0,
    )
    states = {"renderer": renderer, "motion": motion, "pose": pose, "portrait": portrait}
    record = {"reason": "", "renderer": of_renderer, "motion": of_motion, "portrait": of_portrait}
    return checkpoint_bytes(about, states, half=True), record
