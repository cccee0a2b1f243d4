"""Who is drawn: the proportions, colours and belongings of one person, drawn from a seed and a number.

Lengths are in picture sides, measured in the head's own frontal plane: x right, y down, (0, 0) the middle of the face.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tavce.data.synthetic.palette import (
    CLOTH,
    FRAMES,
    HAIR_BROWN,
    HAIR_DARK,
    HAIR_FAIR,
    HAIR_FANCY,
    HAIR_GREY,
    HAIR_RED,
    IRIS,
    LIPSTICK,
    ROOM,
    SKIN,
    UNDERTONES,
    Colour,
    along,
    mix,
    shade,
)

Choice = TypeVar("Choice")

STYLES_SHORT = ("crop", "side_part", "quiff", "short_curls", "receding", "side_part", "bald", "beanie", "fringe_short")
STYLES_LONG = ("bob", "long", "fringe_bob", "bun", "waves", "afro", "pixie", "headscarf", "pigtails", "long_fringe")
COLLARS = ("crew", "shirt", "v_neck", "turtleneck", "hoodie", "blazer")
PATTERNS = ("plain", "stripes", "checks", "knit", "dots", "plain")
BEARDS = ("stubble", "full", "moustache", "goatee", "stubble", "full")
ROOMS = ("bokeh", "studio", "window", "shelf", "arches", "leaves")


@dataclass(frozen=True)
class Shape:
    """Proportions of a head.

    Attributes:
        half_width: half the width at the cheekbones; temple, jaw and chin are parts of it.
        crown_y, brow_y, eye_y, nose_y, mouth_y, chin_y: heights of the parts.
        square: 0 pointed chin to 1 square jaw.
        eye_x, eye_half_width: place and half width of an eye; eye_upper, eye_lower: how far the lids open.
        eye_tilt: rise of the outer corner per length; iris: radius.
        brow_arch, brow_slope, brow_half: rise, outward fall and half thickness of a brow.
        nose_half: half the width at the wings.
        mouth_half: half width of the resting mouth; lip_upper, lip_lower: fullness; bow: depth of the cupid's bow;
            smile: rise of the corners; gap: inner-lip gap at full aperture.
        ear: size of an ear; neck: half width of the neck; shoulders: half width of the shoulders.
    """

    half_width: float
    temple: float
    jaw: float
    chin: float
    square: float
    crown_y: float
    brow_y: float
    eye_y: float
    nose_y: float
    mouth_y: float
    chin_y: float
    eye_x: float
    eye_half_width: float
    eye_upper: float
    eye_lower: float
    eye_tilt: float
    iris: float
    brow_arch: float
    brow_slope: float
    brow_half: float
    nose_half: float
    mouth_half: float
    lip_upper: float
    lip_lower: float
    bow: float
    smile: float
    gap: float
    ear: float
    neck: float
    shoulders: float

    @property
    def face_height(self) -> float:
        """Height from the brows to the chin."""
        return self.chin_y - self.brow_y


@dataclass(frozen=True)
class Looks:
    """Colours (sRGB 0..255) and belongings; amounts are 0..1.

    Attributes:
        skin, hair, brow, iris, lips, cloth, cloth_second, room, room_second, glasses, scarf: colours.
        style: hair style or head wear; parting: -1 left to 1 right; volume: how far hair stands off the head.
        beard: "none", "stubble", "moustache", "goatee" or "full".
        collar, pattern, room_kind: cut and pattern of the clothes, kind of background.
        spectacles: "none", "round" or "square".
        earrings, lashes, freckles, lines, blush: amounts; mole: place on the face, or None.
    """

    skin: Colour
    hair: Colour
    brow: Colour
    iris: Colour
    lips: Colour
    cloth: Colour
    cloth_second: Colour
    room: Colour
    room_second: Colour
    glasses: Colour
    scarf: Colour
    style: str
    parting: float
    volume: float
    beard: str
    collar: str
    pattern: str
    room_kind: str
    spectacles: str
    earrings: float
    lashes: float
    freckles: float
    lines: float
    blush: float
    mole: tuple[float, float] | None


@dataclass(frozen=True)
class Identity:
    """One person of the corpus: `seed` and `number` also seed the static textures."""

    seed: int
    number: int
    shape: Shape
    looks: Looks


def make_identity(seed: int, number: int) -> Identity:
    """Return person `number` of the crowd `seed`; the same arguments give the same person.

    Skin, hair style and colours walk through their ranges by irrational steps, so neighbouring numbers differ and any
    run of numbers covers the ranges evenly; proportions are drawn independently.
    """
    walk = np.random.default_rng([seed, 7]).random(12)
    steps = np.modf(np.sqrt([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0, 23.0, 29.0, 31.0, 37.0]))[0]
    even = np.modf(walk + number * steps)[0]
    rng = np.random.default_rng([seed, number, 11])
    # 0 strong to 1 soft features; it also leans hair, lashes and beards one way
    soft = float(abs(np.clip(rng.normal(0, 0.09), 0, 1) - float(even[0] < 0.5)))
    shape = _shape(rng, soft)
    return Identity(seed, number, shape, _looks(rng, even, soft))


def _shape(rng: np.random.Generator, soft: float) -> Shape:
    def around(middle: float, spread: float) -> float:
        return float(middle + spread * np.clip(rng.normal(0, 0.7), -1.2, 1.2))

    half_width = around(0.212 - 0.005 * soft, 0.024)
    eye_half_width = around(0.0515 + 0.003 * soft, 0.005)
    chin_y = around(0.322 - 0.010 * soft, 0.024)
    mouth_half = around(0.076, 0.010)
    square = float(np.clip(around(0.55 - 0.35 * soft, 0.45), 0, 1))
    return Shape(
        half_width=half_width,
        temple=around(0.965, 0.03),
        jaw=around(0.825 - 0.055 * soft, 0.065) + 0.05 * square,
        chin=around(0.32 - 0.05 * soft, 0.08) + 0.13 * square,
        square=square,
        crown_y=around(-0.362, 0.012),
        brow_y=around(-0.125 - 0.006 * soft, 0.008),
        eye_y=around(-0.053, 0.007),
        nose_y=around(0.073 - 0.006 * soft, 0.012),
        mouth_y=around(0.161 - 0.006 * soft, 0.010),
        chin_y=chin_y,
        eye_x=around(0.0960, 0.006) + 0.25 * (half_width - 0.21),
        eye_half_width=eye_half_width,
        eye_upper=eye_half_width * around(0.60 + 0.06 * soft, 0.12),
        eye_lower=eye_half_width * around(0.30 + 0.03 * soft, 0.07),
        eye_tilt=around(0.06 + 0.05 * soft, 0.14),
        iris=eye_half_width * around(0.51 + 0.02 * soft, 0.03),
        brow_arch=around(0.012 + 0.006 * soft, 0.008),
        brow_slope=around(0.10, 0.10),
        brow_half=around(0.0105 - 0.0030 * soft, 0.003),
        nose_half=around(0.040 - 0.004 * soft, 0.009),
        mouth_half=mouth_half,
        lip_upper=around(0.0165 + 0.005 * soft, 0.006),
        lip_lower=around(0.0225 + 0.006 * soft, 0.007),
        bow=around(0.24, 0.12),
        smile=around(0.0145, 0.005),
        gap=around(0.070, 0.007),
        ear=around(0.062, 0.009),
        neck=around(0.120 - 0.022 * soft, 0.012),
        shoulders=around(0.46 - 0.05 * soft, 0.04),
    )


def _looks(rng: np.random.Generator, even: np.ndarray, soft: float) -> Looks:
    depth, age = float(even[1]), float(rng.beta(1.6, 2.4))
    red, green, blue = along(SKIN, depth)
    tint = UNDERTONES[rng.integers(len(UNDERTONES))]
    skin = (red + tint[0], green + tint[1], blue + tint[2])
    style = _pick(STYLES_LONG if soft > 0.5 else STYLES_SHORT, even[2])
    hair = _hair_colour(rng, depth, age, float(even[3]))
    own_brow = style not in ("bald", "headscarf")
    bearded = soft < 0.4 and rng.random() < 0.62
    brown = depth > 0.5 or rng.random() < 0.3
    room = _pick(ROOM, even[5])
    return Looks(
        skin=skin,
        hair=hair,
        brow=mix(shade(hair, 0.72), shade(skin, 0.35), 0.3) if own_brow else shade(skin, 0.38),
        iris=IRIS[rng.integers(2 if depth > 0.5 else 3)] if brown else _pick(IRIS, even[6]),
        lips=_lip_colour(rng, skin, soft),
        cloth=_pick(CLOTH, even[4]),
        cloth_second=mix(CLOTH[rng.integers(len(CLOTH))], (245, 240, 230), 0.35),
        room=mix(room, shade(room, 0.80), float(rng.random())),
        room_second=ROOM[rng.integers(len(ROOM))],
        glasses=FRAMES[rng.integers(len(FRAMES))],
        scarf=_pick(CLOTH, even[7]),
        style=style,
        parting=float(rng.choice([-1, 1]) * rng.uniform(0.35, 0.8)),
        volume=float(rng.uniform(0.0, 1.0)),
        beard=BEARDS[rng.integers(len(BEARDS))] if bearded else "none",
        collar=_pick(COLLARS, even[8]),
        pattern=_pick(PATTERNS, even[9]),
        room_kind=_pick(ROOMS, even[10]),
        spectacles=("round" if rng.random() < 0.5 else "square") if even[11] < 0.22 else "none",
        earrings=float(soft > 0.5 and rng.random() < 0.5),
        lashes=soft,
        freckles=float(rng.uniform(0.4, 1.0)) if depth < 0.45 and rng.random() < 0.3 else 0.0,
        lines=max(0.0, age - 0.42),
        blush=float(rng.uniform(0.3, 1.0)) * (0.7 + 0.3 * soft),
        mole=_mole(rng) if rng.random() < 0.22 else None,
    )


def _pick(choices: tuple[Choice, ...], place: float) -> Choice:
    return choices[min(int(place * len(choices)), len(choices) - 1)]


def _mole(rng: np.random.Generator) -> tuple[float, float]:
    return float(rng.choice([-1, 1]) * rng.uniform(0.09, 0.13)), float(rng.uniform(0.06, 0.2))


def _lip_colour(rng: np.random.Generator, skin: Colour, soft: float) -> Colour:
    if soft > 0.6 and rng.random() < 0.3:
        return shade(mix(skin, LIPSTICK[rng.integers(len(LIPSTICK))], 0.72), 0.96)
    return shade(mix(skin, (186, 78, 84), 0.42 + 0.12 * soft), 0.96)


def _hair_colour(rng: np.random.Generator, depth: float, age: float, place: float) -> Colour:
    jitter = 1.0 + 0.12 * float(rng.uniform(-1, 1))
    if age > 0.72 or (age > 0.6 and rng.random() < 0.4):
        return shade(HAIR_GREY[rng.integers(len(HAIR_GREY))], jitter)
    if rng.random() < 0.05:
        return shade(HAIR_FANCY[rng.integers(len(HAIR_FANCY))], jitter)
    if depth > 0.62:
        families: tuple[tuple[Colour, ...], ...] = (HAIR_DARK, HAIR_DARK, HAIR_DARK, HAIR_DARK, HAIR_DARK, HAIR_BROWN)
    elif depth > 0.4:
        families = (HAIR_DARK, HAIR_BROWN, HAIR_DARK, HAIR_BROWN, HAIR_FAIR)
    else:
        families = (HAIR_DARK, HAIR_BROWN, HAIR_FAIR, HAIR_RED, HAIR_BROWN, HAIR_FAIR)
    family = families[min(int(place * len(families)), len(families) - 1)]
    return shade(family[rng.integers(len(family))], jitter)
