"""Section `judges` of params.yaml: which networks score, and how videos are shown to them."""

from dataclasses import dataclass, replace
from typing import Literal

STANDIN = "standin"


@dataclass(frozen=True)
class Judges:
    """The judges. "standin" is the small network that this repository carries, trained on synthtalk.

    Attributes:
        sync: SyncNet of LSE-C, LSE-D, offset.
        sync_crop: what SyncNet sees: the whole frame squeezed to 224 x 224, or the face track of syncnet_python.
        sync_faces: whose boxes the face track follows: those of the landmarks, or S3FD's.
        sync_mode: "clean", or "faithful" to the JPEG dump of the published code.
        identity: recogniser of CSIM.
        lpips: trunk of LPIPS.
        inception: network of FID and KID.
        inception_resize: how frames reach 299 x 299: as in pytorch-fid or clean-fid.
        landmarks: who finds the 68 points in a video to be judged: the stand-in, or the data set's own detector.
    """

    sync: Literal["standin", "syncnet_v2"]
    sync_crop: Literal["syncnet_whole", "syncnet_track"]
    sync_faces: Literal["landmarks", "s3fd"]
    sync_mode: Literal["clean", "faithful"]
    identity: Literal["standin", "buffalo_l", "antelopev2"]
    lpips: Literal["standin", "alex", "vgg"]
    inception: Literal["standin", "pt_inception"]
    inception_resize: Literal["pytorch_fid", "clean"]
    landmarks: Literal["standin", "detector"]

    @property
    def standins(self) -> tuple[str, ...]:
        """The judges that are stand-ins, by name."""
        return tuple(
            name for name in ("sync", "identity", "lpips", "inception", "landmarks") if getattr(self, name) == STANDIN
        )


OFFICIAL = Judges(
    sync="syncnet_v2",
    sync_crop="syncnet_whole",
    sync_faces="landmarks",
    sync_mode="clean",
    identity="buffalo_l",
    lpips="alex",
    inception="pt_inception",
    inception_resize="pytorch_fid",
    landmarks="detector",
)
STANDINS = replace(
    OFFICIAL, sync="standin", identity="standin", lpips="standin", inception="standin", landmarks="standin"
)
