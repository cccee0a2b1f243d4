"""An animator as one file: what it is, and the weights of all its networks, so that a portrait and sound suffice."""

import io
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from tavce.errors import InputError
from tavce.model.animator.attention import AttentionConfig
from tavce.model.animator.make import AnimatorSize, make_animator
from tavce.model.correlation.audio_encoder import AudioEncoder
from tavce.model.correlation.gates import GateKind
from tavce.model.correlation.metric import RELEASED, TINY, WIDE
from tavce.model.motion.motion_net import SMALL as MOTION
from tavce.model.motion.motion_net import MotionNet
from tavce.model.motion.pose_vae import PoseVae
from tavce.model.motion.sampling import Layout
from tavce.model.motion.train_pose import SMALL as POSE
from tavce.model.portrait.net import SMALL as PORTRAIT
from tavce.model.portrait.net import PortraitNet
from tavce.model.state import fill_strictly
from tavce.run.atomic import atomic_file

FORMAT = "tavce-animator-1"
SHIPPED = Path(__file__).parent / "base" / "base.pt"
HEARING = {"tiny": TINY.audio, "wide": WIDE.audio, "released": RELEASED.audio}

Hearing = Literal["none", "tiny", "wide", "released"]
States = Mapping[str, Mapping[str, Tensor]]


@dataclass(frozen=True)
class About:
    """What a checkpoint is.

    Attributes:
        label: what tables call it.
        domain: which pictures it knows, in words.
        size: of the renderer.
        coefficients: motion coefficients per frame.
        layout: which of them are what.
        mel_start: first frame of a mel window, relative to its own.
        gate: of the attention; "none" without one.
        gate_audio: "shuffled" shows the attention the moments of a clip in another order.
        hearing: size of the correlation metric's audio encoder; "none" without attention.
        seed: of the training.
        steps: of the training, beyond the base.
    """

    label: str
    domain: str
    size: AnimatorSize
    coefficients: int
    layout: Layout
    mel_start: int
    gate: Literal["none"] | GateKind
    gate_audio: Literal["own", "shuffled"]
    hearing: Hearing
    seed: int
    steps: int

    @property
    def attention(self) -> AttentionConfig | None:
        """The attention's size and kind."""
        if self.gate == "none" or self.hearing == "none":
            return None
        return AttentionConfig(dims=HEARING[self.hearing].embedding, gate=self.gate)


@dataclass(frozen=True)
class Native:
    """An animator, ready to use: all networks in evaluation mode.

    Attributes:
        about: what it is.
        renderer: coefficients and portrait -> frames; an `Animator`.
        motion: sound -> expression.
        pose: sound -> head motion, for who has no clip to take it from.
        portrait: portrait -> coefficients, and whether the picture is of the kind it knows.
        hearing: sound -> the embeddings whose differences the attention is shown; None without attention.
    """

    about: About
    renderer: nn.Module
    motion: MotionNet
    pose: PoseVae
    portrait: PortraitNet
    hearing: AudioEncoder | None


def networks(about: About) -> dict[str, nn.Module]:
    """Return the untrained networks of a checkpoint by name."""
    found: dict[str, nn.Module] = {
        "renderer": make_animator(about.size, about.coefficients, about.attention),
        "motion": MotionNet(replace(MOTION, expression=len(about.layout.expression))),
        "pose": PoseVae(replace(POSE, values=len(about.layout.pose))),
        "portrait": PortraitNet(replace(PORTRAIT, coefficients=about.coefficients)),
    }
    return found if about.attention is None else found | {"hearing": AudioEncoder(HEARING[about.hearing])}


def checkpoint_bytes(about: About, states: States, *, half: bool = False) -> bytes:
    """Return the file of a checkpoint: the same bytes for the same weights, whatever the file's name.

    Args:
        about: what it is.
        states: state dict per network, as `networks` names them.
        half: matrices and filters as float16; loaded, they are float32 again.
    """
    halved = {
        name: {
            key: value.half() if half and value.is_floating_point() and value.ndim > 1 else value
            for key, value in state.items()
        }
        for name, state in states.items()
    }
    file = io.BytesIO()
    torch.save({"format": FORMAT, "about": asdict(about), "networks": halved}, file)
    return file.getvalue()


def save_checkpoint(path: Path, about: About, states: States) -> None:
    """Write a checkpoint; a reader never sees half of it."""
    with atomic_file(path) as part:
        part.write_bytes(checkpoint_bytes(about, states))


def load_checkpoint(path: Path) -> Native:
    """Return the animator in a file.

    Raises:
        InputError: there is no such file, it is no checkpoint, or its weights do not fit what it says it is; keys that
            are missing, too many or of another shape are named.
    """
    about, states = read_checkpoint(path)
    found = networks(about)
    if set(found) != set(states):
        problem = f"has the networks {sorted(states)} where {sorted(found)} belong"
        raise InputError(path, problem, "train it again, or take the file that the stage `animator` wrote")
    for name, network in found.items():
        try:
            fill_strictly(network, states[name])
        except ValueError as error:
            remedy = f"its size is '{about.size}': take weights of that size, or train anew"
            raise InputError(path, f"{name}: {error}", remedy) from error
        network.eval().requires_grad_(False)
    return Native(about, hearing=found.pop("hearing", None), **found)  # type: ignore[arg-type]


def read_checkpoint(path: Path) -> tuple[About, dict[str, dict[str, Tensor]]]:
    """Return what a file says it is, and its weights, before any network is built.

    Raises:
        InputError: there is no such file, or it is no checkpoint.
    """
    if not path.is_file():
        raise InputError(
            path, "there is no such file", "name a checkpoint: data/animator/<arm>/seed0.pt after dvc repro"
        )
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(path, f"cannot be read as weights ({first})", "is it the right file, and whole?") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        said = found.get("format") if isinstance(found, dict) else type(found).__name__
        raise InputError(path, f"is no animator checkpoint ({said!r})", f"its format must be {FORMAT}")
    about = _about(path, found["about"])
    floats = {
        name: {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
        for name, state in found["networks"].items()
    }
    return about, floats


def _about(path: Path, given: dict[str, Any]) -> About:
    names = {field.name for field in fields(About)}
    if set(given) != names:
        problem = f"says {sorted(given)} of itself where {sorted(names)} belong"
        raise InputError(path, problem, "train it again with this version")
    if given["size"] not in get_args(AnimatorSize):
        raise InputError(path, f"is of size {given['size']!r}", f"this version knows {list(get_args(AnimatorSize))}")
    layout = Layout(**{name: tuple(value) for name, value in given["layout"].items()})
    return About(**given | {"layout": layout})
