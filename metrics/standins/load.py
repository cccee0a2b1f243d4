"""The stand-in judges, opened: each frozen file strictly into the architecture of the real judge at smaller width."""

import torch

from metrics.networks.inception import FidInception, load_inception
from metrics.networks.iresnet import IResNet, IResNetConfig, IResNetRecogniser, load_iresnet
from metrics.networks.landmarks68 import LandmarkConfig, LandmarkNetwork, load_landmarks
from metrics.networks.lpips import Lpips, load_lpips
from metrics.networks.syncnet import SyncNet, SyncNetConfig, load_syncnet
from metrics.standins import standin_files, standin_tag

SYNC = SyncNetConfig(width=0.125)
LANDMARKS = LandmarkConfig()
INCEPTION_WIDTH, INCEPTION_CLASSES = 1 / 16, 256
LPIPS_WIDTH = 0.25
IDENTITY = IResNetConfig(blocks=(1, 1, 1, 1), width=0.125, embedding=128, side=56, dropout=0.0)


def standin_sync() -> SyncNet:
    """Return the stand-in for SyncNet.

    Raises:
        ValueError: its file is not the recorded one (see `standin_files`); likewise below.
    """
    path = standin_files("sync")["sync.pt"]
    return load_syncnet(path, SYNC)


def standin_landmarks() -> LandmarkNetwork:
    """Return the network that finds the 68 points of drawn faces; it stands in for a landmark detector."""
    path = standin_files("landmarks")["landmarks.pt"]
    return load_landmarks(path, LANDMARKS)


def standin_inception() -> FidInception:
    """Return the stand-in for FID-Inception."""
    path = standin_files("inception")["inception.pt"]
    return load_inception(path, width=INCEPTION_WIDTH, classes=INCEPTION_CLASSES)


def standin_lpips() -> Lpips:
    """Return the stand-in for LPIPS on AlexNet."""
    files = standin_files("lpips")
    return load_lpips(files["lpips_trunk.pt"], files["lpips_linear.pt"], "alex", width=LPIPS_WIDTH)


def standin_identity() -> IResNetRecogniser:
    """Return the stand-in for ArcFace."""
    network = load_iresnet(standin_files("identity")["identity.pt"], IDENTITY)
    return IResNetRecogniser(standin_tag("identity"), network)


def random_identity() -> IResNetRecogniser:
    """Return the same network untrained: the floor that a recogniser's known answers are printed beside."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return IResNetRecogniser("random", IResNet(IDENTITY).eval())
