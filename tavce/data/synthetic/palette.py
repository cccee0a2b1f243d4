"""Colours that faces, hair, clothes and rooms are drawn from, as sRGB triples of 0..255."""

Number = float | int
Colour = tuple[Number, Number, Number]

SKIN: tuple[Colour, ...] = (  # light to dark; a face takes a point between two neighbours
    (252, 222, 203),
    (246, 207, 180),
    (238, 190, 155),
    (224, 170, 128),
    (205, 147, 103),
    (178, 121, 80),
    (148, 96, 63),
    (118, 74, 50),
    (92, 57, 40),
    (72, 44, 33),
)
UNDERTONES: tuple[Colour, ...] = ((4, -1, -3), (2, 1, -6), (-3, 2, -4), (2, -3, 2))  # rosy, golden, olive, cool

HAIR_DARK: tuple[Colour, ...] = ((34, 28, 30), (48, 36, 32), (66, 44, 34), (40, 32, 44))
HAIR_BROWN: tuple[Colour, ...] = ((92, 58, 38), (116, 74, 46), (134, 88, 56), (84, 46, 34))
HAIR_FAIR: tuple[Colour, ...] = ((206, 160, 94), (226, 190, 128), (178, 132, 80), (238, 212, 160))
HAIR_RED: tuple[Colour, ...] = ((158, 70, 34), (190, 92, 44), (128, 50, 36))
HAIR_GREY: tuple[Colour, ...] = ((150, 148, 150), (196, 194, 194), (226, 224, 222), (112, 110, 114))
HAIR_FANCY: tuple[Colour, ...] = ((198, 92, 136), (64, 128, 140), (122, 92, 168), (70, 98, 170))

IRIS: tuple[Colour, ...] = (
    (74, 46, 30),
    (104, 66, 36),
    (138, 96, 48),
    (110, 118, 64),
    (78, 128, 96),
    (88, 136, 164),
    (70, 108, 158),
    (122, 140, 150),
)
LIPSTICK: tuple[Colour, ...] = ((178, 44, 62), (190, 70, 92), (150, 48, 64))
FRAMES: tuple[Colour, ...] = ((38, 34, 36), (112, 66, 40), (150, 52, 54), (60, 84, 120), (168, 140, 90))  # of glasses
CLOTH: tuple[Colour, ...] = (
    (62, 88, 128),
    (178, 82, 74),
    (88, 126, 104),
    (222, 178, 96),
    (70, 72, 86),
    (226, 222, 212),
    (146, 104, 148),
    (78, 142, 152),
    (202, 128, 96),
    (44, 52, 66),
    (166, 176, 148),
    (212, 146, 158),
    (116, 78, 66),
    (128, 162, 196),
)
ROOM: tuple[Colour, ...] = (  # walls: calm, neither too dark nor white, so that every head stands out
    (186, 206, 216),
    (226, 208, 186),
    (196, 210, 186),
    (214, 196, 212),
    (170, 190, 200),
    (232, 218, 200),
    (160, 178, 172),
    (206, 184, 170),
    (150, 164, 190),
    (198, 200, 208),
    (236, 200, 178),
    (142, 176, 178),
    (216, 212, 178),
    (178, 168, 192),
)


def mix(first: Colour, second: Colour, weight: float) -> Colour:
    """Return the colour `weight` of the way from `first` to `second`."""
    a, b, c = (one + (other - one) * weight for one, other in zip(first, second, strict=True))
    return a, b, c


def shade(colour: Colour, factor: float) -> Colour:
    """Return `colour` times `factor`, held within 0..255."""
    a, b, c = (min(255.0, max(0.0, value * factor)) for value in colour)
    return a, b, c


def along(ramp: tuple[Colour, ...], place: float) -> Colour:
    """Return the colour at `place` (0 first, 1 last) of a ramp, between two neighbours."""
    position = min(max(place, 0.0), 1.0) * (len(ramp) - 1)
    index = min(int(position), len(ramp) - 2)
    return mix(ramp[index], ramp[index + 1], position - index)
