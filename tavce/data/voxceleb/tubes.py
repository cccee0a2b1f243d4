"""An utterance -> tubes: runs of frames through which the face stays about where it was.

The rules and their values are those of AliaksandrSiarohin/video-preprocessing@0cdd120, crop_vox.py. There they are
asked of boxes that a detector found, and pixels are counted; here of the annotated boxes themselves, as areas. A gap in
the annotation ends a tube too, which the original does not look at.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from tavce.data.voxceleb.annotation import FPS, Annotation

MIN_IOU = 0.25  # with the first box of the tube
MAX_FRAMES = 1024
MIN_FRAMES = 64


@dataclass(frozen=True)
class Tube:
    """One run of frames without a gap.

    Attributes:
        first: index of its first frame at 25 fps on the whole upload.
        boxes: as in `Annotation`.
    """

    first: int
    boxes: Float32[np.ndarray, "frames 4"]

    @property
    def start_s(self) -> float:
        """Where it starts on the upload's time line, in seconds."""
        return self.first / FPS

    @property
    def end_s(self) -> float:
        """The end of its last frame, in seconds."""
        return (self.first + len(self.boxes)) / FPS

    @property
    def problem(self) -> str:
        """Why it cannot be used, "" if it can."""
        if len(self.boxes) >= MIN_FRAMES:
            return ""
        return f"the face stays in place for {len(self.boxes)} frames only, at least {MIN_FRAMES} are needed"


def tubes(annotation: Annotation) -> list[Tube]:
    """Return the tubes of an utterance in their order; together they hold every frame once, short ones included.

    A new tube starts behind a gap, after 1024 frames, and where the overlap with the tube's first box is below 0.25.
    """
    found = []
    gaps = (np.flatnonzero(np.diff(annotation.frames) != 1) + 1).tolist()
    for start, end in zip([0, *gaps], [*gaps, len(annotation.frames)], strict=True):
        first = start
        while first < end:
            stop = min(first + MAX_FRAMES, end)
            away = np.flatnonzero(_overlap_with_first(annotation.boxes[first:stop]) < MIN_IOU)
            stop = first + int(away[0]) if len(away) else stop
            found.append(Tube(int(annotation.frames[first]), annotation.boxes[first:stop]))
            first = stop
    return found


def _overlap_with_first(boxes: Float32[np.ndarray, "frames 4"]) -> Float64[np.ndarray, " frames"]:
    exact = boxes.astype(np.float64)
    low, high = np.maximum(exact[0, :2], exact[:, :2]), np.minimum(exact[0, 2:], exact[:, 2:])
    common: Float64[np.ndarray, " frames"] = np.prod(np.maximum(high - low, 0.0), axis=1)
    areas: Float64[np.ndarray, " frames"] = np.prod(exact[:, 2:] - exact[:, :2], axis=1)
    overlap: Float64[np.ndarray, " frames"] = common / (areas[0] + areas - common)
    return overlap
