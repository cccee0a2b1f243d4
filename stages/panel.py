"""The judges of a run: each is opened where it is first needed, once per process, its file checked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, cached_property

import numpy as np
import torch
from jaxtyping import Float32, UInt8

from metrics.identity import Recogniser
from metrics.networks.arcface_onnx import load_arcface
from metrics.networks.i3d import load_i3d
from metrics.networks.inception import FidInception, load_inception
from metrics.networks.landmarks68 import find_landmarks
from metrics.networks.lpips import Lpips, load_lpips, published_linear
from metrics.networks.s3fd import S3FD, load_s3fd
from metrics.networks.syncnet import SyncNet, load_syncnet
from metrics.standins import standin_tag
from metrics.standins.load import (
    standin_identity,
    standin_inception,
    standin_landmarks,
    standin_lpips,
    standin_sync,
)
from stages.judging import STANDIN, Judges
from tavce.data.clips import file_sha256
from tavce.data.crop.clip import CropSettings
from tavce.data.crop.detect import Detector, make_detector
from tavce.data.landmarks import frame_landmarks
from tavce.data.weights import weights_path
from tavce.errors import InputError

SHORT, BATCH = 8, 16
TRUNKS = {"alex": "alexnet", "vgg": "vgg16"}
RECOGNISERS = {"buffalo_l": "buffalo_l/w600k_r50.onnx", "antelopev2": "antelopev2/glintr100.onnx"}
FACES, VIDEO = "sfd_face", "i3d_torchscript"

Finder = Callable[[UInt8[np.ndarray, "frames height width 3"]], Float32[np.ndarray, "frames 68 2"]]
DetectorChoice = tuple[str, str, int]


class JudgeError(InputError):
    """A judge cannot be opened: the run ends, since no clip is to blame for it."""


class Panel:
    """What looks at videos.

    Args:
        settings: which judges these are.
        detector: kind, model and input size of the detector that may find the landmarks; None where there is none.
    """

    def __init__(self, settings: Judges, detector: DetectorChoice | None) -> None:
        self.settings = settings
        self._choice = detector

    @cached_property
    def lpips(self) -> Lpips:
        """The network of LPIPS."""
        net = self.settings.lpips
        with _explained("lpips"):
            if net == "standin":
                return standin_lpips()
            return load_lpips(weights_path(TRUNKS[net]), published_linear(net), net)

    @cached_property
    def inception(self) -> FidInception:
        """The network of FID and KID."""
        chosen = self.settings.inception
        with _explained("inception"):
            return standin_inception() if chosen == STANDIN else load_inception(weights_path(chosen))

    @cached_property
    def sync(self) -> SyncNet:
        """The network of LSE."""
        chosen = self.settings.sync
        with _explained("sync"):
            return standin_sync() if chosen == STANDIN else load_syncnet(weights_path(chosen))

    @cached_property
    def i3d(self) -> torch.jit.ScriptModule:
        """The network of FVD."""
        with _explained("i3d"):
            return load_i3d(weights_path(VIDEO))

    @cached_property
    def faces(self) -> S3FD:
        """The face detector of the published face track."""
        with _explained("faces"):
            return load_s3fd(weights_path(FACES))

    @cached_property
    def recogniser(self) -> Recogniser:
        """The network of CSIM."""
        chosen = self.settings.identity
        with _explained("identity"):
            return standin_identity() if chosen == STANDIN else load_arcface(weights_path(RECOGNISERS[chosen]))

    @cached_property
    def landmarks(self) -> Finder:
        """What finds the 68 points in frames."""
        if self.settings.landmarks == STANDIN:
            with _explained("landmarks"):
                network = standin_landmarks()
            return lambda frames: find_landmarks(network, frames, batch=BATCH)
        return self._detected

    def _detected(self, frames: UInt8[np.ndarray, "frames height width 3"]) -> Float32[np.ndarray, "frames 68 2"]:
        with _explained("landmarks"):
            return frame_landmarks(frames, self._detector)

    @cached_property
    def _detector(self) -> Detector:
        with _explained("landmarks"):
            detector = make_detector(*self._choice) if self._choice else None
        if detector is None:
            problem = "is 'detector', and the crop of this data set has none"
            raise JudgeError("judges.landmarks", problem, "set judges.landmarks: standin")
        return detector

    @cache  # noqa: B019 - a panel lives as long as its process
    def tag(self, judge: str) -> str:
        """Return what signatures call a judge: its name and the first 8 hex digits of its weights."""
        if judge == "faces":
            return f"s3fd-{_digits(FACES)}" if self.settings.sync_faces == "s3fd" else self.tag("landmarks")
        if judge == "i3d":
            return f"i3d-{_digits(VIDEO)}"
        chosen: str = getattr(self.settings, judge)
        if chosen == STANDIN:
            return standin_tag(judge)
        if judge == "landmarks":
            return self._detector.name.replace(":", "-")
        return f"{chosen}-{_digits(TRUNKS.get(chosen) or RECOGNISERS.get(chosen) or chosen)}"


@cache
def open_panel(settings: Judges, detector: DetectorChoice | None) -> Panel:
    """Return this process's panel. Networks run on one thread each: the same sums in the same order at any number.

    Processes share the cores instead, one worker per core.
    """
    torch.set_num_threads(1)
    return Panel(settings, detector)


def crop_panel(settings: Judges, crop: CropSettings) -> Panel:
    """Return this process's panel for a data set, whose own detector may find the landmarks."""
    return open_panel(settings, (crop.detector, crop.model, crop.det_size))


@contextmanager
def _explained(judge: str) -> Iterator[None]:
    """Turn what a loader says of a file into one line for the user."""
    try:
        yield
    except InputError as error:
        raise JudgeError(error.subject, error.problem, error.remedy) from error
    except (ValueError, FileNotFoundError) as error:
        remedy = "restore or fetch the file: git checkout metrics/standins, or tavce weights fetch"
        raise JudgeError(f"judges.{judge}", str(error), remedy) from error


def _digits(weights: str) -> str:
    return file_sha256(weights_path(weights))[:SHORT]
