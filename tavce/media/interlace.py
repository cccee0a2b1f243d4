"""Pictures that hold two moments, in their odd and their even lines: found by what they show, and taken apart.

Flags are not asked. Sites re-encode broadcasts without them, and encoders set them on pictures of one moment.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain, groupby, islice, takewhile
from typing import Literal

import av

SAMPLE = 48  # pictures that are looked at: two seconds of broadcast
# Times more pictures must show two moments than one, or the other order of the lines. Film in broadcast repeats single
# lines, so that four pictures of five seem to be of two moments.
SURE = 8
SHARE = 4  # at least one picture in so many must show two moments; still scenes show none
LEAST_LINES = 16  # below, neither filter has lines to compare
KIND = "lavfi.idet.single.current_frame"
TICK = Fraction(1, 1000)  # any; the order of pictures is all that counts

FieldOrder = Literal["tff", "bff"]


def field_order(frames: Iterable[av.VideoFrame]) -> FieldOrder | None:
    """Return which lines show the earlier moment, the top ones ("tff") or the others ("bff"); None for whole pictures.

    FFmpeg's filter idet compares the lines of a picture with those between them in the picture before and the one
    after: lines of two moments fit one of these better than the other. Stripes fit both alike, and a scene that
    stands still says nothing. Film in broadcast (three whole pictures, then two of two moments) is taken as whole.

    Args:
        frames: neighbours in time; at most 48 are looked at. RGB, grey and packed formats are taken as whole pictures:
            no broadcast has them.
    """
    frames = iter(frames)
    head = next(frames, None)
    if head is None or not _planar(head) or head.height < LEAST_LINES:
        return None
    filtered = _through(islice(takewhile(_planar, chain([head], frames)), SAMPLE), "idet", "")
    seen = Counter(str(each.metadata.get(KIND)) for each in filtered)
    top, bottom, least = seen["tff"], seen["bff"], seen.total() / SHARE
    if top >= least and top > SURE * (bottom + seen["progressive"]):
        return "tff"
    if bottom >= least and bottom > SURE * (top + seen["progressive"]):
        return "bff"
    return None


def deinterlaced(
    timed: Iterable[tuple[Fraction, av.VideoFrame]], order: FieldOrder
) -> Iterator[tuple[Fraction, av.VideoFrame]]:
    """Yield each picture as it was at its earlier moment, with its time.

    The other lines are drawn anew from their neighbours in the picture and in time, by FFmpeg's bwdif. A picture
    depends on the one before and the one after it.

    Args:
        timed: times and pictures.
        order: of the lines, from `field_order`.
    """
    times: deque[Fraction] = deque()

    def noted() -> Iterator[av.VideoFrame]:
        for time, frame in timed:
            times.append(time)
            yield frame

    for frame in _through(noted(), "bwdif", f"mode=send_frame:parity={order}:deint=all"):
        yield times.popleft(), frame


def _planar(frame: av.VideoFrame) -> bool:
    return not frame.format.is_rgb and not frame.format.has_palette and frame.format.is_planar


def _through(frames: Iterable[av.VideoFrame], name: str, options: str) -> Iterator[av.VideoFrame]:
    """Yield what one filter of FFmpeg makes of the frames, one for one and in order."""
    # FFmpeg reads beyond a picture's end where its size or format differs from those a filter was set up for.
    for _, alike in groupby(frames, lambda frame: (frame.format.name, frame.width, frame.height)):
        yield from _through_alike(alike, name, options)


def _through_alike(frames: Iterator[av.VideoFrame], name: str, options: str) -> Iterator[av.VideoFrame]:
    head = next(frames)
    graph = av.filter.Graph()
    source = graph.add_buffer(width=head.width, height=head.height, format=head.format, time_base=TICK)
    graph.link_nodes(source, graph.add(name, options), graph.add("buffersink")).configure()
    for number, frame in enumerate(chain([head], frames)):
        # Numbers in place of times: some streams have none, and the filters ask only for the order.
        frame.pts, frame.time_base = number, TICK
        graph.vpush(frame)
        yield from _ready(graph)
    graph.vpush(None)
    yield from _ready(graph)


def _ready(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (av.BlockingIOError, av.EOFError):  # it wants another, or has given all
            return
