"""The motion of a base animator: sound -> expression and head pose, and what both reach on people they do not know."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from stages.make_judges.corpus import Clips
from stages.make_judges.descend import repeatable
from tavce.data.synthetic.performance import COEFFICIENTS
from tavce.data.synthetic.visemes import VISEMES
from tavce.media.mel import mel_spectrogram, mel_windows
from tavce.model.descent import Log, Schedule
from tavce.model.motion.motion_net import SMALL as MOTION
from tavce.model.motion.motion_net import MotionNet
from tavce.model.motion.pose_vae import PoseVae
from tavce.model.motion.sampling import Layout, sample_motion
from tavce.model.motion.train_motion import MotionData, MotionSettings, train_motion
from tavce.model.motion.train_pose import SMALL as POSE
from tavce.model.motion.train_pose import PoseData, PoseSettings, train_pose
from tavce.run.pool import progress

MEL_START = -2
MOUTH = ("aperture", "width", "protrusion", "teeth")
HEAD = ("yaw", "pitch", "roll", "shift_x", "shift_y")
LIDS = ("lid_right", "lid_left")


def columns(names: tuple[str, ...]) -> tuple[int, ...]:
    """Return where the coefficients of these names are."""
    return tuple(COEFFICIENTS.index(name) for name in names)


# The units are the farthest that synthtalk's heads commonly move in a second.
SYNTHTALK_LAYOUT = Layout(
    expression=columns(MOUTH), pose=columns(HEAD), pose_units=(12.0, 6.0, 6.0, 0.04, 0.028), lids=columns(LIDS)
)

MOTION_SETTINGS = MotionSettings(
    schedule=Schedule(
        steps=700, rate=4e-3, warm_up=0.06, weight_decay=0.01, average=0.99, largest_gradient=5.0, every=50
    ),
    seed=0,
    stretches=8,
    frames=16,
    velocity=0.5,
    silence=0.06,
)
POSE_SETTINGS = PoseSettings(
    schedule=Schedule(
        steps=900, rate=1e-2, warm_up=0.06, weight_decay=0.01, average=0.99, largest_gradient=5.0, every=50
    ),
    seed=0,
    pieces=32,
    velocity=10.0,
    divergence=0.0007,
    gan=0.0,
)
LARGEST_LAG = 8
CLOSED = 0.02  # aperture
REST = np.array(VISEMES["sil"].target, np.float32)


def make_motion(
    clips: Clips, held_out: Clips, seed: int
) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Any]]:
    """Train both networks on one thread.

    Args:
        clips: to learn from; only samples and coefficients are looked at.
        held_out: other people, who say other words, for the figures.
        seed: of the weights and of every draw.

    Returns:
        State dicts of a `MotionNet` and of a `PoseVae`, and a record: settings, curves and figures on `held_out`.
    """
    motion_settings, pose_settings = replace(MOTION_SETTINGS, seed=seed), replace(POSE_SETTINGS, seed=seed)
    mels, layout = _windows(clips), SYNTHTALK_LAYOUT
    rows = clips.coefficients
    heard = MotionData(mels, rows[..., layout.expression], rows[..., layout.lids].mean(axis=2, keepdims=True), REST)
    moved = PoseData(mels, rows[..., layout.pose] / np.array(layout.pose_units, np.float32))
    with repeatable(seed):
        motion, pose = MotionNet(MOTION), PoseVae(POSE)
        motion_state, motion_curve = train_motion(
            motion_settings, motion, heard, log=_bar(motion_settings.schedule, "base motion")
        )
        pose_state, pose_curve = train_pose(pose_settings, pose, moved, log=_bar(pose_settings.schedule, "base pose"))
        motion.load_state_dict(motion_state)
        pose.load_state_dict(pose_state)
        figures = figures_of(motion.eval(), pose.eval(), held_out, seed)
    record = {
        "motion": {"network": asdict(MOTION), "settings": asdict(motion_settings), "curve": motion_curve},
        "pose": {"network": asdict(POSE), "settings": asdict(pose_settings), "curve": pose_curve},
        "held_out": figures,
    }
    return motion_state, pose_state, record


def figures_of(motion: MotionNet, pose: PoseVae, clips: Clips, seed: int) -> dict[str, Any]:
    """Return what both networks reach, given frame 0 as the portrait.

    Returns:
        ``expression``: for each coefficient, over all frames, correlation with the truth (``r``), mean absolute error,
        and correlation of the changes from frame to frame; ``lag``, by how many frames the aperture follows the truth
        by cross-correlation; ``closed``, mean aperture where the truth is closed. ``head``: for each coefficient, mean
        and deviation of its speed, in its own unit per frame, and of its place within a clip, of a truth and of ours.
    """
    layout, mels = SYNTHTALK_LAYOUT, torch.from_numpy(_windows(clips))
    rows = torch.from_numpy(clips.coefficients)
    made = torch.stack(
        [
            sample_motion(motion, pose, true[0], heard, layout, seed=seed + number)
            for number, (true, heard) in enumerate(zip(rows, mels, strict=True))
        ]
    )
    ours, truth = made[..., layout.expression].double(), rows[..., layout.expression].double()
    closed = truth[..., 0] < CLOSED
    return {
        "expression": {
            "r": _named(MOUTH, _correlation(ours, truth)),
            "mean_absolute_error": _named(MOUTH, (ours - truth).abs().mean(dim=(0, 1))),
            "velocity_r": _named(MOUTH, _correlation(ours.diff(dim=1), truth.diff(dim=1))),
            "lag": _lag(ours[..., :1], truth[..., :1]),
            "closed": round(float(ours[..., 0][closed].mean()), 4),
        },
        "head": {"truth": _moves(rows[..., layout.pose]), "sampled": _moves(made[..., layout.pose])},
    }


def _moves(poses: Float[Tensor, "clips frames values"]) -> dict[str, dict[str, float]]:
    speed = poses.diff(dim=1).abs().flatten(0, 1)
    within = poses.std(dim=1).mean(dim=0)
    return {
        "speed": _named(HEAD, speed.mean(dim=0)),
        "speed_deviation": _named(HEAD, speed.std(dim=0)),
        "deviation": _named(HEAD, within),
    }


def _correlation(ours: Float[Tensor, "clips frames n"], truth: Float[Tensor, "clips frames n"]) -> Float[Tensor, " n"]:
    a, b = (each.flatten(0, 1) - each.mean(dim=(0, 1)) for each in (ours, truth))
    found: Tensor = (a * b).sum(dim=0) / (a.norm(dim=0) * b.norm(dim=0))
    return found


def _lag(ours: Float[Tensor, "clips frames 1"], truth: Float[Tensor, "clips frames 1"]) -> int:
    """Return by how many frames ours is late."""
    inner = truth[:, LARGEST_LAG : truth.shape[1] - LARGEST_LAG]
    lags = range(-LARGEST_LAG, LARGEST_LAG + 1)
    found = [float(_correlation(ours.roll(-lag, dims=1)[:, LARGEST_LAG:-LARGEST_LAG], inner)) for lag in lags]
    return lags[int(np.argmax(found))]


def _named(names: tuple[str, ...], values: Float[Tensor, " n"]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}


def _windows(clips: Clips) -> Float32[np.ndarray, "clips frames 80 16"]:
    frames = clips.coefficients.shape[1]
    return np.stack([mel_windows(mel_spectrogram(each), frames, start=MEL_START) for each in clips.samples])


def _bar(schedule: Schedule, label: str) -> Log:
    bar = iter(progress(range(schedule.steps), schedule.steps, label))

    def log(step: int, told: dict[str, float]) -> None:
        next(bar, None)

    return log
