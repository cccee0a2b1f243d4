"""The still layers of a person, drawn once per clip, from back to front: room, back hair, neck, clothes, head."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, UInt8

from tavce.data.synthetic.identity import Identity
from tavce.data.synthetic.raster import Canvas, Picture, Plane, canvas, paint, premultiplied
from tavce.data.synthetic.render_body import neck_layer, torso_layer
from tavce.data.synthetic.render_hair import back_layer, front_layer, hair_shadow
from tavce.data.synthetic.render_room import room
from tavce.data.synthetic.render_skin import head_mask, skin

HALF = 0.62  # canvases reach this far from their origin


@dataclass(frozen=True)
class Layer:
    """A still layer: premultiplied RGBA on the canvas, and the box (in picture sides) outside which it is empty."""

    pixels: UInt8[np.ndarray, "height width 4"]
    low: Float64[np.ndarray, "2"]
    high: Float64[np.ndarray, "2"]


@dataclass(frozen=True)
class Layers:
    """What is drawn once per clip: layers from back to front, and skin and front of the head for the moving parts."""

    scale: int
    on: Canvas
    room: UInt8[np.ndarray, "size size 3"]
    back: Layer
    neck: Layer
    torso: Layer
    head: Layer
    skin: Picture
    front: Picture
    cover: Plane


def draw_layers(identity: Identity, size: int) -> Layers:
    """Return the still layers for pictures of `size` x `size`, drawn at twice that density or more."""
    scale = max(2, -(-160 // size))
    on = canvas(scale * size, HALF)
    mask = head_mask(identity, on)
    front, cover = front_layer(identity, on, mask)
    face = skin(identity, on, mask, hair_shadow(identity, on, cover))
    whole = face.copy()
    paint(whole, front, cover)
    background = room(identity, Canvas(float(size), size))
    return Layers(
        scale=scale,
        on=on,
        room=np.clip(background.transpose(1, 2, 0) + 0.5, 0, 255).astype(np.uint8),
        back=_layer(on, *back_layer(identity, on)),
        neck=_layer(on, *neck_layer(identity, on)),
        torso=_layer(on, *torso_layer(identity, on)),
        head=_layer(on, whole, np.maximum(mask, cover)),
        skin=face,
        front=front,
        cover=cover,
    )


def _layer(on: Canvas, picture: Picture, alpha: Plane) -> Layer:
    pixels = premultiplied(picture, alpha)
    columns, rows = (np.flatnonzero(pixels[..., 3].any(axis)) for axis in (0, 1))
    if not len(columns):
        return Layer(pixels, np.zeros(2), np.zeros(2))
    edge = on.pixels / 2
    low, high = np.array([columns[0], rows[0]]), np.array([columns[-1], rows[-1]]) + 1
    return Layer(pixels, (low - edge) / on.density, (high - edge) / on.density)
