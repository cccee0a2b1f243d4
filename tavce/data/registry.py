"""The model files that are published: where, which bytes, under which licence, and what needs them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class File:
    """One file as its authors publish it; None stands for what nobody published.

    Attributes:
        file: its name.
        bytes: its size.
        sha256: of its contents in hex, or the first digits where only those are known (torchvision puts them into
            the file's name).
    """

    file: str
    bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class Weights(File):
    """One published model: a file, or a zip archive that becomes a folder of its members.

    Attributes:
        name: what parameters and commands call it; also the folder's name if it is an archive.
        addresses: where it is published, then mirrors of the same bytes.
        licence: of the weights, not of the code around them.
        used_by: the parts of this project that read it.
        non_commercial: whether the licence forbids commercial use; fetching it then needs the user's word.
        members: files that the archive must hold; empty if it is no archive.
    """

    name: str
    addresses: tuple[str, ...]
    licence: str
    used_by: str
    non_commercial: bool = False
    members: tuple[File, ...] = ()

    @property
    def place(self) -> str:
        """Name of the file in the weights folder, or of the folder if it is an archive."""
        return self.name if self.members else self.file


Entries = Mapping[str, Weights]

_INSIGHTFACE = "https://github.com/deepinsight/insightface/releases/download"
_INSIGHTFACE_LICENCE = "non-commercial research only (InsightFace model packs)"
_ROBOTS = "https://www.robots.ox.ac.uk/~vgg/software/lipsync/data"
_LATENTSYNC = "https://huggingface.co/ByteDance/LatentSync-{}/resolve/main/auxiliary/syncnet_v2.model"
_DRIVE = "https://drive.usercontent.google.com/download?id={}&export=download&confirm=t"

_ENTRIES = (
    Weights(
        name="face_landmarker",
        file="face_landmarker.task",
        addresses=(
            "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task",
        ),
        bytes=3_758_596,
        sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        licence="Apache-2.0",
        used_by="crop, detector mediapipe; landmark distances",
    ),
    Weights(
        name="syncnet_v2",
        file="syncnet_v2.model",
        addresses=(f"{_ROBOTS}/syncnet_v2.model", _LATENTSYNC.format("1.5"), _LATENTSYNC.format("1.6")),
        bytes=54_573_114,
        sha256="961e8696f888fce4f3f3a6c3d5b3267cf5b343100b238e79b2659bff2c605442",
        licence="none stated for the weights (code MIT)",
        used_by="LSE-C, LSE-D, AV offset",
    ),
    Weights(
        name="sfd_face",
        file="sfd_face.pth",
        addresses=(f"{_ROBOTS}/sfd_face.pth",),
        bytes=89_844_381,
        sha256="d54a87c2b7543b64729c9a25eafd188da15fd3f6e02f0ecec76ae1b30d86c491",
        licence="none stated",
        used_by="face track of syncnet_python (S3FD)",
    ),
    Weights(
        name="s3fd",
        file="s3fd-619a316812.pth",
        addresses=("https://www.adrianbulat.com/downloads/python-fan/s3fd-619a316812.pth",),
        bytes=89_843_225,
        sha256="619a31681264d3f7f7fc7a16a42cbbe8b23f31a256f75a366e5a1bcd59b33543",
        licence="none stated for the weights (face-alignment, code BSD-3)",
        used_by="S3FD as Wav2Lip and face-alignment use it",
    ),
    Weights(
        name="pt_inception",
        file="pt_inception-2015-12-05-6726825d.pth",
        addresses=(
            "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
            "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
        ),
        bytes=95_628_359,
        sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        licence="Apache-2.0",
        used_by="FID, KID",
    ),
    Weights(
        name="alexnet",
        file="alexnet-owt-7be5be79.pth",
        addresses=("https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",),
        sha256="7be5be79",
        licence="BSD-3 (torchvision); ImageNet terms for the training data",
        used_by="LPIPS, net alex",
    ),
    Weights(
        name="vgg16",
        file="vgg16-397923af.pth",
        addresses=("https://download.pytorch.org/models/vgg16-397923af.pth",),
        sha256="397923af",
        licence="BSD-3 (torchvision); ImageNet terms for the training data",
        used_by="LPIPS, net vgg",
    ),
    Weights(
        name="wav2lip_gan",
        file="Wav2Lip-SD-GAN.pt",
        addresses=(_DRIVE.format("15G3U08c8xsCkOqQxE38Z2XXDnPcOptNk"),),
        licence="non-commercial research only (trained on LRS2)",
        used_by="methods wav2lip_still and wav2lip_video; start of a correlation metric's audio encoder",
        non_commercial=True,
    ),
    Weights(
        name="i3d_torchscript",
        file="i3d_torchscript.pt",
        addresses=("https://www.dropbox.com/s/ge9e5ujwgetktms/i3d_torchscript.pt?dl=1",),
        bytes=51_235_320,
        sha256="bec6519f66ea534e953026b4ae2c65553c17bf105611c746d904657e5860a5e2",
        licence="Apache-2.0 upstream; none stated for this file",
        used_by="FVD",
    ),
    Weights(
        name="buffalo_l",
        file="buffalo_l.zip",
        addresses=(f"{_INSIGHTFACE}/v0.7/buffalo_l.zip", f"{_INSIGHTFACE}/model-zoo/buffalo_l.zip"),
        sha256="80ffe37d8a5940d59a7384c201a2a38d4741f2f3c51eef46ebb28218a7b0ca2f",
        licence=_INSIGHTFACE_LICENCE,
        used_by="CSIM; crop, detector insightface",
        non_commercial=True,
        members=(
            File("det_10g.onnx", 16_923_827, "5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91"),
            File("w600k_r50.onnx", 174_383_860, "4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43"),
            File("1k3d68.onnx", 143_607_619),
            File("2d106det.onnx", 5_030_888),
            File("genderage.onnx", 1_322_532),
        ),
    ),
    Weights(
        name="antelopev2",
        file="antelopev2.zip",
        addresses=(f"{_INSIGHTFACE}/v0.7/antelopev2.zip", f"{_INSIGHTFACE}/model-zoo/antelopev2.zip"),
        bytes=360_662_982,
        sha256="8e182f14fc6e80b3bfa375b33eb6cff7ee05d8ef7633e738d1c89021dcf0c5c5",
        licence=_INSIGHTFACE_LICENCE,
        used_by="CSIM with glintr100",
        non_commercial=True,
        members=(
            File("scrfd_10g_bnkps.onnx", sha256="5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91"),
            File("glintr100.onnx", sha256="4ab1d6435d639628a6f3e5008dd4f929edf4c4124b1a7169e1048f9fef534cdf"),
        ),
    ),
)
REGISTRY: Entries = MappingProxyType({entry.name: entry for entry in _ENTRIES})
