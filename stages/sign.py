"""Signatures of scores: the protocol of the metric, and the judges that took part."""

import cv2
import PIL

from metrics.record import Metric
from metrics.signature import signature
from stages.judging import Judges
from stages.panel import Panel
from tavce.data.clips import FPS
from tavce.media.video import decoder_version

# Judges whose weights move a metric, by what the metric needs; the faces of a face track are added where there is one.
JUDGES: dict[str, tuple[str, ...]] = {
    "frames": (),
    "lpips": ("lpips",),
    "mouth": ("landmarks",),
    "landmarks": ("landmarks",),
    "sound": ("landmarks",),
    "identity": ("identity", "landmarks"),
    "sync": ("sync",),
    "inception": ("inception",),
    "i3d": ("i3d",),
    "i3d_first": ("i3d",),
}


def judges_of(metric: Metric, panel: Panel) -> list[tuple[str, str]]:
    """Return the judges that a metric rests on: name and tag."""
    names = list(JUDGES[metric.needs])
    if metric.needs == "sync" and panel.settings.sync_crop == "syncnet_track":
        names.append("faces")
    return [(name, panel.tag(name)) for name in names]


def sign(metric: Metric, panel: Panel, policy: str, size: int | str) -> str:
    """Return the signature of a metric's rows.

    Args:
        metric: the metric.
        panel: the judges.
        policy: crop policy of the clips.
        size: their side in pixels, or "native".
    """
    settings = panel.settings
    mode = settings.sync_mode if metric.needs == "sync" else "clean"
    extra = judges_of(metric, panel)
    if metric.needs == "sync":
        extra.append(("face", settings.sync_crop))
    if metric.needs == "inception":
        extra.append(("resize", settings.inception_resize))
    extra += _painters(metric, settings)
    return signature(metric, crop=policy, size=size, fps=FPS, decoder=decoder_version(), mode=mode, extra=extra)


def _painters(metric: Metric, settings: Judges) -> list[tuple[str, str]]:
    """Return the libraries that resize or turn pictures on their way to a judge: they round in ways of their own."""
    if metric.needs in ("sync", "identity"):
        return [("cv", cv2.__version__)]
    if metric.needs == "inception" and settings.inception_resize == "clean":
        return [("pillow", PIL.__version__)]
    return []
