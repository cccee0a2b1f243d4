"""SadTalker's published files -> its native networks of that size: `FaceAnimator`, `ExpNet` and `PoseVae`.

One file, SadTalker_V0.0.2_256.safetensors, holds all networks under prefixes; the mapping network has its own,
mapping_00229-model.pth.tar (OpenTalker/SadTalker@cd4c046, src/facerender/animate.py).
"""

from collections.abc import Mapping

from torch import Tensor

from tavce.model.animator.face_animator import FaceAnimator
from tavce.model.motion.exp_net import ExpNet
from tavce.model.motion.pose_vae import PoseVae
from tavce.model.state import fill_strictly

TAKEN = ("kp_extractor.", "generator.")
EXPRESSION, POSE = "audio2exp.", "audio2pose."


def fill_from_sadtalker(animator: FaceAnimator, networks: Mapping[str, Tensor], mapping: Mapping[str, Tensor]) -> None:
    """Fill an animator from published weights, every key accounted for; TAVCE attention, if any, stays as it is.

    Spectral norms keep the published vectors, so that pictures are exact and training can go on.

    Args:
        animator: of the published size, or of any other that the weights have.
        networks: tensors of the safetensors file; those of the networks before the renderer are left out.
        mapping: tensors of the checkpoint's entry ``mapping``.

    Raises:
        ValueError: a key is missing, unexpected or of another shape; the animator is unchanged.
    """
    taken = {key: value for key, value in networks.items() if key.startswith(TAKEN)}
    renamed = {f"mapping.{key}": value for key, value in mapping.items()}
    fill_strictly(animator, taken | renamed, fresh=("generator.attention.",))


def fill_sound_from_sadtalker(expression: ExpNet, pose: PoseVae, networks: Mapping[str, Tensor]) -> None:
    """Fill the networks that hear from published weights, every key accounted for.

    Args:
        expression: of the published width, with 64 coefficients.
        pose: of the published size.
        networks: tensors of the safetensors file; those of other networks are left out.

    Raises:
        ValueError: a key is missing, unexpected or of another shape; what was filled before it stays.
    """
    fill_strictly(expression, _below(EXPRESSION, networks))
    fill_strictly(pose, _below(POSE, networks))


def _below(prefix: str, networks: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in networks.items() if key.startswith(prefix)}
