"""An identity and a performance to pictures: still layers once per clip, moving parts per frame, then one warp."""

import math
from collections.abc import Iterator
from dataclasses import fields

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

from tavce.data.synthetic.head_pose import HEAD_Y, View, from_picture, relief, to_picture, view
from tavce.data.synthetic.identity import Identity
from tavce.data.synthetic.performance import Performance
from tavce.data.synthetic.render_body import COLLAR_Y
from tavce.data.synthetic.render_eyes import draw_eyes, eye_box
from tavce.data.synthetic.render_layers import Layer, Layers, draw_layers
from tavce.data.synthetic.render_mouth import draw_mouth, mouth_box
from tavce.errors import InputError

BACK_DEPTH = -0.10  # of ears and back hair, picture sides behind the outline of the face
MAP_CELLS = 96  # the warp is computed on this many cells across the picture and interpolated
BLOCK_PIXELS = 8 * 128**2  # pixels of pictures whose moving parts are drawn together
TORSO_SHARE = 0.35  # how much of the head's translation the shoulders follow


def render(
    identity: Identity, performance: Performance, size: int, *, block: int = 32
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Yield the frames of a performance as RGB pictures of `size` x `size`.

    Args:
        identity: who is seen.
        performance: what the face does.
        size: edge of the pictures in pixels, at least 16.
        block: most frames whose moving parts are drawn together (fewer for large pictures); sets speed and memory,
            never the result.

    Raises:
        InputError: `size` or `block` is out of range.
    """
    if size < 16 or block < 1:
        raise InputError(
            f"size {size}, block {block}", "cannot be drawn", "use a size of at least 16 and a block of at least 1"
        )
    layers = draw_layers(identity, size)
    step = max(1, min(block, BLOCK_PIXELS // size**2))
    for first in range(0, len(performance.aperture), step):
        values = {each.name: getattr(performance, each.name)[first : first + step] for each in fields(Performance)}
        yield from _block(identity, Performance(**values), layers, size)


def _block(
    identity: Identity, part: Performance, layers: Layers, size: int
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    seen = view(identity, part)
    patches = _patches(identity, part, layers)
    still = (layers.back, layers.neck, layers.torso)
    affines = _affines(identity, seen)
    head = layers.head.pixels.copy()
    edges = to_picture(identity, seen, *_edge(identity, layers.head, len(part.aperture)))
    for frame in range(len(part.aperture)):
        for rows, columns, pixels in patches:
            head[rows, columns, :3] = pixels[frame]
        picture = layers.room.copy()
        for layer, matrices in zip(still, affines, strict=True):
            _lay_affine(picture, layer, matrices[frame], layers)
        _lay_head(picture, head, identity, seen, frame, edges[frame], layers)
        yield picture


def _lay(picture: UInt8[np.ndarray, "rows columns 3"], layer: UInt8[np.ndarray, "rows columns 4"]) -> None:
    through = cv2.cvtColor(cv2.bitwise_not(layer[..., 3]), cv2.COLOR_GRAY2RGB)
    behind = cv2.multiply(picture, through, scale=1 / 255)
    picture[:] = cv2.add(behind, cv2.cvtColor(layer, cv2.COLOR_RGBA2RGB))


def _window(corners: Float64[np.ndarray, "n 2"], size: int, margin: float) -> tuple[int, int, int, int]:
    # plain numbers: this runs four times a frame, and small arrays would cost more than the warps they save
    left, top = (min(size, max(0, math.floor((edge - margin + 0.5) * size) - 1)) for edge in corners.min(0).tolist())
    right, bottom = (min(size, max(0, math.ceil((edge + margin + 0.5) * size) + 1)) for edge in corners.max(0).tolist())
    return top, bottom, left, right


def _corners(layer: Layer) -> Float64[np.ndarray, "4 2"]:
    (left, top), (right, bottom) = layer.low, layer.high
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def _lay_affine(picture: np.ndarray, layer: Layer, matrix: Float64[np.ndarray, "2 3"], layers: Layers) -> None:
    """Lay a still layer whose plane goes to the picture by `matrix`."""
    corners = _corners(layer) @ matrix[:, :2].T + matrix[:, 2]
    top, bottom, left, right = _window(corners, len(picture), 0.0)
    if bottom <= top or right <= left:
        return
    scale, density, edge = layers.scale, layers.on.density, layers.on.pixels / 2 - 0.5
    back = np.linalg.inv(matrix[:, :2])
    # fine pixel -> picture sides -> plane -> canvas pixel
    start = (np.array([left, top]) * scale + 0.5) / density - 0.5
    offset = back @ (start - matrix[:, 2]) * density + edge
    moved = cv2.warpAffine(
        layer.pixels,
        np.column_stack([back, offset]),
        ((right - left) * scale, (bottom - top) * scale),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    small = cv2.resize(moved, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    _lay(picture[top:bottom, left:right], small)


def _edge(
    identity: Identity, head: Layer, frames: int
) -> tuple[Float64[np.ndarray, "frames 40 2"], Float64[np.ndarray, "frames 40"]]:
    """Return points around the head layer, low enough for an open jaw, and their depths."""
    corners = _corners(head) + np.array([(0, 0), (0, 0), (0, 0.6), (0, 0.6)]) * identity.shape.gap
    share = np.linspace(0, 1, 10, endpoint=False)[:, None]
    line = np.concatenate(
        [here + (there - here) * share for here, there in zip(corners, np.roll(corners, -1, 0), strict=True)]
    )
    depth = relief(identity.shape, line[:, 0], line[:, 1])[0]
    return np.tile(line, (frames, 1, 1)), np.tile(depth, (frames, 1))


def _lay_head(
    picture: np.ndarray,
    head: np.ndarray,
    identity: Identity,
    seen: View,
    frame: int,
    edge: Float64[np.ndarray, "n 2"],
    layers: Layers,
) -> None:
    """Lay the head of one frame, warped by jaw, relief and pose."""
    size = len(picture)
    top, bottom, left, right = _window(edge, size, 0.006)
    if bottom <= top or right <= left:
        return
    pitch = min(1.0, MAP_CELLS / size)
    columns, rows = (int(np.ceil((high - low) * pitch)) + 1 for low, high in ((left, right), (top, bottom)))
    width, height = columns / pitch, rows / pitch
    x = ((left + (np.arange(columns) + 0.5) / pitch) / size - 0.5).astype(np.float32)
    y = ((top + (np.arange(rows) + 0.5) / pitch) / size - 0.5).astype(np.float32)
    places = from_picture(identity, seen, frame, x, y) * np.float32(layers.on.density) + np.float32(
        layers.on.pixels / 2 - 0.5
    )
    fine = cv2.resize(
        places, (round(width * layers.scale), round(height * layers.scale)), interpolation=cv2.INTER_LINEAR
    )
    fine = fine[: (bottom - top) * layers.scale, : (right - left) * layers.scale]
    moved = cv2.remap(head, fine, None, cv2.INTER_LINEAR)
    _lay(picture[top:bottom, left:right], cv2.resize(moved, (right - left, bottom - top), interpolation=cv2.INTER_AREA))


def _patches(identity: Identity, part: Performance, layers: Layers) -> list[tuple[slice, slice, np.ndarray]]:
    """Return eyes and mouth of each frame, laid under the front layer: rows, columns, frames x rows x columns x 3."""
    on, frames = layers.on, len(part.aperture)
    top, bottom, left, right = mouth_box(identity, on)
    box = eye_box(identity, on)
    mirrored = slice(on.pixels - box.right, on.pixels - box.left)
    rows = slice(box.top, box.bottom)
    eyes = np.stack([layers.skin[:, rows, mirrored][:, :, ::-1], layers.skin[:, rows, box.left : box.right]], 1)
    eyes = np.repeat(eyes[:, None], frames, 1)
    draw_eyes(eyes, identity, on, box, part)
    mouth = np.repeat(layers.skin[:, None, top:bottom, left:right], frames, 1)
    draw_mouth(mouth, identity, on, (top, bottom, left, right), part)
    found = []
    for down, across, pixels in (
        (rows, mirrored, eyes[:, :, 0, :, ::-1]),
        (rows, slice(box.left, box.right), eyes[:, :, 1]),
        (slice(top, bottom), slice(left, right), mouth),
    ):
        done = pixels + layers.cover[down, across] * (layers.front[:, None, down, across] - pixels)
        done *= layers.head.pixels[down, across, 3] * np.float32(1 / 255)
        found.append((down, across, np.clip(done + 0.5, 0, 255).astype(np.uint8).transpose(1, 2, 3, 0)))
    return found


def _affines(identity: Identity, seen: View) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how the planes of back, neck and torso go to the picture: 2x3 matrices, per frame."""
    frames = len(seen.drop)
    corners = np.array([(-0.2, -0.2), (0.2, -0.2), (-0.2, 0.3)])
    places = to_picture(identity, seen, np.tile(corners, (frames, 1, 1)), np.full((frames, 3), BACK_DEPTH))
    top = np.array([(-0.1, 0.26), (0.1, 0.26)])
    at = to_picture(identity, seen, np.tile((0.0, 0.26), (frames, 1, 1)), np.zeros((frames, 1)))
    slide = TORSO_SHARE * (seen.place - (0.0, HEAD_Y))[:, None]
    root = np.array([(0.0, COLLAR_Y + 0.03)])
    rest = top + np.array([0.0, HEAD_Y])
    neck = np.concatenate([top - (0.0, 0.26) + at, np.tile(root, (frames, 1, 1)) + slide], 1)
    return _fit(corners, places), _fit(np.concatenate([rest, root]), neck), _fit(corners, corners + slide)


def _fit(
    plane: Float64[np.ndarray, "3 2"], picture: Float64[np.ndarray, "frames 3 2"]
) -> Float64[np.ndarray, "frames 2 3"]:
    source = np.column_stack([plane, np.ones(3)])
    return np.linalg.solve(source[None], picture).transpose(0, 2, 1)
