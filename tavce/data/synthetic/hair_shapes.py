"""Outlines of hair and head wear: what lies in front of the face and what lies behind the head, per style."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from tavce.data.synthetic.face_curves import smooth_curve
from tavce.data.synthetic.identity import Identity
from tavce.data.synthetic.palette import Number

Points = Float64[np.ndarray, "_ 2"]
Line = list[tuple[Number, Number]]  # a list of points, as the functions below take them
COVERS_EARS = frozenset({"bob", "fringe_bob", "long", "long_fringe", "waves", "headscarf"})
CURLY = frozenset({"short_curls", "afro"})


@dataclass(frozen=True)
class HairShape:
    """Closed outlines in the frontal plane: in front of the face, behind the head; where the strands start."""

    front: tuple[Points, ...]
    back: tuple[Points, ...]
    root: tuple[float, float]


def hair_shape(identity: Identity) -> HairShape:
    """Return the outlines of the identity's hair style; a bald head has none."""
    style = identity.looks.style
    if style in ("bald", "headscarf", "beanie"):
        return _covered(identity)
    if style in ("crop", "side_part", "quiff", "fringe_short", "pixie", "receding"):
        return _short(identity)
    if style in CURLY:
        return _curly(identity)
    if style in ("bun", "pigtails"):
        return _tied(identity)
    return _long(identity)


def _both(right: Line) -> Points:
    half = np.array(right, np.float64)
    return np.concatenate([half, half[::-1] * (-1.0, 1.0)])


def _cap(identity: Identity, rise: float, wide: float, low: float) -> Line:
    """Return the right half of the hair's outer edge from the top down to `low`."""
    a, top = identity.shape.half_width, identity.shape.crown_y
    return [
        (0.0, top - rise),
        (0.52 * a, top + 0.022 - rise),
        (0.91 * a * wide, top + 0.092 - 0.5 * rise),
        (1.02 * a * wide, -0.17),
        (1.035 * a * wide, low),
    ]


def _closed(outer: Points, inner: Points) -> Points:
    return smooth_curve(np.concatenate([outer, inner]), closed=True, per_segment=10)


def _around(outer_right: Line, inner: Line) -> Points:
    """Close the outer edge (mirrored) by an inner edge from the right ear over the forehead to the left ear."""
    right = np.array(outer_right, np.float64)
    left = right[:0:-1] * (-1.0, 1.0)
    return _closed(np.concatenate([left, right]), np.array(inner, np.float64))


def _mirrored(inner_right: Line) -> Line:
    """Return an inner edge from its right half, which runs from the ear to the middle (at x = 0)."""
    return inner_right + [(-x, y) for x, y in inner_right[-2::-1]]


def _flip(points: Line, sign: float) -> Line:
    return points if sign > 0 else [(-x, y) for x, y in points[::-1]]


def _short(identity: Identity) -> HairShape:
    shape, looks = identity.shape, identity.looks
    a, top, side = shape.half_width, shape.crown_y, np.sign(looks.parting)
    rise = 0.016 + 0.018 * looks.volume
    root = (0.0, top - 0.03)
    if looks.style == "crop":
        inner = _mirrored(
            [(0.955 * a, -0.030), (0.925 * a, -0.120), (0.86 * a, -0.195), (0.60 * a, -0.245), (0.0, -0.258)]
        )
        return HairShape((_around(_cap(identity, 0.012, 1.0, -0.045), inner),), (), root)
    if looks.style == "receding":
        inner = _mirrored(
            [
                (0.955 * a, -0.020),
                (0.93 * a, -0.110),
                (0.86 * a, -0.210),
                (0.58 * a, -0.318),
                (0.22 * a, -0.296),
                (0, -0.284),
            ]
        )
        return HairShape((_around(_cap(identity, 0.008, 1.0, -0.035), inner),), (), root)
    if looks.style == "quiff":
        inner = _mirrored(
            [(0.955 * a, -0.030), (0.925 * a, -0.125), (0.84 * a, -0.215), (0.52 * a, -0.262), (0.0, -0.268)]
        )
        right = np.array(_cap(identity, rise, 1.02, -0.045))
        outer = np.concatenate([right[:0:-1] * (-1.0, 1.0), right])
        outer[:, 1] -= 0.022 * np.exp(-(((outer[:, 0] * side + 0.42 * a) / (0.48 * a)) ** 2))
        return HairShape((_closed(outer, np.array(inner)),), (), (side * 1.3 * a, -0.16))
    if looks.style == "fringe_short":
        teeth = [
            (x * a, -0.172 - 0.022 * x * x * side * x + (0.006 if index % 2 else -0.005))
            for index, x in enumerate(np.linspace(0.80, -0.80, 15))
        ]
        inner = [(0.955 * a, -0.020), (0.93 * a, -0.110), *teeth, (-0.93 * a, -0.110), (-0.955 * a, -0.020)]
        return HairShape((_around(_cap(identity, rise, 1.03, -0.035), inner),), (), root)
    return _swept(identity, rise)


def _swept(identity: Identity, rise: float) -> HairShape:
    """Return short hair that falls to one side of a parting, further over the forehead as a pixie."""
    shape, looks = identity.shape, identity.looks
    a, side = shape.half_width, np.sign(looks.parting)
    low = -0.03 if looks.style == "side_part" else 0.015
    sweep = -0.205 if looks.style == "side_part" else -0.168
    inner = _flip(
        [
            (0.955 * a, low), (0.925 * a, -0.125), (0.76 * a, -0.214), (0.46 * a, -0.268), (0.10 * a, -0.236),
            (-0.36 * a, sweep - 0.006), (-0.70 * a, sweep + 0.016), (-0.90 * a, -0.130), (-0.955 * a, low),
        ],
        side,
    )  # fmt: skip
    right = np.array(_cap(identity, rise + 0.012, 1.02, low - 0.015))
    left = right[:0:-1] * (-1.0, 1.0)
    left[:, 0] *= 1.02 if side > 0 else 1.0
    outer = np.concatenate([left, right])
    outer[:, 1] -= 0.012 * np.exp(-(((outer[:, 0] * side + 0.35 * a) / (0.5 * a)) ** 2))
    return HairShape((_closed(outer, np.array(inner)),), (), (side * 0.46 * a, -0.300))


def _curly(identity: Identity) -> HairShape:
    shape, looks = identity.shape, identity.looks
    a, top = shape.half_width, shape.crown_y
    rng = np.random.default_rng([identity.seed, identity.number, 31])
    big = looks.style == "afro"
    inner = _mirrored([(0.955 * a, -0.02), (0.915 * a, -0.12), (0.83 * a, -0.195), (0.52 * a, -0.236), (0.0, -0.244)])
    lumps = np.array(inner) + rng.uniform(-0.007, 0.007, (len(inner), 2))
    if not big:
        outer = _bumpy(np.array(_cap(identity, 0.028 + 0.018 * looks.volume, 1.07, -0.05)), rng, 0.007)
        return HairShape((_closed(outer, lumps),), (), (0.0, top))
    reach = 1.46 + 0.14 * looks.volume
    turns = np.linspace(0.5, 2 * np.pi + 0.5, 34, endpoint=False) + np.pi / 2
    centre = np.array([0.0, -0.145])
    ball = np.stack([np.cos(turns) * a * reach, np.sin(turns) * (0.292 + 0.02 * looks.volume)], 1)
    ball = centre + ball * (1 + rng.uniform(-0.030, 0.030, (len(turns), 1)))
    outer = _bumpy(np.array(_cap(identity, 0.045 + 0.02 * looks.volume, 1.10, -0.06)), rng, 0.008)
    return HairShape((_closed(outer, lumps),), (smooth_curve(ball, closed=True),), (0.0, top + 0.1))


def _bumpy(right: Points, rng: np.random.Generator, height: float) -> Points:
    line = np.concatenate([right[:0:-1] * (-1.0, 1.0), right])
    fine = smooth_curve(line, closed=False, per_segment=8)
    away = fine - (0.0, -0.12)
    swing = height * np.where(
        np.arange(len(fine)) % 4 < 2, rng.uniform(0.1, 1.5, len(fine)), rng.uniform(-1.1, 0.2, len(fine))
    )
    bumpy: Points = (fine + away / np.linalg.norm(away, axis=1, keepdims=True) * swing[:, None])[::2]
    return bumpy


def _tied(identity: Identity) -> HairShape:
    shape, looks = identity.shape, identity.looks
    a, top, side = shape.half_width, shape.crown_y, np.sign(looks.parting)
    inner = _mirrored([(0.945 * a, -0.045), (0.905 * a, -0.130), (0.80 * a, -0.200), (0.50 * a, -0.246), (0.0, -0.262)])
    front = _around(_cap(identity, 0.014, 1.0, -0.055), inner)
    if looks.style == "bun":
        turns = np.linspace(0, 2 * np.pi, 18, endpoint=False)
        radius = 0.062 + 0.012 * looks.volume
        bun = np.stack([np.cos(turns) * radius * 1.12, np.sin(turns) * radius + top - 0.024], 1)
        return HairShape((front,), (smooth_curve(bun, closed=True),), (0.0, top - 0.02))
    tail = np.array(
        [(0.85, 0.010), (1.06, -0.012), (1.26, 0.010), (1.46, 0.085), (1.52, 0.190), (1.43, 0.290),
         (1.24, 0.375), (1.27, 0.270), (1.17, 0.160), (1.05, 0.080), (0.90, 0.060)]
    )  # fmt: skip
    tails = tuple(smooth_curve(tail * (sign * a, 1.0), closed=True) for sign in (-1, 1))
    return HairShape((front,), tails, (side * 0.1 * a, top - 0.02))


def _long(identity: Identity) -> HairShape:
    shape, looks = identity.shape, identity.looks
    a, top, side = shape.half_width, shape.crown_y, np.sign(looks.parting)
    rise = 0.020 + 0.016 * looks.volume
    short = looks.style in ("bob", "fringe_bob")
    end = 0.245 + 0.03 * looks.volume if short else 0.60
    wide = 1.13 + 0.10 * looks.volume
    wave = 0.055 if looks.style == "waves" else 0.0
    down = np.linspace(-0.10, end, 9)
    swing = wave * np.sin(np.linspace(0.6, 11.0, 9))
    outer_x = (
        wide
        + 0.05 * np.sin(np.linspace(0, np.pi, 9)) * short
        + (0.16 * np.clip(down - 0.1, 0, 1) / 0.5) * (not short)
        + swing
    ) * a
    outer = _cap(identity, rise, 0.985 * wide, -0.15)[:4] + list(zip(outer_x.tolist(), down.tolist(), strict=True))
    cheek = [(0.80 + 0.10 * wide * (not short)) * a, 0.92 * a]
    strand_x = (
        np.array([cheek[0], 0.90 * a, 0.945 * a, 0.965 * a]) + wave * a * np.array([-0.6, 0.7, -0.3, 0.4])
    ).tolist()
    tips = list(zip(strand_x, [end - 0.012, 0.5 * end + 0.02, 0.02, -0.09], strict=True))
    if "fringe" in looks.style:
        count = 9
        bangs = [
            (x * a, -0.150 - 0.016 * (abs(x) < 0.3) + (0.005 if index % 2 else -0.005))
            for index, x in enumerate(np.linspace(0.80, -0.80, count))
        ]
        forehead = [*bangs]
        root = (0.0, top - 0.04)
    else:
        parting = 0.42 * side if looks.style != "long" else 0.0
        forehead = [(0.88 * a, -0.165), (0.70 * a, -0.222), ((0.5 * parting + 0.30) * a, -0.262), (parting * a, -0.292)]
        forehead += [((0.5 * parting - 0.30) * a, -0.258), (-0.70 * a, -0.212), (-0.88 * a, -0.160)]
        root = (parting * a, -0.315)
    inner = tips + forehead + [(-x, y) for x, y in tips[::-1]]
    back_right = [
        (0.0, top - 0.5 * rise),
        (0.8 * a, top + 0.09),
        *list(zip((outer_x * 0.985).tolist(), down.tolist(), strict=True)),
    ]
    back_right += [(0.55 * a, end + 0.016), (0.0, end + 0.02)]
    back = smooth_curve(_both(back_right), closed=True)
    return HairShape((_around(outer, inner),), (back,), root)


def _covered(identity: Identity) -> HairShape:
    shape, style = identity.shape, identity.looks.style
    a, top = shape.half_width, shape.crown_y
    if style == "bald":
        return HairShape((), (), (0.0, top))
    if style == "beanie":
        right = [
            (0.0, top - 0.050),
            (0.55 * a, top - 0.028),
            (0.95 * a, top + 0.065),
            (1.10 * a, -0.195),
            (1.10 * a, -0.150),
        ]
        inner = _mirrored([(1.06 * a, -0.138), (0.72 * a, -0.162), (0.0, -0.176)])
        return HairShape((_around(right, inner),), (), (0.0, top - 0.05))
    outer = [(0.0, top - 0.042), (0.60 * a, top - 0.018), (1.04 * a, top + 0.085), (1.20 * a, -0.10), (1.20 * a, 0.08)]
    outer += [(1.08 * a, 0.25), (0.82 * a, 0.365), (0.42 * a, 0.425), (0.0, 0.445)]
    ring = [(0.0, shape.chin_y + 0.004), (0.36 * a, shape.chin_y - 0.008), (0.66 * a, 0.248), (0.85 * a, 0.12)]
    ring += [(0.905 * a, -0.03), (0.85 * a, -0.150), (0.55 * a, -0.222), (0.0, -0.242)]
    opening, outside = np.array(ring), np.array(outer)
    closed = [np.concatenate([half, half[-2:0:-1] * (-1.0, 1.0)]) for half in (outside, opening)]
    cloth, face = (smooth_curve(points, closed=True) for points in closed)
    return HairShape((cloth, face), (cloth,), (0.0, top - 0.05))
